"""Notices to people: by each one's channels, until each has it; who must acknowledge is told again.

It keeps nothing that matters: what was settled comes back with the notice from dispatch's outbox,
which gives it again every few seconds until it is settled, also after a crash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from dispatch.api import AnyCommand, Notice, NoticeReport
from hotline.paging.channel import Delivered, Message, Outcome, Permanent
from hotline.paging.composing import Composer
from hotline.paging.pager import Linker
from hotline.paging.people import People
from hotline.paging.senders import Senders
from hotline.paging.settings import ContactEntry, Paging

PHONE = "phone"
RING_TRIES = 3
"""So many calls without an answer, and the phone counts as dead for this notice."""
RING_AGAIN = timedelta(seconds=30)
MOST_TELLINGS = 20
"""Who has not acknowledged after so many goes counts as unreachable, and the duty centre is told."""
OVER = ("acknowledged", "done", "unreachable", "withdrawn")


class Ring(Protocol):
    """Phones somebody with a notice. False: it rings already, or no call can be made now."""

    def __call__(self, notice: Notice, person: str, dial: str, text: str) -> bool: ...


@dataclass(slots=True)
class Tries:
    """How often a phone was rung for a part, since our start."""

    rung: int = 0
    last: datetime | None = None


class Notifier:
    def __init__(
        self, settings: Paging, people: People, senders: Senders, composer: Composer, linker: Linker,
        ring: Ring, tell: Callable[[AnyCommand], object], utcnow: Callable[[], datetime], zone: ZoneInfo,
    ) -> None:
        self._settings, self._people, self._senders = settings, people, senders
        self._composer, self._linker, self._ring = composer, linker, ring
        self._tell, self._utcnow, self._zone = tell, utcnow, zone
        self._tries: dict[str, Tries] = {}
        self._known: dict[str, dict[str, str]] = {}
        self._reports = 0

    def notify(self, notice: Notice) -> None:
        """Begin, or go on with, whatever is due of it."""
        urgent = notice.urgent or notice.topic in self._settings.urgent_topics
        if not urgent and self._quiet():
            return
        notice = replace(notice, progress=self._merged(notice))
        people, prefix = self._addressees(notice)
        for entry in people:
            self._person(notice, entry, prefix + notice.text, urgent)
        if all(_over(notice, entry.key) for entry in people):
            missed = [entry.name for entry in people if notice.progress[entry.key].startswith("unreachable")]
            if missed and not self._instead(notice, "、".join(missed)):
                return
            self._report(notice, notice.to, "told", settled=True)
            self._forget(notice.effect_id)

    def heard(self, effect_id: str, person: str, *, answered: bool, confirmed: bool) -> None:
        """A call with a notice is over."""
        if confirmed:
            self._say(effect_id, person, "acknowledged by phone", person)
            self._say(effect_id, f"{person}/{PHONE}", "sent 1", person)
        elif answered:
            self._say(effect_id, f"{person}/{PHONE}", "sent 1", person)

    def _merged(self, notice: Notice) -> dict[str, str]:
        """What dispatch knows, and what we have told it since it gave us the notice; stays up to date."""
        known = self._known.setdefault(notice.effect_id, {})
        for part, said in notice.progress.items():
            if part not in known or said.startswith("acknowledged"):
                known[part] = said
        return known

    def _quiet(self) -> bool:
        hours = self._settings.quiet_hours
        return hours is not None and hours.holds(self._utcnow().astimezone(self._zone).time())

    def _addressees(self, notice: Notice) -> tuple[list[ContactEntry], str]:
        found = self._people.find(notice.to)
        if not found:
            return self._people.duty_centre(), self._settings.texts.unknown_contact.format(to=notice.to)
        return found, ""

    def _person(self, notice: Notice, entry: ContactEntry, text: str, urgent: bool) -> None:
        if _over(notice, entry.key):
            return
        if notice.drill and not notice.agreed and self._people.is_outside(notice.to, entry):
            self._report(notice, entry.key, "withdrawn a drill: nobody outside is told", entry.name)
            return
        states = [self._way(notice, entry, group, text, urgent) for group in entry.ways()]
        if all(state == "failed" for state in states) and not entry.last_resort:
            self._report(notice, entry.key, "unreachable", entry.name)
        elif not entry.acknowledges and all(state in ("sent", "failed") for state in states):
            self._report(notice, entry.key, "done", entry.name)

    def _way(
        self, notice: Notice, entry: ContactEntry, group: tuple[str, ...], text: str, urgent: bool
    ) -> str:
        """One after the other until one gets through: `sent`, `failed` or `under way`."""
        left = [c for c in group if not notice.progress.get(f"{entry.key}/{c}", "").startswith("failed")]
        if not left and entry.last_resort:
            left = [PHONE]
        if not left:
            return "failed"
        channel = left[0]
        outcome, times, at = _parse(notice.progress.get(f"{entry.key}/{channel}", ""))
        if outcome == "sent" and not self._again(entry, times, at):
            return "sent"
        if outcome == "sent" and times >= MOST_TELLINGS and not entry.last_resort:
            return "failed"
        if channel == PHONE:
            return self._phone(notice, entry, text)
        self._message(notice, entry, channel, text, urgent, times + 1, has_next=len(left) > 1)
        return "under way"

    def _again(self, entry: ContactEntry, times: int, at: datetime | None) -> bool:
        """Told and not acknowledged for long enough."""
        if not entry.acknowledges or at is None:
            return False
        return self._utcnow() >= at + timedelta(seconds=self._settings.again_seconds)

    def _phone(self, notice: Notice, entry: ContactEntry, text: str) -> str:
        tries = self._tries.setdefault(f"{notice.effect_id}/{entry.key}", Tries())
        now = self._utcnow()
        if tries.last is not None and now < tries.last + RING_AGAIN:
            return "under way"
        if tries.rung >= (MOST_TELLINGS if entry.acknowledges else RING_TRIES) and not entry.last_resort:
            self._report(notice, f"{entry.key}/{PHONE}", "failed nobody answers", entry.name)
            return "failed"
        if self._ring(notice, entry.key, entry.phone, text):
            tries.rung, tries.last = tries.rung + 1, now
        return "under way"

    def _message(
        self, notice: Notice, entry: ContactEntry, channel: str, text: str, urgent: bool, times: int,
        *, has_next: bool,
    ) -> None:
        key = f"{notice.effect_id}.{entry.key}.{channel}.{times}"
        if self._senders.busy(channel, key):
            return
        link = ""
        if entry.acknowledges:
            link = self._linker.make(notice.effect_id, notice.incident, "contact", entry.key, entry.name,
                                     channel, drill=notice.drill)
        number = notice.incident or notice.ticket
        message = Message(
            key=key, to=entry.address(channel) or "", subject=text.partition("。")[0],
            text=self._composer.notice(text, number, link, drill=notice.drill), urgent=urgent,
            drill=notice.drill, has_next=has_next,
        )

        def settled(outcome: Outcome) -> None:
            why = outcome.why if isinstance(outcome, Permanent) else ""
            said = f"sent {times}" if isinstance(outcome, Delivered) else f"failed {why}"
            self._report(notice, f"{entry.key}/{channel}", said, entry.name)
            self.notify(notice)  # the next channel at once, or all is done

        self._senders.submit(channel, message, settled)

    def _instead(self, notice: Notice, names: str) -> bool:
        """Somebody could not be reached: the duty centre passes it on. True: it has it, or is who it was."""
        duty = self._people.duty_centre()
        if any(entry.key in notice.progress for entry in duty) and all(_over(notice, e.key) for e in duty):
            return True
        text = self._settings.texts.unreachable.format(name=names) + notice.text
        for entry in duty:
            self._person(notice, entry, text, urgent=True)
        return False

    def _report(
        self, notice: Notice, part: str, outcome: str, person: str = "", *, settled: bool = False
    ) -> None:
        self._say(notice.effect_id, part, outcome, person, settled=settled)

    def _say(
        self, effect_id: str, part: str, outcome: str, person: str, *, settled: bool = False
    ) -> None:
        self._reports += 1
        now = self._utcnow()
        if effect_id in self._known and not self._known[effect_id].get(part, "").startswith("acknowledged"):
            self._known[effect_id][part] = f"{outcome} {now.isoformat()}"
        self._tell(
            NoticeReport(
                event_id=f"notice:{effect_id}:{part}:{outcome}:{now.timestamp():.6f}:{self._reports}", at=now,
                effect_id=effect_id, part=part, outcome=outcome, person=person, settled=settled,
            )
        )

    def _forget(self, effect_id: str) -> None:
        self._known.pop(effect_id, None)
        self._tries = {k: v for k, v in self._tries.items() if not k.startswith(f"{effect_id}/")}


def _over(notice: Notice, part: str) -> bool:
    return notice.progress.get(part, "").startswith(OVER)


def _parse(value: str) -> tuple[str, int, datetime | None]:
    """`sent 2 2026-11-23T04:00:00+00:00` → sent, 2, the moment."""
    words = value.split()
    if len(words) < 3 or words[0] != "sent" or not words[1].isdecimal():
        return (words[0] if words else ""), 0, None
    try:
        return "sent", int(words[1]), datetime.fromisoformat(words[2])
    except ValueError:
        return "sent", int(words[1]), None
