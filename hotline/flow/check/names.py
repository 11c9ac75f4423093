"""Every name that a flow uses exists: states, flows, variables, hours; and every number fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hotline.errors import Fault
from hotline.flow import hours, states, template
from hotline.flow.edges import exits
from hotline.flow.model import WEEKDAYS, Common, Flow, FlowSet
from hotline.flow.sources import Sources

GIVEN = frozenset({"hazard", "place", "emergency", "address_at_text", "latitude", "longitude"})
"""Call-wide variables that the interpreter sets itself."""


def faults(flows: FlowSet, sources: Sources) -> Iterator[Fault]:
    yield from _common(flows, sources)
    for name, flow in flows.flows.items():
        for location, message in _flow(flows, flow):
            yield sources.fault(name, location, message)


PLAIN = (
    "value", "target", "seconds", "number", "within_seconds", "business", "reason", "crew", "incident",
    "report_note", "field", "also_yes", "also_no",
)
"""Fields of states that are templates."""
Found = Iterator[tuple[tuple[str | int, ...], str]]


def _common(flows: FlowSet, sources: Sources) -> Iterator[Fault]:
    common = flows.common
    link = common.emergency
    used: list[tuple[tuple[str | int, ...], str]] = [
        (("emergency", "flow"), link.flow),
        (("emergency", "advice"), link.advice),
        (("fallback",), common.fallback),
        *([(("emergency", "asks"), link.asks)] if link.asks else []),
        *((("entries", index), entry) for index, entry in enumerate(common.entries)),
        *((("told", topic), flow) for topic, flow in common.told.items()),
        *((("links", at, "to"), one.to[1:]) for at, one in enumerate(common.links) if one.to.startswith("@")),
    ]
    for location, flow in used:
        if flow not in flows.flows:
            yield sources.fault("", location, f"there is no flow {flow}; write {flow}.yaml or mend the name")
    for index, one in enumerate(common.links):
        if not one.to.startswith("@") and one.to != "repeat":
            yield sources.fault("", ("links", index, "to"), "must be `@flow` or `repeat`")
    yield from _hours(common, sources)


def _hours(common: Common, sources: Sources) -> Iterator[Fault]:
    for name, office in common.hours.items():
        for day in office.weekly.keys() - set(WEEKDAYS):
            message = f"is no weekday; use {', '.join(WEEKDAYS)}"
            yield sources.fault("", ("hours", name, "weekly", day), message)
        named: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
            (("weekly", day), spans) for day, spans in office.weekly.items()
        ]
        for at, spans in [*named, (("holidays",), office.holidays), (("workdays",), office.workdays)]:
            for span in spans:
                try:
                    hours.parse_span(span)
                except ValueError:
                    yield sources.fault("", ("hours", name, *at), f"{span}: write HH:MM-HH:MM")


def _flow(flows: FlowSet, flow: Flow) -> Found:
    if flow.start not in flow.states:
        yield ("start",), f"there is no state {flow.start}"
    for field, target in (("hangup", flow.hangup), ("fails", flow.fails)):
        if target:
            yield from _target(flows, flow, target, (field,))
    for topic, name in flow.told.items():
        if name not in flows.flows:
            yield ("told", topic), f"there is no flow {name}"
    for index, name in enumerate(flow.returns):
        if name not in flow.variables:
            yield ("returns", index), f"{name} is no variable of this flow; add it to `variables`"
    for name, state in flow.states.items():
        for one in exits(flows, flow, name):
            yield from _target(flows, flow, one.target, one.at)
        if state.hangup:
            yield from _target(flows, flow, state.hangup, ("states", name, "hangup"))
        for at, message in (*_references(flows, state), *_numbers(state)):
            yield ("states", name, *at), message
        yield from _variables(flows, flow, name, state)


def _target(flows: FlowSet, flow: Flow, target: str, at: tuple[str | int, ...]) -> Found:
    if target.startswith("@"):
        if target[1:] not in flows.flows:
            yield at, f"there is no flow {target[1:]}"
    elif target not in flow.states and target != "repeat":
        yield at, f"there is no state {target} in this flow; for another flow write @{target}"


def _references(flows: FlowSet, state: states.State) -> Found:
    if isinstance(state, states.Schedule) and state.hours not in flows.common.hours:
        yield ("hours",), f"common.yaml has no hours named {state.hours}"
    if isinstance(state, states.Call):
        called = flows.flows.get(state.flow)
        if called is None:
            yield ("flow",), f"there is no flow {state.flow}"
            return
        for name in state.arguments.keys() - called.variables.keys():
            yield ("with", name), f"{state.flow} has no variable {name}"
        for outcome, target in state.exits.items():
            if target.startswith("@") and target[1:] not in flows.flows:
                yield ("exits", outcome), f"there is no flow {target[1:]}"


def _numbers(state: states.State) -> Found:
    if (state.limit is None) != (state.over is None):
        yield ("limit" if state.limit else "over",), "`limit` and `over` go together"
    if isinstance(state, states.Collect) and state.min > state.max:
        yield ("min",), "is more than `max`"
    if isinstance(state, states.Confirm):
        if state.silence == "yes" and (state.facts or state.corrects):
            yield ("silence",), "silence never confirms a fact; only a question of urgency takes it as yes"
        if (state.corrects is None) != (state.corrected is None):
            yield ("corrects" if state.corrects else "corrected",), "`corrects` and `corrected` go together"
    if isinstance(state, states.Branch):
        for index, case in enumerate(state.cases):
            if not case.is_ and case.known is None and case.at_least is None:
                yield ("cases", index), "needs `is`, `known` or `at_least`"


def _variables(flows: FlowSet, flow: Flow, name: str, state: states.State) -> Found:
    topics = flows.common.told.keys() | {topic for one in flows.flows.values() for topic in one.told}
    told = {f"told_{topic}" for topic in topics}
    known = flows.common.variables.keys() | flow.variables.keys() | GIVEN | told
    for at, used in uses(state):
        if used not in known:
            message = f"unknown variable {used}; declare it in the flow's or common.yaml's `variables`"
            yield ("states", name, *at), message


def uses(state: states.State) -> Found:
    """Where a state uses which variables."""
    for field in ("into", "already", "corrects"):
        if getattr(state, field, None):
            yield (field,), getattr(state, field)
    yield from _written(state)
    if isinstance(state, states.Branch):
        yield from ((("cases", at, "when"), case.when) for at, case in enumerate(state.cases))
    for at, prompt in all_prompts(state):
        for piece in prompt:
            if isinstance(piece, states.Piece):
                yield from ((at, one) for one in (piece.if_, piece.unless) if one)
    for at, text in all_templates(state):
        yield from ((at, used) for used in template.names(text))


def _written(state: states.State) -> Found:
    if isinstance(state, states.Set):
        yield from ((("values", name), name) for name in state.values)
    if isinstance(state, states.Act):
        yield from ((("gives", at), name) for at, name in enumerate(state.gives))
    for index, choice in enumerate(getattr(state, "choices", ())):
        yield from ((("choices", index, "set", name), name) for name in choice.set)


def all_prompts(state: states.State) -> Iterator[tuple[tuple[str | int, ...], states.Prompt]]:
    """Every prompt of a state and where it stands."""
    if getattr(state, "prompt", ()):
        yield ("prompt",), state.prompt  # type: ignore[attr-defined]  # asked the line before
    for field in ("noinput", "nomatch"):
        retry = getattr(state, field, None)
        for index, prompt in enumerate(retry.prompts if retry else ()):
            yield (field, "prompts", index), prompt
    if isinstance(state, states.Queue):
        yield from ((("comfort", at), prompt) for at, prompt in enumerate(state.comfort))
        if state.offer:
            yield ("offer", "prompt"), state.offer.prompt


def all_templates(state: states.State) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text with variables of a state and where it stands."""
    for at, prompt in all_prompts(state):
        yield from ((at, text) for text in template.texts(prompt))
    for field, alias in (("values", "values"), ("arguments", "with"), ("fields", "fields")):
        found: dict[str, str] = getattr(state, field, {})
        yield from (((alias, name), text) for name, text in found.items())
    for field in PLAIN:
        if isinstance(getattr(state, field, None), str):
            yield (field,), getattr(state, field)
    for index, fact in enumerate(getattr(state, "facts", ())):
        yield ("facts", index, "value"), fact.value
    yield from _choice_templates(getattr(state, "choices", ()))
    if isinstance(state, states.Queue) and state.offer:
        yield ("offer", "after_seconds"), state.offer.after_seconds


def _choice_templates(choices: Iterable[states.Choice]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, choice in enumerate(choices):
        yield from ((("choices", index, "set", name), text) for name, text in choice.set.items())
