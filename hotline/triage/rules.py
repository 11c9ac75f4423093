"""Reads the rules of `lexicon/*.yaml` into compiled patterns over characters and over sounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hotline.errors import ConfigurationError, Fault
from hotline.events import Hazard, Label, Place
from hotline.triage.normal import Normal
from hotline.triage.phonetics import codes
from hotline.yamlfile import load as load_yaml

FOLDER = Path(__file__).with_name("lexicon")
Scope = Literal[
    "denial", "other_source", "resolved", "hypothetical", "battery", "handled", "shopping",
    "present", "over_age", "question", "harmless", "thanks",
]
_WORD = re.compile(r"<([A-Z_]+)>")


class RuleText(BaseModel):
    """One rule as written in YAML; `lexicon/__init__.py` explains the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    hazard: Hazard | None = None
    label: Label | None = None
    place: Place | None = None
    scope: Scope | None = None
    weight: float = 1.0
    gate: str = ""
    sound: bool = True
    generic: bool = False
    patterns: tuple[str, ...]


class LexiconText(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    words: dict[str, str] = {}
    rules: tuple[RuleText, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to run."""

    text: RuleText
    characters: re.Pattern[str]
    sounds: re.Pattern[str] | None
    gate: frozenset[str]
    sound_gate: frozenset[str]

    def find(
        self, said: Normal, letters: frozenset[str], heard: frozenset[str]
    ) -> Iterator[tuple[int, int, bool]]:
        """Spans of `said.text` that match, and whether only by sound."""
        found = False
        if not self.gate or self.gate & letters:
            for match in self.characters.finditer(said.text):
                found = True
                yield match.start(), match.end(), False
        if found or self.sounds is None or (self.sound_gate and not self.sound_gate & heard):
            return
        for match in self.sounds.finditer(said.sounds):
            yield match.start(), match.end(), True


def _compile(path: Path, rule: RuleText, words: dict[str, str]) -> Rule:
    def insert(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise ConfigurationError([Fault(path, 0, rule.id, f"no word list is called {match[1]}")])
        return f"(?:{_WORD.sub(insert, words[match[1]])})"

    source = "|".join(f"(?:{_WORD.sub(insert, pattern)})" for pattern in rule.patterns)
    try:
        characters = re.compile(source)
    except re.error as error:
        raise ConfigurationError([Fault(path, 0, rule.id, f"not a regular expression: {error}")]) from error
    sounds = re.compile(codes(source)) if rule.sound else None
    return Rule(rule, characters, sounds, frozenset(rule.gate), frozenset(codes(rule.gate)))


@lru_cache(maxsize=4)
def load(folder: Path = FOLDER) -> tuple[Rule, ...]:
    """All rules of a folder, in the order of file names. Raises ConfigurationError."""
    texts = [(path, load_yaml(path, LexiconText)) for path in sorted(folder.glob("*.yaml"))]
    words = {name: value for _, text in texts for name, value in text.words.items()}
    return tuple(_compile(path, rule, words) for path, text in texts for rule in text.rules)
