"""The model's texts, and that nothing of demo, tests and benchmarks is among them."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import bench.calls
import bench.phrase
import bench.speech
from hotline.demo import others
from hotline.demo.emergency import SENTENCES as EMERGENCY
from hotline.demo.voices import HELD_OUT
from hotline.speech.making import voices
from hotline.speech.making.texts import FOLDER, expand, kept_out, read_grammar, read_texts
from hotline.speech.provenance import FEW_CHARACTERS, bare, check_unseen
from tests.live.harness.town import SENTENCES as TOWN

ROOT = Path(__file__).parents[4]
MODEL = ROOT / "models" / "vosk-demo-gas-zh"
CALLERS = ROOT / "tests" / "data" / "caller_sentences.yaml"
NOT_FOR_A_RECOGNISER = ("tests/unit/speech/test_tts.py",)
SPEAKERS = ("synthesise", "say_in_turn", "line")


def written_in(folder: str) -> Iterator[str]:
    """Hanzi that a module gives to a speaker."""
    for path in (ROOT / folder).rglob("*.py"):
        if str(path.relative_to(ROOT)) in NOT_FOR_A_RECOGNISER:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in SPEAKERS:
                for part in (part for argument in node.args for part in ast.walk(argument)):
                    if isinstance(part, ast.Constant) and re.search("[\u4e00-\u9fff]", str(part.value)):
                        yield str(part.value)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def everything_said() -> set[str]:
    rows = YAML(typ="safe").load(CALLERS.read_text(encoding="utf-8"))["sentences"]
    said = [row["text"] for row in rows] + [*EMERGENCY, *others.REPAIR_SENTENCES, *TOWN.values()]
    said += [*bench.calls.TALK, *(text for text, _ in bench.speech.LEAKS), bench.phrase.ADDRESS]
    for folder in ("tests", "bench", "hotline/demo"):
        said += written_in(folder)
    return {bare(text) for text in said}


def test_the_shipped_model_never_met_what_demo_tests_and_benchmarks_say() -> None:
    """A new sentence that it has met: say it otherwise, or add it to kept_out.txt and make it again."""
    assert len(everything_said()) > 60
    assert check_unseen(MODEL, "f4", everything_said()) == []


def test_nothing_kept_out_is_trained_on() -> None:
    texts = read_texts(3000, 5)
    every = [*texts.generated, *texts.written, *texts.answers]
    for sentence in kept_out():
        assert sentence not in every
        if len(sentence) >= FEW_CHARACTERS:
            assert not any(sentence in text for text in every)


def test_the_voices_of_demo_and_tests_never_train() -> None:
    assert set(voices.KEPT_AWAY) == set(HELD_OUT)
    assert not set(voices.KEPT_AWAY) & set(voices.TRAINING)
    chance = random.Random(1)
    drawn = {voices.somebody(chance).variant for _ in range(3000)}
    assert drawn == set(voices.TRAINING)


def test_one_seed_one_text_another_seed_another() -> None:
    assert read_texts(200, 1) == read_texts(200, 1)
    assert read_texts(200, 1).generated != read_texts(200, 2).generated
    assert len(set(read_texts(200, 1).generated)) == len(read_texts(200, 1).generated) >= 199


def test_every_rule_of_the_grammar_leads_to_hanzi() -> None:
    grammar = read_grammar(FOLDER / "grammar.yaml")
    chance = random.Random(3)
    for rule in grammar:
        for _ in range(20):
            assert "{" not in expand(grammar, rule, chance)


def test_a_counted_choice_counts(tmp_path: Path) -> None:
    path = tmp_path / "grammar.yaml"
    path.write_text('S:\n- "3 x 漏气"\n- 没气\n', encoding="utf-8")
    assert read_grammar(path) == {"S": ["漏气"] * 3 + ["没气"]}


@pytest.mark.parametrize("name", ["sentences.txt", "answers.txt"])
def test_written_texts_are_hanzi_and_stand_once(name: str) -> None:
    lines = [x for x in (FOLDER / name).read_text(encoding="utf-8").splitlines() if not x.startswith("#")]
    assert len(lines) == len(set(lines)) > 100
    assert [line for line in lines if not re.fullmatch("[\u4e00-\u9fff〇]+", line)] == []
