"""`hotline deadline`: when what a customer reported is due, stage by stage, and how that was counted."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatch.deadlines import BEIJING, NotPromised, Stage, Standard, promised, stages
from hotline.cli.options import JsonOption
from hotline.cli.output import print_json, print_table
from hotline.cli.standards_options import CalendarOption, FolderOption, calendar_of, folder_of
from hotline.errors import HotlineError
from hotline.standards import all_businesses, load_calendar, load_standard, load_standards

app = typer.Typer()

FARTHEST_KM = 20_000
"""Half way round the earth."""
END_OF_DAY = re.compile(r"([\d-]+)[Tt ]24(?::?00){0,2}(?:\.0+)?((?:[Zz]|[+-][\d:]+)?)")
"""ISO 8601 lets a day end at 24:00; Python does not read it."""
COLUMNS = {"stage": "stage", "due": "due", "target_minutes": "minutes", "urgency": "urgency",
           "clause": "clause", "reckoning": "how it was counted"}


class DeadlineRefusedError(HotlineError):
    """Nothing was reckoned. `hotline standards explain NAME` says what a standard promises."""

    exit_status = 2


@app.command()
def deadline(
    standard: Annotated[str, typer.Option(help="The service standard, as in guangyuan-2022.")],
    business: Annotated[str, typer.Option(help="The kind of business, as in indoor_repair.")],
    reported: Annotated[str, typer.Option(help="ISO 8601; without an offset it is Asia/Shanghai.")],
    distance_km: Annotated[
        float | None, typer.Option("--distance-km", help="By road from the nearest station on duty.")
    ] = None,
    suspected_leak: Annotated[
        bool, typer.Option("--suspected-leak", help="A suspicion of gas: the emergency's clock.")
    ] = False,
    directory: FolderOption = None,
    calendar: CalendarOption = None,
    as_json: JsonOption = False,
) -> None:
    """When a report is due under a service standard, stage by stage, and how that was counted."""
    if distance_km is not None and not (math.isfinite(distance_km) and 0 <= distance_km <= FARTHEST_KM):
        raise DeadlineRefusedError(f"--distance-km {distance_km}: kilometres from 0 to {FARTHEST_KM}")
    at = _moment(reported)
    folder = folder_of(directory)
    found = load_standard(folder, standard)
    _check_business(found, business, folder, suspected_leak)
    try:
        answer = stages(
            found, business, at, load_calendar(calendar_of(calendar, folder)),
            distance_km=distance_km, suspected_leak=suspected_leak,
        )
    except OverflowError:
        raise DeadlineRefusedError(f"--reported {reported}: too far away to reckon with") from None
    for notice in dict.fromkeys(notice for stage in answer for notice in stage.notices):
        print(f"hotline: warning: {notice}", file=sys.stderr)
    _print(standard, business, answer, as_json)


def _moment(text: str) -> datetime:
    """A moment as it was reported. Raises DeadlineRefusedError."""
    midnight = END_OF_DAY.fullmatch(text.strip())
    try:
        found = datetime.fromisoformat("T00:00".join(midnight.groups()) if midnight else text.strip())
        found += timedelta(days=1 if midnight else 0)
    except (ValueError, OverflowError) as error:
        advice = f"write ISO 8601, as in 2026-02-13T17:59 ({error})"
        raise DeadlineRefusedError(f"--reported {text!r}: {advice}") from None
    with suppress(ValueError):
        date.fromisoformat(text.strip())
        raise DeadlineRefusedError(f"--reported {text!r}: the time of day is missing; write {text}T09:00")
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def _check_business(found: Standard, business: str, folder: Path, suspected_leak: bool) -> None:
    """Raises DeadlineRefusedError for a key without a promise; with a suspicion of gas, only if unknown."""
    if business in found.businesses:
        return
    if business not in all_businesses(load_standards(folder)):
        raise DeadlineRefusedError(
            f"--business {business!r}: there is no such business; {found.name} has "
            f"{', '.join(sorted(found.businesses))}"
        )
    try:
        promised(found, business, suspected_leak=suspected_leak)
    except NotPromised as error:
        raise DeadlineRefusedError(f"--business {business}: {error}") from None


def _print(standard: str, business: str, answer: Sequence[Stage], as_json: bool) -> None:
    rows = [_row(stage) for stage in answer]
    if as_json:
        print_json({"standard": standard, "business": business, "stages": rows})
        return
    for row in rows:
        marks = [mark for mark in ("provisional", "assumed") if row[mark]]
        row["urgency"] = ", ".join(filter(None, [row["urgency"], *marks]))
    print_table(rows, COLUMNS, empty="no stages")


def _row(stage: Stage) -> dict[str, Any]:
    return {
        "stage": stage.stage,
        "due": stage.due.isoformat() if stage.due else None,
        "target_minutes": stage.target_minutes,
        "urgency": stage.urgency,
        "provisional": stage.provisional,
        "assumed": stage.assumed,
        "clause": stage.clause,
        "reckoning": stage.reckoning,
    }
