"""Who is meant by a notice's addressee: contacts, groups, crews, people of stations.yaml."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from dispatch.api import Contact, Stations
from hotline.paging.settings import ContactEntry, Contacts

OUTSIDE = ("fire",)
"""Groups of stations.yaml that are no people of ours: never rung in a drill (safety rule 10)."""


class People:
    """Reads both files as one address book."""

    def __init__(self, contacts: Contacts, stations: Stations) -> None:
        self._contacts, self._stations = contacts, stations

    def find(self, to: str, seen: tuple[str, ...] = ()) -> list[ContactEntry]:
        """Everybody of `to`; empty when nobody knows it. A group inside itself is passed over."""
        if to in seen:
            return []
        entry = self._contacts.get(to)
        if entry is not None:
            return [entry]
        if to in self._contacts.groups:
            found = [one for member in self._contacts.groups[to] for one in self.find(member, (*seen, to))]
            return list({one.key: one for one in found}.values())
        return list(self._of_stations(to))

    def duty_centre(self) -> list[ContactEntry]:
        """Where everything goes that reaches nobody else."""
        return [
            ContactEntry.of(contact, f"duty_centre-{number}", acknowledges=True, last_resort=True)
            for number, contact in enumerate(self._stations.duty_centre, 1)
        ]

    def is_outside(self, to: str, entry: ContactEntry) -> bool:
        return entry.outside or to in OUTSIDE

    def _of_stations(self, to: str) -> Iterator[ContactEntry]:
        stations = self._stations
        groups: dict[str, tuple[Contact, ...]] = {
            "duty_centre": stations.duty_centre, "leaders": stations.leaders,
            "alarm_places": stations.alarm_places, "fire": (stations.fire,),
        }
        crew = stations.crew(to)
        if crew is not None:
            groups[to] = crew.members
        if to in groups:
            for number, contact in enumerate(groups[to], 1):
                yield ContactEntry.of(contact, f"{to}-{number}", acknowledges=to == "leaders")
            return
        named = [c for c in _everybody(stations) if c.name == to]
        named_entries = [entry for entry in self._contacts.contacts if entry.name == to]
        # Calls are named after the key: no name of a person, and only what fits into a header.
        key = f"name-{hashlib.blake2s(to.encode(), digest_size=5).hexdigest()}"
        yield from named_entries[:1] or [ContactEntry.of(contact, key) for contact in named[:1]]


def _everybody(stations: Stations) -> Iterator[Contact]:
    yield from stations.duty_centre
    yield from stations.leaders
    yield from stations.alarm_places
    yield stations.fire
    for crew in stations.crews:
        yield from crew.members
