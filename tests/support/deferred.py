"""A call that is over, its recording of 40 s with a tone in every tenth second, and a decoder for tones."""

from __future__ import annotations

import wave
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotline.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    Heard,
    LegAnswered,
    LegStarted,
    Record,
    RecordingFinished,
    TranscriptionDeferred,
)
from hotline.journal import Journal, read
from hotline.service.deferred import TranscriptionJob, job_of
from hotline.service.transcriber import Transcriber
from hotline.settings import Settings
from hotline.speech.transcriber import DecodedWord
from tests.journeys.stage import settings as small_settings
from tests.support.speech import silence, tone

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CALL = "c1"


class Scene:
    """A journal, a recording of 40 s with a tone in every tenth second, and a clock."""

    def __init__(self, folder: Path, **speech: Any) -> None:
        self.settings: Settings = small_settings(folder, speech={"engine": "none", **speech})
        self.now = NOON
        self.journals = self.settings.paths.state / "journal"
        self._journal = Journal(self.journals, CALL, lambda: self.now)
        self.decoders: list[Tones] = []
        self.break_at_ms = -1
        arrival = CallArrived(
            event_id="edge/1", call_id=CALL, at=NOON, direction="inbound", purpose="inbound",
            caller="+8613800000001", dialled="962677", trunk="t", sip_call_id="s",
        )  # fmt: skip
        (self.journals / "edge.jsonl").write_text(arrival.model_dump_json() + "\n")
        self.record(LegStarted, leg_id="leg-1", role="caller", remote="1")
        self.record(LegAnswered, leg_id="leg-1")
        self.record(CallAnswered, flow="main", flow_version="1")

    def record(self, kind: type[Any], **fields: Any) -> None:
        self._journal.append(kind, **fields)

    def deferred(self, start_ms: int, end_ms: int | None = None, **more: Any) -> None:
        given = {"leg_id": "leg-1", "role": "caller", "side": "left", "reason": "failed"} | more
        self.record(TranscriptionDeferred, start_ms=start_ms, end_ms=end_ms, **given)

    def heard(self, start_ms: int, text: str = "您好") -> None:
        self.record(Heard, leg_id="leg-1", role="caller", text=text, start_ms=start_ms,
                    end_ms=start_ms + 900, confidence=0.9)  # fmt: skip

    def end(self, by: str = "caller") -> None:
        self.record(RecordingFinished, path="2026/11/22/c1.wav", seconds=40.0)
        self.record(CallEnded, by=by)
        path = self.settings.paths.recordings / "2026/11/22/c1.wav"
        path.parent.mkdir(parents=True)
        second = tone(-20, 1000) + silence(9000)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(8000)
            left, right = second * 4, bytes(len(second) * 4)
            file.writeframes(b"".join(
                left[at : at + 2] + right[at : at + 2] for at in range(0, len(left), 2)
            ))  # fmt: skip

    @property
    def records(self) -> list[Record]:
        return [entry.record for entry in read(self.journals / f"{CALL}.jsonl")]

    @property
    def later(self) -> list[Record]:
        return [entry.record for entry in read(self.journals / f"{CALL}.later.jsonl")]

    @property
    def job(self) -> TranscriptionJob:
        job = job_of(self.records)
        assert job is not None
        return job

    def spans(self) -> list[tuple[str, int, int | None]]:
        job = job_of(self.records)
        return [] if job is None else [(span.leg_id, span.start_ms, span.end_ms) for span in job.spans]

    def decoder(self) -> Tones:
        self.decoders.append(Tones(self))
        return self.decoders[-1]

    def transcriber(self) -> Transcriber:
        return Transcriber(self.settings, self.decoder, lambda: self.now)


class Tones:
    """A decoder that hears a word in every stretch of sound, and can be made to break.

    The gate gives it 300 ms from before the sound, and there its word begins.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._given_ms = 0.0
        self._since: float | None = None

    def accept(self, pcm: bytes) -> bool:
        if 0 <= self._scene.break_at_ms <= self._given_ms:
            raise RuntimeError("a decoder that breaks here")
        if any(pcm) and self._since is None:
            self._since = self._given_ms
        self._given_ms += len(pcm) / 16
        return False

    def partial(self) -> str:
        return ""

    def take(self) -> list[DecodedWord]:
        return self.flush()

    def flush(self) -> list[DecodedWord]:
        since, self._since = self._since, None
        return [] if since is None else [DecodedWord("声", since, since + 1000, 0.9)]
