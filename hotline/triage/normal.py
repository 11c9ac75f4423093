"""Brings a transcript into the one form that rules read, and remembers where each character stood."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

from hotline.triage.phonetics import codes

STOP = "，"
"""Stands for every punctuation mark: a place where no phrase goes across."""

_FILLERS = frozenset("啊呃嗯哦噢喔诶欸哎唉呀嘛哈呐")
_simplifier = OpenCC("t2s")


@dataclass(frozen=True, slots=True)
class Normal:
    """What was said, in simplified characters without blanks; lower case, half width."""

    text: str
    sounds: str
    """Sound codes, one for each character of `text`."""
    origin: tuple[int, ...]
    """For each character of `text` its offset in the transcript."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the transcript of `text[start:end]`."""
        if start >= end:
            return 0, 0
        return self.origin[start], self.origin[end - 1] + 1


@lru_cache(maxsize=16384)
def _plain(character: str) -> str:
    """One character's form in normal text: itself simplified, a stop, or nothing."""
    character = unicodedata.normalize("NFKC", character)[:1].lower()
    if not character or character.isspace() or character in _FILLERS:
        return ""
    if unicodedata.category(character)[0] in "PSZC":
        return STOP
    return str(_simplifier.convert(character))[:1] or character


def normalise(transcript: str) -> Normal:
    """Traditional → simplified, blanks and fillers out, punctuation to `STOP`; keeps offsets."""
    kept: list[str] = []
    origin: list[int] = []
    for offset, character in enumerate(transcript):
        plain = _plain(character)
        if plain and not (plain == STOP and kept and kept[-1] == STOP):
            kept.append(plain)
            origin.append(offset)
    text = "".join(kept)
    return Normal(text, codes(text), tuple(origin))
