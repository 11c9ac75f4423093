"""The edge's journal goes over several files: `edge.jsonl`, then `edge-000002.jsonl` and so on.

Each keeps its name until nobody can write it any more: the edge begins the next one when the last
is full, and the controller puts a full one away when all of it is stored and a newer one is there.
So no process ever has to notice that a file under its hands became another one, and a SIGKILL at any
moment leaves nothing but files that are read on by their names.
"""

from __future__ import annotations

import re
from pathlib import Path

EDGE = "edge"
"""Name of the first file, and of the whole where a doorbell names it."""
DONE = "done"
LATER = ".later"
"""Ends the name of a journal that holds what was heard after the call."""
_NAME = re.compile(r"edge(?:-([0-9]{6,9}))?")


def number_of(name: str) -> int:
    """1, 2, 3 … for a file of the edge's journal (its name without `.jsonl`); 0 for a call's."""
    match = _NAME.fullmatch(name)
    return int(match[1] or 1) if match else 0


def is_later(name: str) -> bool:
    """Whether it holds what was heard of a call from its recording (its name without `.jsonl`)."""
    return name.endswith(LATER)


def segments(directory: Path) -> list[Path]:
    """The files that are not put away, the oldest first; only the last may still be written."""
    return sorted(
        (path for path in directory.glob("edge*.jsonl") if number_of(path.stem)),
        key=lambda path: number_of(path.stem),
    )


def with_last_done(directory: Path) -> list[Path]:
    """The same with the newest that is put away: calls that go on may have begun there."""
    return [*segments(directory / DONE)[-1:], *segments(directory)]


def current(directory: Path) -> Path:
    """The file to be written now."""
    return next(reversed(segments(directory)), None) or following(directory)


def following(directory: Path) -> Path:
    """A file whose name was never used."""
    used = [number_of(path.stem) for path in with_last_done(directory)]
    number = max(used, default=0) + 1
    return directory / (f"{EDGE}.jsonl" if number == 1 else f"{EDGE}-{number:06d}.jsonl")
