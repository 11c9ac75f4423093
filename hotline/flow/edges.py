"""The exits of each state, for checker and drawing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hotline.flow import states
from hotline.flow.model import Flow, FlowSet

Kind = Literal["auto", "choice", "failure", "again", "talked", "noted"]
"""auto: goes on by itself. choice: the caller chose it. failure: something did not work. again: the caller
said no. talked: after a talk with a person. noted: a ticket, a callback or a crew's answer was written."""
Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a state."""

    target: str
    """As written: a state, `@flow` or `repeat`."""
    kind: Kind
    label: str
    at: Location
    """Where it stands in the file."""


def exits(flows: FlowSet, flow: Flow, name: str) -> Iterator[Exit]:
    """Every exit of a state except `call`'s, `return`'s and hang-up."""
    state = flow.states[name]
    base: Location = ("states", name)
    for label, target, kind, at in _raw(flow, state):
        yield Exit(target or flow.fails or f"@{flows.common.fallback}", kind, label, base + at)
    if state.over:
        yield Exit(state.over, "auto", f"第{state.limit}次以后", (*base, "over"))


Raw = Iterator[tuple[str, str | None, Kind, Location]]


def _raw(flow: Flow, state: states.State) -> Raw:
    if isinstance(state, states.Ask):
        yield from _ask(state)
    elif isinstance(state, states.Branch):
        for index, case in enumerate(state.cases):
            yield _case(case), case.to, "auto", ("cases", index, "to")
        yield "否则", state.otherwise, "auto", ("otherwise",)
    elif isinstance(state, states.Schedule):
        yield "上班时间", state.open, "auto", ("open",)
        yield "非上班时间", state.closed, "auto", ("closed",)
    elif isinstance(state, states.Act):
        for outcome, target in state.outcomes.items():
            yield outcome, target, "auto", ("outcomes", outcome)
        yield "unavailable", state.unavailable, "failure", ("unavailable",)
    elif isinstance(state, states.Transfer | states.Queue):
        yield from _person(state)
    else:
        yield from _simple(state)


def _ask(state: states.Ask) -> Raw:
    silent: Kind = "choice" if state.noinput.is_answer else "failure"
    if isinstance(state, states.Confirm):
        yield "是", state.yes, "auto" if state.silence == "yes" else "choice", ("yes",)
        yield "不是", state.no, "again", ("no",)
        if state.corrected:
            yield "更正", state.corrected, "again", ("corrected",)
    elif isinstance(state, states.Menu):
        yield from _choices(state.choices)
        if state.otherwise:
            yield "其他说法", state.otherwise, "choice", ("otherwise",)
    elif isinstance(state, states.Collect):
        yield "", state.next, "choice", ("next",)
        if state.empty:
            yield "空", state.empty, "choice", ("empty",)
    elif isinstance(state, states.Listen):
        yield "", state.next, "choice", ("next",)
        for key, target in state.keys.items():
            yield key, target, "choice", ("keys", key)
    if not (isinstance(state, states.Confirm) and state.silence != "ask"):
        yield "无应答", state.noinput.to, silent, ("noinput", "to")
    yield "听不懂", state.nomatch.to, "failure", ("nomatch", "to")


def _person(state: states.Transfer | states.Queue) -> Raw:
    if isinstance(state, states.Queue):
        yield from _choices(state.choices)
    for why in ("no_answer", "busy", "unavailable"):
        target = getattr(state, why)
        if target:
            yield why, target, "failure", (why,)
    yield "未接通", state.failed, "failure", ("failed",)
    yield "通话结束", state.ended, "talked", ("ended",)


def _simple(state: states.State) -> Raw:
    if isinstance(state, states.Wait):
        yield from _choices(state.choices)
    if isinstance(state, states.Record):
        yield "太短", state.too_short, "failure", ("too_short",)
    target = getattr(state, "next", None)
    if target:
        noted = isinstance(
            state, states.Ticket | states.Callback | states.Accept | states.Decline | states.Report
        )
        yield "", target, "noted" if noted else "auto", ("next",)


def _choices(choices: tuple[states.Choice, ...]) -> Raw:
    for index, choice in enumerate(choices):
        label = "/".join([*choice.keys, *choice.phrases[:1]]) or "/".join(choice.labels)
        yield label, choice.to, "choice", ("choices", index, "to")


def _case(case: states.Case) -> str:
    if case.is_:
        return f"{case.when}={'/'.join(case.is_)}"
    if case.at_least is not None:
        return f"{case.when}≥{case.at_least:g}"
    return f"{case.when}{'已知' if case.known else '未知'}"
