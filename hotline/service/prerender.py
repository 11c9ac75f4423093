"""Renders what the flows say before the first caller hears it.

Texts with a caller's own words in them are rendered in the call; all others are known beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product

import structlog

from hotline.flow import template
from hotline.flow.check.names import all_prompts
from hotline.flow.commands import Segment
from hotline.flow.model import FlowSet
from hotline.service.protocol_prompts import protocol_segments
from hotline.settings import Settings
from hotline.speech.prompts import PromptStore, is_audible, prompt_store_anyway
from hotline.speech.recorded import normalised

log = structlog.get_logger()

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""Stands for what only the call will tell."""
MOST_CASES = 200
"""Of one text; what is beyond is rendered in the call."""
SPOKEN_SECONDS = 24 * 3600
"""How long the audio of callers' numbers and addresses is kept."""


def known_beforehand(settings: Settings) -> dict[str, str]:
    """Variables of the flows that are the same in every call."""
    return {"company": settings.company, "service_number": settings.service_number}


def fixed_segments(flows: FlowSet, known: dict[str, str]) -> list[Segment]:
    """Every piece of every prompt that can be rendered now, each once, in the order of the files."""
    found: dict[tuple[str, str], Segment] = {}
    for text in _texts(flows):
        for variables in _cases(flows, text, known):
            for segment in template.render((text,), variables, flows.common.words):
                if UNKNOWN not in segment.text and is_audible(segment):
                    found.setdefault((normalised(segment.text), segment.reading), segment)
    return list(found.values())


def every_segment(settings: Settings, flows: FlowSet) -> list[Segment]:
    """All that can be rendered before a call: of the flows, and of the incidents' protocols."""
    texts = [*fixed_segments(flows, known_beforehand(settings)), *protocol_segments(settings)]
    return list({(normalised(one.text), one.reading): one for one in texts}.values())


def _texts(flows: FlowSet) -> Iterator[str]:
    for flow in flows.flows.values():
        for state in flow.states.values():
            for _, prompt in all_prompts(state):
                yield from template.texts(prompt)


def _cases(flows: FlowSet, text: str, known: dict[str, str]) -> Iterator[dict[str, str]]:
    """The variables with what is unknown marked; one case for each way of values said by words."""
    marked = dict.fromkeys(template.names(text), UNKNOWN) | known
    worded = [name for name in template.names(text) if f"{{{name}|{template.WORD}}}" in text]
    choices = [[UNKNOWN, *flows.common.words.get(name, {})] for name in worded]
    for values in islice(product(*choices), MOST_CASES):
        yield marked | dict(zip(worded, values, strict=True))


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


def render_before_calls(settings: Settings, flows: FlowSet) -> PromptStore:
    """At the start of the service, in the zygote: no caller waits for a prompt, or misses one.

    Takes seconds at the first start and milliseconds later; never raises. The voice that is
    loaded here is shared by all workers.
    """
    store = prompt_store_anyway(settings.paths, settings.tts)
    try:
        began = time.monotonic()
        store.check_writable()
        new = prerender(store, every_segment(settings, flows))
        erased = store.prune(SPOKEN_SECONDS)
        log.info("prompts_ready", rendered=new, erased=erased, seconds=round(time.monotonic() - began, 1))
    except Exception as error:  # a line that answers late is worse than one that renders in the call
        log.error("prompts_not_rendered", reason=f"{type(error).__name__}: {error}")
    return store
