"""A leak in words that nobody heard in time is acted on when it comes to light."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.calls.ears import Emergency, Understood
from hotline.events import (
    CallArrived,
    CallbackRequested,
    CallEnded,
    EmergencyDeclared,
    Record,
    TranscriptionFinished,
)
from hotline.service.deferred import Span
from hotline.service.deferred_result import late_leak
from hotline.speech.recogniser import Transcript
from hotline.speech.transcriber import DecodedWord
from tests.support.deferred import Scene, Tones


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


class Rules:
    def know(self, facts: Mapping[str, str]) -> None:
        pass

    def of(self, text: str, final: bool, *, paused: bool = False) -> Understood:
        return Understood(Emergency("leak", "indoor", 0.9, text) if "漏" in text else None)


def leak_in(scene: Scene, word: str) -> Emergency | None:
    span = Span(leg_id="leg-1", role="caller", side="left", start_ms=0)
    return late_leak(scene.records, [(span, Transcript(word, 0, 900, 0.9))], Rules)


def test_a_leak_that_nobody_heard_is_found(scene: Scene) -> None:
    scene.end()
    assert leak_in(scene, "漏气了") is not None
    assert leak_in(scene, "打不着火") is None


def test_one_that_was_declared_is_not_declared_again(scene: Scene) -> None:
    scene.record(EmergencyDeclared, by="key", hazard="leak", place="indoor", words="", confidence=1)
    scene.end()
    assert leak_in(scene, "漏气了") is None


@pytest.mark.parametrize(
    ("late", "kind"), [(timedelta(minutes=5), EmergencyDeclared), (timedelta(hours=3), CallbackRequested)]
)
def test_it_pages_a_crew_or_if_very_late_has_the_caller_called(
    scene: Scene, late: timedelta, kind: type[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tones, "flush", lambda self: [DecodedWord("漏气了", 0, 900, 0.9)])
    transcriber = scene.transcriber()
    understanding: Callable[[], Any] = Rules
    monkeypatch.setattr(transcriber, "_understanding", understanding)
    scene.deferred(0)
    scene.end()
    transcriber.queue.add(scene.job)
    scene.now += late
    assert transcriber.try_next()
    kinds = [type(record) for record in scene.later]
    assert kinds[0] is CallArrived and kinds[-2:] == [CallEnded, TranscriptionFinished]
    assert kinds.count(kind) == 1
    assert scene.later[0].event_id == "edge/1", "stored once, whoever tells it"
