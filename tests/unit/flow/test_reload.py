"""`hotline flow reload`: the service is told only of flows that are sound."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.cli.flow import app
from hotline.errors import ConfigurationError, ServiceUnavailableError
from tests.unit.flow.conftest import Spoil

ROOT = Path(__file__).parents[3]


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    return sent


def test_sound_flows_are_taken(flows_with: Spoil, tmp_path: Path, signals: list[tuple[int, int]]) -> None:
    (tmp_path / "supervisor.pid").write_text("4711\n", encoding="ascii")
    result = CliRunner().invoke(app, ["reload", "--run", str(tmp_path), "--dir", str(flows_with())])
    assert result.exit_code == 0, result.output
    assert signals[-1] == (4711, signal.SIGHUP)


def test_a_fault_changes_nothing(flows_with: Spoil, tmp_path: Path, signals: list[tuple[int, int]]) -> None:
    (tmp_path / "supervisor.pid").write_text("4711\n", encoding="ascii")
    directory = flows_with("main", ("next: bye", "next: by"))
    result = CliRunner().invoke(app, ["reload", "--run", str(tmp_path), "--dir", str(directory)])
    assert isinstance(result.exception, ConfigurationError)
    assert signals == []


def test_a_fault_of_any_file_that_is_read_again_is_told_at_once(
    tmp_path: Path, signals: list[tuple[int, int]]
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "ivr_flows", tmp_path / "ivr_flows")
    (tmp_path / "config/information.yaml").write_text("bogus: 1\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["reload", "--config", str(tmp_path / "config/hotline.yaml")])
    assert isinstance(result.exception, ConfigurationError)
    assert "information.yaml:1: bogus" in str(result.exception)
    assert signals == []


@pytest.mark.parametrize("content", ["", "nonsense", "-1", "1"])
def test_no_service_is_told_so(
    flows_with: Spoil, tmp_path: Path, signals: list[tuple[int, int]], content: str
) -> None:
    (tmp_path / "supervisor.pid").write_text(content, encoding="ascii")
    result = CliRunner().invoke(app, ["reload", "--run", str(tmp_path), "--dir", str(flows_with())])
    assert isinstance(result.exception, ServiceUnavailableError)
    assert all(number == 0 for _, number in signals)
