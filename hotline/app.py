"""Builds and wires a call: the one place where flow, speech, triage and legs meet."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import structlog

from hotline.calls.context import WorkerContext
from hotline.calls.conversation import CallConversation
from hotline.calls.flow_run import FlowRun
from hotline.calls.understanding import RuleUnderstanding
from hotline.errors import ConfigurationError
from hotline.flow import FlowSet
from hotline.service.prerender import render_before_calls
from hotline.settings import Settings
from hotline.speech.engines import recogniser_for
from hotline.speech.prompts import WorkerPrompts, prompt_store_anyway
from hotline.triage import Band, Gazetteer, parse_address, warm

log = structlog.get_logger()


def preload(settings: Settings) -> None:
    """In the zygote, before any fork: load what every call shares, so that it is paid for once."""
    gazetteer = _gazetteer(settings.dispatch.gazetteer)
    warm()
    parse_address("您好", gazetteer)


def prepare_prompts(settings: Settings, flows: FlowSet) -> None:
    """In the zygote, when flows were loaded: no caller waits for a prompt to be rendered."""
    prompt_store_anyway.cache_clear()
    render_before_calls(settings, flows)


def build_conversation(context: WorkerContext) -> CallConversation:
    """One call's conversation with its real parts (hotline.calls.context.ConversationFactory)."""
    settings = context.settings
    prompts = WorkerPrompts(prompt_store_anyway(settings.paths, settings.tts), context.call_from_thread)
    recogniser = recogniser_for(context.speech_model, settings.speech)
    return CallConversation(
        context,
        FlowRun(context.flows, context.job.entry),
        prompts,
        lambda listener, origin_ms: recogniser.open_stream(
            listener, context.call_from_thread, origin_ms=origin_ms
        ),
        RuleUnderstanding(
            _gazetteer(settings.dispatch.gazetteer),
            settings.country,
            settings.area_code,
            Band.from_settings(settings.triage),
        ),
    )


@lru_cache(maxsize=1)
def _gazetteer(path: Path) -> Gazetteer | None:
    """The city's places; without them a call goes on with the words alone."""
    try:
        return Gazetteer.load(path)
    except ConfigurationError as error:
        log.error("gazetteer not loaded", reason=str(error))
        return None
