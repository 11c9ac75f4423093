"""Gas found at the check after the repair: it is not safe, whoever leaves."""

from __future__ import annotations

from dispatch.commands import CrewReport
from dispatch.states import IncidentState
from tests.support.dispatch import Desk


def say(desk: Desk, status: str, note: str = "") -> None:
    desk.dispatch.tell(CrewReport(event_id=desk.name(), at=desk.now, crew="A", status=status, note=note))  # type: ignore[arg-type]  # a status


def made_safe(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    for status in ("en_route", "on_scene", "made_safe"):
        say(desk, status)


def test_who_finds_gas_at_the_check_and_leaves_is_replaced_by_another_crew(desk: Desk) -> None:
    made_safe(desk)
    say(desk, "rechecked", "gas_found 接头")
    assert desk.incident().state == IncidentState.ON_SCENE
    say(desk, "cleared")
    assert desk.incident().open, "there is gas, and nobody is there"
    assert "left_unsafe" in desk.history(desk.incident().key)
    assert any(p.state == "ringing" for p in desk.dispatch.pages(desk.incident().key))


def test_made_safe_again_and_checked_it_is_over(desk: Desk) -> None:
    made_safe(desk)
    say(desk, "rechecked", "gas_found")
    say(desk, "made_safe")
    say(desk, "rechecked", "no_gas")
    say(desk, "cleared")
    assert not desk.incident().open
