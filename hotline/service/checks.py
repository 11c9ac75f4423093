"""Everything an operator wrote, checked together: configuration, menus, stations and policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hotline.errors import ConfigurationError, Fault
from hotline.settings import Settings
from hotline.settings_file import CheckedSettings, check_settings

Check = Callable[[Settings], None]
"""Raises ConfigurationError."""


def check_everything(path: Path, overrides: Sequence[str] = ()) -> CheckedSettings:
    """Check the configuration file and all files it names. Raises ConfigurationError with every fault."""
    checked = check_settings(path, overrides)
    faults: list[Fault] = []
    for check in CHECKS:
        try:
            check(checked.settings)
        except ConfigurationError as error:
            faults.extend(error.faults)
    if faults:
        raise ConfigurationError(faults)
    return checked


CHECKS: tuple[Check, ...] = ()
