"""How well a model hears a set of recordings: character error rate and real-time factor.

Every recording is heard as a telephone line would bring it: 8 kHz, mono, in the telephone band.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from hotline.errors import ConfigurationError, Fault
from hotline.speech import audio
from hotline.speech.provenance import bare
from hotline.speech.recogniser import BYTES_PER_MS
from hotline.speech.transcriber import Decoder, joined

TRANSCRIPTS = "transcripts.tsv"
"""File name, tab, what is said: for sets without a text beside each recording."""
STEP_BYTES = 100 * BYTES_PER_MS
LEAD_MS, TAIL_MS = 200, 600
"""Quiet that is put around each recording: decoders are made for lines, which are never cut that close."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and what is said in it."""

    path: Path
    text: str

    def pcm(self) -> bytes:
        """8 kHz, 16 bit, mono. Raises ConfigurationError."""
        try:
            sound = audio.telephone(audio.read_wav(self.path))
        except (audio.AudioFileError, OSError) as error:
            fault = Fault(self.path, 0, "", f"{error}; save it as PCM WAV, 8 to 48 kHz, 16 bit")
            raise ConfigurationError([fault]) from error
        return bytes(LEAD_MS * BYTES_PER_MS) + bytes(sound.raw_data) + bytes(TAIL_MS * BYTES_PER_MS)


@dataclass(frozen=True, slots=True)
class Score:
    """One recording, or all of them, against what was said."""

    name: str
    said: str
    heard: str
    characters: int
    substituted: int
    left_out: int
    put_in: int
    audio_seconds: float
    cpu_seconds: float

    @property
    def errors(self) -> int:
        return self.substituted + self.left_out + self.put_in

    @property
    def error_rate(self) -> float:
        """Errors for each character said; more than 1 is possible."""
        return self.errors / max(1, self.characters)

    @property
    def real_time_factor(self) -> float:
        """Seconds of processor for each second of audio."""
        return self.cpu_seconds / max(1e-9, self.audio_seconds)


def read_set(folder: Path) -> list[Clip]:
    """WAV files with `NAME.txt` beside them, or lines in `transcripts.tsv`. Raises ConfigurationError."""
    listed = _listed(folder / TRANSCRIPTS)
    clips: list[Clip] = []
    faults: list[Fault] = []
    for path in sorted(folder.rglob("*.wav")) if folder.is_dir() else []:
        beside = path.with_suffix(".txt")
        text = listed.get(path.relative_to(folder).as_posix(), listed.get(path.stem))
        if text is None and beside.is_file():
            text = beside.read_text(encoding="utf-8")
        if text is None:
            wanted = f"no transcript: write {beside.name}, or a line in {TRANSCRIPTS}"
            faults.append(Fault(path, 0, "", wanted))
        else:
            clips.append(Clip(path, plain(text)))
    if faults:
        raise ConfigurationError(faults)
    if not clips:
        raise ConfigurationError([Fault(folder, 0, "", "no WAV files in this folder")])
    return clips


def _listed(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    faults: list[Fault] = []
    texts: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        name, tab, text = line.partition("\t")
        if not tab and line.strip():
            faults.append(Fault(path, number, "", "write the file's name, a tab, and what is said"))
        elif tab:
            texts[name.strip()] = text
    if faults:
        raise ConfigurationError(faults)
    return texts


def plain(text: str) -> str:
    """Without punctuation and spaces, Latin letters small: what is compared."""
    return bare(text).lower()


def hear(decoder: Decoder, pcm: bytes) -> str:
    """All words of a recording, as one text."""
    for start in range(0, len(pcm), STEP_BYTES):
        decoder.accept(pcm[start : start + STEP_BYTES])
    return joined([word.text for word in decoder.flush()])


def evaluate(make_decoder: Callable[[], Decoder], clips: Sequence[Clip]) -> Iterator[Score]:
    """A score for each clip as it is heard."""
    for clip in clips:
        pcm = clip.pcm()
        began = time.process_time()
        heard = plain(hear(make_decoder(), pcm))
        spent = time.process_time() - began
        yield score(clip.path.name, clip.text, heard, len(pcm) / BYTES_PER_MS / 1000, spent)


def score(name: str, said: str, heard: str, audio_seconds: float = 0.0, cpu_seconds: float = 0.0) -> Score:
    """Compare two plain texts."""
    kinds = [edit.tag for edit in Levenshtein.editops(said, heard)]
    counted = (kinds.count("replace"), kinds.count("delete"), kinds.count("insert"))
    return Score(name, said, heard, len(said), *counted, audio_seconds, cpu_seconds)


def total(scores: Sequence[Score]) -> Score:
    """All recordings as one; characters count, not recordings."""
    return Score(
        "all", "", "", sum(s.characters for s in scores), sum(s.substituted for s in scores),
        sum(s.left_out for s in scores), sum(s.put_in for s in scores),
        sum(s.audio_seconds for s in scores), sum(s.cpu_seconds for s in scores),
    )  # fmt: skip
