"""Walks every road through all flows: reached, led on, bounded, and ending well.

A road's place is the stack of sub-flows, so that a sub-flow is judged by where it goes
back to. The walk is finite: a flow may not call itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from hotline.errors import Fault
from hotline.flow import states
from hotline.flow.edges import Exit, Kind, exits
from hotline.flow.model import FlowSet
from hotline.flow.sources import Sources

Place = tuple[tuple[str, str], ...]
"""(flow, state) from the outermost flow to the innermost."""


@dataclass(frozen=True, slots=True)
class Road:
    """Where one may stand, and what has happened on the way."""

    place: Place
    secured: bool
    """A person, a ticket, a callback or the emergency has the matter."""
    failed: tuple[str, str, tuple[str | int, ...]] | None = None
    """The failure since the caller's last choice: flow, label, location."""
    interjection: bool = False


@dataclass(slots=True)
class Walk:
    flows: FlowSet
    sources: Sources
    seen: set[Road] = field(default_factory=set)
    reached: set[tuple[str, str]] = field(default_factory=set)
    by_itself: dict[Place, set[Place]] = field(default_factory=dict)
    """Steps that need no choice of the caller."""
    returned: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """Outcomes that a calling state has seen."""
    found: dict[tuple[str, tuple[str | int, ...], str], Fault] = field(default_factory=dict)

    def fault(self, flow: str, at: tuple[str | int, ...], message: str) -> None:
        self.found.setdefault((flow, at, message), self.sources.fault(flow, at, message))


def faults(flows: FlowSet, sources: Sources) -> Iterator[Fault]:
    walk = Walk(flows, sources)
    _walk(walk, _roots(flows))
    _hangups(walk)
    _unreached(walk)
    _loops(walk)
    _unused_exits(walk)
    yield from walk.found.values()


def _roots(flows: FlowSet) -> list[Road]:
    def at(name: str, secured: bool = False, interjection: bool = False) -> Road:
        return Road(((name, flows.flows[name].start),), secured, None, interjection)

    common = flows.common
    links = [one.to[1:] for one in common.links if one.to.startswith("@")]
    told = set(common.told.values()).union(*(flow.told.values() for flow in flows.flows.values()))
    asks = {common.emergency.asks} if common.emergency.asks else set()
    return [
        *(at(entry) for entry in common.entries),
        at(common.emergency.flow, secured=True),
        at(common.fallback),
        *(at(link) for link in links),
        *(at(name, interjection=True) for name in {common.emergency.advice} | told | asks),
    ]


def _walk(walk: Walk, ahead: list[Road]) -> None:
    while ahead:
        road = ahead.pop()
        if road in walk.seen:
            continue
        walk.seen.add(road)
        walk.reached.add(road.place[-1])
        _ends_well(walk, road)
        for kind, one, place in _steps(walk, road):
            if kind != "choice":
                walk.by_itself.setdefault(road.place, set()).add(place)
            ahead.append(_on(walk, road, kind, one, place))


def _on(walk: Walk, road: Road, kind: Kind, one: Exit | None, place: Place) -> Road:
    secured = road.secured or kind in ("talked", "noted") or place == _emergency(walk.flows)
    failed = None if kind == "choice" else road.failed
    if kind == "failure" and one and failed is None:
        failed = (road.place[-1][0], one.label, one.at)
    return replace(road, place=place, secured=secured, failed=None if secured else failed)


def _emergency(flows: FlowSet) -> Place:
    """Who comes here has declared it: ticket and page are under way."""
    name = flows.common.emergency.flow
    return ((name, flows.flows[name].start),)


def _steps(walk: Walk, road: Road) -> Iterator[tuple[Kind, Exit | None, Place]]:
    flow_name, name = road.place[-1]
    flow = walk.flows.flows[flow_name]
    state = flow.states[name]
    for one in exits(walk.flows, flow, name):
        yield one.kind, one, _target(walk.flows, road.place, one.target)
    if isinstance(state, states.Call):
        if any(state.flow == outer for outer, _ in road.place):
            message = f"{state.flow} calls itself; use a state with `limit`"
            walk.fault(flow_name, ("states", name, "flow"), message)
        else:
            yield "auto", None, (*road.place, (state.flow, walk.flows.flows[state.flow].start))
    elif isinstance(state, states.Return):
        yield from _return(walk, road, state)


def _return(walk: Walk, road: Road, state: states.Return) -> Iterator[tuple[Kind, Exit | None, Place]]:
    flow_name, name = road.place[-1]
    if len(road.place) == 1:
        if not road.interjection:
            walk.fault(flow_name, ("states", name), "`return`, but calls also begin here or jump here")
        return
    outer_flow, outer_name = road.place[-2]
    call = walk.flows.flows[outer_flow].states[outer_name]
    assert isinstance(call, states.Call)
    walk.returned.setdefault(road.place[-2], set()).add(state.outcome)
    target = call.exits.get(state.outcome)
    if target is None:
        message = f"{flow_name} may return `{state.outcome}`, which has no exit here"
        walk.fault(outer_flow, ("states", outer_name, "exits"), message)
        return
    yield "auto", None, _target(walk.flows, road.place[:-1], target)


def _target(flows: FlowSet, place: Place, target: str) -> Place:
    if target == "repeat":
        return place
    if target.startswith("@"):
        return ((target[1:], flows.flows[target[1:]].start),)
    return (*place[:-1], (place[-1][0], target))


def _ends_well(walk: Walk, road: Road) -> None:
    """At a goodbye somebody has the matter, or the caller chose the way and has what he wanted."""
    flow_name, name = road.place[-1]
    flow = walk.flows.flows[flow_name]
    state = flow.states[name]
    staff = walk.flows.flows[road.place[0][0]].emergency is not None
    if not isinstance(state, states.Goodbye) or road.secured or staff:
        return
    if road.failed:
        failed_flow, label, at = road.failed
        walk.fault(failed_flow, at, f"this failure ({label}) can end at {flow_name}.{name} with neither a "
                                    "person nor a ticket; lead it to a transfer, ticket or callback")
    elif not state.served:
        walk.fault(flow_name, ("states", name), "can be reached with neither a person nor a ticket; open one "
                                                "before it, or mark it `served: true`")


def _hangups(walk: Walk) -> None:
    """Paperwork after a hang-up: writes, never waits, never turns in a circle."""
    for flow_name, flow in walk.flows.flows.items():
        begins: list[tuple[tuple[str | int, ...], str]] = [(("hangup",), flow.hangup)] if flow.hangup else []
        for name, state in flow.states.items():
            if state.hangup:
                begins.append((("states", name, "hangup"), state.hangup))
            if isinstance(state, states.Queue) and not (state.hangup or flow.hangup):
                walk.fault(flow_name, ("states", name), "needs `hangup`: who leaves the queue is called back")
        for at, begin in begins:
            _paper(walk, flow_name, at, begin)


PAPER = (
    states.Ticket, states.Callback, states.Learn, states.Set, states.Branch, states.Report, states.Decline,
    states.Schedule,
)


def _paper(walk: Walk, flow_name: str, at: tuple[str | int, ...], begin: str) -> None:
    flow = walk.flows.flows[flow_name]
    ahead, seen = [(begin, frozenset[str]())], set[str]()
    while ahead:
        name, before = ahead.pop()
        if name in before:
            walk.fault(flow_name, at, f"the paperwork turns in a circle at {name}")
            continue
        state = flow.states[name]
        walk.reached.add((flow_name, name))
        if isinstance(state, states.Goodbye):
            continue
        if not isinstance(state, PAPER):
            walk.fault(flow_name, at, f"{name} is no paperwork: the caller is gone; end at a goodbye")
            continue
        seen.add(name)
        for one in exits(walk.flows, flow, name):
            if one.target.startswith("@"):
                walk.fault(flow_name, one.at, "paperwork after a hang-up stays in its flow")
            else:
                ahead.append((one.target, before | {name}))


def _unreached(walk: Walk) -> None:
    for flow_name, flow in walk.flows.flows.items():
        for name in flow.states:
            if (flow_name, name) not in walk.reached:
                walk.fault(flow_name, ("states", name), "no way leads here; remove it or lead to it")


def _unused_exits(walk: Walk) -> None:
    for (flow_name, name), outcomes in walk.returned.items():
        call = walk.flows.flows[flow_name].states[name]
        assert isinstance(call, states.Call)
        for outcome in call.exits.keys() - outcomes:
            message = f"{call.flow} never returns `{outcome}`"
            walk.fault(flow_name, ("states", name, "exits", outcome), message)


def _loops(walk: Walk) -> None:
    """A circle that needs no choice of the caller must pass a state with `limit`."""
    bounded = {place for place in walk.by_itself if _state(walk, place).limit is not None}
    graph = {
        place: {one for one in nexts if one not in bounded}
        for place, nexts in walk.by_itself.items() if place not in bounded
    }
    for circle in _circles(graph):
        flow_name, name = min(place[-1] for place in circle)
        round_trip = ", ".join(sorted({".".join(place[-1]) for place in circle}))
        walk.fault(flow_name, ("states", name), f"a loop without a limit ({round_trip}); give one of its "
                                                "states `limit` and `over`")


def _state(walk: Walk, place: Place) -> states.State:
    flow_name, name = place[-1]
    return walk.flows.flows[flow_name].states[name]


def _circles(graph: dict[Place, set[Place]]) -> Iterable[set[Place]]:
    """Strongly connected components that hold a circle (Tarjan, without recursion)."""
    index: dict[Place, int] = {}
    low: dict[Place, int] = {}
    stack: list[Place] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            place, nexts = work[-1]
            for other in nexts:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    work.append((other, iter(graph.get(other, ()))))
                    break
                if other in stack:
                    low[place] = min(low[place], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[place])
                if low[place] == index[place]:
                    part = set(stack[stack.index(place) :])
                    del stack[stack.index(place) :]
                    if len(part) > 1 or place in graph.get(place, ()):
                        yield part
