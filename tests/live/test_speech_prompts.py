"""`hotline prompts` with the real voice and the shipped flows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline.cli import main
from hotline.errors import HotlineError
from hotline.speech import audio

CONFIG = Path(__file__).parents[2] / "config" / "hotline.yaml"
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`hotline prompts …` with a state of its own; returns what it printed."""

    def command(*words: str, check: bool = True) -> str:
        places = [f"paths.state={tmp_path / 'state'}", f"paths.prompts={tmp_path / 'prompts'}"]
        overrides = [part for place in places for part in ("--set", place)]
        with pytest.raises(SystemExit) as ended:
            main(["prompts", *words, "--config", str(CONFIG), *overrides])
        said = capsys.readouterr()
        if check and ended.value.code:
            raise HotlineError(said.err)
        return said.out

    return command


def test_all_prompts_are_rendered_and_then_none_is_missing(run: Run, tmp_path: Path) -> None:
    before = json.loads(run("check", "--json", check=False))
    assert not before["ok"] and len(before["missing"]) > 50
    first = json.loads(run("render", "--json"))
    assert first["rendered"] == first["prompts"] == before["prompts"]
    assert json.loads(run("render", "--json"))["rendered"] == 0
    assert json.loads(run("check", "--json")) == {"ok": True, "prompts": first["prompts"], "missing": []}
    files = list((tmp_path / "state" / "prompts").glob("*.wav"))
    assert len(files) == first["prompts"] + 1, "the texts and the music"
    assert all(audio.is_playable(file) and audio.seconds(file) > 0.2 for file in files)


def test_missing_prompts_are_named(run: Run) -> None:
    with pytest.raises(HotlineError, match="hotline prompts render"):
        run("check")


def test_a_studio_gets_a_list_and_its_recordings_win(run: Run, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("list", "--csv"))))
    assert {row["source"] for row in rows} == {"missing"}
    greeting = next(row for row in rows if row["text"].startswith("您好"))
    recorded = tmp_path / "prompts" / f"{greeting['key']}.wav"
    audio.save(audio.from_pcm(b"\x00\x10\x00\xf0" * 20000, 44100), recorded)
    run("render", "--json")
    listed = {row["key"]: row["source"] for row in json.loads(run("list", "--json"))}
    assert listed[greeting["key"]] == "recorded"
    assert greeting["key"] not in run("list", "--missing", "--csv")


@pytest.mark.parametrize(
    ("override", "says"),
    [("tts.voice=nobody", "tts.voice"), ("tts.engine=command", "tts.command")],
)
def test_a_wrong_voice_is_said_at_once(run: Run, override: str, says: str) -> None:
    with pytest.raises(HotlineError, match=says):
        run("render", "--set", override)
