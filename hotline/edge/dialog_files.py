"""The open dialogs on disk, so that an edge that was killed together with a worker still says its BYEs.

One small file for each, written when the dialog begins or its far end moves, removed when it ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from hotline.edge.parts import Flow

_log = structlog.get_logger()
MAX_FILES = 2000
"""More than that are not ours to read at a start."""


@dataclass(slots=True)
class Tracked:
    """One dialog of a worker, seen from the worker's side."""

    call_id: str
    sip_call_id: str
    worker_tag: str
    remote_tag: str
    local_uri: str
    remote_uri: str
    remote_target: str
    routes: tuple[str, ...]
    """Beyond this edge."""
    flow: Flow
    extra_cseq: int = 0
    """By how much more the far end counts than its flow says: it asked for a password in mid-call."""


class DialogFiles:
    """A full or broken disk costs the memory of dialogs, never a call."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    def load(self) -> Iterator[Tracked]:
        """What a killed edge left."""
        for path in sorted(self._folder.glob("*.json"))[:MAX_FILES]:
            try:
                fields = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
                dialog = Tracked(**fields | {"routes": tuple(fields["routes"])})
            except (OSError, ValueError, TypeError, KeyError):
                _log.error("a dialog on disk is unreadable and is forgotten", file=path.name)
                self._remove(path)
                continue
            yield dialog

    def keep(self, dialog: Tracked) -> None:
        path = self._path(dialog)
        beside = path.with_suffix(".new")
        try:
            beside.write_text(json.dumps(asdict(dialog)), encoding="utf-8", errors="surrogateescape")
            os.replace(beside, path)
        except OSError as error:
            _log.error("a dialog is not remembered on disk", call_id=dialog.call_id, why=str(error))

    def forget(self, dialog: Tracked) -> None:
        self._remove(self._path(dialog))

    def _remove(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)

    def _path(self, dialog: Tracked) -> Path:
        """Call-IDs and tags come from outside: no file is named by them."""
        key = f"{dialog.sip_call_id}\0{dialog.worker_tag}".encode("utf-8", "surrogateescape")
        return self._folder / f"{hashlib.sha256(key).hexdigest()[:32]}.json"
