"""A trigram language model with backing off, small on purpose.

Unigrams are Kneser-Ney's continuation counts mixed with the frequencies of general text: without
them the digits, which are everywhere, would win over every homophone. Backing off is never cheaper
than a floor, since the text is generated and callers are not.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

BEGIN, END = "<s>", "</s>"
GENERAL_SHARE, GENERAL_POWER = 0.3, 0.8
DISCOUNT = 0.8
LEAST_BACKOFF = 0.35
LEAST_TRIGRAM, LEAST_HISTORY = 3, 8
LEAST_GAIN = 0.25
"""Trigrams that say nearly what their bigram says are left out (difference of logarithms)."""

Row = dict[str, float]


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Probabilities, and the weights of backing off, by history."""

    unigrams: Row
    bigrams: dict[str, Row]
    bigram_backoff: Row
    trigrams: dict[tuple[str, str], Row]
    trigram_backoff: dict[tuple[str, str], float]


def make_language(
    sentences: Iterable[list[str]], vocabulary: list[str], general: dict[str, int]
) -> LanguageModel:
    """From sentences in words; those with words out of the vocabulary do not count."""
    pairs: dict[str, Counter[str]] = defaultdict(Counter)
    triples: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    known = set(vocabulary)
    for words in sentences:
        if known.issuperset(words):
            row = [BEGIN, *words, END]
            for first, second in pairwise(row):
                pairs[first][second] += 1
            for first, second, third in zip(row, row[1:], row[2:], strict=False):
                triples[first, second][third] += 1
    unigrams = _unigrams(pairs, vocabulary, general)
    bigrams, bigram_backoff = _bigrams(pairs, unigrams)
    trigrams: dict[tuple[str, str], Row] = {}
    trigram_backoff: dict[tuple[str, str], float] = {}
    for history, counts in triples.items():
        lower = bigrams.get(history[1], {})
        found = _trigrams(counts, lower, bigram_backoff.get(history[1], 1.0), unigrams)
        if found:
            trigrams[history], trigram_backoff[history] = found
    return LanguageModel(unigrams, bigrams, bigram_backoff, trigrams, trigram_backoff)


def _unigrams(pairs: dict[str, Counter[str]], vocabulary: list[str], general: dict[str, int]) -> Row:
    continued = Counter(word for counts in pairs.values() for word in counts)
    weights = {word: (general.get(word, 0) + 1) ** GENERAL_POWER for word in vocabulary}
    whole, total = sum(weights.values()), continued.total()
    row = {
        word: (1 - GENERAL_SHARE) * continued[word] / total + GENERAL_SHARE * weights[word] / whole
        for word in vocabulary
    }
    return row | {END: (1 - GENERAL_SHARE) * continued[END] / total}


def _bigrams(pairs: dict[str, Counter[str]], unigrams: Row) -> tuple[dict[str, Row], Row]:
    bigrams: dict[str, Row] = {}
    backoff: Row = {}
    for history, counts in pairs.items():
        total, kept = counts.total(), sum(count - DISCOUNT for count in counts.values())
        back = max((total - kept) / total, LEAST_BACKOFF)
        backoff[history] = back
        bigrams[history] = {
            word: (count - DISCOUNT) * (1 - back) / kept + back * unigrams[word]
            for word, count in counts.items()
        }
    return bigrams, backoff


def _trigrams(
    counts: Counter[str], lower: Row, lower_backoff: float, unigrams: Row
) -> tuple[Row, float] | None:
    total = counts.total()
    if total < LEAST_HISTORY:
        return None
    kept = {
        word: count for word, count in counts.items()
        if count >= LEAST_TRIGRAM
        and abs(math.log((count - DISCOUNT) / total / lower.get(word, 1e-6))) > LEAST_GAIN
    }
    if not kept:
        return None
    share = sum(count - DISCOUNT for count in kept.values()) / total
    back = max(1 - share, LEAST_BACKOFF)
    return {
        word: (count - DISCOUNT) / total * (1 - back) / share
        + back * lower.get(word, lower_backoff * unigrams[word])
        for word, count in kept.items()
    }, back
