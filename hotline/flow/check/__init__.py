"""Proves a flow set: no caller gets lost in it, whatever happens. All faults at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from hotline.errors import Fault
from hotline.flow.check import danger, names, prompts, roads
from hotline.flow.commands import Segment
from hotline.flow.model import FlowSet
from hotline.flow.sources import Sources

Measure = Callable[[tuple[Segment, ...]], float]


def faults(
    flows: FlowSet, sources: Sources, seconds: Measure | None, facts: Mapping[str, str]
) -> Iterator[Fault]:
    """Every fault. The roads are walked only when all names lead somewhere."""
    named = list(names.faults(flows, sources))
    yield from named
    yield from prompts.faults(flows, sources)
    yield from danger.faults(flows, sources)
    if not named:
        yield from prompts.long_greetings(flows, sources, seconds, facts)
        yield from roads.faults(flows, sources)
