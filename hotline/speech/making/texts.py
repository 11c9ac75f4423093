"""What the model's speakers say and its language model reads: grammar, written sentences, answers.

Sentences of `kept_out.txt` belong to demo, tests and benchmarks and are never among them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hotline.speech.provenance import FEW_CHARACTERS, bare
from hotline.yamlfile import YamlFile

FOLDER = Path(__file__).with_name("texts")
FILES = ("grammar.yaml", "sentences.txt", "answers.txt", "kept_out.txt")
LONGEST_CHARACTERS = 32
TRIES_PER_SENTENCE = 60
_HANZI = re.compile("[\u4e00-\u9fff〇]+")
_RULE = re.compile(r"\{(\w+)\}")
_TIMES = re.compile(r"(\d+) x (.*)", re.S)

Grammar = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Texts:
    """All that may be trained on."""

    generated: list[str]
    written: list[str]
    answers: list[str]

    def for_language(self, chance: random.Random) -> list[str]:
        """Every sentence of the language model's text, as often as it counts."""
        pairs = [chance.choice(self.generated) + chance.choice(self.generated) for _ in range(9000)]
        joined = [first + chance.choice(self.written) for first in self.written for _ in range(3)]
        return self.generated + pairs + self.written * 8 + joined + self.answers * 30


def read_texts(count: int, seed: int, folder: Path = FOLDER) -> Texts:
    """`count` generated sentences beside the written ones, without those that are kept out."""
    keep = _Sieve(_lines(folder / "kept_out.txt"))
    chance = random.Random(seed)
    generated = list(keep.through(_generated(read_grammar(folder / "grammar.yaml"), count, chance)))
    return Texts(
        generated,
        list(keep.through(_lines(folder / "sentences.txt"))),
        list(keep.through(_lines(folder / "answers.txt"))),
    )


def read_grammar(path: Path) -> Grammar:
    """Rule → its choices, as often as they count. Raises ConfigurationError."""
    content = YamlFile(path).content
    return {
        str(name): [text for choice in choices for text in _times(str(choice))]
        for name, choices in content.items()
    }


def kept_out(folder: Path = FOLDER) -> list[str]:
    """What demo, tests and benchmarks say."""
    return _lines(folder / "kept_out.txt")


def expand(grammar: Grammar, rule: str, chance: random.Random) -> str:
    """One sentence of the grammar."""
    text = "{" + rule + "}"
    while found := _RULE.search(text):
        text = text[: found.start()] + chance.choice(grammar[found[1]]) + text[found.end() :]
    return text


def _times(choice: str) -> list[str]:
    counted = _TIMES.fullmatch(choice)
    return [counted[2]] * int(counted[1]) if counted else [choice]


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [bare(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _generated(grammar: Grammar, count: int, chance: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    for _ in range(count * TRIES_PER_SENTENCE):
        text = expand(grammar, "S", chance)
        if text in seen or not _HANZI.fullmatch(text) or len(text) > LONGEST_CHARACTERS:
            continue
        seen.add(text)
        yield text
        if len(seen) == count:
            return


@dataclass(frozen=True, slots=True)
class _Sieve:
    """Lets pass what is not kept out."""

    sentences: list[str]

    def through(self, texts: Iterable[str]) -> Iterator[str]:
        whole = set(self.sentences)
        long = [sentence for sentence in self.sentences if len(sentence) >= FEW_CHARACTERS]
        for text in texts:
            if text not in whole and not any(sentence in text for sentence in long):
                yield text
