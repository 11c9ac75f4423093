"""Every commitment of the four service standards, at its boundaries (S0 §10, S1 annex 3, S3, S4 §7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.deadlines import BEIJING, DistanceBands, NotPromised, distance_bands, stages
from tests.support.standards import LIBRARY, NAMES, ask, dues, local, standard

BOTH = ("guangyuan-2021", "guangyuan-2022")
FRIDAY = "2026-03-06T10:00"
"""No holiday near."""


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("reported", "due"),
    [
        ("2026-03-10T00:00", "2026-03-11T00:00"),
        ("2026-03-10T09:00", "2026-03-11T00:00"),
        ("2026-03-10T17:59:59.999999", "2026-03-11T00:00"),
        ("2026-03-10T18:00", "2026-03-12T00:00"),
        ("2026-03-10T23:59:59", "2026-03-12T00:00"),
        ("2026-12-31T17:59", "2027-01-01T00:00"),
        ("2026-12-31T18:00", "2027-01-02T00:00"),
        ("2028-02-28T18:00", "2028-03-01T00:00"),
        ("2026-10-01T18:00", "2026-10-03T00:00"),
    ],
)
def test_indoor_repair_is_done_the_same_or_the_next_day(name: str, reported: str, due: str) -> None:
    [stage] = ask(name, "indoor_repair", reported)
    assert dues([stage]) == {"complete": due}
    assert (stage.target_minutes, stage.urgency, stage.provisional) == (None, None, False)
    assert stage.clause.endswith("S0 §10 row 4")


@pytest.mark.parametrize(
    ("name", "business", "stage", "minutes", "clause"),
    [
        ("guangyuan-2021", "outdoor_repair", "complete", 1440, "S0 §10 row 4"),
        ("guangyuan-2021", "gas_purchase", "complete", 5, "S0 §10 row 2"),
        ("guangyuan-2021", "arrears_restore", "complete", 360, "S0 §24(6)"),
        ("guangyuan-2022", "outdoor_repair", "complete", 1440, "S1 §10, S0 §10 row 4"),
        ("guangyuan-2022", "gas_purchase", "complete", 5, "S1 §10, S0 §10 row 2"),
        ("guangyuan-2022", "arrears_restore", "complete", 360, "S1 §24(6)"),
        ("aode", "emergency", "arrive", 30, "S3 §2(1)"),
        ("aode", "equipment_fault", "arrive", 30, "S3 §2(1)"),
        ("aode", "network_fault_ordinary", "repair", 240, "S3 §2(1)"),
        ("aode", "network_fault_major", "repair", 1440, "S3 §2(1)"),
        ("aode", "complaint", "reply", 1440, "S3 §2(1)"),
    ],
)
def test_elapsed_time_runs_day_and_night(
    name: str, business: str, stage: str, minutes: int, clause: str
) -> None:
    [found] = ask(name, business, "2026-12-31T23:58:30")
    assert (found.stage, found.target_minutes, found.clause) == (stage, minutes, clause)
    assert found.due == local("2026-12-31T23:58:30") + timedelta(minutes=minutes)
    assert (found.urgency, found.provisional, found.assumed) == (None, False, False)


def test_a_network_fault_at_kunlun_is_answered_and_repaired_counted_from_the_report() -> None:
    respond, repair = ask("kunlun", "network_fault_ordinary", FRIDAY)
    assert (respond.stage, respond.target_minutes, repair.stage, repair.target_minutes) == (
        "respond", 360, "repair", 1440)
    assert dues([respond, repair]) == {"respond": "2026-03-06T16:00", "repair": "2026-03-07T10:00"}


@pytest.mark.parametrize(
    ("name", "business", "stage_names"),
    [
        ("kunlun", "emergency", ["arrive"]),
        ("kunlun", "equipment_fault", ["arrive"]),
        ("kunlun", "complaint", ["reply"]),
        ("kunlun", "network_fault_major", ["respond", "repair"]),
        ("guangyuan-2021", "supply_failure", ["notify", "repair"]),
        ("guangyuan-2022", "technician_contact", ["contact"]),
    ],
)
def test_what_is_promised_at_once_has_no_due_time(name: str, business: str, stage_names: list[str]) -> None:
    found = ask(name, business, FRIDAY)
    assert [one.stage for one in found] == stage_names
    for one in found:
        assert (one.due, one.target_minutes, one.urgency, one.assumed) == (None, None, "at_once", False)
        assert "at once" in one.reckoning


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("reported", "due"),
    [
        (FRIDAY, "2026-03-12T00:00"),
        ("2026-03-08T00:00", "2026-03-12T00:00"),  # a Sunday
        ("2026-03-09T00:00", "2026-03-13T00:00"),  # the first instant of Monday is Monday's
        ("2026-03-09T23:59", "2026-03-13T00:00"),
        ("2026-02-13T10:00", "2026-02-26T00:00"),  # Saturday the 14th is worked, the 15th to the 23rd free
        ("2026-02-14T10:00", "2026-02-27T00:00"),
        ("2026-02-27T10:00", "2026-03-04T00:00"),  # Saturday the 28th is worked
        ("2026-02-28T10:00", "2026-03-05T00:00"),  # and does not count when it is the day of the report
        ("2026-09-30T10:00", "2026-10-11T00:00"),  # 8, 9 and Saturday 10 October
        ("2026-10-03T10:00", "2026-10-11T00:00"),
        ("2026-04-03T10:00", "2026-04-10T00:00"),  # Tomb-sweeping Day: Monday the 6th is free
        ("2026-01-03T10:00", "2026-01-07T00:00"),  # Sunday 4 January is worked
        ("2025-12-31T10:00", "2026-01-07T00:00"),
    ],
)
def test_transfer_of_ownership_counts_working_days(name: str, reported: str, due: str) -> None:
    [stage] = ask(name, "ownership_transfer", reported)
    assert dues([stage]) == {"complete": due}
    assert (stage.target_minutes, stage.provisional) == (None, False)


def test_a_complaint_of_2021_is_answered_and_done_both_counted_from_its_receipt() -> None:
    found = ask("guangyuan-2021", "complaint", "2026-09-30T10:00")
    assert dues(found) == {"reply": "2026-10-11T00:00", "complete": "2026-10-16T00:00"}
    assert {one.clause for one in found} == {"S0 §10 row 7"}


@pytest.mark.parametrize(
    ("reported", "complete", "feedback"),
    [
        ("2026-02-13T10:00", "2026-02-28T00:00", "2026-03-01T00:00"),
        (FRIDAY, "2026-03-14T00:00", "2026-03-15T00:00"),  # the day after is a Saturday, and counts
        ("2026-09-22T08:00", "2026-10-01T00:00", "2026-10-02T00:00"),  # the day after is free, and counts
        ("2026-09-23T08:00", "2026-10-09T00:00", "2026-10-10T00:00"),  # 24, 28, 29, 30 September, 8 October
    ],
)
def test_a_complaint_of_2022_is_done_and_fed_back_a_day_after(
    reported: str, complete: str, feedback: str
) -> None:
    found = ask("guangyuan-2022", "complaint", reported)
    assert dues(found) == {"complete": complete, "feedback": feedback}
    assert [one.clause for one in found] == ["S1 annex 3 §14", "S1 annex 3 §15"]
    assert found[0].reckoning.startswith("5 working days after the report")


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("business", "expected"),
    [
        ("residential_single", {"accept": "03-10", "build": "03-26", "commission": "03-27"}),
        ("residential_group", {"accept": "03-10", "build": None, "commission": None}),
        ("small_indoor", {"accept": "03-10", "build_and_commission": "03-12"}),
        ("buried_membrane_meter", {"accept": "03-10", "build_and_commission": "03-19"}),
        ("buried_regulator", {"accept": "03-10", "build_and_commission": "03-20"}),
        ("road_under_200m", {"accept": "03-10", "permit": "03-10", "build_and_commission": "03-17"}),
        ("road_over_200m", {"accept": "03-10", "permit": "03-11", "build_and_commission": "03-18"}),
    ],
)
def test_connections_go_stage_by_stage(name: str, business: str, expected: dict[str, str | None]) -> None:
    found = ask(name, f"connection_{business}", FRIDAY)
    assert dues(found) == {
        stage: due and f"2026-{due}T00:00" for stage, due in expected.items()
    }
    assert all(one.clause.endswith("S0 §10 row 1") and one.target_minutes is None for one in found)


def test_works_by_contract_leave_commissioning_without_a_due_time_until_they_are_done() -> None:
    _, build, commission = ask("guangyuan-2021", "connection_residential_group", FRIDAY)
    assert (build.urgency, commission.urgency) == ("by_contract", "by_contract")
    assert "end of build" in commission.reckoning
    completed = {"commission": local("2026-07-03T16:00")}
    *_, commission = ask("guangyuan-2021", "connection_residential_group", FRIDAY, started=completed)
    assert (commission.urgency, dues([commission])) == (None, {"commission": "2026-07-07T00:00"})


def test_a_stage_starts_when_its_trigger_really_happened() -> None:
    """The customer signed late on a Wednesday afternoon: that day does not count."""
    signed = {"build_and_commission": local("2026-03-18T15:00")}
    found = ask("guangyuan-2021", "connection_small_indoor", FRIDAY, started=signed)
    assert dues(found) == {"accept": "2026-03-10T00:00", "build_and_commission": "2026-03-21T00:00"}


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("km", "minutes", "assumed"),
    [
        (None, 15, True), (0, 15, False), (5, 15, False), (5.001, 30, False), (10, 30, False),
        (10.001, 60, False), (20, 60, False), (20.001, 60.1, False), (21, 63, False), (22.2, 66.6, False),
        (100, 300, False), (-1, 15, True), (float("nan"), 15, True), (float("inf"), 15, True),
    ],
)
def test_an_emergency_is_reached_by_distance(
    name: str, km: float | None, minutes: float, assumed: bool
) -> None:
    [found] = ask(name, "emergency", "2026-10-01T23:50:07", distance_km=km)
    assert (found.stage, found.target_minutes, found.assumed) == ("arrive", minutes, assumed)
    assert found.due == local("2026-10-01T23:50:07") + timedelta(minutes=minutes)
    assert bool(found.notices) is (km in (20.001, 21, 22.2, 100))


def test_a_whole_target_is_a_whole_number() -> None:
    assert str(ask("guangyuan-2021", "emergency", FRIDAY, distance_km=21)[0].target_minutes) == "63"


@pytest.mark.parametrize("name", NAMES)
def test_a_suspected_leak_turns_any_clock_into_the_emergencys(name: str) -> None:
    for business in [*standard(name).businesses, "indoor_repair", "no_such_business"]:
        found = ask(name, business, FRIDAY, distance_km=7, suspected_leak=True)
        assert found == ask(name, "emergency", FRIDAY, distance_km=7)


@pytest.mark.parametrize(
    ("name", "business"),
    [
        ("aode", "indoor_repair"), ("kunlun", "gas_purchase"), ("guangyuan-2021", "equipment_fault"),
        ("guangyuan-2022", "network_fault_major"), ("kunlun", "connection_small_indoor"), ("aode", ""),
    ],
)
def test_a_business_without_a_promise_is_refused(name: str, business: str) -> None:
    with pytest.raises(NotPromised, match=f"{name} promises nothing for {business}"):
        ask(name, business, FRIDAY)


def test_the_same_moment_in_any_zone_is_the_same_promise() -> None:
    moment = local("2026-03-10T18:00")
    for zone in (UTC, BEIJING):
        [found] = stages(standard("guangyuan-2021"), "indoor_repair", moment.astimezone(zone), LIBRARY)
        assert found.due is not None and found.due.isoformat() == "2026-03-12T00:00:00+08:00"
    with pytest.raises(ValueError, match="zone"):
        stages(standard("guangyuan-2021"), "indoor_repair", datetime(2026, 3, 10), LIBRARY)


def test_the_words_say_how_it_was_counted() -> None:
    [found] = ask("guangyuan-2021", "ownership_transfer", "2026-02-13T10:00")
    assert found.reckoning == (
        "3 working days after the report on Fri 2026-02-13, which does not count: "
        "Sat 2026-02-14 (make-up day of Spring Festival), Tue 2026-02-24, Wed 2026-02-25; "
        "not counted: Sun 2026-02-15 to Mon 2026-02-23 (Spring Festival); ends with Wed 2026-02-25, 24:00; "
        "trigger: 客户申请"
    )
    assert "unless another time was agreed" in ask("aode", "equipment_fault", FRIDAY)[0].reckoning
    assert "shortest band" in ask("guangyuan-2021", "emergency", FRIDAY)[0].reckoning


def test_the_bands_of_a_standard_can_be_asked_for() -> None:
    bands = distance_bands(standard("guangyuan-2022"))
    assert isinstance(bands, DistanceBands)
    assert [(band.up_to_km, band.minutes) for band in bands.bands] == [(5, 15), (10, 30), (20, 60)]
    assert bands.beyond.minutes_per_km == 3
    assert distance_bands(standard("aode")) is None and distance_bands(standard("kunlun")) is None
