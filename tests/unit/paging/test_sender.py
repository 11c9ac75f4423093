"""A channel's queue on a clock moved by hand: order, rates, bundles, patience; nothing lost or doubled."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from hotline.paging.channel import Delivered, Message, Outcome, Permanent, Temporary
from hotline.paging.files import ChannelMaker
from hotline.paging.limits import Limiter, Window
from hotline.paging.sender import Patience, Sender
from hotline.paging.senders import Senders
from hotline.paging.settings import Paging

PATIENCE = Patience(ordinary_seconds=600, urgent_seconds=120, bundle_seconds=60)


class Line:
    """A channel that answers as it is told, at once or when it is let."""

    key = "line"
    keeps_keys = False

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.answers: list[Outcome] = []
        self.held: list[Deferred[Outcome]] = []
        self.holds = False

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message)
        if self.holds:
            waiting: Deferred[Outcome] = Deferred()
            self.held.append(waiting)
            return await waiting
        return self.answers.pop(0) if self.answers else Delivered()


class Rig:
    def __init__(self, *windows: Window, patience: Patience = PATIENCE) -> None:
        self.clock, self.line = Clock(), Line()
        self.clock.advance(1000)
        self.sender = Sender(self.clock, self.line, Limiter(windows), patience)
        self.settled: dict[str, Outcome] = {}

    def submit(self, key: str, to: str = "", *, urgent: bool = True, **more: Any) -> bool:
        message = Message(key=key, to=to, subject="s", text=f"text {key}", urgent=urgent, **more)

        def settled(outcome: Outcome) -> None:
            assert key not in self.settled, "settled twice"
            self.settled[key] = outcome

        return self.sender.submit(message, settled)

    def advance(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.clock.advance(1)

    def keys(self) -> list[str]:
        """Every message that went out, those inside bundles too."""
        return [item.key for sent in self.line.sent for item in (sent.items or (sent,))]


def test_an_emergency_goes_at_once_and_an_ordinary_one_is_gathered() -> None:
    rig = Rig()
    rig.submit("o1", urgent=False)
    rig.submit("o2", urgent=False)
    rig.submit("e")
    assert rig.keys() == ["e"]
    rig.advance(61)
    assert rig.keys() == ["e", "o1", "o2"]
    assert len(rig.line.sent) == 2
    assert "1. text o1\n2. text o2" in rig.line.sent[1].text
    assert rig.settled == {key: Delivered() for key in ("e", "o1", "o2")}


def test_ordinary_messages_to_different_people_are_not_mixed() -> None:
    rig = Rig()
    for number in range(4):
        rig.submit(f"o{number}", to=f"p{number % 2}", urgent=False)
    rig.advance(61)
    assert sorted((sent.to, len(sent.items)) for sent in rig.line.sent) == [("p0", 2), ("p1", 2)]


def test_the_same_order_again_while_it_is_under_way_is_one_message() -> None:
    rig = Rig()
    rig.line.holds = True
    assert rig.submit("a")
    assert not rig.submit("a")
    rig.line.held[0].callback(Delivered())
    assert rig.keys() == ["a"] and rig.settled == {"a": Delivered()}


def test_a_minutes_rate_is_kept_and_what_piles_up_goes_out_together() -> None:
    """200 emergencies at once to a group that takes 20 a minute: none is dropped, the rest goes together."""
    rig = Rig(Window(20, 61))
    for number in range(200):
        rig.submit(f"e{number}")
    assert len(rig.line.sent) == 20
    rig.advance(62)
    assert len(rig.line.sent) <= 40
    rig.advance(62)
    assert sorted(rig.keys()) == sorted(f"e{number}" for number in range(200))
    assert len(rig.settled) == 200


def test_ordinary_messages_leave_room_for_emergencies() -> None:
    rig = Rig(Window(20, 61), patience=Patience(bundle_seconds=0))
    for number in range(30):
        rig.submit(f"o{number}", to=str(number), urgent=False)
    assert len(rig.line.sent) == 15
    for number in range(5):
        rig.submit(f"e{number}", to=f"e{number}")
    assert rig.keys()[15:] == [f"e{number}" for number in range(5)]


def test_a_temporary_failure_is_tried_again_and_a_permanent_one_is_not() -> None:
    rig = Rig()
    rig.line.answers = [Temporary("busy"), Temporary("busy"), Delivered()]
    rig.submit("t")
    rig.advance(4)
    assert rig.keys() == ["t"] * 3 and rig.settled == {"t": Delivered()}
    rig.line.answers = [Permanent("no such robot")]
    rig.submit("p")
    rig.advance(100)
    assert rig.keys().count("p") == 1 and rig.settled["p"] == Permanent("no such robot")


def test_whoever_says_when_is_left_alone_until_then() -> None:
    rig = Rig()
    rig.line.answers = [Temporary("HTTP 429", 40)]
    rig.submit("a", has_next=False)
    rig.submit("b", to="b")
    rig.advance(39)
    assert rig.keys() == ["a"]
    rig.advance(3)
    assert sorted(rig.keys()) == ["a", "a", "b"]


def test_an_emergency_with_another_way_does_not_wait_for_a_ban() -> None:
    rig = Rig()
    rig.line.answers = [Temporary("code 410100", 600)]
    rig.submit("a", has_next=True)
    assert isinstance(rig.settled["a"], Permanent)
    rig.submit("b", has_next=True)
    assert isinstance(rig.settled["b"], Permanent), "known to be shut out: the next channel at once"
    assert rig.keys() == ["a"]


def test_patience_ends() -> None:
    rig = Rig()
    rig.line.answers = [Temporary("away")] * 100
    rig.submit("a")
    rig.advance(200)
    assert isinstance(rig.settled["a"], Permanent)
    assert 5 < len(rig.keys()) < 30


def test_what_is_not_needed_any_more_does_not_go_out() -> None:
    rig = Rig()
    rig.submit("o", urgent=False)
    assert rig.sender.withdraw("o")
    rig.advance(100)
    assert rig.keys() == [] and not rig.sender.withdraw("o")


def test_a_channel_that_raises_counts_as_dead() -> None:
    rig = Rig()

    async def broken(message: Message) -> Outcome:
        raise ValueError("a fault of ours")

    rig.line.send = broken  # type: ignore[method-assign]  # on purpose
    rig.submit("a")
    assert rig.settled["a"] == Permanent("fault: ValueError")


@pytest.mark.parametrize("back", [10.0, 100_000.0])
def test_a_clock_that_jumps_back_shuts_nobody_out(back: float) -> None:
    limiter = Limiter([Window(2, 60)])
    for _ in range(2):
        limiter.sent(200_000.0)
    limiter.block(200_500.0)
    assert limiter.wait(200_000.0 - back, urgent=True) <= 3600


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.integers(0, 30), st.booleans(), st.booleans()),
        st.tuples(st.just("advance"), st.integers(1, 90), st.booleans(), st.booleans()),
        st.tuples(st.just("answer"), st.integers(0, 3), st.booleans(), st.booleans()),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_every_message_is_settled_once_and_the_rate_is_kept(steps: list[Any]) -> None:
    rig = Rig(Window(5, 60), Window(2, 3))
    submitted: set[str] = set()
    times: list[float] = []
    really = rig.line.send

    async def timed(message: Message) -> Outcome:
        times.append(rig.clock.seconds())
        return await really(message)

    rig.line.send = timed  # type: ignore[method-assign]  # to see when
    for what, number, urgent, has_next in steps:
        if what == "submit" and f"m{number}" not in submitted:
            submitted.add(f"m{number}")
            rig.submit(f"m{number}", to=str(number % 3), urgent=urgent, has_next=has_next)
        elif what == "advance":
            rig.advance(number)
        else:
            rig.line.answers.append(
                [Delivered(), Temporary("t"), Temporary("t", 5.0 + number), Permanent("p")][number % 4]
            )
    rig.line.answers.clear()
    rig.advance(4000)
    assert set(rig.settled) == submitted, "no message is lost, none settled twice"
    for at in times:
        assert sum(at - 60 < other <= at for other in times) <= 5
    delivered = [key for key, outcome in rig.settled.items() if isinstance(outcome, Delivered)]
    assert set(delivered) <= set(rig.keys())


def test_how_long_a_channel_is_tried_stands_in_the_file() -> None:
    paging = Paging.model_validate({
        "channels": {"duty": {"kind": "wecom", "token_env": "X"}}, "patience": {"urgent_with_next": 3},
    })
    line = Line()
    line.answers = [Temporary("busy") for _ in range(50)]

    class Maker:
        def make(self, key: str, channel: object) -> Line:
            return line

    clock = Clock()
    clock.advance(1000)
    senders = Senders(clock, paging, cast(ChannelMaker, Maker()))
    settled: list[Outcome] = []
    message = Message(key="k", to="", subject="s", text="t", urgent=True, has_next=True)
    senders.submit("duty", message, settled.append)
    for _ in range(5):
        clock.advance(1)
    assert any(isinstance(one, Permanent) for one in settled), "after three seconds the next channel has it"
    assert Paging().patience.urgent_with_next == 8
