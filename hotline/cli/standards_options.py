"""Where `deadline` and `standards` find the service standards and the calendar."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hotline.cli.options import DEFAULT_CONFIG
from hotline.places import CALENDAR, SHIPPED, STANDARDS

FolderOption = Annotated[
    Path | None,
    typer.Option("--dir", help="Folder of the service standards; unset: beside the configuration file."),
]
CalendarOption = Annotated[
    Path | None,
    typer.Option("--calendar", help="The operators' calendar; unset: calendar.yaml beside that folder."),
]


def folder_of(given: Path | None) -> Path:
    """The folder of the standards: as given, beside the configuration file, or the shipped one."""
    if given is not None:
        return given
    configured = os.environ.get("HOTLINE_CONFIG")
    beside = Path(configured or DEFAULT_CONFIG).parent / STANDARDS
    return beside if beside.is_dir() else SHIPPED / STANDARDS


def calendar_of(given: Path | None, folder: Path) -> Path:
    """The calendar file: as given, or beside the folder of the standards."""
    return given if given is not None else folder.absolute().parent / CALENDAR
