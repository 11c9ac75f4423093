"""A crew on scene that says nothing is asked; without an answer somebody goes and looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dispatch import Desk

SILENT_SECONDS, ANSWER_SECONDS = 1200, 90


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Desk]:
    """Crew A is on scene."""
    desk = Desk(tmp_path)
    desk.located()
    desk.accept("A")
    desk.crew("A", "on_scene")
    yield desk
    desk.stop()


def asked(desk: Desk) -> list[str]:
    return [line for line in desk.notes.lines if line.startswith("ask ")]


def test_it_is_asked_when_its_time_has_run_out_and_not_before(one: Desk) -> None:
    one.wait(SILENT_SECONDS - 1)
    assert asked(one) == []
    one.wait(2)
    assert asked(one) == ["ask A (1)"]


def test_whoever_is_well_is_left_alone_for_the_whole_time_again(one: Desk) -> None:
    one.wait(SILENT_SECONDS + 1)
    one.crew("A", "well")
    one.wait(SILENT_SECONDS - 1)
    assert asked(one) == ["ask A (1)"]
    one.wait(2)
    assert asked(one) == ["ask A (1)", "ask A (1)"]


@pytest.mark.parametrize("status", ["made_safe", "unsolved", "rechecked", "needs_help"])
def test_any_word_from_it_counts(one: Desk, status: str) -> None:
    one.wait(SILENT_SECONDS - 10)
    one.crew("A", status)
    one.wait(SILENT_SECONDS - 10)
    assert asked(one) == []


def test_no_answer_twice_brings_alarm_leaders_and_the_next_crew(one: Desk) -> None:
    one.wait(SILENT_SECONDS + ANSWER_SECONDS + 5)
    assert asked(one) == ["ask A (1)", "ask A (2)"]
    assert "alarm welfare" not in one.notes.lines
    one.wait(ANSWER_SECONDS)
    assert "alarm welfare" in one.notes.lines
    assert "notify leaders: welfare_silent" in one.notes.lines
    assert any(line.startswith("ring B") for line in one.notes.lines)


def test_who_has_left_is_not_asked(one: Desk) -> None:
    one.crew("A", "made_safe")
    one.crew("A", "rechecked")
    one.crew("A", "cleared")
    one.wait(3 * SILENT_SECONDS)
    assert asked(one) == []


def test_the_timer_survives_a_crash_and_a_clock_that_jumps_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.located()
    desk.accept("A")
    desk.crew("A", "on_scene")
    desk.wait(600)
    desk = desk.crash_and_start()
    desk.now -= __import__("datetime").timedelta(hours=3)
    desk.wait(SILENT_SECONDS + 5)
    assert asked(desk) == ["ask A (1)"]
    desk.stop()
