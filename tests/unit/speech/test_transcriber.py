"""Utterances by a decoder with a script: partials, ends, splits, overlaps."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from hotline.speech.gate import Piece
from hotline.speech.recogniser import BYTES_PER_MS, Transcript
from hotline.speech.timemap import TimeMap
from hotline.speech.transcriber import LOOKAHEAD_MS, OVERLAP_MS, DecodedWord, Outcome, Transcriber, joined

PIECE_MS = 100
SILENCE_MS = 900


@dataclass
class WordEverySecond:
    """Hears one word in each full second of the leg's audio, marked by its number."""

    over: bool = False
    given_ms: float = 0
    begun_ms: float = 0
    taken: list[str] = field(default_factory=list)

    def accept(self, pcm: bytes) -> bool:
        self.given_ms += len(pcm) / BYTES_PER_MS
        return self.over

    def partial(self) -> str:
        return joined([word.text for word in self._words()])

    def take(self) -> list[DecodedWord]:
        words = self._words()
        self.taken.append("take")
        self.begun_ms = self.given_ms
        return words

    def flush(self) -> list[DecodedWord]:
        words = self._words()
        self.taken.append("flush")
        self.begun_ms = self.given_ms
        return words

    def _words(self) -> list[DecodedWord]:
        whole = range(int(self.begun_ms // 1000), int(self.given_ms // 1000))
        starts = [second * 1000.0 for second in whole if second * 1000 >= self.begun_ms]
        return [DecodedWord(f"字{start / 1000:.0f}", start, start + 800, 0.5) for start in starts]


def pieces(at_ms: int, milliseconds: int, rms: int = 1000) -> list[Piece]:
    pcm = bytes(PIECE_MS * BYTES_PER_MS)
    return [
        Piece((at_ms + ms) * BYTES_PER_MS, pcm, rms, rms > 100) for ms in range(0, milliseconds, PIECE_MS)
    ]


def hear(transcriber: Transcriber, given: list[Piece]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for piece in given:
        outcomes += transcriber.hear([piece], ask_partial=True, silence_ms=SILENCE_MS)
    return outcomes


def make(decoder: WordEverySecond, longest_ms: float = 15_000) -> Transcriber:
    return Transcriber(decoder, TimeMap(0), longest_ms)


def test_a_partial_comes_once_for_each_change() -> None:
    outcomes = hear(make(WordEverySecond()), pieces(0, 2500))
    assert [outcome.text for outcome in outcomes] == ["字0", "字0字1"]


def test_a_partial_says_where_the_last_sound_ended() -> None:
    transcriber = make(WordEverySecond())
    outcomes = hear(transcriber, pieces(0, 900) + pieces(900, 300, rms=0))
    assert [outcome.end_ms for outcome in outcomes] == [900]


def test_a_pause_ends_the_utterance_with_all_that_was_given() -> None:
    transcriber = make(WordEverySecond())
    hear(transcriber, pieces(0, 1200))
    assert list(transcriber.pause()) == [Transcript("字0", 0, 800, 0.5, (("字0", 0, 800, 0.5),))]
    assert list(transcriber.pause()) == []


def test_an_utterance_without_words_is_not_reported() -> None:
    transcriber = make(WordEverySecond())
    hear(transcriber, pieces(0, 500))
    assert list(transcriber.pause()) == []


def test_on_a_noisy_line_the_decoder_ends_it_after_enough_silence() -> None:
    decoder = WordEverySecond()
    transcriber = make(decoder)
    hear(transcriber, pieces(0, 1500))
    decoder.over = True
    early = hear(transcriber, pieces(1500, 300))
    assert not any(isinstance(outcome, Transcript) for outcome in early)
    late = hear(transcriber, pieces(1800, 100))
    assert [outcome.text for outcome in late if isinstance(outcome, Transcript)] == ["字0"]


def test_a_halting_speaker_goes_on_in_the_same_utterance() -> None:
    decoder = WordEverySecond()
    transcriber = make(decoder)
    for _ in range(5):
        decoder.over = False
        hear(transcriber, pieces(0, 500))
        decoder.over = True
        hear(transcriber, pieces(500, 300))
    assert decoder.taken == []


def test_the_audio_a_decoder_holds_back_is_given_again() -> None:
    decoder = WordEverySecond(over=True)
    transcriber = make(decoder)
    hear(transcriber, pieces(0, 400))
    assert decoder.taken == ["take"]
    assert decoder.given_ms == 400 + LOOKAHEAD_MS


def test_speech_without_end_is_split_where_it_is_quietest() -> None:
    decoder = WordEverySecond()
    transcriber = make(decoder, longest_ms=3000)
    hear(transcriber, pieces(0, 2900))
    loud = hear(transcriber, [*pieces(2900, 100, rms=5000), *pieces(3000, 100, rms=6000)])
    assert decoder.taken == [] and not any(isinstance(outcome, Transcript) for outcome in loud)
    quiet = hear(transcriber, pieces(3100, 100, rms=300))
    assert decoder.taken == ["take"]
    assert [outcome.text for outcome in quiet if isinstance(outcome, Transcript)] == ["字0字1字2"]


def test_speech_without_any_pause_is_split_by_force_and_loses_nothing() -> None:
    decoder = WordEverySecond()
    transcriber = make(decoder, longest_ms=3000)
    rising = [Piece(p.offset, p.pcm, 1000 + n) for n, p in enumerate(pieces(0, 10_000))]
    finals = [outcome for outcome in hear(transcriber, rising) if isinstance(outcome, Transcript)]
    assert len(finals) >= 2
    for earlier, later in itertools.pairwise(finals):
        assert earlier.end_ms <= later.start_ms
        assert later.start_ms - earlier.end_ms < OVERLAP_MS


def test_hanzi_stand_together_and_latin_words_apart() -> None:
    assert joined(["我", "要", "IC", "CARD", "卡"]) == "我要IC CARD卡"
