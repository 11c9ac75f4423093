"""Builds dispatch from the configuration: stations, policy, database, local journal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.api import (
    CallbackRules,
    Dispatch,
    IncidentTypes,
    Joining,
    OutagePolicy,
    Outlet,
    Policy,
    Rules,
    SqlStore,
    Stations,
)
from hotline.businesses import load_businesses
from hotline.places import INCIDENT_TYPES, JOINING, OUTAGES, SHIPPED
from hotline.roster_file import load_roster
from hotline.settings import Settings
from hotline.settings_file import read_secret
from hotline.standards import deployed_standard, load_calendar
from hotline.yamlfile import load


def build_rules(settings: Settings) -> Rules:
    """Raises ConfigurationError with every fault of the stations' or the policy's file."""
    callbacks, files = settings.callbacks, settings.dispatch
    stations, calendar = load(files.stations, Stations), load_calendar(files.calendar)
    return Rules(
        policy=load(settings.dispatch.policy, Policy),
        stations=stations,
        roster=load_roster(files.roster, stations, calendar),
        timezone=ZoneInfo(settings.timezone),
        company=settings.company,
        node=files.node,
        callbacks=CallbackRules(callbacks.attempts, callbacks.retry_seconds, callbacks.ring_seconds),
        standard=deployed_standard(files.standards, files.standard) if files.standards else None,
        calendar=calendar,
        businesses=load_businesses(files.businesses),
        incident_types=load(files.incident_types or SHIPPED / INCIDENT_TYPES, IncidentTypes),
        joining=load(files.joining or SHIPPED / JOINING, Joining),
        outages=load(files.outages or SHIPPED / OUTAGES, OutagePolicy),
    )


def build_store(settings: Settings) -> SqlStore:
    """The database of the configuration; nothing is connected yet."""
    database = settings.database
    password = read_secret(database.password_file, "") if database.password_file is not None else ""
    return SqlStore(database.url, password)


def build_dispatch(settings: Settings, outlet: Outlet, utcnow: Callable[[], datetime]) -> Dispatch:
    """Takes the lock of the state directory. Raises DispatchLocked, ConfigurationError."""
    return Dispatch(
        build_rules(settings), build_store(settings), settings.paths.state, outlet=outlet, utcnow=utcnow,
        mirror_directory=settings.backup.directory, lease_seconds=settings.dispatch.lease_seconds,
    )
