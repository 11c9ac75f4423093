"""Spoils a sentence as a telephone recogniser does: homophones, near sounds, lost characters.

For training and measuring only; deterministic for a seed. The homophones come from the
characters that occur in the given sentences, so they are words of this line.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable

from hotline.triage.phonetics import code, syllable

_MIX_UPS = (
    "漏露楼气起汽器七期煤没霉阀法发罚门们味位为臭凑丑表标关官管"
    "报抱爆警景井馆软远费飞非火货卡咖灶造户护互闻文问停听"
)
"""Characters that are heard for each other although the corpus may not hold them all."""
_KINDS = ("same_sound", "near_sound", "lost", "doubled", "swapped")
_SHARES = (0.62, 0.14, 0.15, 0.03, 0.06)


class Noise:
    """A noise model over the characters of a corpus."""

    def __init__(self, sentences: Iterable[str]) -> None:
        same: dict[str, set[str]] = defaultdict(set)
        near: dict[str, set[str]] = defaultdict(set)
        for character in sorted(set("".join(sentences)) | set(_MIX_UPS)):
            if sound := syllable(character):
                same[sound].add(character)
                near[code(character)].add(character)
        self._same = {sound: sorted(found) for sound, found in same.items()}
        self._near = {sound: sorted(found) for sound, found in near.items()}

    def spoil(self, sentence: str, rate: float, seed: int) -> str:
        """About `rate` of the characters wrong."""
        chance = random.Random(f"{seed}:{sentence}")
        spoilt: list[str] = []
        for character in sentence:
            if not syllable(character) or chance.random() >= rate:
                spoilt.append(character)
                continue
            self._error(chance.choices(_KINDS, _SHARES)[0], character, spoilt, chance)
        return "".join(spoilt)

    def _error(self, kind: str, character: str, spoilt: list[str], chance: random.Random) -> None:
        if kind == "lost":
            return
        if kind == "swapped" and spoilt:
            spoilt.insert(len(spoilt) - 1, character)
        elif kind == "doubled":
            spoilt += [character, character]
        else:
            pool = self._same.get(syllable(character), []) if kind == "same_sound" else []
            pool = [c for c in pool if c != character] or [
                c for c in self._near.get(code(character), []) if c != character]
            spoilt.append(chance.choice(pool) if pool else character)
