"""A whole call's events compared with the list that a person has read and approved.

`UPDATE_GOLDEN=1 pytest tests/journeys` writes the lists anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check(name: str, lines: Sequence[str]) -> None:
    """Compare with `golden/<name>.txt`."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert path.exists(), f"{path} is missing; read the events and write it with UPDATE_GOLDEN=1"
    assert list(lines) == path.read_text(encoding="utf-8").splitlines()
