"""Renders what the flows say before the first caller hears it.

Texts with a caller's own words in them are rendered in the call; all others are known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hotline.flow import template
from hotline.flow.check.names import all_prompts
from hotline.flow.commands import Segment
from hotline.flow.model import FlowSet
from hotline.settings import Settings
from hotline.speech.prompts import PromptStore

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""Stands for what only the call will tell."""


def known_beforehand(settings: Settings) -> dict[str, str]:
    """Variables of the flows that are the same in every call."""
    return {"company": settings.company, "service_number": settings.service_number}


def fixed_segments(flows: FlowSet, known: dict[str, str]) -> list[Segment]:
    """Every piece of every prompt that can be rendered now, each once, in the order of the files."""
    found: dict[Segment, None] = {}
    for text in _texts(flows):
        for variables in _cases(flows, text, known):
            for segment in template.render((text,), variables, flows.common.words):
                if UNKNOWN not in segment.text:
                    found[segment] = None
    return list(found)


def _texts(flows: FlowSet) -> Iterator[str]:
    for flow in flows.flows.values():
        for state in flow.states.values():
            for _, prompt in all_prompts(state):
                yield from template.texts(prompt)


def _cases(flows: FlowSet, text: str, known: dict[str, str]) -> Iterator[dict[str, str]]:
    """The variables with what is unknown marked; one case for each value that is said by a word."""
    names = template.names(text)
    marked = dict.fromkeys(names, UNKNOWN) | known
    yield marked
    for name in names:
        for value in flows.common.words.get(name, {}):
            yield marked | {name: value}


Progress = Callable[[int, int], None]
"""Texts done, texts in all."""


def prerender(
    store: PromptStore, segments: Iterable[Segment], progress: Progress = lambda done, total: None
) -> int:
    """Render and keep the texts, the music and the apology. Returns how many texts were rendered new."""
    store.ensure_assets()
    missing = store.missing(segments)
    for done, segment in enumerate(missing, start=1):
        store.render([segment], keep=True)
        progress(done, len(missing))
    return len(missing)
