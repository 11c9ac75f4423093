"""What callers may be told: prices, ways to pay, promises, announced outages (A6, A7)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from hotline.yamlfile import load


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Outage(Part):
    """A planned interruption or one that has just happened (S0/S1 §24(5)(8))."""

    kind: Literal["planned", "unplanned"]
    area: str
    """As it is read to the caller."""
    places: tuple[str, ...]
    """Streets, communities, villages: an address with one of these words is concerned."""
    reason: str
    starts: AwareDatetime
    ends: AwareDatetime


class Information(Part):
    topics: dict[str, str] = {}
    """What is said, by topic: price, payment."""
    promises: dict[str, str] = {}
    """When it will be done, by kind of business, as it is read: repair, complaint."""
    outages: tuple[Outage, ...] = ()

    def outage_at(self, address: str, now: datetime) -> Outage | None:
        """The outage that concerns an address now or next; the earliest first."""
        concerned = [
            outage
            for outage in self.outages
            if outage.ends > now and any(place in address for place in outage.places)
        ]
        return min(concerned, key=lambda outage: outage.starts, default=None)


def load_information(path: Path | None) -> Information:
    """Raises ConfigurationError with every fault of the file."""
    return Information() if path is None else load(path, Information)
