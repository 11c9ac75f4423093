"""The tables have no holes, and their documentation is current."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dispatch.machine import Machine
from dispatch.state_docs import ALL, document
from dispatch.states import ASSIGNMENT, AssignmentEvent, AssignmentState

DOCS = Path(__file__).parents[3] / "docs" / "state-machines.md"


@pytest.mark.parametrize("machine", ALL, ids=lambda machine: machine.name)
def test_every_pair_is_a_step_or_explained(machine: Machine[Any, Any]) -> None:
    assert machine.holes() == []
    assert all(machine.ignored.values())


@pytest.mark.parametrize("machine", ALL, ids=lambda machine: machine.name)
def test_every_state_is_reached(machine: Machine[Any, Any]) -> None:
    reached = {machine.initial} | set(machine.transitions.values())
    assert reached == set(machine.states)


def test_declining_is_never_the_way_out() -> None:
    for state in AssignmentState:
        assert ASSIGNMENT.next(state, AssignmentEvent.DECLINE) != AssignmentState.RELEASED


def test_the_documentation_is_current() -> None:
    assert DOCS.read_text(encoding="utf-8") == document(), "run `python -m dispatch.state_docs`"
