"""The emergency is one key or one phrase away in every state of every caller's flow."""

from __future__ import annotations

from collections.abc import Iterator

from hotline.errors import Fault
from hotline.events import Hazard
from hotline.flow import states
from hotline.flow.edges import exits
from hotline.flow.model import Flow, FlowSet
from hotline.flow.sources import Sources


def faults(flows: FlowSet, sources: Sources) -> Iterator[Fault]:
    yield from _link(flows, sources)
    keys = set(flows.common.emergency.keys)
    for name, flow in flows.flows.items():
        if flow.emergency is None:
            for at, message in (*_taken(flow, keys), *_leads_off(flows, flow)):
                yield sources.fault(name, at, message)


def _link(flows: FlowSet, sources: Sources) -> Iterator[Fault]:
    link = flows.common.emergency
    if all(key.isdigit() for key in link.keys):
        yield sources.fault("", ("emergency", "keys"), "needs `*` or `#` too, for states that collect digits")
    if not any(link.phrases.values()):
        yield sources.fault("", ("emergency", "phrases"), "needs phrases: a caller may have no keys to press")
    missing = set(Hazard.__args__) - set(link.ranking)  # type: ignore[attr-defined]  # of a Literal
    if missing:
        yield sources.fault("", ("emergency", "ranking"), f"lacks {', '.join(sorted(missing))}")
    for index, one in enumerate(flows.common.links):
        for key in set(one.keys) & set(link.keys):
            yield sources.fault("", ("links", index, "keys"), f"{key} is the emergency key; take another")
    for at, name in ((("emergency", "flow"), link.flow), (("fallback",), flows.common.fallback)):
        flow = flows.flows.get(name)
        if flow and flow.emergency is not None:
            yield sources.fault("", at, f"{name} must not turn the emergency off")


def _taken(flow: Flow, keys: set[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """States that use the emergency's keys for something else."""
    for name, state in flow.states.items():
        own = {key for choice in getattr(state, "choices", ()) for key in choice.keys}
        for field in ("yes_keys", "no_keys", "keys", "terminators"):
            own |= set(getattr(state, field, ()))
        for key in sorted(own & keys):
            yield ("states", name), f"uses the emergency key {key}; take another"
        if isinstance(state, states.Collect) and keys <= own | set("0123456789"):
            yield ("states", name, "terminators"), "leaves no key for the emergency"


def _leads_off(flows: FlowSet, flow: Flow) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Ways from a caller's flow into one where the emergency is off."""
    for name, state in flow.states.items():
        targets = [(one.at, one.target[1:]) for one in exits(flows, flow, name) if one.target[:1] == "@"]
        if isinstance(state, states.Call):
            targets.append((("states", name, "flow"), state.flow))
        for at, target in targets:
            other = flows.flows.get(target)
            if other and other.emergency is not None:
                yield at, f"leads a caller into {target}, where the emergency is off"
