"""Emergencies on a fake clock: who is rung when, and what the caller and the crews are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.api import CallOver, EmergencyReport, NotAllowed, PageEvent, Policy, StandDown, UnknownRecord
from hotline.yamlfile import load
from tests.support.dispatch import CONFIG, FAR_WEST, NEAR_WEST, Desk, policy, rules, stations


def stand_down(desk: Desk, person: str, reason: str, incident: str = "") -> None:
    name = incident or desk.incident().key
    desk.dispatch.tell(
        StandDown(event_id=desk.name(), at=desk.now, incident=name, person=person, reason=reason)
    )


def test_first_crew_is_silent_the_second_comes_and_all_is_closed(desk: Desk) -> None:
    desk.start_call()
    desk.located(words="厨房有煤气味")
    desk.wait(61)
    desk.accept("B")
    desk.wait(20)
    desk.crew("B", "en_route")
    desk.wait(300)
    desk.crew("B", "on_scene")
    desk.wait(600)
    desk.crew("B", "made_safe")
    desk.crew("B", "cleared")
    assert desk.notes.lines == [
        "ring A/A1",
        "cancel P001: not taken in time",
        "ring B/B1",
        "caller hears crew_accepted",
        "caller hears crew_on_scene",
    ]
    incident = desk.incident()
    assert (incident.state, incident.taken_by, incident.band_minutes) == ("closed", "B", 15)
    assert incident.on_scene_at and incident.on_scene_at <= incident.target_at
    assert desk.dispatch.ticket(incident.tickets[0]).state == "closed"
    assert desk.history(incident.key) == [
        "emergency_declared", "waiting_for_location", "target_set", "page_ordered", "page_ringing",
        "page_timed_out", "crew_not_reached", "page_ordered", "page_ringing", "page_answered",
        "page_accepted", "crew_acknowledged", "crew_released", "crew_en_route", "crew_on_scene", "arrived",
        "crew_made_safe", "cleared_without_recheck", "crew_cleared", "incident_closed", "crew_intervals",
    ]


def test_a_page_says_everything_that_a_crew_must_know(desk: Desk) -> None:
    desk.start_call(caller="13900001111", drill=True)
    desk.learn("address_detail", "菜市场对面", call_id="c")
    desk.located(hazard="leak", words="管子在漏气")
    facts = desk.notes.orders[0].facts
    assert (facts.hazard, facts.address, facts.address_detail) == ("leak", "利州东路10号", "菜市场对面")
    assert (facts.callback_number, facts.target_minutes, facts.drill) == ("13900001111", 15, True)
    assert facts.target_at == desk.incident().reported_at + (facts.target_at - facts.reported_at)
    assert desk.notes.orders[0].dial == "sip:a1@127.0.0.1"


def test_without_a_place_the_centre_crew_is_rung_after_twenty_seconds(desk: Desk) -> None:
    desk.start_call()
    desk.emergency()
    desk.wait(19)
    assert desk.notes.lines == []
    desk.wait(1)
    assert desk.notes.lines == ["ring A/A1"]
    assert (desk.incident().band_minutes, desk.incident().band_assumed) == (15, True)


def test_as_shipped_paging_starts_at_once_and_the_nearest_crew_rings_when_the_place_is_known(
    tmp_path: Path,
) -> None:
    shipped = load(CONFIG / "dispatch_policy.yaml", Policy)
    shipped = shipped.model_copy(update={"bands": policy().bands, "beyond": policy().beyond})
    desk = Desk(tmp_path, rules=rules(policy=shipped))
    desk.emergency()
    assert desk.notes.lines == ["ring A/A1"]
    desk.wait(5)
    desk.learn("address", "袁家坝路1号", at=(32.4148, 105.7739))
    assert "ring D/D1" in desk.notes.lines
    desk.wait(1)
    desk.accept("D")
    assert any(line.startswith("cancel P001") for line in desk.notes.lines)


def test_a_caller_who_hangs_up_after_three_words_is_paged_all_the_same(desk: Desk) -> None:
    desk.start_call()
    desk.emergency(words="漏气了")
    desk.dispatch.tell(CallOver(event_id=desk.name(), at=desk.now, call_id="c"))
    desk.wait(20)
    assert desk.notes.lines == ["ring A/A1"]
    assert desk.notes.orders[0].facts.callback_number == "13900001111"


def test_the_customer_file_gives_a_place_at_once_and_the_caller_corrects_it(desk: Desk) -> None:
    desk.emergency(file_address="东坝", file_latitude=32.4302, file_longitude=105.8736)
    assert desk.notes.lines == ["ring C/C1"]
    desk.learn("address", "利州东路10号", at=NEAR_WEST)
    update = "update P001: address,address_confirmed,latitude,longitude"
    assert desk.notes.lines == ["ring C/C1", "ring A/A1", update]
    assert desk.incident().located_by == "caller"


def test_what_is_learned_before_the_emergency_is_on_its_first_page(desk: Desk) -> None:
    desk.start_call()
    desk.learn("address", "利州东路10号", at=NEAR_WEST)
    desk.learn("callback_number", "13700007777")
    desk.emergency()
    assert desk.notes.lines == ["ring A/A1"]
    assert desk.notes.orders[0].facts.callback_number == "13700007777"


def test_bands_and_what_lies_beyond(desk: Desk) -> None:
    desk.emergency()
    desk.learn("address", "城外", at=FAR_WEST)
    incident = desk.incident()
    assert incident.distance_km == pytest.approx(9.5, abs=0.5)
    assert incident.band_minutes == 30
    desk.emergency(call_id="d")
    desk.learn("address", "山里", at=(32.9, 105.84), call_id="d")
    far = desk.incident("d")
    assert far.beyond_bands and far.distance_km is not None
    assert far.band_minutes == pytest.approx(60 + (far.distance_km - 20) * 3, abs=0.1)
    assert "beyond_last_band" in desk.history(far.key)


def test_a_confirmed_address_is_not_overwritten_by_a_guess(desk: Desk) -> None:
    desk.located()
    desk.learn("address", "别处", confirmed=False, at=FAR_WEST)
    assert desk.incident().address == "利州东路10号"


def test_a_decline_is_recorded_and_releases_nobody_until_another_accepts(desk: Desk) -> None:
    desk.located()
    desk.page(desk.ringing("A").page_id, PageEvent.DECLINE, "车坏了")
    assert desk.notes.lines[-1] == "ring B/B1"
    states = {a.crew: (a.state, a.decline_reason) for a in desk.dispatch.assignments(desk.incident().key)}
    assert states == {"A": ("declined", "车坏了"), "B": ("assigned", "")}
    desk.accept("B")
    states = {a.crew: a.state for a in desk.dispatch.assignments(desk.incident().key)}
    assert states == {"A": "released", "B": "acknowledged"}


def test_accepted_but_not_en_route_brings_the_next_crew_as_well(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    desk.wait(60)
    assert desk.notes.lines[-1] == "ring B/B1"
    assert desk.ringing("B").reinforcement
    desk.crew("A", "en_route")
    assert desk.ringing("B").state == "ringing", "the second one is not called off"
    desk.wait(61)
    assert desk.notes.lines[-1].startswith("cancel"), "A is under way: nobody further is woken"


def test_a_forecast_that_misses_the_target_brings_the_next_crew(tmp_path: Path) -> None:
    slow = rules(policy=policy(travel_kmh=1))
    desk = Desk(tmp_path, rules=slow)
    desk.emergency()
    desk.learn("address", "不远", at=(32.4400, 105.8500))
    desk.accept("A")
    assert "ring B/B1" in desk.notes.lines
    assert "forecast_late" in desk.history(desk.incident().key)
    assert desk.ringing("B").reinforcement
    desk.stop()


def test_the_whole_chain_climbs_sounds_the_alarm_and_begins_again(desk: Desk) -> None:
    desk.start_call()
    desk.located()
    desk.wait(60 * 6 + 25)
    rung = [line for line in desk.notes.lines if not line.startswith("cancel")]
    assert rung == [
        "ring A/A1", "ring B/B1", "ring C/C1", "ring D/D1", "ring duty_centre/值班室", "ring leaders/经理",
        "ring leaders/总监", "alarm chain_ended", "caller hears nobody_yet", "ring fire/119",
    ]
    desk.wait(30)
    assert desk.notes.lines[-1] == "ring A/A1"
    desk.wait(60 * 7)
    assert desk.notes.lines.count("ring A/A1") >= 2
    assert desk.incident().caller_message == "nobody_yet"


def test_a_phone_of_the_alarm_step_that_accepts_must_have_a_crew_under_way(desk: Desk) -> None:
    desk.located()
    desk.wait(60 * 4 + 5)
    desk.accept("duty_centre")
    assert (desk.incident().state, desk.incident().taken_by) == ("taken", "值班室")
    before = len(desk.notes.lines)
    desk.wait(170)
    assert len(desk.notes.lines) == before, "a person has it"
    desk.wait(15)
    assert desk.notes.lines[-1] == "ring A/A1", "no crew is under way: the chain begins again"


def test_a_late_yes_counts_even_when_another_came_first(desk: Desk) -> None:
    desk.located()
    page = desk.ringing("A").page_id
    desk.wait(61)
    desk.accept("B")
    desk.page(page, PageEvent.ACCEPT)
    states = {a.crew: a.state for a in desk.dispatch.assignments(desk.incident().key)}
    assert states == {"A": "acknowledged", "B": "acknowledged"}


def test_busy_crews_are_passed_over_but_rung_before_any_person(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    desk.crew("A", "en_route")
    desk.located("d")
    assert desk.notes.lines[-1] == "ring B/B1"
    desk.wait(185)
    assert "ring A/A1" in desk.notes.lines[-1], "all free ones were silent: the busy one is asked"


def test_a_drill_holds_nobody_back_from_a_real_emergency(desk: Desk) -> None:
    desk.start_call("drill", drill=True)
    desk.located("drill")
    desk.accept("A", "drill")
    assert desk.incident("drill").drill
    desk.located("c")
    assert desk.notes.lines[-1] == "ring A/A1"
    assert not desk.incident("c").drill


def test_a_drill_never_rings_119(desk: Desk) -> None:
    desk.start_call(drill=True)
    desk.located()
    desk.wait(60 * 7)
    assert "ring leaders/总监" in desk.notes.lines
    assert not [line for line in desk.notes.lines if "fire" in line]
    assert all(order.drill for order in desk.notes.orders if type(order).__name__ == "Alarm")


def test_119_is_told_once_it_has_picked_up_and_until_then_every_round(desk: Desk) -> None:
    desk.located()
    desk.wait(60 * 6 + 10)
    desk.page(desk.ringing("fire").page_id, PageEvent.FAIL, "busy")
    desk.wait(60 * 6 + 40)
    assert desk.notes.lines.count("ring fire/119") == 2
    desk.page(desk.ringing("fire").page_id, PageEvent.ANSWER)
    desk.wait(60 * 8)
    assert desk.notes.lines.count("ring fire/119") == 2
    assert desk.notes.lines.count("ring A/A1") >= 3


def test_only_a_named_person_with_a_reason_stands_an_emergency_down(desk: Desk) -> None:
    desk.located()
    for person, reason in (("", "误报"), ("王经理", " ")):
        with pytest.raises(NotAllowed):
            stand_down(desk, person, reason)
    with pytest.raises(UnknownRecord):
        stand_down(desk, "王经理", "误报", incident="I-GS-1")
    assert desk.incident().open
    stand_down(desk, "王经理", "已核实是油漆味")
    incident = desk.incident()
    assert (incident.state, incident.closed_by) == ("stood_down", "王经理")
    assert incident.close_reason == "已核实是油漆味"
    assert desk.notes.lines[-1] == "cancel P001: 已核实是油漆味"
    desk.wait(300)
    assert desk.notes.lines[-1].startswith("cancel"), "nobody is rung any more"


def test_a_crew_on_its_way_is_told_of_a_stand_down(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    stand_down(desk, "王经理", "误报")
    assert "tell A: stood_down" in desk.notes.lines


def test_new_facts_reach_the_crew_that_is_on_its_way_gathered(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    desk.crew("A", "en_route")
    desk.learn("callback_number", "13700007777")
    desk.learn("address_detail", "三单元门口")
    desk.wait(11)
    told = [line for line in desk.notes.lines if line.startswith("tell")]
    assert told == ["tell A: callback_number,address_detail"]
    notice = next(order for order in desk.notes.orders if getattr(order, "notice_id", ""))
    assert notice.dials == ("sip:a1@127.0.0.1",)
    assert notice.facts.address_detail == "三单元门口"


def test_a_crew_that_leaves_without_making_it_safe_is_replaced(desk: Desk) -> None:
    desk.located()
    desk.accept("A")
    desk.crew("A", "on_scene")
    desk.crew("A", "cleared")
    incident = desk.incident()
    assert incident.open and incident.state == "reported"
    assert desk.notes.lines[-1].startswith("ring ")
    assert "left_unsafe" in desk.history(incident.key)


def test_a_crew_that_never_took_it_cannot_clear_it(desk: Desk) -> None:
    desk.located()
    desk.crew("A", "cleared")
    assert [a.state for a in desk.dispatch.assignments(desk.incident().key)] == ["assigned"]


def test_the_same_event_twice_is_one(desk: Desk) -> None:
    report = EmergencyReport(event_id="c/9", at=desk.now, call_id="c", hazard="smell", place="indoor")
    assert desk.dispatch.tell(report)
    assert not desk.dispatch.tell(report)
    assert len(desk.dispatch.open_incidents()) == 1


def test_declared_again_in_the_same_call_is_the_same_emergency_with_the_worse_hazard(desk: Desk) -> None:
    desk.located()
    desk.emergency(hazard="fire_explosion")
    assert len(desk.dispatch.open_incidents()) == 1
    assert desk.incident().hazard == "fire_explosion"
    assert desk.notes.lines[-1] == "update P001: hazard"


def test_nobody_on_duty_is_said_and_the_chain_goes_on(tmp_path: Path) -> None:
    night = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "00:00"}]
    crews = [c.model_dump() for c in stations().crews[:1]]
    crews[0] |= {"duty": "shifts", "shifts": night}
    few = stations(crews=crews)
    nobody = few.crews[0].model_copy(update={"shifts": ()})
    desk = Desk(tmp_path, rules=rules(stations=few.model_copy(update={"crews": (nobody,)})))
    desk.located()
    assert desk.notes.lines == ["alarm nobody_on_duty", "ring duty_centre/值班室"]
    assert "not_paged" in desk.history(desk.incident().key)
    desk.stop()


def test_several_phones_of_a_crew_ring_together_and_stop_together(tmp_path: Path) -> None:
    crews = [c.model_dump() for c in stations().crews]
    crews[0]["members"] = (*crews[0]["members"], {"name": "A2", "phone": "sip:a2@127.0.0.1"})
    desk = Desk(tmp_path, rules=rules(stations=stations(crews=crews)))
    desk.located()
    assert desk.notes.lines == ["ring A/A1", "ring A/A2"]
    desk.page(f"{desk.incident().key}-P001", PageEvent.FAIL, "busy")
    assert desk.notes.lines[-1] == "ring A/A2", "the other phone still rings"
    desk.accept("A")
    assert desk.incident().taken_by == "A"
    desk.stop()


def test_a_page_that_is_picked_up_late_leaves_time_to_press(desk: Desk) -> None:
    desk.located()
    desk.wait(55)
    page = desk.ringing("A")
    desk.page(page.page_id, PageEvent.ANSWER)
    desk.wait(40)
    assert desk.notes.lines == ["ring A/A1"]
    desk.wait(10)
    assert desk.notes.lines[-1] == "ring B/B1"


def test_an_unknown_page_or_crew_only_leaves_a_note(desk: Desk) -> None:
    desk.page("P-404", PageEvent.ACCEPT)
    desk.crew("Z", "en_route")
    assert desk.history("P-404") == ["page_event_unmatched"]
    assert desk.history("Z") == ["crew_report_unmatched"]
