"""Arguments that the ticket commands share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from hotline.cli.ordering import OrderRefusedError

NumberArgument = Annotated[str, typer.Argument(help="The ticket, as `hotline tickets list` names it.")]
NoteOption = Annotated[str, typer.Option("--note", help="Some words for the record.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; stands in the history.")]
StageOption = Annotated[str, typer.Option("--stage", help="Only the clock of this stage.")]


def pairs(texts: list[str] | None) -> dict[str, str]:
    """`NAME=VALUE` …; raises OrderRefusedError."""
    found: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise OrderRefusedError(f"{text!r}: write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A time as people write it, local when it has no offset. Raises OrderRefusedError."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise OrderRefusedError(f"{text!r}: write a date and time, as 2026-11-23T09:00") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def window(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """`2026-11-23T09:00/11:00` or two full times with a slash between them. Raises OrderRefusedError."""
    first, slash, last = text.partition("/")
    if not slash:
        raise OrderRefusedError(f"{text!r}: write a window, as 2026-11-23T09:00/11:00")
    begins = moment(first, zone)
    ends = moment(last if "-" in last else f"{begins.date().isoformat()}T{last.strip()}", zone)
    return begins, ends if ends > begins or "-" in last else ends + timedelta(days=1)
