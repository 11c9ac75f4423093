"""Gas is off: the authority in writing, the customers by SMS, the hotline first (S0/S1 §24)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.api import NotAllowed, UnknownRecord
from dispatch.commands import OutageAnnounced, OutageChanged, OutageOver, TicketRequest
from dispatch.letters import as_page
from dispatch.model import Ticket
from dispatch.outage_policy import OutagePolicy
from dispatch.outage_records import Outage
from dispatch.outages import concerns
from tests.support.dispatch import CONFIG, NEAR_WEST, NOON, Desk
from tests.support.incidents import protocol_rules
from tests.unit.dispatch.test_configuration import fault_of

NIGHT = datetime.fromisoformat("2026-11-26T22:00:00+08:00")
"""Off-peak, and more than 48 hours after NOON."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, rules=protocol_rules())
    yield made
    made.stop()


def announce(desk: Desk, **changes: Any) -> Outage:
    given: dict[str, Any] = {
        "cause": "planned", "area": "利州区滨江路一带", "places": ("滨江路", "东坝"), "reason": "管道检修",
        "starts_at": NIGHT, "expected_at": NIGHT + timedelta(hours=8), "person": "王调度",
    }
    desk.dispatch.tell(OutageAnnounced(event_id=desk.name("o"), at=desk.now, **(given | changes)))
    return outages(desk)[-1]


def outages(desk: Desk) -> list[Outage]:
    return desk.dispatch.engine.state.all(Outage)


def texts(desk: Desk, topic: str) -> list[str]:
    return [o.text for o in desk.notes.orders if getattr(o, "topic", "") == topic]


def test_a_planned_outage_is_told_to_the_customers_with_all_that_belongs_to_it(desk: Desk) -> None:
    outage = announce(desk)
    (text,) = texts(desk, "outage_planned")
    for part in ("管道检修", "利州区滨江路一带", "2026年11月26日22时00分", "2026年11月27日6时00分"):
        assert part in text, "reason, area, start, restoration (§24(5))"
    assert texts(desk, "outage_report") == [], "as announced it needs no letter"
    assert outage.report_at == NIGHT + timedelta(hours=24) and outage.remarks == ()
    assert "outage_announced" in desk.history(outage.key)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"starts_at": NOON + timedelta(hours=34), "expected_at": NOON + timedelta(hours=40)},
         "不足48小时前告知"),
        ({"expected_at": NIGHT + timedelta(hours=25)}, "超过24小时"),
        ({"starts_at": NIGHT - timedelta(hours=4)}, "用气高峰"),
    ],
)
def test_what_departs_from_the_rules_needs_a_reason_that_stays_on_record(
    desk: Desk, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(NotAllowed, match=said):
        announce(desk, **changes)
    assert outages(desk) == [] and desk.notes.lines == [], "refused, it changes nothing"
    outage = announce(desk, excuse="配合市政抢险", **changes)
    assert any(said in one and "配合市政抢险" in one for one in outage.remarks)


def test_longer_than_24_hours_is_reported_in_writing_at_once(desk: Desk) -> None:
    announce(desk, expected_at=NIGHT + timedelta(hours=30), excuse="主管道更换")
    (letter,) = texts(desk, "outage_report")
    assert letter.startswith("关于利州区滨江路一带停气情况的报告") and "历时约30小时" in letter


def test_an_unplanned_outage_is_written_and_told_at_once(desk: Desk) -> None:
    announce(desk, cause="unplanned", starts_at=NOON, expected_at=NOON + timedelta(hours=3), households=320)
    (letter,) = texts(desk, "outage_report")
    assert "市住房和城乡建设局：" in letter and "涉及用户约320户" in letter and "不间断抢修" in letter
    (sms,) = texts(desk, "outage_unplanned")
    assert "预计2026年11月23日15时00分恢复供气" in sms and "不要点火" in sms
    to = [o.to for o in desk.notes.orders if getattr(o, "topic", "") == "outage_unplanned"]
    assert to == [f"customers:{outages(desk)[0].key}"]


def test_a_planned_one_that_does_not_end_is_reported_when_24_hours_are_over(desk: Desk) -> None:
    announce(desk)
    desk.now = NIGHT + timedelta(hours=23)
    desk.dispatch.run()
    assert texts(desk, "outage_report") == []
    desk.now = NIGHT + timedelta(hours=24, seconds=1)
    desk.dispatch.run()
    assert len(texts(desk, "outage_report")) == 1
    desk.dispatch.run()
    assert len(texts(desk, "outage_report")) == 1, "once"


def test_another_time_and_the_end_are_told(desk: Desk) -> None:
    outage = announce(desk, cause="unplanned", starts_at=NOON, expected_at=NOON + timedelta(hours=3))
    desk.dispatch.tell(OutageChanged(event_id="c", at=desk.now, outage=outage.key, person="王",
                                     expected_at=NOON + timedelta(hours=5), reason="配件未到"))
    assert "17时00分" in texts(desk, "outage_changed")[0]
    desk.wait(60)
    desk.dispatch.tell(OutageOver(event_id="o", at=desk.now, outage=outage.key, person="王"))
    over = outages(desk)[0]
    assert over.over and over.restored_at == desk.now and over.restored_by == "王"
    assert "已恢复供气" in texts(desk, "outage_restored")[0]
    written = texts(desk, "outage_restored")
    assert any(text.startswith("关于利州区滨江路一带恢复供气的报告") for text in written)
    with pytest.raises(NotAllowed, match="over"):
        desk.dispatch.tell(OutageOver(event_id="o2", at=desk.now, outage=outage.key, person="王"))
    with pytest.raises(UnknownRecord):
        desk.dispatch.tell(OutageOver(event_id="o3", at=desk.now, outage="O-0", person="王"))


def test_a_planned_one_may_be_cancelled_before_it_begins(desk: Desk) -> None:
    outage = announce(desk)
    desk.dispatch.tell(OutageOver(event_id="o", at=desk.now, outage=outage.key, person="王", cancelled=True))
    assert outages(desk)[0].cancelled and "已取消" in texts(desk, "outage_cancelled")[0]


def test_the_repair_goes_on_until_gas_is_back(desk: Desk) -> None:
    """S0/S1 §24(3): without a break until supply is restored."""
    desk.start_call("c")
    desk.emergency("c", hazard="supply_failure", place="outdoor")
    desk.learn("address", "滨江路", at=NEAR_WEST)
    incident = desk.incident()
    outage = announce(desk, cause="unplanned", starts_at=NOON, expected_at=NOON + timedelta(hours=3),
                      incident=incident.key)
    desk.accept("A")
    for step in ("on_scene", "made_safe", "cleared"):
        desk.crew("A", step, incident.key)
    assert desk.incident().open and "tell A: gas_still_off" in desk.notes.lines
    desk.dispatch.tell(OutageOver(event_id="o", at=desk.now, outage=outage.key, person="A"))
    desk.crew("A", "cleared", incident.key)
    over = desk.dispatch.incident(incident.key)
    assert over is not None and not over.open


def test_a_drill_writes_to_nobody(desk: Desk) -> None:
    until = NOON + timedelta(hours=3)
    outage = announce(desk, cause="unplanned", starts_at=NOON, expected_at=until, drill=True)
    assert texts(desk, "outage_report") == texts(desk, "outage_unplanned") == []
    assert desk.history(outage.key).count("not_told") == 2


def test_who_is_concerned(desk: Desk) -> None:
    outage = announce(desk)
    assert concerns(outage, "利州区滨江路88号", desk.now)
    assert not concerns(outage, "利州区则天路3号", desk.now) and not concerns(outage, "", desk.now)


@pytest.mark.parametrize("changes", [{"area": " "}, {"reason": ""}, {"places": ()}, {"person": ""},
                                     {"expected_at": NIGHT}])
def test_nothing_that_must_be_said_may_be_missing(desk: Desk, changes: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        announce(desk, **changes)


def test_outages_survive_a_crash(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=protocol_rules())
    outage = announce(desk)
    again = desk.crash_and_start(rules=protocol_rules())
    assert again.dispatch.engine.state.get(Outage, outage.key) == outage
    again.stop()


def test_the_letter_as_a_page_holds_no_tags_of_others(desk: Desk) -> None:
    until = NOON + timedelta(hours=3)
    announce(desk, cause="unplanned", area="<b>滨江路</b>", starts_at=NOON, expected_at=until)
    page = as_page(texts(desk, "outage_report")[0])
    assert "<b>" not in page and "&lt;b&gt;滨江路" in page and page.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("change", "said"),
    [(("预计{expected}恢复供气。{what}期间", "预计{expectd}"), "braces"),
     (('end: "08:30"', 'end: "05:30"'), "after `begin`"),
     (("report_after_hours: 24", "report_after_hours: 0"), "report_after_hours")],
)
def test_faults_of_the_file_are_named(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    assert said in fault_of(CONFIG / "outages.yaml", OutagePolicy, change, tmp_path)


def no_gas(desk: Desk, call_id: str, **parts: str) -> None:
    desk.start_call(call_id, caller=f"139000{call_id[1:]:0>5}")
    desk.dispatch.tell(TicketRequest(event_id=desk.name(), at=desk.now, call_id=call_id, business="no_gas"))
    desk.learn("address", "".join(parts.values()), call_id=call_id, parts=parts)


def test_neighbours_without_gas_are_told_to_the_duty_centre_once(desk: Desk) -> None:
    for number in range(5):
        no_gas(desk, f"c{number}", community="滨江花园", building=str(number))
    (text,) = texts(desk, "supply_suspected")
    assert "已有3户反映没有气" in text
    no_gas(desk, "c7", community="北苑", building="1")
    assert len(texts(desk, "supply_suspected")) == 1


def test_an_unplanned_outage_sends_crews_and_knows_who_has_reported_it(desk: Desk) -> None:
    no_gas(desk, "c1", street="滨江路", number="88")
    outage = announce(desk, cause="unplanned", starts_at=NOON, expected_at=NOON + timedelta(hours=3))
    incident = desk.dispatch.incident(outage.incident)
    assert incident is not None and incident.incident_type == "supply_failure" and incident.crews_wanted == 2
    desk.wait(30)
    assert any(page.state == "ringing" for page in desk.dispatch.pages(incident.key))
    (own,) = [t for t in desk.dispatch.engine.state.all(Ticket) if t.incident == incident.key]
    (told,) = [t for t in desk.dispatch.engine.state.all(Ticket) if t.business == "no_gas"]
    assert own.related == (told.number,) and told.related == (own.number,) and told.closed_at is None
