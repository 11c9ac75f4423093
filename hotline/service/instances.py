"""Which services run on these directories: this one, its predecessor, its successor.

Each start of the service is an instance. Its supervisor and its processes stand in the run
directory as `<role>-<instance>.process`; the edge, which all instances share, as `edge.process`.
A record is true as long as that very process lives, so nothing has to be cleared after a SIGKILL.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hotline.service import checked, process
from hotline.service.process import ProcessRecord

SUPERVISOR = "supervisor"
ROLES_OF_AN_INSTANCE = ("zygote", "controller", "transcriber")


def new_name(now: datetime, pid: int) -> str:
    """Sorts by time: the newest gets the new calls."""
    return f"{now:%Y%m%dT%H%M%S%f}-{pid}"


@dataclass(frozen=True, slots=True)
class Instance:
    """A service on these directories, living or left behind."""

    name: str
    supervisor: ProcessRecord | None
    """None: it died, and the processes live on by themselves."""
    processes: tuple[ProcessRecord, ...]
    """Its zygote, controller and transcriber, those that live."""


@contextlib.contextmanager
def starting(run: Path) -> Iterator[None]:
    """Held while a supervisor looks around and starts things, so that two never start the same."""
    descriptor = os.open(run / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def known(run: Path) -> list[Instance]:
    """All instances of which anything stands in the run directory, oldest first."""
    prefix, suffix = f"{SUPERVISOR}-", ".process"
    names = sorted(path.name[len(prefix):-len(suffix)] for path in run.glob(f"{prefix}*{suffix}"))
    return [_look(run, name) for name in names]


def successor(run: Path, name: str) -> Instance | None:
    """The newest later instance that takes calls: its zygote is known to the edge."""
    ready = [other for other in _later(run, name) if takes_calls(run, other.name)]
    return ready[-1] if ready else None


def successor_coming(run: Path, name: str) -> bool:
    """A later instance has been started and does not take calls yet."""
    return bool(_later(run, name)) and successor(run, name) is None


def takes_calls(run: Path, name: str) -> bool:
    """The instance's zygote lives and has said at the edge that it forks."""
    zygote = process.read(record_path(run, "zygote", name))
    try:
        return zygote is not None and int(_ready_path(run, name).read_text(encoding="utf-8")) == zygote.pid
    except (OSError, ValueError):
        return False


def _later(run: Path, name: str) -> list[Instance]:
    """Instances after this one that live and do not end, oldest first."""
    return [
        other for other in known(run)
        if other.name > name and other.supervisor is not None and not other.supervisor.draining
    ]


def _ready_path(run: Path, name: str) -> Path:
    """Written by the zygote itself, with its pid."""
    return run / f"zygote-{name}.ready"


def orphaned(run: Path) -> list[Instance]:
    """Instances whose supervisor died while a process of theirs still runs, oldest first."""
    return [one for one in known(run) if one.supervisor is None and one.processes]


def was_draining(run: Path, name: str) -> bool:
    """Whether the dead supervisor of an instance had begun to end it."""
    record = process.read(record_path(run, SUPERVISOR, name), dead_too=True)
    return record is not None and record.draining


def forget(run: Path, name: str) -> None:
    """Remove what an ended instance left in the run directory."""
    for role in (SUPERVISOR, *ROLES_OF_AN_INSTANCE):
        record_path(run, role, name).unlink(missing_ok=True)
    _ready_path(run, name).unlink(missing_ok=True)
    checked.forget(run, name)


def record_path(run: Path, role: str, name: str) -> Path:
    """Where the process of a role stands; the edge is of all instances."""
    return run / ("edge.process" if role == "edge" else f"{role}-{name}.process")


def _look(run: Path, name: str) -> Instance:
    found = (process.read(record_path(run, role, name)) for role in ROLES_OF_AN_INSTANCE)
    supervisor = process.read(record_path(run, SUPERVISOR, name))
    return Instance(name, supervisor, tuple(record for record in found if record is not None))
