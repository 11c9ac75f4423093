"""Spoils a sentence as a telephone recogniser does: homophones, near sounds, lost characters.

For training and measuring only; deterministic for a seed. The homophones are the common
characters (first level of GB 2312) of the same syllable, the near sounds are syllables one
confusion away (`confusions.yaml`), and `heard.yaml` holds what a recogniser really wrote for each
character (made by `python -m bench.confusions`).
"""

from __future__ import annotations

import random
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hotline.triage.phonetics import code, syllable
from hotline.yamlfile import YamlFile, load, plain

CONFUSIONS = Path(__file__).with_name("confusions.yaml")
HEARD = Path(__file__).with_name("heard.yaml")
_FIRST_LEVEL_ROWS = range(16, 56)
_KINDS = ("same_sound", "near_sound", "heard", "lost", "doubled", "filler", "swapped")
_SHARES = (0.56, 0.14, 0.08, 0.13, 0.03, 0.02, 0.04)


class Confusions(BaseModel):
    """What recognisers and listeners make of sounds and characters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    initials: tuple[tuple[str, str], ...]
    finals: tuple[tuple[str, str], ...]
    fillers: str
    heard: dict[str, str]
    """Character said: characters that people hear for it."""


class Noise:
    """A noise model over the common characters."""

    def __init__(self) -> None:
        self._table = load(CONFUSIONS, Confusions)
        recognised: dict[str, str] = plain(YamlFile(HEARD).content)
        self._heard = {
            said: self._table.heard.get(said, "") + recognised.get(said, "")
            for said in {*self._table.heard, *recognised}}
        self._same, self._near = _by_sound()

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
        elif kind == "filler":
            spoilt += [character, chance.choice(self._table.fillers)]
        else:
            pool = self._pool(kind, character, chance)
            spoilt.append(chance.choice(pool) if pool else character)

    def _pool(self, kind: str, character: str, chance: random.Random) -> list[str]:
        """Characters that may be heard for this one."""
        if kind == "heard" and character in self._heard:
            return list(self._heard[character])
        sound = syllable(character)
        if kind == "near_sound" and (others := self._beside(sound)):
            return self._same[chance.choice(others)]
        return [c for c in self._same.get(sound, []) if c != character] or [
            c for c in self._near.get(code(character), []) if c != character]

    def _beside(self, sound: str) -> list[str]:
        """Syllables one confusion of an initial or a final away."""
        pairs = [(a, b) for one, two in self._table.initials for a, b in ((one, two), (two, one))]
        found = [
            b + sound[len(a):] for a, b in pairs if sound.startswith(a) and not sound.startswith(f"{a}h")]
        ends = [(a, b) for one, two in self._table.finals for a, b in ((one, two), (two, one))]
        found += [sound[: -len(a)] + b for a, b in ends if sound.endswith(a)]
        return sorted({other for other in found if other in self._same and other != sound})


@lru_cache(maxsize=1)
def _by_sound() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Common characters by syllable and by sound code."""
    same: dict[str, list[str]] = defaultdict(list)
    near: dict[str, list[str]] = defaultdict(list)
    for row in _FIRST_LEVEL_ROWS:
        for cell in range(1, 95):
            character = bytes((row + 0xA0, cell + 0xA0)).decode("gb2312", errors="ignore")
            if character and (sound := syllable(character)):
                same[sound].append(character)
                near[code(character)].append(character)
    return same, near
