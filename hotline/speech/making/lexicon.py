"""How each word is said, learned from what the synthesiser says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from hotline.speech.making.speaker import Manner, Speaker
from hotline.speech.making.types import Tell
from hotline.speech.making.words import Segmenter

Pronunciation = tuple[str, ...]
Lexicon = dict[str, list[tuple[Pronunciation, float]]]
"""Word → its pronunciations with a weight, 1 for the commonest."""
MOST_FORMS = 4
RAREST_SHARE = 0.04
ENOUGH_ALONE, ENOUGH_BEFORE_FOURTH_TONE = 30, 20
FOURTH_TONE = "去"
"""Said after a word to hear its form inside a sentence (third tones change)."""
TELL_WORDS = 1000

_Said = tuple[str, list[list[str]]]
"""A text and the units of each of its hanzi."""


def make_lexicon(said: Iterable[_Said], vocabulary: list[str], cut: Segmenter, tell: Tell) -> Lexicon:
    """Forms from running speech, then each word alone and before a fourth tone.

    Words that cannot be said are left out.
    """
    forms: dict[str, Counter[Pronunciation]] = defaultdict(Counter)
    for text, syllables in said:
        at = 0
        for word in cut.words(text):
            forms[word][_flat(syllables[at : at + len(word)])] += 1
            at += len(word)
    speaker = Speaker()
    for number, word in enumerate(vocabulary):
        if number % TELL_WORDS == 0:
            tell(f"lexicon: {number} of {len(vocabulary)} words")
        _alone(forms[word], word, speaker)
    return {word: _weighted(forms[word]) for word in vocabulary if forms[word]}


def _alone(forms: Counter[Pronunciation], word: str, speaker: Speaker) -> None:
    if forms.total() < ENOUGH_ALONE and (spoken := speaker.say(word, Manner(), 0)):
        forms[_flat(spoken.syllables)] += 1
    if forms.total() < ENOUGH_BEFORE_FOURTH_TONE and (spoken := speaker.say(word + FOURTH_TONE, Manner(), 0)):
        forms[_flat(spoken.syllables[:-1])] += 1


def _flat(syllables: list[list[str]]) -> Pronunciation:
    return tuple(unit for syllable in syllables for unit in syllable)


def _weighted(forms: Counter[Pronunciation]) -> list[tuple[Pronunciation, float]]:
    total = forms.total()
    usual = [(form, count) for form, count in forms.most_common(MOST_FORMS) if count / total >= RAREST_SHARE]
    return [(form, count / usual[0][1]) for form, count in usual]
