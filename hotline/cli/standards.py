"""`hotline standards`: which service standards there are, whether they are sound, what they promise."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from dispatch.deadlines import BEIJING, Duty, Periodic, Standard, duty_in_words, promise_in_words
from hotline.cli.options import JsonOption
from hotline.cli.output import print_json, print_rows, print_table
from hotline.cli.standards_options import CalendarOption, FolderOption, calendar_of, folder_of
from hotline.errors import ConfigurationError, Fault
from hotline.standards import (
    UnknownStandardError,
    calendar_notices,
    load_calendar,
    load_standard,
    load_standards,
)

app = typer.Typer(no_args_is_help=True, help="List, check and explain the service standards.")

LISTED = {"name": "name", "title": "title", "document": "document", "follows": "follows",
          "businesses": "businesses", "duties": "duties"}
STAGES = {"business": "business", "title": "title", "stage": "stage", "promise": "promise", "after": "after",
          "clause": "clause", "words": "words"}
DUTIES = {"duty": "duty", "title": "title", "whom": "whom", "promise": "promise", "clause": "clause"}


@app.command("list")
def list_standards(directory: FolderOption = None, as_json: JsonOption = False) -> None:
    """Name the standards with their documents."""
    rows = [
        {"name": one.name, "title": one.title, "document": one.document, "follows": one.follows,
         "businesses": len(one.businesses), "duties": len(one.duties)}
        for one in load_standards(folder_of(directory))
    ]
    print_rows(rows, LISTED, as_json=as_json)


@app.command()
def check(
    directory: FolderOption = None, calendar: CalendarOption = None, as_json: JsonOption = False
) -> None:
    """Check every standard and the calendar; each fault with file, line and field.

    Exit status 0: sound; 2: faults. A year without a calendar that is near is a note.
    """
    folder = folder_of(directory)
    path = calendar_of(calendar, folder)
    faults: list[Fault] = []
    found: tuple[Standard, ...] = ()
    notices: tuple[Fault, ...] = ()
    try:
        found = load_standards(folder)
    except ConfigurationError as error:
        faults += error.faults
    try:
        notices = calendar_notices(load_calendar(path), path, datetime.now(BEIJING))
    except ConfigurationError as error:
        faults += error.faults
    if as_json:
        print_json({"ok": not faults, "standards": [one.name for one in found],
                    "faults": [_fault(one) for one in faults], "notices": [_fault(one) for one in notices]})
    else:
        for fault in faults:
            print(fault)
        for notice in notices:
            print(f"note: {notice}")
        print(f"{len(faults)} faults; mend them and run this again" if faults
              else f"{folder}: {', '.join(one.name for one in found)}: no faults")
    if faults:
        raise typer.Exit(ConfigurationError.exit_status)


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="The standard, as in guangyuan-2022.")],
    business: Annotated[str | None, typer.Option(help="Only this kind of business.")] = None,
    directory: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a standard promises, stage by stage, each with its clause and the document's words."""
    found = load_standard(folder_of(directory), name)
    if business is not None and business not in found.businesses:
        has = ", ".join(sorted(found.businesses))
        raise UnknownStandardError(f"{name} promises nothing for {business!r}; it has {has}")
    promises = [row for row in _stages(found) if business in (None, row["business"])]
    duties = [_duty(key, duty) for key, duty in found.duties.items()] if business is None else []
    pauses = [{"reason": one.reason, "title": one.title, "clause": one.clause} for one in found.pauses]
    if as_json:
        print_json({"name": found.name, "title": found.title, "document": found.document,
                    "follows": found.follows, "stages": promises, "duties": duties, "pauses": pauses})
        return
    print(f"{found.name}: {found.title}, {found.document}")
    if found.follows:
        print(f"follows {found.follows} where it has no promise of its own")
    print_table(promises, STAGES, empty="no promises")
    if duties:
        print_table(duties, DUTIES, empty="no duties")
    for pause in pauses:
        print(f"a clock may stand still: {pause['reason']} ({pause['title']}; {pause['clause']})")


def _stages(found: Standard) -> list[dict[str, Any]]:
    return [
        {"business": key, "title": one.title, "stage": plan.stage, "promise": promise_in_words(plan.promise),
         "after": plan.after, "clause": plan.clause or one.clause,
         "trigger": plan.trigger, "words": plan.words, "unless_agreed": plan.unless_agreed,
         "overdue_to": found.clock_of(key).overdue_to}
        for key, one in found.businesses.items() for plan in one.stages
    ]


def _duty(key: str, duty: Duty) -> dict[str, Any]:
    whom = duty.whom if isinstance(duty, Periodic) else ""
    return {"duty": key, "title": duty.title, "whom": whom, "promise": duty_in_words(duty),
            "clause": duty.clause}


def _fault(fault: Fault) -> dict[str, str | int]:
    return {"file": str(fault.file), "line": fault.line, "field": fault.field, "message": fault.message}
