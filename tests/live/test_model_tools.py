"""`hotline model evaluate` with the real decoder, and a model made from nothing."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotline.cli import main
from hotline.demo.voices import synthesise
from hotline.speech.making.texts import FILES, FOLDER
from hotline.speech.provenance import lm_sentences, load_provenance
from hotline.speech.vosk_engine import check_model

MODEL = Path(__file__).parents[2] / "models" / "vosk-demo-gas-zh"
SAID = {"leak": "楼道里有很浓的煤气味，你们快点来看看", "out": "我已经出来了，在楼下"}


def hotline(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)


def spoken(folder: Path) -> Path:
    for name, text in SAID.items():
        synthesise(text, "f4", out_path=folder / f"{name}.wav")
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_model_is_measured_on_a_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = spoken(tmp_path)
    assert hotline("model", "evaluate", str(MODEL), "--wav", str(folder), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["characters"] == 26 and told["error_rate"] < 0.15
    assert 0 < told["real_time_factor"] < 1 and told["audio_seconds"] > 4
    assert {row["name"] for row in told["recordings"]} == {"leak.wav", "out.wav"}


def test_the_worst_come_first_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = spoken(tmp_path)
    (folder / "out.txt").write_text("完全不是这句话呀", encoding="utf-8")
    assert hotline("model", "evaluate", str(MODEL), "--wav", str(folder)) == 0
    said = capsys.readouterr().out
    assert "character error rate" in said and "real-time factor" in said
    assert said.index("out.wav") < said.index("2 recordings")


def test_a_model_is_made_from_nothing_and_the_same_again(tmp_path: Path) -> None:
    """The smallest recipe goes through every step; it is no model to hear with."""
    made = [tmp_path / name / "vosk-tiny" for name in ("first", "second")]
    for folder, jobs in zip(made, ("1", "2"), strict=True):
        subprocess.run(
            [sys.executable, "-m", "hotline.speech.making", str(folder), "22", "tiny", jobs],
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}, check=True, capture_output=True,
        )
    check_model(made[0])
    files = [path.relative_to(made[0]) for path in sorted(made[0].rglob("*")) if path.is_file()]
    assert len(files) == 10
    for file in files:
        assert (made[0] / file).read_bytes() == (made[1] / file).read_bytes(), file
    assert len(lm_sentences(made[0])) > 500


def test_the_shipped_model_is_what_its_provenance_says() -> None:
    told = load_provenance(MODEL)
    for name, digest in told.files.items():
        assert hashlib.sha256((MODEL / name).read_bytes()).hexdigest() == digest, name
    assert "am/final.mdl" in told.files and "graph/Gr.fst" in told.files
    assert told.command.startswith("hotline model make --seed") and "Nothing was measured" in told.limits


def test_the_shipped_model_was_made_from_the_texts_that_are_here() -> None:
    """Who changes a text makes the model again."""
    told = load_provenance(MODEL).inputs
    assert set(told) == set(FILES)
    for name in set(FILES) - {"kept_out.txt"}:  # which only has to hold what it would otherwise have met
        assert told[name] == hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()


def test_without_the_making_s_packages_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hotline.cli.model_tools.find_spec", lambda name: None)
    assert hotline("model", "make", "--out", str(tmp_path / "m")) == 1
    assert "requirements-model.lock" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
