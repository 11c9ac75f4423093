"""The demo's caller is nobody the model has met."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hotline.demo.voices import HELD_OUT
from hotline.speech.provenance import ProvenanceError, check_unseen, lm_sentences, load_provenance

MODEL = Path(__file__).parents[3] / "models" / "vosk-demo-gas-zh"
NEW = "楼道里有很浓的煤气味，你们快点来看看。"


@pytest.mark.parametrize("voice", [*HELD_OUT, "cmn+f4"])
def test_a_voice_that_was_kept_away_passes(voice: str) -> None:
    assert check_unseen(MODEL, voice, [NEW]) == []


@pytest.mark.parametrize("voice", ["", "cmn", "f2", "cmn+klatt"])
def test_a_voice_of_the_training_is_named(voice: str) -> None:
    assert len(check_unseen(MODEL, voice, [NEW])) == 1


@pytest.mark.parametrize(
    "sentence", ["我家里现在煤气味非常大，你们赶紧派人过来处理一下", "现在煤气味非常大", "是的"]
)
def test_a_sentence_of_the_text_or_a_part_of_one_is_named(sentence: str) -> None:
    found = check_unseen(MODEL, "f4", [NEW, sentence])
    assert len(found) == 1 and sentence in found[0]


def test_voices_are_in_one_list_only() -> None:
    known = load_provenance(MODEL)
    assert not set(known.training_voices) & set(known.held_out_voices)
    assert set(known.held_out_voices) == set(HELD_OUT)


def test_the_text_has_every_word_of_the_model() -> None:
    """What the model's words are made of is what the text is made of: it is the model's own text."""
    characters = set("".join(lm_sentences(MODEL)))
    words = [line.split()[0] for line in (MODEL / "graph" / "words.txt").read_text().splitlines()]
    assert characters <= set("".join(words))


def test_a_model_without_provenance_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError):
        check_unseen(tmp_path, "f4", [])


def test_a_text_that_lost_sentences_is_an_error(tmp_path: Path) -> None:
    shutil.copy(MODEL / "lm-text.txt.xz", tmp_path)
    told = json.loads((MODEL / "provenance.json").read_text())
    (tmp_path / "provenance.json").write_text(json.dumps(told | {"lm_text_sentences": 1}))
    with pytest.raises(ProvenanceError, match="not as declared"):
        check_unseen(tmp_path, "f4", [])
