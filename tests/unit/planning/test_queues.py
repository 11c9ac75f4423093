"""What is played must agree with queueing theory where theory knows the answer (M/M/c)."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dispatch.planning import erlang, theory
from dispatch.planning.operators import queue
from dispatch.rules import Rules
from hotline.service.dispatching import build_rules
from hotline.settings_file import load_settings

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture(scope="module")
def rules() -> Rules:
    return build_rules(load_settings(CONFIG / "hotline.yaml"))


def test_erlang_c_as_the_textbooks_have_it() -> None:
    assert erlang.waiting_probability(1, 0.5) == pytest.approx(0.5)
    assert erlang.mean_wait(1, 0.5, 1.0) == pytest.approx(1.0)
    assert erlang.waiting_probability(2, 1.0) == pytest.approx(1 / 3)
    assert erlang.waiting_probability(10, 8.0) == pytest.approx(0.409, abs=0.001)
    assert erlang.waiting_probability(3, 3.0) == 1.0 and math.isinf(erlang.mean_wait(3, 3.0, 1.0))
    needed = erlang.servers_for(8.0, 180.0, 20.0, 0.8)
    assert erlang.share_within(needed, 8.0, 180.0, 20.0) >= 0.8
    assert erlang.share_within(needed - 1, 8.0, 180.0, 20.0) < 0.8


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 1.4), (5, 4.0)])
def test_callers_wait_as_erlang_says(servers: int, load: float) -> None:
    found = theory.callers(servers, load, 40_000, seed=3)
    assert [one.measure for one in found] == ["waiting", "mean_wait"]
    assert all(one.right for one in found), found


def test_the_engine_gives_out_emergencies_as_erlang_says(rules: Rules) -> None:
    found = theory.engine(rules, 2, 1.0, 400, seed=5)
    assert all(one.right for one in found), found
    assert 0.15 < found[0].played < 0.55, "some waited and some did not"


def test_a_queue_that_is_played_wrongly_is_found_out() -> None:
    shorter = theory._compare("callers", 2, 1.4, np.zeros(10_000), 1e-9, 0.0)
    assert not any(one.right for one in shorter)


def test_emergencies_are_answered_first_and_who_is_impatient_hangs_up() -> None:
    asked, talk = np.array([0.0, 1.0, 2.0, 3.0]), np.full(4, 10.0)
    patience = np.array([99.0, 99.0, 5.0, 99.0])
    urgent = np.array([False, False, False, True])
    played = queue(asked, talk, patience, urgent, lambda _: 1, step=1e9)
    assert played.wait.tolist() == [0.0, 19.0, 5.0, 7.0]
    assert played.answered.tolist() == [True, True, False, True]


def test_when_nobody_is_there_callers_wait_for_the_shift_or_hang_up() -> None:
    asked, talk = np.array([0.0, 10.0]), np.full(2, 10.0)
    played = queue(asked, talk, np.array([3000.0, 50.0]), np.zeros(2, dtype=bool),
                   lambda seconds: 0 if seconds < 1800 else 1, step=1800)
    assert played.wait.tolist() == [1800.0, 50.0] and played.answered.tolist() == [True, False]
