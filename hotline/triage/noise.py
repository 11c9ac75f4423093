"""Spoils a sentence as a telephone recogniser does: homophones, near sounds, lost characters.

For training and measuring only; deterministic for a seed. The homophones come from the
characters that occur in the given sentences, so they are words of this line.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable

from hotline.triage.phonetics import code, syllable

_MIX_UPS = ("漏露", "气起汽器七", "煤没霉", "阀法发罚", "门们", "器期气", "味位为", "臭凑丑", "表标", "关官管",
            "报抱爆", "警景井", "管馆", "软远", "费飞非", "火货", "卡咖", "灶造", "户护互", "闻文问", "停听")
_SHARES = (("same_sound", 0.62), ("near_sound", 0.14), ("lost", 0.15), ("doubled", 0.03), ("swapped", 0.06))


class Noise:
    """A noise model over the characters of a corpus."""

    def __init__(self, sentences: Iterable[str]) -> None:
        same: dict[str, set[str]] = defaultdict(set)
        near: dict[str, set[str]] = defaultdict(set)
        for character in sorted(set("".join(sentences)) | set("".join(_MIX_UPS))):
            if sound := syllable(character):
                same[sound].add(character)
                near[code(character)].add(character)
        self._same = {sound: sorted(found) for sound, found in same.items()}
        self._near = {sound: sorted(found) for sound, found in near.items()}

    def spoil(self, sentence: str, rate: float, seed: int) -> str:
        """About `rate` of the characters wrong."""
        chance = random.Random(f"{seed}:{sentence}")
        kinds, weights = zip(*_SHARES, strict=True)
        spoilt: list[str] = []
        for character in sentence:
            if not syllable(character) or chance.random() >= rate:
                spoilt.append(character)
                continue
            self._error(chance.choices(kinds, weights)[0], character, spoilt, chance)
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
