"""Everything an operator wrote, checked together: configuration, menus, stations and policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dispatch.api import IncidentTypes, Joining, OutagePolicy, Policy, Stations
from hotline.businesses import load_businesses
from hotline.errors import ConfigurationError, Fault
from hotline.flow import load_flows
from hotline.paging.files import load_paging
from hotline.roster_file import load_roster, load_rows
from hotline.roster_file import notices as roster_notices
from hotline.service.customers import CsvCustomers
from hotline.service.information import load_information
from hotline.settings import Settings
from hotline.settings_file import CheckedSettings, check_settings
from hotline.speech.recorded import load_recordings
from hotline.standards import calendar_notices, deployed_standard, load_calendar, load_standards
from hotline.triage import Gazetteer
from hotline.yamlfile import load

Check = Callable[[Settings], object]
"""Reads one of the files; raises ConfigurationError."""

CHECKS: tuple[Check, ...] = (
    lambda settings: load_flows(settings.paths.flows, facts={"company": settings.company}),
    lambda settings: load_recordings(settings.paths.prompts),
    lambda settings: load(settings.dispatch.stations, Stations),
    lambda settings: load(settings.dispatch.policy, Policy),
    lambda settings: Gazetteer.load(settings.dispatch.gazetteer),
    lambda settings: settings.dispatch.standards and load_standards(settings.dispatch.standards),
    lambda settings: settings.dispatch.standards
    and deployed_standard(settings.dispatch.standards, settings.dispatch.standard),
    lambda settings: load_calendar(settings.dispatch.calendar),
    lambda settings: settings.dispatch.roster
    and load_rows(settings.dispatch.roster, load(settings.dispatch.stations, Stations)),
    lambda settings: settings.dispatch.incident_types
    and load(settings.dispatch.incident_types, IncidentTypes),
    lambda settings: settings.dispatch.outages and load(settings.dispatch.outages, OutagePolicy),
    lambda settings: settings.dispatch.joining and load(settings.dispatch.joining, Joining),
    lambda settings: load_businesses(settings.dispatch.businesses, settings.dispatch.standards),
    lambda settings: settings.dispatch.paging and settings.dispatch.contacts and load_paging(
        settings.dispatch.paging, settings.dispatch.contacts, load(settings.dispatch.stations, Stations),
        load(settings.dispatch.policy, Policy),
    ),
    lambda settings: load_information(settings.information),
    lambda settings: settings.customers and CsvCustomers(settings.customers),
)


def check_everything(path: Path, overrides: Sequence[str] = ()) -> CheckedSettings:
    """Check the configuration file and all files it names. Raises ConfigurationError with every fault."""
    checked = check_settings(path, overrides)
    faults: list[Fault] = []
    for check in CHECKS:
        try:
            check(checked.settings)
        except ConfigurationError as error:
            faults.extend(fault for fault in error.faults if fault not in faults)
    if faults:
        raise ConfigurationError(faults)
    ahead = (*_calendar_notices(checked.settings), *_roster_notices(checked.settings))
    return replace(checked, notices=(*checked.notices, *ahead))


def _roster_notices(settings: Settings) -> tuple[Fault, ...]:
    files = settings.dispatch
    stations = load(files.stations, Stations)
    roster = load_roster(files.roster, stations, load_calendar(files.calendar))
    return roster_notices(files.roster, stations, roster, datetime.now(ZoneInfo(settings.timezone)))


def _calendar_notices(settings: Settings) -> tuple[Fault, ...]:
    path = settings.dispatch.calendar
    return calendar_notices(load_calendar(path), path, datetime.now(ZoneInfo(settings.timezone)))
