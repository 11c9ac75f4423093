"""The base of every record that dispatch keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    # Extra keys are passed over so that an older version can read a newer local journal.
