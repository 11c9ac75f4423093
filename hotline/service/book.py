"""What the controller remembers of calls in progress; lost with it, and made anew from the journals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hotline.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CrewReported,
    EmergencyDeclared,
    LegAnswered,
    LegEnded,
    LegStarted,
    PageAccepted,
    Record,
    RecordingFinished,
)
from hotline.ipc import Job
from hotline.journal import read
from hotline.segments import is_later, number_of, with_last_done


@dataclass(slots=True)
class CallNote:
    """One call."""

    call_id: str
    purpose: str = "inbound"
    entry: str = ""
    """Name of the flow it began with."""
    caller: str = ""
    drill: bool = False
    since: datetime | None = None
    answered_at: datetime | None = None
    emergency_at: datetime | None = None
    effect_id: str = ""
    """The order of dispatch that this call carries out."""
    agents: dict[str, str] = field(default_factory=dict)
    """Agent by leg, while the leg lasts."""
    talking: set[str] = field(default_factory=set)
    """Legs of agents who have answered."""
    caller_leg: str = ""
    caller_gone: bool = False
    confirmed: bool = False
    """Somebody pressed the key that says: heard."""
    recorded: bool = False
    reported: bool = False
    """A crew has reported by this call."""
    ended: bool = False


class CallBook:
    """All calls that have begun and are not over."""

    def __init__(self) -> None:
        self._notes: dict[str, CallNote] = {}
        self.flow_version = ""
        """Of the newest call."""

    def note(self, call_id: str) -> CallNote:
        """The call's note; a new one for a call that was not heard of."""
        return self._notes.setdefault(call_id, CallNote(call_id))

    def get(self, call_id: str) -> CallNote | None:
        return self._notes.get(call_id)

    def running(self, call_id: str) -> bool:
        return call_id in self._notes

    def calls(self) -> list[CallNote]:
        return list(self._notes.values())

    def begin(self, job: Job, effect_id: str, now: datetime) -> CallNote:
        """A call of ours was ordered."""
        note = self.note(job.call_id)
        note.purpose, note.drill, note.effect_id, note.since = job.purpose, job.drill, effect_id, now
        note.caller = job.facts.get("caller", "")
        return note

    def recall(self, directory: Path, offsets: Mapping[str, int]) -> None:
        """After a restart: what stored records say of calls that are still going on."""
        calls = sorted(
            path for path in directory.glob("*.jsonl") if not (number_of(path.stem) or is_later(path.stem))
        )
        going_on = {path.stem for path in calls}
        for path in (*with_last_done(directory), *calls):
            stored = offsets.get(path.stem, 0) if path.parent == directory else path.stat().st_size
            for entry in read(path):
                if entry.next_offset <= stored and entry.record.call_id in going_on:
                    self.take(entry.record)

    def forget(self, call_id: str) -> None:
        self._notes.pop(call_id, None)

    def take(self, record: Record) -> CallNote:
        """Write down what a record says; `CallEnded` is to be followed by `forget`."""
        note = self.note(record.call_id)
        if isinstance(record, CallArrived):
            note.purpose, note.drill, note.since = record.purpose, record.drill or note.drill, record.at
            note.caller = record.caller or note.caller
        elif isinstance(record, CallAnswered):
            note.answered_at, note.entry = record.at, record.flow
            self.flow_version = record.flow_version
        elif isinstance(record, EmergencyDeclared):
            note.emergency_at = note.emergency_at or record.at
        elif isinstance(record, LegStarted | LegAnswered | LegEnded):
            _leg(note, record)
        elif isinstance(record, PageAccepted):
            note.confirmed = True
        elif isinstance(record, RecordingFinished):
            note.recorded = True
        elif isinstance(record, CrewReported):
            note.reported = True
        elif isinstance(record, CallEnded):
            note.ended = True
        return note


def _leg(note: CallNote, record: LegStarted | LegAnswered | LegEnded) -> None:
    if isinstance(record, LegStarted):
        if record.role == "agent":
            note.agents[record.leg_id] = user_of(record.remote)
        elif not note.caller_leg:
            note.caller_leg = record.leg_id
    elif isinstance(record, LegAnswered):
        if record.leg_id in note.agents:
            note.talking.add(record.leg_id)
    else:
        note.caller_gone = note.caller_gone or record.leg_id == note.caller_leg
        note.agents.pop(record.leg_id, None)
        note.talking.discard(record.leg_id)


def user_of(uri: str) -> str:
    """`sip:1001@host` or `1001` → `1001`."""
    return uri.removeprefix("sips:").removeprefix("sip:").partition("@")[0]
