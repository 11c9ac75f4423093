"""The `hotline` command: what it prints, and how it fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.api import SqlStore
from hotline import cli
from hotline.events import CallArrived, CallEnded, EmergencyDeclared, Heard
from hotline.journal import Journal, read
from hotline.settings_file import load_settings

EXAMPLE = Path(__file__).parents[3] / "config/hotline.yaml"


class Hotline:
    """Runs a command line against a configuration of its own."""

    def __init__(self, folder: Path, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured
        self.state = folder / "state"
        settings = load_settings(EXAMPLE, (
            f"paths.state={self.state}", f"paths.run={folder / 'run'}", f"paths.recordings={folder / 'rec'}",
        ))
        self.config = folder / "hotline.json"
        self.config.write_text(settings.model_dump_json(), encoding="utf-8")

    def __call__(self, *words: str, expect: int = 0) -> str:
        """What it printed on both outputs."""
        with pytest.raises(SystemExit) as ended:
            cli.main([*words, "--config", str(self.config)])
        captured = self._captured.readouterr()
        assert (ended.value.code or 0) == expect, captured.out + captured.err
        return captured.out + captured.err


@pytest.fixture
def hotline(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Hotline:
    monkeypatch.setenv("COLUMNS", "200")
    return Hotline(tmp_path, capsys)


@pytest.fixture
def with_a_call(hotline: Hotline) -> Hotline:
    """A call in the journal and in the database, as the controller leaves it."""
    journal = Journal(hotline.state / "journal", "c1", lambda: datetime.now(UTC))
    journal.append(CallArrived, direction="inbound", purpose="inbound", caller="+8613812345678",
                   dialled="962677", trunk="carrier", sip_call_id="x")
    journal.append(Heard, leg_id="l1", role="caller", text="厨房有煤气味", start_ms=0, end_ms=900,
                   confidence=0.9)
    journal.append(EmergencyDeclared, by="speech", hazard="smell", place="indoor", words="有煤气味",
                   confidence=0.9)
    journal.append(CallEnded, by="caller")
    journal.close()
    return hotline


def store(hotline: Hotline) -> None:
    database = SqlStore(f"sqlite:///{hotline.state}/hotline.db")
    database.upgrade()
    entries = list(read(hotline.state / "journal/c1.jsonl"))
    database.record_events("c1", [entry.record.model_dump(mode="json") for entry in entries], 1)
    database.close()


def test_check_config_says_what_would_run(hotline: Hotline) -> None:
    text = hotline("check-config")
    assert "OK" in text and "962677 → main" in text and "cannot register" in text
    document = json.loads(hotline("check-config", "--json"))
    assert document["ok"] and document["plan"]["SIP"].startswith("udp 127.0.0.1:5060")


def test_check_config_names_faults_of_every_file(hotline: Hotline, tmp_path: Path) -> None:
    broken = tmp_path / "stations.yaml"
    broken.write_text("stations: []\n")
    text = hotline("check-config", "--set", f"dispatch.stations={broken}", expect=2)
    assert f"{broken}:1: stations:" in text and "faults; mend them" in text
    document = json.loads(hotline("check-config", "--json", "--set", "web.port=x", expect=2))
    assert not document["ok"] and document["faults"][0]["field"] == "web.port"


def test_calls_from_the_database(with_a_call: Hotline, tmp_path: Path) -> None:
    store(with_a_call)
    assert "+8613812345678" in with_a_call("calls", "list")
    rows = json.loads(with_a_call("calls", "list", "--json", "--words", "煤气"))
    assert [row["call_id"] for row in rows] == ["c1"] and rows[0]["emergency"] is True
    text = with_a_call("calls", "show", "c1")
    assert "厨房有煤气味" in text and "EMERGENCY" in text
    page = tmp_path / "call.html"
    with_a_call("calls", "show", "c1", "--html", str(page))
    assert "厨房有煤气味" in page.read_text(encoding="utf-8")


def test_calls_show_without_a_database_reads_the_journal(with_a_call: Hotline) -> None:
    text = with_a_call("calls", "show", "c1")
    assert "from the journal" in text and "厨房有煤气味" in text
    document = json.loads(with_a_call("calls", "show", "c1", "--json"))
    assert [record["kind"] for record in document["records"]][-1] == "call_ended"


@pytest.mark.parametrize("call_id", ["c2", "../hotline", ".hidden"])
def test_a_call_that_is_not_there(with_a_call: Hotline, call_id: str) -> None:
    store(with_a_call)
    assert f"no call {call_id}" in with_a_call("calls", "show", call_id, expect=1)


def test_lists_without_a_database_say_so(hotline: Hotline) -> None:
    assert "no database yet" in hotline("tickets", "list", expect=1)
    assert "no database yet" in hotline("calls", "list", expect=1)


def test_tickets_of_an_empty_database(with_a_call: Hotline) -> None:
    store(with_a_call)
    assert "no tickets" in with_a_call("tickets", "list")
    assert json.loads(with_a_call("tickets", "list", "--json")) == []
    assert "no ticket GS-1" in with_a_call("tickets", "show", "GS-1", expect=1)


def test_crews_on_duty(hotline: Hotline) -> None:
    assert "101" in hotline("crews", "list")


def test_the_hash_of_a_pin_matches_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dispatch.pins import pin_matches

    pin = tmp_path / "pin"
    pin.write_text("2580\n")
    with pin.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        with pytest.raises(SystemExit) as ended:
            cli.main(["crews", "hash-pin", "--stdin"])
    assert not ended.value.code
    assert pin_matches("2580", capsys.readouterr().out.strip())


def test_a_test_page_needs_a_running_service_and_a_known_crew(hotline: Hotline) -> None:
    assert "no crew 999; there are 101" in hotline("page", "test", "999", expect=1)
    text = hotline("page", "test", "101", expect=1)
    assert "the edge does not answer" in text and "hotline serve" in text


def test_version(hotline: Hotline) -> None:
    document = json.loads(hotline("version", "--json"))
    assert document["version"] and document["model"] == "vosk-demo-gas-zh" and len(document["flows"]) == 12


def test_help_names_every_command_without_loading_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert all(name in text for name in cli.COMMANDS)


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_can_be_loaded(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert not ended.value.code, capsys.readouterr().err
    assert "Usage: hotline" in capsys.readouterr().out


def test_a_command_that_cannot_be_loaded_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cli.COMMANDS, "broken", ("no_such_module", "help"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["broken"])
    assert ended.value.code == cli.PROGRAM_FAULT and "cannot be loaded" in capsys.readouterr().err
