"""A copy of everything an operator wrote, as it was when it was last found sound.

The processes start from the copy, never from the files that are being edited: one that dies in the
night comes back with the menus and stations that worked, not with half of tomorrow's. A reload
checks the originals and replaces the copy at one stroke.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from hotline.service.process import write_atomically
from hotline.settings import Settings

Model = TypeVar("Model", bound=BaseModel)
COPIED = (
    ("paths", "flows"), ("dispatch", "stations"), ("dispatch", "policy"), ("dispatch", "gazetteer"),
    ("dispatch", "standards"), ("dispatch", "calendar"), ("dispatch", "businesses"),
    ("dispatch", "incident_types"), ("dispatch", "joining"), ("dispatch", "outages"),
    ("dispatch", "roster"), ("dispatch", "paging"), ("dispatch", "contacts"),
    ("customers",), ("information",),
)
"""Keys of the files and folders that are copied. Secrets, models and recordings stay where they are."""
KEPT = 2
"""The newest copies, this one and the one that somebody may be reading right now."""


def link(run: Path, instance: str) -> Path:
    """Where an instance's copy stands: always the newest."""
    return run / f"checked-{instance}"


def settings_path(run: Path, instance: str) -> Path:
    """The configuration with which an instance's processes run."""
    return link(run, instance) / "settings.json"


def write(run: Path, instance: str, settings: Settings) -> None:
    """Copy what the settings name and let the instance's link point there."""
    folder = run / f"checked-{instance}.{time.monotonic_ns():020d}"
    folder.mkdir(mode=0o700)
    for keys in COPIED:
        source: Path | None = _value(settings, keys)
        if source is not None:
            target = folder / source.name
            copy = shutil.copytree if source.is_dir() else shutil.copyfile
            copy(source, target)
            settings = _replaced(settings, keys, link(run, instance) / source.name)
    (folder / "settings.json").write_text(settings.model_dump_json(indent=1), encoding="utf-8")
    fresh = run / f"checked-{instance}.link"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.name)
    fresh.replace(link(run, instance))
    for old in _copies(run, instance)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def write_for_edge(run: Path, settings: Settings) -> Path:
    """The edge is of all instances and reads no other files: its settings stand by themselves."""
    path = edge_settings_path(run)
    write_atomically(path, settings.model_dump_json(indent=1))
    return path


def edge_settings_path(run: Path) -> Path:
    """The configuration with which the edge runs; the newest instance's."""
    return run / "settings-edge.json"


def forget(run: Path, instance: str) -> None:
    """Remove all copies of an ended instance."""
    with contextlib.suppress(OSError):
        os.unlink(link(run, instance))
    for old in _copies(run, instance):
        shutil.rmtree(old, ignore_errors=True)


def _copies(run: Path, instance: str) -> list[Path]:
    found = run.glob(f"checked-{instance}.*")
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def _value(model: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        model = getattr(model, key)
    return model


def _replaced(model: Model, keys: tuple[str, ...], value: Path) -> Model:
    first, *rest = keys
    inner = _replaced(getattr(model, first), tuple(rest), value) if rest else value
    return model.model_copy(update={first: inner})
