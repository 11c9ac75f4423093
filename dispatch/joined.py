"""Records of many callers and one leak: which reports were joined, and which addresses are cleared.

Nothing is merged away (safety rule 7): every report keeps its ticket and its address, and each
address is cleared by itself.
"""

from __future__ import annotations

from typing import Literal

from dispatch.record import Moment, Record


class Join(Record):
    """One report that may belong, belongs, or belonged to an incident of somebody else's report."""

    kind: Literal["join"] = "join"
    join_id: str
    """`J-<ticket>-<incident>`."""
    ticket: str
    incident: str
    """Into which."""
    was: str
    """The incident that the report had before."""
    state: Literal["proposed", "joined", "split", "refused"]
    score: float = 0
    reasons: tuple[str, ...] = ()
    """What speaks for it, the weightiest first, in the words of config/joining.yaml."""
    drill: bool = False
    at: Moment
    by: str = ""
    """Who did it; empty: the engine, above the threshold."""
    reason: str = ""
    ended_at: Moment | None = None
    ended_by: str = ""
    end_reason: str = ""

    @property
    def key(self) -> str:
        return self.join_id


class Clearance(Record):
    """One address of a joined incident: checked and cleared by itself (safety rule 7, B9)."""

    kind: Literal["clearance"] = "clearance"
    clearance_id: str
    """`C-<ticket>`."""
    incident: str
    ticket: str
    state: Literal["waiting", "cleared", "excused"] = "waiting"
    """`excused`: not checked, for a reason that a named person gave."""
    by: str = ""
    """Crew's key, or a person."""
    at: Moment | None = None
    recheck: Literal["", "no_gas", "gas_found", "not_done"] = ""
    """What the check for leaks afterwards has shown (S0 §22(6))."""
    note: str = ""

    @property
    def key(self) -> str:
        return self.clearance_id


class Telling(Record):
    """Somebody who is told of an incident by its protocol: when it is due, and when it was sent (B8, B10)."""

    kind: Literal["telling"] = "telling"
    telling_id: str
    """`<incident>-T<number>`."""
    incident: str
    ticket: str
    to: str
    """A party of config/incident_types.yaml."""
    title: str
    topic: str
    text: str
    clause: str = ""
    unless: str = ""
    due_at: Moment | None = None
    """None: sent or dropped."""
    sent_at: Moment | None = None
    dropped_why: str = ""
    letter: str = ""
    """What goes to an authority in writing."""

    @property
    def key(self) -> str:
        return self.telling_id
