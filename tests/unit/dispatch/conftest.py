"""A desk for every test that wants one."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dispatch import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.stop()


class Faults:
    """In the place of the log of `dispatch.work`: what follows from a step must not fail unseen."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def exception(self, event: str, **_: object) -> None:
        self.found.append(f"{event}: {traceback.format_exc()}")


@pytest.fixture(autouse=True)
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """A test that wants such a fault clears it."""
    faults = Faults()
    monkeypatch.setattr("dispatch.work.log", faults)
    yield faults
    assert faults.found == []
