"""Listens to a recording: the same gate and transcriber as in a call, without its clock and threads.

It can stop anywhere and go on there in another process: `resume_ms` is a place from where nothing is
lost, and `heard_until_ms` keeps it from hearing anything twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from hotline.settings import Speech
from hotline.speech.gate import Gate, Piece
from hotline.speech.recogniser import BYTES_PER_MS, Transcript
from hotline.speech.stream import BATCH_MS
from hotline.speech.timemap import TimeMap
from hotline.speech.transcriber import Decoder, Outcome, Transcriber

PIECE_BYTES = BATCH_MS * BYTES_PER_MS
STEP_BACK_MS = 300
"""Before the end of the last utterance: the beginning of a word that follows at once."""


class Replay:
    """One side of a recording, or a stretch of it."""

    def __init__(
        self, decoder: Decoder, settings: Speech, *, start_ms: int, heard_until_ms: int = -1
    ) -> None:
        """Words before `heard_until_ms` are known already."""
        self._gate = Gate(settings.energy_gate_dbfs, settings.hangover_seconds)
        self._silence_ms = settings.open_silence_seconds * 1000
        longest_ms = settings.longest_utterance_seconds * 1000
        self._transcriber = Transcriber(decoder, TimeMap(start_ms), longest_ms)
        self._transcriber.known_until(heard_until_ms)
        self._batch: list[Piece] = []
        self._position_ms = float(start_ms)
        self._in_utterance = False
        self.resume_ms = start_ms
        self.heard_until_ms = heard_until_ms

    def hear(self, pcm: bytes) -> Iterator[Transcript]:
        """The next audio: 8 kHz, 16 bit, mono, whole samples."""
        for start in range(0, len(pcm), PIECE_BYTES):
            piece = pcm[start : start + PIECE_BYTES]
            self._batch += self._gate.push(piece)
            self._position_ms += len(piece) / BYTES_PER_MS
            yield from self._step()

    def finish(self) -> Iterator[Transcript]:
        """The end of the recording."""
        yield from self._decode()
        yield from self._finals(self._transcriber.pause())
        self.resume_ms = round(self._position_ms)

    def _step(self) -> Iterator[Transcript]:
        yield from self._decode()
        if self._in_utterance and self._gate.quiet_ms >= self._silence_ms:
            self._in_utterance = False
            yield from self._finals(self._transcriber.pause())
            self._gate.close()
        if not (self._gate.open or self._in_utterance):
            self.resume_ms = max(self.resume_ms, round(self._position_ms) - STEP_BACK_MS)

    def _decode(self) -> Iterator[Transcript]:
        if self._batch:
            pieces, self._batch = self._batch, []
            self._in_utterance |= any(piece.loud for piece in pieces)
            heard = self._transcriber.hear(pieces, ask_partial=False, silence_ms=self._silence_ms)
            yield from self._finals(heard)

    def _finals(self, outcomes: Iterator[Outcome]) -> Iterator[Transcript]:
        for outcome in outcomes:
            if isinstance(outcome, Transcript):
                self.heard_until_ms = outcome.end_ms
                self.resume_ms = max(self.resume_ms, outcome.end_ms - STEP_BACK_MS)
                yield outcome
