"""`hotline demo` with a caller of one's own; `make demo` tells the main story."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOTLINE = str(Path(sys.executable).with_name("hotline"))


def demo(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HOTLINE, "demo", "--json", *words], cwd=ROOT, capture_output=True, text=True, timeout=280
    )


def test_any_caller_from_a_text_ends_with_a_person_a_ticket_or_a_crew(tmp_path: Path) -> None:
    result = demo("--text", "你好我要投诉你们的师傅昨天没有来", "--keep", str(tmp_path / "kept"))
    told = json.loads(result.stdout)
    assert result.returncode == 0 and told["ok"], result.stderr
    heard = next(step for step in told["steps"] if step["name"] == "something was heard")
    assert "投诉" in heard["measured"]
    assert "dials sip:" in result.stderr, "the timeline is printed as it happens"
    assert list((tmp_path / "kept" / "recordings").rglob("*.wav"))


def test_a_failing_step_fails_the_demo_and_names_the_log(tmp_path: Path) -> None:
    """Without flows the service does not start."""
    flows = tmp_path / "flows"
    flows.mkdir()
    config = tmp_path / "hotline.yaml"
    text = (ROOT / "config" / "hotline.yaml").read_text()
    config.write_text(text.replace("../", f"{ROOT}/").replace(f"{ROOT}/ivr_flows", str(flows)))
    for name in ("stations.yaml", "dispatch_policy.yaml", "gazetteer.csv", "customers.csv"):
        (tmp_path / name).write_bytes((ROOT / "config" / name).read_bytes())
    result = demo("--silent", "--config", str(config), "--keep", str(tmp_path / "kept"))
    assert result.returncode == 1
    assert not json.loads(result.stdout)["ok"]
    assert "service-1.log" in result.stderr
