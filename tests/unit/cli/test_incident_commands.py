"""`hotline incidents` and `hotline outages` read the database and give orders to the running service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatch.api import SqlStore
from hotline.cli import incidents, outages
from hotline.demo.stage import read_yaml, write_yaml
from tests.support.dispatch import CONFIG, Desk
from tests.support.incidents import protocol_rules, report, ticket_of

RUN = CliRunner()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = SqlStore(f"sqlite:///{tmp_path / 'hotline.db'}")
    made = Desk(tmp_path, store, rules=protocol_rules())
    yield made
    made.stop()
    store.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    content = read_yaml(CONFIG / "hotline.yaml")
    content["database"] = {"url": f"sqlite:///{tmp_path / 'hotline.db'}"}
    for name in ("flows", "prompts", "recordings", "run", "state"):
        content["paths"][name] = str(tmp_path / name)
    for name in ("stations", "policy", "gazetteer"):
        content["dispatch"][name] = str(CONFIG / Path(str(content["dispatch"][name])).name)
    for name in ("customers", "information"):
        content.pop(name, None)
    path = tmp_path / "hotline.yaml"
    write_yaml(path, content)
    return path


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What would have gone to the running controller."""
    given: list[tuple[str, dict[str, Any]]] = []

    def note(settings: object, command: str, **fields: Any) -> None:
        given.append((command, fields))

    monkeypatch.setattr(incidents, "give", note)
    monkeypatch.setattr(outages, "give", note)
    return given


def run(app: Any, *words: str) -> str:
    result = RUN.invoke(app, list(words))
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.stdout


def test_list_and_show(desk: Desk, config: Path) -> None:
    first = report(desk, "c1", hazard="leak")
    report(desk, "c2", hazard="leak", room="202")
    desk.accept("A", "c1")
    desk.dispatch.run()
    (row,) = json.loads(run(incidents.app, "list", "--config", str(config), "--json"))
    assert (row["incident_id"], row["reports"], row["crews"]) == (first.key, 2, "A")
    assert row["title"] == "室内燃气泄漏"
    assert row["waiting"] == 2, "two addresses are not cleared"
    text = run(incidents.app, "show", first.key, "--config", str(config))
    assert "滨江花园3202" in text and "same_building" in text and "S1 §10, S0 §10 row 5" in text
    assert "to be asked: 屋里还有没有人没出来？ (people_inside)" in text
    document = json.loads(run(incidents.app, "show", first.key, "--config", str(config), "--json"))
    assert len(document["tickets"]) == 2 and {"join", "clearance"} <= {p["kind"] for p in document["parts"]}


def test_the_worst_stands_first(desk: Desk, config: Path) -> None:
    report(desk, "c1", hazard="smell")
    fire = report(desk, "c2", (32.45, 105.86), hazard="fire_explosion", community="北苑", building="9")
    desk.dispatch.run()
    rows = json.loads(run(incidents.app, "list", "--config", str(config), "--json"))
    assert rows[0]["incident_id"] == fire.key and len(rows) == 2


def test_orders_say_who_and_why(
    desk: Desk, config: Path, orders: list[tuple[str, dict[str, Any]]]
) -> None:
    ends = ["--config", str(config)]
    run(incidents.app, "join", "I-2", "I-1", "--reason", "同一处", "--by", "王", *ends)
    run(incidents.app, "split", "GS-2", "--reason", "不是一处", "--by", "王", *ends)
    run(incidents.app, "refuse", "GS-2", "I-1", "--reason", "两处", "--by", "王", *ends)
    run(incidents.app, "clear", "GS-2", "--by", "101", *ends)
    run(incidents.app, "upgrade", "I-1", "major_leak", "--reason", "现场确认", "--by", "王", *ends)
    run(incidents.app, "stand-down", "I-1", "--reason", "误报", "--by", "王", *ends)
    assert [name for name, _ in orders] == [
        "JoinIncidents", "SplitReport", "RefuseJoin", "AddressCleared", "UpgradeIncident", "StandDown"]
    assert orders[0][1] == {"incident": "I-2", "into": "I-1", "person": "王", "reason": "同一处"}
    assert orders[3][1] == {"ticket": "GS-2", "by": "101", "recheck": "no_gas", "note": ""}


def test_what_is_not_there_is_said(desk: Desk, config: Path) -> None:
    report(desk, "c1")
    desk.dispatch.run()
    result = RUN.invoke(incidents.app, ["show", "I-none", "--config", str(config)])
    assert result.exit_code != 0 and "no incident I-none" in str(result.exception)


def test_types_are_shown(config: Path) -> None:
    assert "疑似一氧化碳中毒" in run(incidents.app, "types", "--config", str(config))
    assert "parties" in json.loads(run(incidents.app, "types", "--config", str(config), "--json"))


def test_a_letter_is_printed_and_written_as_a_page(desk: Desk, config: Path, tmp_path: Path) -> None:
    desk.start_call("c")
    incident = desk.emergency("c", hazard="supply_failure", place="outdoor")
    desk.dispatch.run()
    (letter,) = [one for one in desk.dispatch.incidents.tellings(incident.key) if one.letter]
    assert "市住房和城乡建设局：" in run(incidents.app, "letter", letter.key, "--config", str(config))
    page = tmp_path / "letter.html"
    run(incidents.app, "letter", letter.key, "--html", str(page), "--config", str(config))
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_outages_are_announced_with_local_times(
    config: Path, orders: list[tuple[str, dict[str, Any]]]
) -> None:
    run(outages.app, "announce", "--area", "滨江路一带", "--place", "滨江路", "--place", "东坝",
        "--reason", "检修", "--starts", "2026-12-01T22:00", "--expected", "2026-12-02T06:00",
        "--by", "王", "--config", str(config))
    ((name, fields),) = orders
    assert name == "OutageAnnounced" and fields["places"] == ["滨江路", "东坝"]
    assert fields["starts_at"] == "2026-12-01T22:00:00+08:00"
    result = RUN.invoke(outages.app, ["change", "O-1", "--expected", "morgen", "--reason", "x", "--config",
                                      str(config)])
    assert result.exit_code != 0 and "ISO 8601" in str(result.exception)


def test_a_ticket_of_a_joined_incident_is_found_by_both(desk: Desk, config: Path) -> None:
    first = report(desk, "c1")
    report(desk, "c2", room="202")
    desk.dispatch.run()
    document = json.loads(run(incidents.app, "show", first.key, "--config", str(config), "--json"))
    assert {t["number"] for t in document["tickets"]} == {ticket_of(desk, c).number for c in ("c1", "c2")}
