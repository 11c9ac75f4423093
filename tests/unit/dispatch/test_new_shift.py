"""A shift that begins while an emergency has nobody, or is late, is rung at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from dispatch.api import PageEvent
from dispatch.crew_commands import DutyChanged
from tests.support.crews import say
from tests.support.dispatch import NEAR_WEST, Desk, policy, rules, stations

EVERY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def town(tmp_path: Path, shifts: Mapping[str, tuple[str, str]], **times: float) -> Desk:
    """Crews by their hours; others always. It is 12:00. Z keeps the roster whole and is out of service."""
    crews = []
    for crew in stations().crews:
        content: dict[str, Any] = crew.model_dump()
        if crew.key in shifts:
            start, end = shifts[crew.key]
            content |= {"duty": "shifts", "shifts": [{"days": EVERY, "start": start, "end": end}]}
        crews.append(content)
    spare = stations().crews[3].model_dump() | {
        "key": "Z", "name": "Z班", "members": [{"name": "Z1", "phone": "sip:z1@127.0.0.1"}],
    }
    shipped = policy()
    changed = policy(times=shipped.times.model_copy(update=times))
    desk = Desk(tmp_path, rules=rules(policy=changed, stations=stations(crews=[*crews, spare])))
    say(desk, "Z", "out_of_service", note="检修")
    return desk


def rings(desk: Desk, crew: str) -> int:
    return desk.notes.lines.count(f"ring {crew}/{crew}1")


def test_with_nobody_on_duty_the_crew_whose_shift_begins_rings_at_once(tmp_path: Path) -> None:
    late = dict.fromkeys("ABCD", ("12:05", "20:00"))
    desk = town(tmp_path, late, repeat=3000)
    desk.located()
    desk.wait(290)
    assert not any(rings(desk, crew) for crew in "ABCD")
    desk.wait(12)
    assert rings(desk, "A") + rings(desk, "B") == 1, "the nearest, long before the chain begins again"
    assert "shift_began" in desk.history(desk.incident().key)
    desk.wait(60)
    assert rings(desk, "A") and rings(desk, "B"), "whoever else is new is next"
    desk.stop()


def test_also_when_the_place_is_not_known_yet(tmp_path: Path) -> None:
    desk = town(tmp_path, dict.fromkeys("ABCD", ("12:05", "20:00")), repeat=3000)
    desk.emergency()
    desk.wait(302)
    assert rings(desk, "A") == 1
    desk.stop()


def test_it_is_rung_while_the_leaders_phones_still_ring(tmp_path: Path) -> None:
    desk = town(tmp_path, dict.fromkeys("ABCD", ("12:01", "20:00")), page=600)
    desk.located()
    desk.wait(62)
    assert desk.incident().state == "reported" and rings(desk, "A") == 1
    desk.stop()


def test_a_late_crew_gets_help_of_the_shift_that_begins_nearer(tmp_path: Path) -> None:
    desk = town(tmp_path, dict.fromkeys("ABC", ("12:03", "20:00")))
    say(desk, "D", "position", at=(32.30, 105.60))
    desk.located()
    desk.accept("D")
    desk.crew("D", "en_route")
    desk.wait(170)
    assert not any(rings(desk, crew) for crew in "ABC")
    desk.wait(15)
    assert sum(rings(desk, crew) for crew in "ABC") == 1
    assert {a.crew: a.state for a in desk.dispatch.assignments(desk.incident().key)}["D"] == "en_route"
    desk.stop()


def test_who_is_in_time_is_left_alone(tmp_path: Path) -> None:
    desk = town(tmp_path, {"B": ("12:03", "20:00")})
    desk.located()
    desk.accept("A")
    desk.crew("A", "en_route")
    desk.wait(200)
    assert rings(desk, "B") == 0
    desk.stop()


def test_an_extra_duty_that_was_told_counts_as_a_shift(tmp_path: Path) -> None:
    desk = town(tmp_path, dict.fromkeys("ABCD", ("18:00", "20:00")), repeat=3000)
    desk.located()
    desk.wait(200)
    desk.dispatch.tell(DutyChanged(
        event_id=desk.name(), at=desk.now, change="extra", crew="C", member="C1", author="调度",
        approved_by="经理", start=desk.now + timedelta(seconds=60), end=desk.now + timedelta(hours=3),
    ))
    desk.wait(50)
    assert rings(desk, "C") == 0
    desk.wait(12)
    assert rings(desk, "C") == 1
    desk.stop()


def test_the_moment_survives_a_crash(tmp_path: Path) -> None:
    desk = town(tmp_path, dict.fromkeys("ABCD", ("12:05", "20:00")), repeat=3000)
    desk.located()
    again = desk.crash_and_start(desk.store, rules=desk.dispatch.rules)
    again.wait(302)
    assert rings(again, "A") + rings(again, "B") == 1
    again.stop()


def test_a_new_shift_that_declines_does_not_end_the_chain(tmp_path: Path) -> None:
    desk = town(tmp_path, {"A": ("12:05", "20:00")}, repeat=3000)
    for crew in "BCD":
        say(desk, crew, "out_of_service", note="检修")
    desk.emergency()
    desk.learn("address", "利州东路10号", at=NEAR_WEST)
    desk.wait(302)
    desk.page(desk.ringing("A").page_id, PageEvent.DECLINE, "车坏了")
    incident = desk.incident()
    rung = [page for page in desk.dispatch.pages(incident.key) if page.state == "ringing"]
    assert incident.open and (incident.next_page_at is not None or rung)
    desk.stop()
