"""How the service is, in words a machine and a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Status:
    """What the controller knows of the whole service at this moment."""

    edge_connected: bool
    """SIP can come in and go out."""
    zygote_connected: bool
    """Somebody can fork workers."""
    database_up: bool
    journal_writable: bool
    """Without the database everything goes on from the local journal."""
    model_present: bool
    draining: bool = False
    instance: str = ""
    conversations: int = 0
    unaccepted_emergencies: int = 0
    journal_backlog_bytes: int = 0
    agents_reachable: int = 0
    flow_version: str = ""
    recordings_aside: int = 0
    """Could not be transcribed, time and again; their calls have no words or not all of them."""
    backed_up: bool = True
    """Tickets and incidents are copied to `backup.directory` at once."""
    notices: tuple[str, ...] = ()
    """What somebody should see to in the next weeks; nothing goes without it yet."""

    def not_ready(self) -> list[str]:
        """Why no call could be served; empty when it could."""
        reasons = []
        if not self.edge_connected:
            reasons.append("the SIP edge is away")
        if not self.zygote_connected:
            reasons.append("no zygote: no worker can be forked")
        if not self.database_up and not self.journal_writable:
            reasons.append("neither database nor local journal can be written")
        if self.draining:
            reasons.append("draining: new calls go to the successor")
        return reasons

    def degraded(self) -> list[str]:
        """What calls go on without."""
        reasons = []
        if not self.model_present:
            reasons.append("no speech model: keys and persons only")
        if not self.database_up:
            reasons.append("no database: tickets wait in the local journal")
        if not self.backed_up:
            reasons.append("the backup directory cannot be written: nothing is copied at once")
        if self.agents_reachable == 0:
            reasons.append("no agent's softphone is registered: callers reach the duty crew")
        if self.recordings_aside:
            reasons.append(
                f"{self.recordings_aside} recordings could not be transcribed: `hotline transcribe --list`"
            )
        return reasons

    def document(self) -> dict[str, Any]:
        """The body of `/ready`."""
        not_ready = self.not_ready()
        return {
            "ready": not not_ready,
            "why_not": not_ready,
            "degraded": self.degraded(),
            "instance": self.instance,
            "draining": self.draining,
            "conversations": self.conversations,
            "unaccepted_emergencies": self.unaccepted_emergencies,
            "journal_backlog_bytes": self.journal_backlog_bytes,
            "agents_reachable": self.agents_reachable,
            "flow_version": self.flow_version,
            "notices": list(self.notices),
        }
