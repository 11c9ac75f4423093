"""Something is said wherever the caller is asked, in words that can be said, and the greeting is short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from hotline.errors import Fault
from hotline.flow import states, template
from hotline.flow.check.names import all_prompts, all_templates
from hotline.flow.commands import Segment
from hotline.flow.edges import exits
from hotline.flow.model import Flow, FlowSet
from hotline.flow.sources import Sources


def faults(flows: FlowSet, sources: Sources) -> Iterator[Fault]:
    for flow_name, flow in flows.flows.items():
        for name, state in flow.states.items():
            for at, message in (*_missing(state), *_twice(state)):
                yield sources.fault(flow_name, ("states", name, *at), message)
            for at, text in all_templates(state):
                for message in template.faults(text):
                    yield sources.fault(flow_name, ("states", name, *at), message)


def long_greetings(
    flows: FlowSet,
    sources: Sources,
    seconds: Callable[[tuple[Segment, ...]], float] | None,
    facts: Mapping[str, str],
) -> Iterator[Fault]:
    """The first words of every caller's flow that calls begin with."""
    limit, speed = flows.common.defaults.greeting_seconds, flows.common.defaults.characters_per_second
    for entry in flows.common.entries:
        flow = flows.flows[entry]
        if flow.emergency is not None:
            continue
        for name, prompt in sorted(_first_words(flows, flow)):
            said = template.render(prompt, {**flows.common.variables, **facts, **flow.variables})
            length = seconds(said) if seconds else template.estimate_seconds(said, speed)
            if length > limit:
                message = f"the greeting takes {length:.1f} s, more than {limit:g} s; say less"
                yield sources.fault(entry, ("states", name, "prompt"), message)


def _first_words(flows: FlowSet, flow: Flow) -> set[tuple[str, states.Prompt]]:
    """The prompts that a caller may hear first, within the flow."""
    found, seen, ahead = set(), set[str](), [flow.start]
    while ahead:
        name = ahead.pop()
        if name in seen or name not in flow.states:
            continue
        seen.add(name)
        prompt = getattr(flow.states[name], "prompt", ())
        if prompt:
            found.add((name, prompt))
        else:
            ahead += [one.target for one in exits(flows, flow, name)]
    return found


def _missing(state: states.State) -> Iterator[tuple[tuple[str | int, ...], str]]:
    wants = isinstance(state, states.Ask | states.Say | states.Wait | states.Record | states.Goodbye)
    if wants and not getattr(state, "prompt", ()):
        yield ("prompt",), "is missing: the caller would hear nothing"
    for at, prompt in all_prompts(state):
        if any(not text.strip() for text in template.texts(prompt)):
            yield at, "is empty"


def _twice(state: states.State) -> Iterator[tuple[tuple[str | int, ...], str]]:
    choices: tuple[states.Choice, ...] = getattr(state, "choices", ())
    for field in ("keys", "phrases", "labels"):
        every = [one for choice in choices for one in getattr(choice, field)]
        for one in (one for one, count in Counter(every).items() if count > 1):
            yield ("choices",), f"{field}: {one} stands in two choices; the second is never taken"
    for index, choice in enumerate(choices):
        if not (choice.keys or choice.phrases or choice.labels):
            yield ("choices", index), "has no key, phrase or label"
