"""The corpus of spoken addresses: what reaches the fields, clean and over a bad line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotline.cli import main
from hotline.errors import ConfigurationError
from hotline.triage import Gazetteer, parse_address
from hotline.triage.address_evaluate import Answer, evaluate, numbers, read_addresses, worst

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "tests" / "data" / "addresses.yaml"


@pytest.fixture(scope="module")
def answers() -> dict[str, list[Answer]]:
    places = Gazetteer.load(ROOT / "config" / "gazetteer.csv")
    return evaluate(read_addresses(CORPUS), lambda text: parse_address(text, places))


def test_the_corpus_is_large_and_split_in_halves() -> None:
    spoken = read_addresses(CORPUS).addresses
    assert len({one.text for one in spoken}) == len(spoken) >= 300
    assert 0.4 < sum(one.held_out() for one in spoken) / len(spoken) < 0.6


def test_nine_fields_in_ten_are_right_on_clean_text(answers: dict[str, list[Answer]]) -> None:
    found = numbers(answers["clean"])
    assert found["fields_right"] >= 0.95 and found["said_right"] >= 0.9
    assert found["building_wrong"] <= 0.01 and found["invented"] <= 0.01


def test_eight_in_ten_are_right_over_a_bad_line(answers: dict[str, list[Answer]]) -> None:
    known = [answer for answer in answers["noisy"] if answer.right.kind != "unknown"]
    found = numbers(known)
    assert found["fields_right"] >= 0.88 and found["said_right"] >= 0.75
    assert found["building_wrong"] <= 0.05


def test_the_worst_are_named(answers: dict[str, list[Answer]]) -> None:
    lines = worst(answers["noisy"])
    assert 0 < len(lines) <= 40 and all("→" in line for line in lines)


def test_the_command_measures_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    small = tmp_path / "few.yaml"
    small.write_text(
        'licence: CC0-1.0\naddresses:\n'
        '  - {text: "幸福小区三栋", kind: plain, community: "幸福小区", building: "3"}\n', encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["address", "--evaluate", str(small)])
    assert not ended.value.code
    shown = json.loads(capsys.readouterr().out)
    assert shown["clean"]["all"]["fields_right"] == 1.0 and shown["noisy"]["all"]["utterances"] == 3


def test_a_fault_of_the_corpus_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("licence: x\naddresses:\n  - {text: a, kind: b, buildin: c}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="buildin"):
        read_addresses(wrong)
