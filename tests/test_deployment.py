"""The shipped systemd units and Prometheus rules are sound."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hotline.metrics import Metrics
from hotline.settings_file import load_settings

ROOT = Path(__file__).parents[1]
UNITS = ROOT / "config/systemd"


def verified(unit: Path) -> str:
    """What systemd-analyze says of this unit; other units of the machine are none of our business."""
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "\n".join(line for line in (result.stdout + result.stderr).splitlines() if "hotline" in line)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Path]:
    """The units with /opt/hotline replaced by a folder where the program is."""
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: run tools/install-test-tools.sh"
    program = tmp_path / "opt/.venv/bin/hotline"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS.iterdir():
        text = re.sub(r"/opt/hotline(-%i)?/", f"{tmp_path}/opt/", unit.read_text(encoding="utf-8"))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    yield tmp_path


@pytest.mark.parametrize("name", ["hotline.service", "hotline@.service"])
def test_systemd_finds_nothing_wrong(installed: Path, name: str) -> None:
    assert verified(installed / name) == ""


@pytest.mark.parametrize("name", ["hotline.service", "hotline@.service"])
def test_systemd_would_have_said_so(installed: Path, name: str) -> None:
    unit = installed / name
    sound = unit.read_text(encoding="utf-8")
    unit.write_text(sound.replace("KillMode=process", "KillMode=gently"), encoding="utf-8")
    assert "kill mode" in verified(unit)
    unit.write_text(sound.replace("/bin/hotline serve", "/bin/no-such-program"), encoding="utf-8")
    assert "no-such-program" in verified(unit)


@pytest.mark.parametrize("name", ["hotline.service", "hotline@.service"])
def test_a_crash_of_the_supervisor_or_a_worker_cuts_no_call(name: str) -> None:
    text = (UNITS / name).read_text(encoding="utf-8")
    for line in ("KillMode=process", "OOMPolicy=continue", "Restart=always", "RuntimeDirectoryPreserve=yes",
                 "StartLimitIntervalSec=0"):
        assert re.search(f"^{line}$", text, re.M), line


def test_systemd_waits_longer_than_the_drain() -> None:
    drain = load_settings(ROOT / "config/hotline.yaml").drain_seconds
    for unit in UNITS.iterdir():
        stop = re.search(r"^TimeoutStopSec=(\d+)$", unit.read_text(encoding="utf-8"), re.M)
        assert stop is not None and int(stop.group(1)) > drain


def test_every_metric_in_the_alerts_exists() -> None:
    exposition = Metrics().exposition().decode()
    known = set(re.findall(r"^# TYPE (hotline_\w+)", exposition, re.M))
    rules = YAML(typ="safe").load(ROOT / "config/prometheus/hotline.rules.yml")
    expressions = " ".join(rule["expr"] for group in rules["groups"] for rule in group["rules"])
    named = {re.sub(r"_bucket$", "", name) for name in re.findall(r"hotline_\w+", expressions)}
    assert named and named <= known
