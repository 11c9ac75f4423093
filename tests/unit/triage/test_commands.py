"""`hotline triage` and `hotline address` answer line for line."""

from __future__ import annotations

import io
import json

import pytest

from hotline.cli import main


class _Input(io.TextIOWrapper):
    def isatty(self) -> bool:
        return False


def _run(monkeypatch: pytest.MonkeyPatch, lines: str, *arguments: str) -> int:
    monkeypatch.setattr("sys.stdin", _Input(io.BytesIO(lines.encode()), encoding="utf-8"))
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_triage_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = '{"id": 1, "text": "我家漏气了"}\n\n{"id": "b", "text": "转人工"}\n'
    assert _run(monkeypatch, lines, "triage") == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["id"], first["label"], first["hazard"]) == (1, "leak_emergency", "leak")
    assert first["emergency"] is True
    assert first["reasons"][0]["rule"] and 0 <= first["confidence"] <= 1
    assert (second["id"], second["label"], second["hazard"]) == ("b", "human_agent", None)


def test_address_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(monkeypatch, '{"id": 1, "text": "幸福小区三栋二单元五零二"}\n', "address") == 0
    found = json.loads(capsys.readouterr().out)
    parts = [found[name] for name in ("community", "building", "unit", "room")]
    assert parts == ["幸福小区", "3", "2", "502"]
    assert found["street"] == "" and found["match"]["names"][0] == "幸福小区"


@pytest.mark.parametrize(("line", "said"), [
    ('{"id": 1}', "standard input:2: text: is missing"),
    ('{"text": "x"}', "standard input:2: id: is missing"),
    ('{"id": 1, "text": 5}', "standard input:2: text: must be a string"),
    ("[1]", "standard input:2: must be an object"),
    ("{", "standard input:2: not a JSON object"),
    ("\xff", "standard input:2"),
])
def test_a_bad_line_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    assert _run(monkeypatch, '{"id": 0, "text": "喂"}\n' + line + "\n", "triage") == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert len(printed.out.splitlines()) == 1


def test_explain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(monkeypatch, "", "triage", "explain", "我家漏气了") == 0
    assert "leak_emergency" in capsys.readouterr().out
