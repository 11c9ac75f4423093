"""Whatever happens to a call: the interpreter never raises, never falls silent, never lets go badly."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.events import Hazard, Label, Place
from hotline.flow import FlowSet, Position, commands, inputs, load_flows, start, step

ROOT = Path(__file__).parents[3]
NOW = "2026-11-23T10:00:00+08:00"
NIGHT = "2026-11-23T03:00:00+08:00"
WORDS = [
    "",
    "嗯",
    "对",
    "不是",
    "没有",
    "转人工",
    "我家打不着火",
    "停气了",
    "投诉",
    "再说一遍",
    "漏气了",
    "没有漏气",
    "幺三八零零一三八零零零",
    "东坝路十二号",
    "谢谢再见",
    "气价多少钱",
    "预约安检",
    "过户",
    "能解决",
    "没事了",
    "救命",
    "着火了",
    "查进度",
    "留言",
    "abc 123 !?",
    "明天上午",
]
OUTCOMES = [
    "ok",
    "found",
    "unknown",
    "none",
    "one",
    "several",
    "known",
    "wrong",
    "locked",
    "planned",
    "unplanned",
    "open",
    "unavailable",
    "emergency",
    "yes_no",
    "words",
    "nonsense",
]
VALUES = {
    "file_address": "人民路1号",
    "crew": "7",
    "incident": "i1",
    "count": "2",
    "incident_1": "i1",
    "incident_2": "i2",
    "address_1": "甲路",
    "address_2": "乙路",
    "until": "2026-11-23T18:00:00+08:00",
    "info": "每立方米两元",
    "target_minutes": "15",
    "question": "injured",
    "question_text": "有没有人受伤？",
    "question_yes": "有人受伤、头晕",
    "if_yes": "不要再进去。",
}


@functools.cache
def shipped() -> FlowSet:
    return load_flows(ROOT / "ivr_flows")


def utterances() -> st.SearchStrategy[inputs.Input]:
    return st.builds(
        inputs.Utterance,
        st.sampled_from(WORDS),
        st.booleans(),
        st.just(NOW),
        st.sampled_from([None, *get_args(Label)]),
        st.sampled_from([0.0, 0.4, 0.9]),
        st.sampled_from([{}, {"spoken": "东坝路十二号"}]),
        st.sampled_from(["", "08391234567"]),
        st.sampled_from([None, 32.4]),
        st.sampled_from([None, 105.8]),
    )


def anything() -> st.SearchStrategy[inputs.Input]:
    """Inputs that fit no state in particular; answers may come that nobody asked for."""
    return st.one_of(
        st.builds(inputs.PromptFinished, st.just(NOW)),
        st.builds(inputs.Key, st.sampled_from("0123456789*#AD"), st.just(NOW)),
        st.builds(inputs.SpeechStarted, st.just(NOW)),
        utterances(),
        st.builds(
            inputs.EmergencyHeard,
            st.sampled_from(get_args(Hazard)),
            st.sampled_from(get_args(Place)),
            st.just(NOW),
        ),
        st.builds(inputs.TimerFired, st.sampled_from(get_args(commands.TimerName)), st.just(NOW)),
        st.builds(
            inputs.ActionFinished,
            st.sampled_from(["outage_at", "crew_login"]),
            st.sampled_from(OUTCOMES),
            st.just(NOW),
            st.just(VALUES),
        ),
        st.builds(
            inputs.TransferFinished,
            st.sampled_from(["answered", "no_answer", "busy", "unavailable", "ended"]),
            st.just(NOW),
        ),
        st.builds(inputs.MessageFinished, st.sampled_from([0.0, 5.0]), st.just(NOW)),
        st.builds(
            inputs.Told,
            st.sampled_from(["crew_accepted", "queue", "outage"]),
            st.just(NOW),
            st.sampled_from([{}, {"position": "3"}]),
        ),
        st.builds(inputs.Connected, st.just(NOW)),
    )


def fitting(position: Position, outcome: str, talk: str) -> inputs.Input:
    """The next thing that the outside world would do of itself."""
    if position.acting:
        return inputs.ActionFinished(position.acting, outcome, NOW, VALUES)
    if position.transfer == "talking":
        return inputs.TransferFinished("ended", NOW)
    if position.transfer:
        return inputs.TransferFinished(talk, NOW)  # type: ignore[arg-type]  # drawn from the literals
    if position.recording:
        return inputs.MessageFinished(4.0, NOW)
    if position.playing:
        return inputs.PromptFinished(NOW)
    return inputs.TimerFired(min(position.timers), NOW)


def ends_well(flows: FlowSet, position: Position) -> bool:
    staff = flows.flows[position.frames[0].flow].emergency is not None
    return position.secured or position.served or position.gone or staff


def check(
    flows: FlowSet, before: Position | None, position: Position, done: tuple[commands.Command, ...]
) -> None:
    kinds = [type(one) for one in done]
    if commands.HangUp in kinds:
        assert kinds[-1] is commands.HangUp and position.over
        assert ends_well(flows, position), f"let go at {position.flow}.{position.state}"
    if position.over:
        return
    assert position.going_on(), f"silence at {position.flow}.{position.state}"
    if commands.DeclareEmergency in kinds:
        assert kinds.index(commands.DeclareEmergency) == 0
        assert kinds.count(commands.DeclareEmergency) == 1
        assert before is None or not before.declared


ENTRIES = st.sampled_from(
    [
        "main",
        "partner",
        "callback",
        "crew_page",
        "crew_report",
        "notify_leader",
        "crew_welfare",
        "notify_contact",
        "selftest",
        "no such flow",
    ]
)
MOVES = st.lists(
    st.one_of(
        anything(), st.tuples(st.sampled_from(OUTCOMES), st.sampled_from(["answered", "no_answer", "busy"]))
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(
    entry=ENTRIES,
    caller=st.sampled_from(["", "13800138000"]),
    now=st.sampled_from([NOW, NIGHT, "?"]),
    moves=MOVES,
)
def test_no_run_raises_falls_silent_or_lets_go_badly(
    entry: str, caller: str, now: str, moves: list[inputs.Input | tuple[str, str]]
) -> None:
    flows = shipped()
    position, done = start(flows, entry, inputs.Connected(now, {"caller": caller}))
    check(flows, None, position, done)
    for move in moves:
        if position.over:
            assert step(flows, position, inputs.PromptFinished(NOW)) == (position, ())
            return
        given_input = fitting(position, *move) if isinstance(move, tuple) else move
        before = position
        position, done = step(flows, position, given_input)
        check(flows, before, position, done)


@settings(max_examples=200, deadline=None)
@given(entry=ENTRIES, caller=st.sampled_from(["", "13800138000"]), moves=MOVES)
def test_after_a_hang_up_only_paper_is_left(
    entry: str, caller: str, moves: list[inputs.Input | tuple[str, str]]
) -> None:
    flows = shipped()
    position, _ = start(flows, entry, inputs.Connected(NOW, {"caller": caller}))
    for move in moves:
        if not position.over:
            position, _ = step(flows, position, fitting(position, *move) if isinstance(move, tuple) else move)
    if position.over:
        return
    after, done = step(flows, position, inputs.HungUp(NOW))
    assert after.over
    paper = (
        commands.Enter,
        commands.OpenTicket,
        commands.RequestCallback,
        commands.Learn,
        commands.HangUp,
        commands.CancelTransfer,
        commands.SecretKeys,
        commands.StopPlaying,
    )
    assert all(isinstance(one, paper) for one in done)


@settings(max_examples=150, deadline=None)
@given(
    entry=st.sampled_from(["main", "partner", "callback", "crew_report"]),
    moves=MOVES,
    hazard=st.sampled_from(get_args(Hazard)),
)
def test_danger_is_heard_in_every_state(
    entry: str, moves: list[inputs.Input | tuple[str, str]], hazard: Hazard
) -> None:
    flows = shipped()
    position, _ = start(flows, entry, inputs.Connected(NOW, {"caller": "13800138000"}))
    for move in moves:
        if not position.over:
            position, _ = step(flows, position, fitting(position, *move) if isinstance(move, tuple) else move)
    if position.over or position.declared:
        return
    after, done = step(flows, position, inputs.EmergencyHeard(hazard, "unknown", NOW))
    assert done[0] == commands.DeclareEmergency("speech", hazard)
    assert after.flow in ("emergency", "advice") or after.transfer == "talking"


@settings(max_examples=100, deadline=None)
@given(entry=st.sampled_from(["main", "partner", "callback", "crew_report"]), moves=MOVES)
def test_a_caller_who_does_nothing_more_is_always_brought_to_an_end(
    entry: str, moves: list[inputs.Input | tuple[str, str]]
) -> None:
    flows = shipped()
    position, _ = start(flows, entry, inputs.Connected(NOW, {"caller": ""}))
    for move in moves:
        if not position.over:
            position, _ = step(flows, position, fitting(position, *move) if isinstance(move, tuple) else move)
    for _ in range(400):
        if position.over:
            break
        position, _ = step(flows, position, fitting(position, "unavailable", "no_answer"))
    assert position.over and ends_well(flows, position)
