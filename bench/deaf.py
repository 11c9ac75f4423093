"""The hotline's own conversation with a decoder that throws away what it hears: the rest of listening."""

from __future__ import annotations

from hotline import app
from hotline.calls.context import WorkerContext
from hotline.calls.conversation import CallConversation
from hotline.speech import vosk_engine
from hotline.speech.transcriber import DecodedWord

preload, prepare_prompts = app.preload, app.prepare_prompts


class DeafDecoder:
    """hotline.speech.transcriber.Decoder that costs nothing."""

    def __init__(self, model: object, *grammar: object) -> None:
        """Like VoskDecoder."""

    def accept(self, pcm: bytes) -> bool:
        return False

    def partial(self) -> str:
        return ""

    def take(self) -> list[DecodedWord]:
        return []

    def flush(self) -> list[DecodedWord]:
        return []


def build_conversation(context: WorkerContext) -> CallConversation:
    vosk_engine.VoskDecoder = DeafDecoder  # type: ignore[assignment, misc]  # in this forked worker only
    return app.build_conversation(context)
