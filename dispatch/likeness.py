"""How much speaks for two reports being one leak: pure, with the reasons in order of their weight.

A place that is not known is like no other: without words or coordinates of their own, only what
names the leak itself (a partner's ticket number, a meter box) can join two reports.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from dispatch.joining_policy import Joining
from dispatch.model import Ticket

SHORTEST_PHONE = 7
"""Shorter numbers are partners' (110, 12345): they report many leaks."""
EARTH_METRES = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a ticket says about where the leak is."""

    ticket: str
    at: datetime
    hazard: str = ""
    address: str = ""
    district: str = ""
    street: str = ""
    number: str = ""
    community: str = ""
    building: str = ""
    latitude: float | None = None
    longitude: float | None = None
    meter_box: str = ""
    partner_ticket: str = ""
    caller: str = ""
    drill: bool = False

    @property
    def named(self) -> bool:
        """Whether parts of the address are known, not only words or a position."""
        return bool(self.street or self.community)

    @property
    def silent(self) -> bool:
        """Whether it says nothing at all of the place: then it is like no other."""
        named = self.named or self.address or self.meter_box or self.partner_ticket
        return not named and self.latitude is None

    @property
    def exact(self) -> bool:
        """Whether its position is that of a house or community, not the middle of a street."""
        placed = self.latitude is not None and self.longitude is not None
        return placed and (not self.named or bool(self.community) or bool(self.street and self.number))


@dataclass(frozen=True, slots=True)
class Likeness:
    score: float
    reasons: tuple[str, ...]
    """`same_building 0.85`, the weightiest first; with a veto only that one."""
    apart: bool = False
    """They cannot be one leak: exact places too far from each other, or a drill and the real thing."""
    named: bool = False
    """Something names the leak itself, so that no address is needed."""


def report_of(ticket: Ticket) -> Report:
    parts = {name: _plain(value) for name, value in ticket.address_fields.items()}
    return Report(
        ticket=ticket.number, at=ticket.opened_at, hazard=ticket.hazard, address=_plain(ticket.address),
        district=parts.get("district", ""), street=parts.get("street", ""), number=parts.get("number", ""),
        community=parts.get("community", ""), building=parts.get("building", ""),
        latitude=ticket.latitude, longitude=ticket.longitude,
        meter_box=_plain(ticket.fields.get("meter_box", "")),
        partner_ticket=_plain(ticket.fields.get("partner_ticket", "")),
        caller=ticket.caller if len(ticket.caller.removeprefix("+")) >= SHORTEST_PHONE else "",
        drill=ticket.drill,
    )


def likeness(policy: Joining, one: Report, other: Report) -> Likeness:
    """The score of two reports, 0 when they cannot be one leak."""
    if one.drill != other.drill:
        return Likeness(0, ("drill_and_real",), apart=True)
    metres = distance_metres(one, other)
    far = metres is not None and one.exact and other.exact and metres > policy.farthest_metres
    if far and not _same_door(one, other):
        return Likeness(0, (f"apart {metres:.0f} m",), apart=True)
    minutes = abs((one.at - other.at).total_seconds()) / 60
    if minutes > policy.window_minutes:
        return Likeness(0, (f"apart {minutes:.0f} min",))
    naming = list(_naming(policy, one, other))
    places = sorted(_places(policy, one, other, metres), key=lambda found: -found[1])[:1]
    if not naming and not places:
        return Likeness(0, ())
    found = [*naming, *places, *_besides(policy, one, other)]
    faded = _faded(policy, minutes)
    reasons = [f"{name} {weight:g}" for name, weight in sorted(found, key=lambda pair: -pair[1]) if weight]
    if faded < 1:
        reasons.append(f"{minutes:.0f} min apart × {faded:.2f}")
    score = round(sum(weight for _, weight in found) * faded, 3)
    return Likeness(score, tuple(reasons), named=bool(naming))


def distance_metres(one: Report, other: Report) -> float | None:
    """The straight line, good to a percent at the size of a city; None without two positions."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return None
    middle = math.radians((one.latitude + other.latitude) / 2)
    east = math.radians(one.longitude - other.longitude) * math.cos(middle)
    north = math.radians(one.latitude - other.latitude)
    return math.hypot(east, north) * EARTH_METRES


def _naming(policy: Joining, one: Report, other: Report) -> Iterator[tuple[str, float]]:
    """What names the leak itself, wherever it is."""
    weights = policy.weights
    if one.partner_ticket and one.partner_ticket == other.partner_ticket:
        yield "same_partner_ticket", weights.same_partner_ticket
    if one.meter_box and one.meter_box == other.meter_box:
        yield "same_meter_box", weights.same_meter_box


def _places(
    policy: Joining, one: Report, other: Report, metres: float | None
) -> Iterator[tuple[str, float]]:
    """What the places have in common; only the weightiest counts, for one follows from the other."""
    weights = policy.weights
    if one.district and other.district and one.district != other.district:
        return
    community = bool(one.community) and one.community == other.community
    street = bool(one.street) and one.street == other.street
    number = street and bool(one.number) and one.number == other.number
    other_building = bool(one.building and other.building) and one.building != other.building
    if (community or number) and one.building and one.building == other.building:
        yield "same_building", weights.same_building
    if number and not other_building:
        yield "same_number", weights.same_number
    if community or number:
        yield "same_community", weights.same_community
    if street and not (one.number and other.number and one.number != other.number):
        yield "same_street", weights.same_street
    said_alike = one.address == other.address and any(char.isdigit() for char in one.address)
    if said_alike and not (one.named and other.named):
        yield "same_address_words", weights.same_address_words
    # The gazetteer knows a community or street by one position: two from there are not near each other
    # because of it.
    if metres is not None and one.exact and other.exact and not (community or street):
        near = next((step for step in policy.near if metres <= step.within_metres), None)
        if near is not None:
            yield f"within_{near.within_metres:g}_m", near.weight


def _same_door(one: Report, other: Report) -> bool:
    """The words name one house: then a street's middle and a house's own position do not contradict them."""
    if one.district and other.district and one.district != other.district:
        return False
    number = bool(one.street and one.number) and (one.street, one.number) == (other.street, other.number)
    home = (one.community, one.building)
    return number or (all(home) and home == (other.community, other.building))


def _besides(policy: Joining, one: Report, other: Report) -> Iterator[tuple[str, float]]:
    weights = policy.weights
    if one.caller and one.caller == other.caller:
        yield "same_caller", weights.same_caller
    if one.hazard and one.hazard == other.hazard:
        yield "same_hazard", weights.same_hazard


def _faded(policy: Joining, minutes: float) -> float:
    """1 at first, then less, down to a half at the end of the window."""
    over = minutes - policy.fade_from_minutes
    span = policy.window_minutes - policy.fade_from_minutes
    return 1.0 if over <= 0 else 1 - 0.5 * over / span


@lru_cache(maxsize=65536)
def _plain(text: str) -> str:
    """Without blanks, full-width forms and case, which are written now one way and now another."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
