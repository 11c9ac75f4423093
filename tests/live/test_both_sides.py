"""Caller and agent, each with a real voice and an ear: live while there is room, else from the recording."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hotline.demo.phone import Phone
from hotline.demo.voices import synthesise
from hotline.events import Heard
from hotline.journal import read
from tests.live.harness.service import wait_until
from tests.live.harness.town import Town

PATIENCE_SECONDS = 60.0
CALLER, AGENT = "燃气灶打不着火", "你们快点来看看"


def spoken(folder: Path, text: str, voice: str) -> Path:
    path = folder / f"{voice}.wav"
    synthesise(text, voice, lead_ms=300, tail_ms=1500, out_path=path)
    return path


def conversation(town: Town, folder: Path) -> str:
    """The caller asks for a person; both speak, one after the other; the call's id."""
    agent, phone = town.softphone("1001"), town.caller()
    agent.answer_calls()
    call_id = town.ring(phone)
    phone.press("0")
    agent.wait_for("answered", 40)
    for who, text, voice in ((phone, CALLER, "f4"), (agent, AGENT, "Annie")):
        says(who, spoken(folder, text, voice))
    phone.hangup()
    agent.wait_for("ended", 10)
    town.watch.wait_for("call_ended", 20, call_id=call_id)
    agent.close()
    return call_id


def says(phone: Phone, file: Path) -> None:
    phone.say(file)
    phone.wait_for("said", 20)


def words(records: list[Any], role: str, source: str) -> str:
    return "".join(
        r.text for r in records if r.kind == "heard" and (r.role, r.source) == (role, source)
    )


def test_both_sides_are_heard_live_with_the_times_of_their_words(new_town: Any, tmp_path: Path) -> None:
    town = new_town({"speech.decoder_cores": 4.0})
    call_id = conversation(town, tmp_path)
    records = town.watch.of(call_id)
    assert "打不着火" in words(records, "caller", "")
    assert "来看看" in words(records, "agent", "")
    assert not [record for record in records if record.kind == "transcription_deferred"]
    legs = {record.leg_id: record.role for record in records if record.kind == "heard"}
    assert set(legs.values()) == {"caller", "agent"} and len(legs) == 2
    heard = [record for record in records if isinstance(record, Heard)]
    assert all(record.words and record.words[0][1] == record.start_ms for record in heard)
    by_role = {record.role: record.start_ms for record in heard}
    assert by_role["caller"] < by_role["agent"], "both are placed on the recording's clock"


@pytest.mark.parametrize("search", ["来看看"])
def test_on_a_busy_machine_what_the_agent_says_is_heard_later(
    new_town: Any, tmp_path: Path, search: str
) -> None:
    town = new_town({"speech.decoder_cores": 0.001, "speech.deferred.below_share": 1.0})
    call_id = conversation(town, tmp_path)
    deferred = [r for r in town.watch.of(call_id) if r.kind == "transcription_deferred"]
    assert {(r.role, r.side) for r in deferred} >= {("agent", "right")}
    assert {r.reason for r in deferred} == {"busy"}
    paths = [town.service.journals / place / f"{call_id}.later.jsonl" for place in (".", "done")]
    wait_until(lambda: any(path.exists() for path in paths), PATIENCE_SECONDS, "nothing is heard later")
    later = [entry.record for path in paths for entry in read(path)]
    assert search in words(later, "agent", "recording")
    caller = words(later, "caller", "recording") + words(town.watch.of(call_id), "caller", "")
    assert "打不着火" in caller
    wait_until(lambda: bool(found(town, search)), PATIENCE_SECONDS, "it is not found")
    (hit,) = found(town, search)
    assert (hit["call_id"], hit["role"]) == (call_id, "agent") and "【来看看】" in hit["shown"]


def found(town: Town, words: str) -> list[dict[str, Any]]:
    """What the command line finds."""
    answer = subprocess.run(
        [*town.service.command("calls", "search", words), "--json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    rows: list[dict[str, Any]] = json.loads(answer.stdout)
    return rows
