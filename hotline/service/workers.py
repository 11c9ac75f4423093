"""The conversations of an instance, as the kernel knows them.

A worker is a fork of its zygote and keeps the command line, so it is found even when zygote and
supervisor have been killed and started again in between.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hotline.calls.nursery import SPARE_NAME
from hotline.service import process
from hotline.service.process import ProcessRecord
from hotline.service.roles import MODULES


def of_instance(name: str, *, besides: Collection[int]) -> list[ProcessRecord]:
    """Living workers of an instance that have a call; `besides`: pids that are none (the zygote)."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) not in besides and _is_fork_of(folder, name):
            try:
                found.append(process.of(int(folder.name), name))
            except ProcessLookupError:
                continue
    return found


def _is_fork_of(folder: Path, name: str) -> bool:
    try:
        if (folder / "comm").read_text().strip() == SPARE_NAME:
            return False
        words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return False
    return MODULES["zygote"] in words and name in words
