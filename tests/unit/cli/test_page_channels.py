"""`hotline page test --to` and `hotline page channels check`, against real peers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.paging_peers import SignedPeer, WecomPeer, serving

ROOT = Path(__file__).parents[3]
CONTACTS = """
contacts:
  - {key: safety, name: 安全部, channels: {robot: "", gate: "+8613800000000"}}
  - {key: robot_only, name: 值班群, channels: {robot: ""}}
"""


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[tuple[WecomPeer, SignedPeer]]:
    wecom, signed = WecomPeer(), SignedPeer()
    with serving(wecom), serving(signed):
        (tmp_path / "secret").write_text("shared secret\n")
        (tmp_path / "paging.yaml").write_text(f"""
channels:
  robot: {{kind: wecom, url: "{wecom.url}", token_env: HOTLINE_TEST_ROBOT}}
  gate:
    kind: sms
    url: {signed.url}
    secret_file: {tmp_path}/secret
""")
        (tmp_path / "contacts.yaml").write_text(CONTACTS)
        yield wecom, signed


def hotline(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from hotline.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "page", *words]
    command += ["--config", str(config(tmp_path))]
    environment = {**os.environ, "HOTLINE_TEST_ROBOT": "wecom-key"}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60)


def config(tmp_path: Path) -> Path:
    """The shipped configuration with these two files."""
    path = tmp_path / "hotline.yaml"
    text = (ROOT / "config/hotline.yaml").read_text()
    for name in ("../ivr_flows", "../recordings/prompts", "../models/vosk-demo-gas-zh"):
        text = text.replace(name, str((ROOT / "config" / name).resolve()))
    for name in ("stations", "dispatch_policy", "information"):
        text = text.replace(f": {name}.yaml", f": {ROOT}/config/{name}.yaml")
    for name in ("gazetteer.csv", "customers.csv"):
        text = text.replace(f": {name}", f": {ROOT}/config/{name}")
    path.write_text(text)
    return path


def test_every_channel_is_tried_and_marked_as_a_drill(tmp_path: Path, peers: tuple[Any, Any]) -> None:
    done = hotline(tmp_path, "test", "--to", "safety")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["安全部 by robot: delivered", "安全部 by gate: delivered"]
    wecom, signed = peers
    assert "演练" in wecom.delivered[0]["text"]["content"]
    assert (signed.delivered[0]["drill"], signed.delivered[0]["to"]) == ("yes", "+8613800000000")


def test_what_does_not_get_through_is_said(tmp_path: Path, peers: tuple[Any, Any]) -> None:
    peers[0].key = "another"
    done = hotline(tmp_path, "test", "--to", "安全部", "--channel", "robot", "--json")
    assert done.returncode == 1
    (row,) = json.loads(done.stdout)["results"]
    assert (row["delivered"], row["why"]) == (False, "code 93000: invalid webhook url")
    assert "not reached: 安全部 by robot" in done.stderr


def test_nobody_of_that_name(tmp_path: Path, peers: tuple[Any, Any]) -> None:
    done = hotline(tmp_path, "test", "--to", "nobody")
    assert done.returncode != 0
    assert "nobody is called nobody" in done.stderr and "robot_only" in done.stderr


def test_channels_are_checked_with_their_secrets(tmp_path: Path, peers: tuple[Any, Any]) -> None:
    assert hotline(tmp_path, "channels", "check").returncode == 0
    (tmp_path / "secret").unlink()
    done = hotline(tmp_path, "channels", "check")
    assert done.returncode == 1
    assert "gate" in done.stderr


@pytest.mark.parametrize(("file", "old", "new", "said"), [
    ("paging.yaml", "kind: wecom", "kind: wecon", "paging.yaml:3: channels.robot"),
    ("paging.yaml", "kind: sms", "kind: sms\n    url2: x", "url2: no such key"),
    ("contacts.yaml", "gate:", "gat:", "contacts.yaml:3: contacts.0.channels.gat: paging.yaml has no such"),
    ("contacts.yaml", "key: robot_only", "key: safety", "the key safety stands there twice"),
])
def test_faults_name_file_line_and_field(
    tmp_path: Path, peers: tuple[Any, Any], file: str, old: str, new: str, said: str
) -> None:
    path = tmp_path / file
    path.write_text(path.read_text().replace(old, new))
    done = hotline(tmp_path, "channels", "check")
    assert done.returncode == 2
    assert said in done.stderr
