"""Dispatch is killed again and again, at any moment; in the end nothing is missing and nothing is double."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.crash import end_state, ordered, run, rung
from tests.support.dispatch_victim import CALLS

KILLS = 100


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder, None)
    state = end_state(folder)
    assert sum(1 for entry in state.values() if entry["ticket"][0] == "emergency") == CALLS
    return state


def test_killed_at_random_moments_the_end_is_the_same(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    chance = random.Random(20261123)
    kills = 0
    while kills < KILLS and not run(tmp_path, chance.uniform(0, 0.06)):
        kills += 1
    if kills == KILLS:
        assert run(tmp_path, None)
    assert kills > 10
    assert end_state(tmp_path) == undisturbed
    assert set(rung(tmp_path)) == ordered(undisturbed), "every page went out at least once"
