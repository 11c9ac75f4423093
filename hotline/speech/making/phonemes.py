"""From espeak-ng's phonemes to the units of the acoustic model.

A syllable is an onset (`t`), a vowel with its tone (`Au4`, two halves in the network) and a coda
(`n_c`). Tones are espeak's digits of contour folded into the five of Mandarin; sandhi is already
in what espeak says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SILENCE, GARBAGE = "sil", "spn"
CONSONANTS = frozenset(
    "n l j w tS;h s. X t tS; p S; m s ts f ts. k z. th kh ts.h ph tsh ; N-".split()
)
CONSONANT_LETTERS = "nljwtsXSpmfkz;N"
TONES = {
    "55": "1", "35": "2", "214": "3", "21": "3", "212": "3", "51": "4", "53": "4",
    "11": "5", "22": "5", "33": "5", "44": "5",
}  # fmt: skip
CLOSURE_SECONDS = 0.09
"""A shorter gap before a syllable is the closure of its stop, a longer one silence."""
_TONE = re.compile(r"\d+")
_LETTERS = re.compile(r"[A-Za-z@&]")


@dataclass(frozen=True, slots=True)
class Heard:
    """A phoneme event: its name and the sample where it begins."""

    name: str
    sample: int


@dataclass(frozen=True, slots=True)
class Span:
    """A unit and the samples it takes."""

    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Syllable:
    letters: str
    """All phonemes' names in one, without stress."""
    tone: str


def spans_and_syllables(
    trace: str, heard: list[Heard], length: int, rate_hz: int
) -> tuple[list[Span], list[list[str]]] | None:
    """Units in time, and the units of each syllable. None when trace and events do not agree."""
    syllables = list(_syllables(trace))
    units: list[list[str]] = [[] for _ in syllables]
    spans: list[tuple[str, int, int]] = []
    letters, at = "", 0
    ends = [event.sample for event in heard[1:]] + [length]
    for event, end in zip(heard, ends, strict=True):
        name = _unstressed(event.name)
        if name.startswith("_"):
            spans.append(("gap" if name == "_|" else SILENCE, event.sample, end))
            continue
        if at >= len(syllables) or not syllables[at].letters.startswith(letters + name):
            return None
        units[at].append(_unit(name, units[at], syllables[at].tone))
        spans.append((units[at][-1], event.sample, end))
        letters += name
        if letters == syllables[at].letters:
            letters, at = "", at + 1
    if at != len(syllables) or letters:
        return None
    return list(_closed(spans, round(CLOSURE_SECONDS * rate_hz))), units


def _syllables(trace: str) -> Iterator[_Syllable]:
    """A syllable's end is its tone; an `n` after it is a coda unless a vowel follows."""
    for token in re.split(r"_\||_:|_|\s+", trace):
        word = _unstressed(token)
        at = 0
        while found := _TONE.search(word, at):
            end = found.end()
            after = word[end + 1 : end + 2]
            if word[end : end + 1] == "N" or (
                word[end : end + 1] == "n" and (not after or after in CONSONANT_LETTERS)
            ):
                end += 1
            letters = word[at : found.start()] + word[found.end() : end]
            if _LETTERS.search(letters):
                digits = found[0]
                yield _Syllable(letters, TONES.get(digits, TONES.get(digits[:2], "5")))
            at = end


def _unstressed(name: str) -> str:
    return name.replace("'", "").replace(",", "")


def _unit(name: str, before: list[str], tone: str) -> str:
    vowel_was = any(unit[-1].isdigit() for unit in before)
    if not vowel_was:
        return name if name in CONSONANTS else name + tone
    return f"{name}_c" if name in ("n", "N") else name + tone


def _closed(spans: list[tuple[str, int, int]], shortest_gap: int) -> Iterator[Span]:
    """Short gaps become part of the unit after them."""
    begin: int | None = None
    for unit, start, end in spans:
        if unit == "gap":
            if end - start > shortest_gap:
                yield Span(SILENCE, start, end)
            elif end > start:
                begin = start
        elif end > start:
            yield Span(unit, start if begin is None or unit == SILENCE else begin, end)
            begin = None
