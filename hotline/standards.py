"""Reads the service standards and the calendar of working days; every fault with file, line and field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from dispatch.deadlines import (
    CalendarTable,
    Profile,
    ProfileFault,
    Standard,
    WorkCalendar,
    calendar_gaps,
    gap_advice,
    resolve,
)
from hotline.errors import ConfigurationError, Fault, HotlineError
from hotline.places import CALENDAR
from hotline.yamlfile import YamlFile, validate


class UnknownStandardError(HotlineError):
    """There is no service standard of that name. `hotline standards list` names them."""

    exit_status = 2


def names(folder: Path) -> tuple[str, ...]:
    """The profiles of a folder, by name. Raises ConfigurationError when it is no folder or has none."""
    found = tuple(sorted(path.stem for path in folder.glob("*.yaml")))
    if not found:
        raise ConfigurationError([Fault(folder, 0, "", "there are no service standards here")])
    return found


def load_standard(folder: Path, name: str) -> Standard:
    """One standard with all it takes over. Raises UnknownStandardError or ConfigurationError."""
    there = names(folder)
    if name not in there:
        raise UnknownStandardError(f"there is no service standard {name!r}; there are {', '.join(there)}")
    sources: dict[str, YamlFile] = {}
    profiles: dict[str, Profile] = {}
    wanted: str | None = name
    while wanted is not None and wanted in there and wanted not in profiles:
        sources[wanted] = YamlFile(folder / f"{wanted}.yaml")
        profiles[wanted] = validate(sources[wanted], Profile)
        follows = profiles[wanted].follows
        wanted = follows.standard if follows else None
    try:
        return resolve(name, profiles)
    except ProfileFault as error:
        raise ConfigurationError([sources[error.profile].fault(error.location, error.message)]) from None


def load_standards(folder: Path) -> tuple[Standard, ...]:
    """All standards of a folder. Raises ConfigurationError with every fault of every file."""
    found: list[Standard] = []
    faults: list[Fault] = []
    for name in names(folder):
        try:
            found.append(load_standard(folder, name))
        except ConfigurationError as error:
            faults.extend(fault for fault in error.faults if fault not in faults)
    if faults:
        raise ConfigurationError(faults)
    return tuple(found)


def deployed_standard(folder: Path, name: str) -> Standard:
    """The standard that a configuration names. Raises ConfigurationError, also when there is none."""
    try:
        return load_standard(folder, name)
    except UnknownStandardError as error:
        raise ConfigurationError([Fault(folder, 0, "dispatch.standard", str(error))]) from None


def load_calendar(path: Path | None) -> WorkCalendar:
    """The library's years and the operators' table; without a file the library's alone."""
    if path is None or not path.exists():
        return WorkCalendar()
    return WorkCalendar(validate(YamlFile(path), CalendarTable))


def calendar_notices(calendar: WorkCalendar, path: Path | None, now: datetime) -> tuple[Fault, ...]:
    """One for each year without a calendar that runs or soon begins: for check-config, health and the log."""
    file = path or Path(CALENDAR)
    return tuple(Fault(file, 0, "years", gap_advice(year)) for year in calendar_gaps(calendar, now))


def all_businesses(standards: Iterable[Standard]) -> frozenset[str]:
    """Every kind of business that some standard promises something for."""
    return frozenset(key for standard in standards for key in standard.businesses)
