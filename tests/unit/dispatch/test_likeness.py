"""Which reports are taken for one leak, and which never."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from dispatch.joining_policy import Joining
from dispatch.likeness import Report, distance_metres, likeness, report_of
from dispatch.model import Ticket
from hotline.yamlfile import load
from tests.support.dispatch import CONFIG, NEAR_WEST, NOON

SHIPPED = load(CONFIG / "joining.yaml", Joining)
HOME = Report(
    ticket="a", at=NOON, hazard="smell", address="利州东路10号滨江花园3栋", street="利州东路", number="10",
    community="滨江花园", building="3", latitude=NEAR_WEST[0], longitude=NEAR_WEST[1], caller="13900001111",
)


def other(**changes: Any) -> Report:
    """The same home reported by somebody else a minute later."""
    return replace(HOME, ticket="b", at=NOON + timedelta(minutes=1), caller="13900002222", **changes)


def joined(report: Report) -> bool:
    return likeness(SHIPPED, HOME, report).score >= SHIPPED.join_at


def proposed(report: Report) -> bool:
    return SHIPPED.propose_at <= likeness(SHIPPED, HOME, report).score < SHIPPED.join_at


def test_the_same_building_is_one_leak() -> None:
    found = likeness(SHIPPED, HOME, other())
    assert found.score >= SHIPPED.join_at
    assert found.reasons[0] == "same_building 0.85", "the weightiest reason comes first"


def test_the_same_house_number_is_one_leak() -> None:
    assert joined(other(community="", building=""))


def test_another_building_of_the_community_is_proposed() -> None:
    assert proposed(other(building="5", street="", number=""))


def test_the_same_street_alone_is_neither() -> None:
    report = other(number="210", community="", building="", latitude=None, longitude=None)
    assert likeness(SHIPPED, HOME, report).score < SHIPPED.propose_at


def test_near_by_position_counts_when_the_places_have_other_names() -> None:
    near = other(street="滨江路", number="2", community="", building="", latitude=NEAR_WEST[0] + 0.0002)
    assert proposed(near)
    assert joined(replace(near, caller=HOME.caller)), "and the same phone besides"


def test_two_of_one_street_in_the_gazetteer_are_not_near_because_of_it() -> None:
    """A street is one position there, however long it is."""
    report = other(number="", community="", building="")
    assert not joined(report)


def test_exact_places_far_apart_are_two_leaks_whatever_else_is_the_same() -> None:
    report = other(latitude=NEAR_WEST[0] + 0.01, partner_ticket="119-7", building="7", number="80")
    found = likeness(SHIPPED, replace(HOME, partner_ticket="119-7"), report)
    assert found.score == 0 and found.apart


def test_one_house_in_words_is_one_house_wherever_the_gazetteer_puts_its_street() -> None:
    assert joined(other(latitude=NEAR_WEST[0] + 0.01))


def test_streets_of_one_name_in_two_districts_are_two() -> None:
    here, there = replace(HOME, district="利州区"), other(district="朝天区", latitude=NEAR_WEST[0] + 0.3)
    assert likeness(SHIPPED, here, there).apart
    assert likeness(SHIPPED, here, replace(there, latitude=None)).score == 0


def test_a_partners_ticket_number_or_a_meter_box_joins_without_any_place() -> None:
    bare = Report(ticket="b", at=NOON, partner_ticket="12345-88")
    assert likeness(SHIPPED, replace(HOME, partner_ticket="12345-88"), bare).score >= SHIPPED.join_at
    box = Report(ticket="b", at=NOON, meter_box="m-7")
    assert likeness(SHIPPED, replace(HOME, meter_box="m-7"), box).score >= SHIPPED.join_at


def test_full_width_digits_and_blanks_make_no_difference() -> None:
    def ticket(number: str, parts: dict[str, str]) -> Ticket:
        return Ticket(number=number, business="emergency", priority=0, opened_at=NOON, updated_at=NOON,
                      address_fields=parts)

    one = report_of(ticket("a", {"community": "滨江花园", "building": "3"}))
    two = report_of(ticket("b", {"community": "滨江 花园", "building": "３"}))
    assert likeness(SHIPPED, one, two).score >= SHIPPED.join_at


def test_time_takes_from_the_score_and_ends_it() -> None:
    at = [likeness(SHIPPED, HOME, replace(other(), at=NOON + timedelta(minutes=m))).score for m in
          (0, 30, 31, 60, 119, 121)]
    assert at[0] == at[1] > at[2] > at[3] > at[4] > at[5] == 0


def test_drills_and_the_real_thing_are_never_alike() -> None:
    assert likeness(SHIPPED, HOME, other(drill=True)).apart


UNPLACED = st.builds(
    Report, ticket=st.just("x"), at=st.just(NOON), hazard=st.sampled_from(["smell", "leak", ""]),
    address=st.sampled_from(["", "那边", "我家"]), caller=st.sampled_from(["", "13900001111"]),
)


@given(UNPLACED, st.sampled_from([HOME, replace(HOME, ticket="y", caller="")]))
def test_a_place_that_is_not_known_is_like_no_other(unplaced: Report, placed: Report) -> None:
    assert likeness(SHIPPED, unplaced, placed).score == 0
    assert likeness(SHIPPED, unplaced, replace(unplaced, ticket="z")).score == 0


REPORTS = st.builds(
    Report, ticket=st.just("x"), at=st.integers(0, 200).map(lambda m: NOON + timedelta(minutes=m)),
    hazard=st.sampled_from(["smell", "leak"]), address=st.sampled_from(["", "东路10号", "西路"]),
    street=st.sampled_from(["", "东路", "西路"]), number=st.sampled_from(["", "10", "12"]),
    community=st.sampled_from(["", "花园", "新村"]), building=st.sampled_from(["", "1", "2"]),
    latitude=st.one_of(st.none(), st.floats(32.43, 32.44)), longitude=st.just(105.84),
    caller=st.sampled_from(["", "13900001111", "13900002222"]), drill=st.booleans(),
)


@given(REPORTS, REPORTS)
def test_likeness_is_the_same_from_both_sides(one: Report, two: Report) -> None:
    there, back = likeness(SHIPPED, one, two), likeness(SHIPPED, two, one)
    assert (there.score, there.apart, set(there.reasons)) == (back.score, back.apart, set(back.reasons))
    assert there.score >= 0 and bool(there.reasons) >= bool(there.score)


def test_metres_agree_with_the_ellipsoid() -> None:
    found = distance_metres(HOME, other(latitude=NEAR_WEST[0] + 0.003, longitude=NEAR_WEST[1] + 0.004))
    exact = geodesic(NEAR_WEST, (NEAR_WEST[0] + 0.003, NEAR_WEST[1] + 0.004)).m
    assert found == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"join_at": 0.3, "propose_at": 0.5}, "propose_at"),
        ({"fade_from_minutes": 200, "window_minutes": 100}, "fade_from"),
        ({"near": [{"within_metres": 9, "weight": 1}, {"within_metres": 8, "weight": 1}]}, "rising"),
        ({"near": [{"within_metres": 2000, "weight": 1}]}, "farthest"),
    ],
)
def test_faults_of_the_policy_are_named(content: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Joining.model_validate(content)


def test_as_it_is_by_itself_nothing_is_joined_or_proposed() -> None:
    assert likeness(Joining(), HOME, other()).score < Joining().propose_at
