"""A person is looked for until somebody answers, and the caller is told what came of it."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from hotline.calls.ports import DtmfMethod, EndCause, Leg
from hotline.calls.reach import Outcome, Reach
from tests.fakes.switchboard import FakeLeg, FakeSwitchboard


class Desk:
    """Passes leg news on to the reach, as a conversation does."""

    def __init__(self, clock: Clock, candidates: list[str], timeout_seconds: float = 100) -> None:
        self.outcomes: list[Outcome] = []
        self.switchboard = FakeSwitchboard(clock)
        self.reach = Reach(
            self.switchboard,
            clock,
            self,
            candidates,
            "agent",
            caller_id="962677",
            headers={},
            ring_seconds=20,
            timeout_seconds=timeout_seconds,
            finished=self.outcomes.append,
        )
        self.reach.start()

    @property
    def phones(self) -> list[FakeLeg]:
        return self.switchboard.dialled()

    def leg_answered(self, leg: Leg) -> None:
        self.reach.answered(leg)

    def leg_key(self, leg: Leg, key: str, method: DtmfMethod) -> None:
        raise AssertionError(key)

    def leg_held(self, leg: Leg, held: bool) -> None:
        raise AssertionError(held)

    def leg_audio(self, leg: Leg, pcm: bytes) -> None:
        raise AssertionError(pcm)

    def leg_ended(self, leg: Leg, cause: EndCause, sip_status: int) -> None:
        self.reach.ended(leg, cause, sip_status)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_who_answers_has_the_caller(clock: Clock) -> None:
    desk = Desk(clock, ["1001", "1002"])
    desk.phones[0].ring()
    clock.advance(5)
    desk.phones[0].remote_answer()
    assert desk.outcomes == ["answered"]
    clock.advance(200)
    assert desk.outcomes == ["answered"]
    assert len(desk.phones) == 1


def test_who_does_not_answer_in_time_is_followed_by_the_next(clock: Clock) -> None:
    desk = Desk(clock, ["1001", "1002"])
    clock.advance(20)
    clock.advance(0)
    assert [phone.uri for phone in desk.phones] == ["1001", "1002"]
    assert desk.phones[0].state == "over"
    desk.phones[1].remote_answer()
    assert desk.outcomes == ["answered"]


def test_busy_phones_are_passed_over_at_once(clock: Clock) -> None:
    desk = Desk(clock, ["1001", "1002"])
    desk.phones[0].remote_reject(486)
    desk.phones[1].remote_reject(486)
    assert desk.outcomes == ["busy"]


def test_nobody_to_ring_is_said_at_once(clock: Clock) -> None:
    assert Desk(clock, []).outcomes == ["unavailable"]


def test_the_whole_search_has_a_limit(clock: Clock) -> None:
    desk = Desk(clock, [str(number) for number in range(100)], timeout_seconds=50)
    for _ in range(51):
        clock.advance(1)
    assert desk.outcomes == ["no_answer"]
    assert all(phone.state == "over" for phone in desk.phones)
    assert clock.getDelayedCalls() == []


def test_a_person_who_hangs_up_is_told(clock: Clock) -> None:
    desk = Desk(clock, ["1001"])
    desk.phones[0].remote_answer()
    desk.phones[0].remote_hangup()
    assert desk.outcomes == ["answered", "ended"]


def test_a_cancelled_search_rings_nobody_and_says_nothing(clock: Clock) -> None:
    desk = Desk(clock, ["1001", "1002"])
    desk.reach.cancel()
    clock.advance(100)
    assert desk.outcomes == []
    assert [phone.state for phone in desk.phones] == ["over"]
    assert clock.getDelayedCalls() == []
