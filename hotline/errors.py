"""Every error an operator may meet; each docstring is the advice that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file that somebody wrote: where it is and what to do."""

    file: Path
    line: int
    """First line is 1; 0 when the fault is of the file as a whole."""
    field: str
    """Dotted name, as in `edge.trunks.0.address`; empty for the file as a whole."""
    message: str
    """What is wrong and what to write instead."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        return f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"


class HotlineError(Exception):
    """Something the operator can mend; the message says what."""

    exit_status = 1


class ConfigurationError(HotlineError):
    """A configuration, flow or roster file has faults. Nothing was changed; mend the named lines."""

    exit_status = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class ServiceUnavailableError(HotlineError):
    """The hotline does not run, or has another --config. Start it with `hotline serve --config FILE`."""


class StoreUnavailableError(HotlineError):
    """The database does not answer. Calls and pages go on from the local journal; bring it back."""
