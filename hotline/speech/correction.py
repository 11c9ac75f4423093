"""Domain words that were written with other characters of the same sound, written right again.

What was heard stays as it is; the corrected text stands beside it, for people to read and for
triage as one more reading. A pure function of the text: nothing is learned and nothing guessed
from other calls. A word is put in only where all its syllables were heard, where what stands there
is no word of its own, and, for two syllables, where the tones agree too. 没气 and 煤气 sound alike and
mean opposite things: neither is ever made of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field
from pypinyin import Style, lazy_pinyin
from pypinyin.phrases_dict import phrases_dict

from hotline.errors import HotlineError
from hotline.yamlfile import load

log = structlog.get_logger()

WORDS = Path(__file__).with_name("assets") / "domain_words.yaml"
NUMERALS = frozenset("零一二三四五六七八九十百千幺两")
NEVER_CHANGED = NUMERALS | frozenset("栋幢号室层单元街路巷") | frozenset("没不无未别")
"""Numbers and addresses have rules of their own, and sound like everything. A no is never taken away."""
SURE_LENGTH = 3
"""So many syllables in a row are no accident."""
# Sounds that telephones and the south of China do not keep apart.
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
_READ_AS = {"露": "漏", "着": "找"}
"""Characters whose first reading in the dictionary is not the one of this line."""

Sound = tuple[str, ...]


class DomainWords(BaseModel):
    """The data of this module."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: tuple[str, ...] = Field(min_length=1)
    ordinary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A word that was put in: where, in the text as heard."""

    start: int
    end: int
    heard: str
    word: str


@dataclass(frozen=True, slots=True)
class _Lexicon:
    words: frozenset[str]
    ordinary: frozenset[str]
    by_sound: dict[Sound, tuple[str, ...]]
    longest: int


@cache
def lexicon(path: Path = WORDS) -> _Lexicon:
    """Raises ConfigurationError."""
    content = load(path, DomainWords)
    by_sound: dict[Sound, tuple[str, ...]] = {}
    for word in content.words:
        by_sound[sound(word)] = (*by_sound.get(sound(word), ()), word)
    longest = max(map(len, content.words))
    return _Lexicon(frozenset(content.words), frozenset(content.ordinary), by_sound, longest)


def corrected(text: str) -> str:
    """The text with its domain words written right; the same text when nothing is to be changed."""
    for change in reversed(changes(text)):
        text = text[: change.start] + change.word + text[change.end :]
    return text


def better(text: str) -> str:
    """The corrected text; empty when it is the text as heard, or the data of this module is at fault."""
    try:
        right = corrected(text)
    except HotlineError as error:
        log.error("no correction", reason=str(error))
        return ""
    return "" if right == text else right


@lru_cache(maxsize=4096)
def changes(text: str) -> tuple[Change, ...]:
    """What `corrected` puts right, in the order of the text; longer words first, none over another."""
    known = lexicon()
    taken = _places(text, known.words)
    meant = _ordinary(text, known.ordinary)
    found: list[Change] = []
    for length in range(min(known.longest, len(text)), 1, -1):
        for start in range(len(text) - length + 1):
            place = range(start, start + length)
            if not taken.isdisjoint(place) or any(_spoils(one, place) for one in meant):
                continue
            if word := _word_at(text, start, length, known):
                found.append(Change(start, start + length, text[start : start + length], word))
                taken.update(place)
    return tuple(sorted(found, key=lambda change: change.start))


def _places(text: str, words: frozenset[str]) -> set[int]:
    """Where words stand that are right already."""
    return {place for found in _ordinary(text, words) for place in found}


def _ordinary(text: str, words: frozenset[str]) -> list[range]:
    starts = ((word, start) for word in words for start in range(len(text)) if text.startswith(word, start))
    return [range(start, start + len(word)) for word, start in starts]


def _spoils(word: range, place: range) -> bool:
    """Whether a change at `place` would take an ordinary word, or a part of it. A longer one may hold it."""
    overlaps = word.start < place.stop and place.start < word.stop
    holds = place.start <= word.start and word.stop <= place.stop and len(word) < len(place)
    return overlaps and not holds


def _word_at(text: str, start: int, length: int, known: _Lexicon) -> str:
    heard = text[start : start + length]
    candidates = known.by_sound.get(sound(heard), ())
    if len(candidates) != 1 or not NEVER_CHANGED.isdisjoint(heard) or heard in phrases_dict:
        return ""
    word = candidates[0]
    if length < SURE_LENGTH and _tones(heard) != _tones(word):
        return ""
    return "" if length < SURE_LENGTH and _cuts_a_word(text, start, length) else word


def _cuts_a_word(text: str, start: int, length: int) -> bool:
    """Whether an ordinary word lies over one of the ends: 了解释放 is no 接时."""
    around = (text[start - 1 : start + 1] if start else "", text[start + length - 1 : start + length + 1])
    return any(len(pair) == 2 and pair in phrases_dict for pair in around)


@lru_cache(maxsize=16384)
def sound(text: str) -> Sound:
    """Toneless syllables, those made equal that telephones mix up."""
    return tuple(_folded(syllable) for syllable in _syllables(text, Style.NORMAL))


@lru_cache(maxsize=16384)
def _tones(text: str) -> Sound:
    return tuple(_syllables(text, Style.TONE3))


def _syllables(text: str, style: Style) -> list[str]:
    """One for each character: characters by themselves, as a recogniser's output has no sure words."""
    return [(lazy_pinyin(_READ_AS.get(one, one), style=style) or [one])[0] for one in text]


def _folded(syllable: str) -> str:
    for written, folded in _INITIALS:
        if syllable.startswith(written):
            syllable = folded + syllable[len(written) :]
            break
    for written, folded in _FINALS:
        if syllable.endswith(written):
            return syllable[: -len(written)] + folded
    return syllable
