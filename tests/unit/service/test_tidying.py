"""Garbage is looked for between decisions, and none stays for ever."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from hotline.service.tidying import ALL_SECONDS, LOOK_SECONDS, NEVER, Tidying


class Ring:
    """Refers to itself, so that only the collector can find it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def clock() -> Iterator[Clock]:
    before = gc.get_threshold()
    yield Clock()
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_open_is_passed_over_and_new_garbage_goes_at_the_next_look(clock: Clock) -> None:
    Tidying(clock).start()
    assert gc.get_threshold()[2] == NEVER and gc.get_freeze_count() > 10_000
    ring = Ring()
    gone = weakref.ref(ring)
    del ring
    clock.advance(LOOK_SECONDS)
    assert gone() is None


def test_what_was_open_once_goes_within_a_day(clock: Clock) -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    Tidying(clock).start()
    del ring
    clock.advance(LOOK_SECONDS)
    assert gone() is not None, "it was passed over"
    clock.advance(ALL_SECONDS)
    assert gone() is None
