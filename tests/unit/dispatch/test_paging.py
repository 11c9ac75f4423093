"""Several channels at once, the next when one never gets through, several who must acknowledge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dispatch.api import Page, PageEvent, Policy, StandDown
from dispatch.policy import Step
from tests.support.dispatch import Desk, policy, rules, stations

CREW_STEP = {"who": "free_crews", "channels": ["phone", ["wecom", "sms"]]}
ALARM = {"who": "duty_centre", "alarm": True}


def reachable(**addresses: str) -> Any:
    """Everybody has a phone and these channels too."""
    found = stations().model_dump()
    for crew in found["crews"]:
        for member in crew["members"]:
            member["channels"] = addresses
    for leader in found["leaders"]:
        leader["channels"] = addresses
    return type(stations()).model_validate({**found, "crews": [
        {k: v for k, v in crew.items() if k in ("key", "name", "station", "pin_hash", "members", "duty")}
        for crew in found["crews"]
    ]})


def desk(tmp_path: Path, *steps: dict[str, Any], **addresses: str) -> Desk:
    chain = tuple(Step.model_validate(step) for step in (*steps, ALARM))
    made = rules(policy=policy(chain=chain), stations=reachable(**addresses))
    return Desk(tmp_path, rules=made)


def pages(one: Desk, target: str = "") -> list[Page]:
    return [p for p in one.dispatch.pages(one.incident().key) if target in ("", p.target)]


def test_all_channels_of_a_step_begin_together(tmp_path: Path) -> None:
    one = desk(tmp_path, CREW_STEP, wecom="13800000000", sms="+8613800000000")
    one.located()
    assert [(p.channel, p.phone, p.then_by) for p in pages(one)] == [
        ("phone", "sip:a1@127.0.0.1", ()), ("wecom", "13800000000", ("sms",)),
    ]
    one.stop()


def test_a_channel_that_nobody_has_is_passed_over(tmp_path: Path) -> None:
    one = desk(tmp_path, {"who": "free_crews", "channels": [["wecom", "sms"]]}, sms="+86138")
    one.located()
    assert [(p.channel, p.phone) for p in pages(one)] == [("sms", "+86138")]
    one.stop()


def test_without_any_address_the_phone_rings(tmp_path: Path) -> None:
    one = desk(tmp_path, {"who": "free_crews", "channels": ["wecom"]})
    one.located()
    assert [p.channel for p in pages(one)] == ["phone"]
    one.stop()


def test_a_permanent_failure_brings_the_next_channel_at_once_and_is_noted(tmp_path: Path) -> None:
    one = desk(tmp_path, CREW_STEP, wecom="1", sms="2")
    one.located()
    wecom = pages(one)[1]
    one.page(wecom.page_id, PageEvent.FAIL, "wecom: code 93000")
    assert [(p.channel, p.state) for p in pages(one)] == [
        ("phone", "ringing"), ("wecom", "failed"), ("sms", "ringing")
    ]
    assert one.history(one.incident().key).count("next_channel") == 1
    assert one.incident().targets_paged and len({p.target for p in pages(one)}) == 1
    one.stop()


def test_a_message_that_lies_there_keeps_no_next_crew_back(tmp_path: Path) -> None:
    """The phone is busy: the next crew rings at once, however nicely the message was delivered."""
    one = desk(tmp_path, CREW_STEP, wecom="1")
    one.located()
    one.page(pages(one)[0].page_id, PageEvent.FAIL, "busy")
    assert {p.target for p in pages(one)} == {"A", "B"}
    one.stop()


def test_a_message_alone_is_waited_for(tmp_path: Path) -> None:
    one = desk(tmp_path, {"who": "free_crews", "channels": ["wecom"], "page_seconds": 30}, wecom="1")
    one.located()
    one.wait(29)
    assert {p.target for p in pages(one)} == {"A"}
    one.wait(2)
    assert {p.target for p in pages(one)} == {"A", "B"}
    one.stop()


def test_whoever_accepts_by_message_stops_every_phone(tmp_path: Path) -> None:
    one = desk(tmp_path, CREW_STEP, wecom="1")
    one.located()
    one.page(pages(one)[1].page_id, PageEvent.ACCEPT)
    assert [p.state for p in pages(one)] == ["cancelled", "accepted"]
    assert one.incident().taken_by == "A"
    one.stop()


def test_a_decline_by_message_stops_the_same_persons_phone_and_rings_the_next(tmp_path: Path) -> None:
    one = desk(tmp_path, CREW_STEP, wecom="1")
    one.located()
    one.page(pages(one)[1].page_id, PageEvent.DECLINE, "车坏了")
    assert [p.state for p in pages(one, "A")] == ["cancelled", "declined"]
    assert [p.state for p in pages(one, "B")] == ["ringing", "ringing"]
    (held,) = [a for a in one.dispatch.assignments(one.incident().key) if a.crew == "A"]
    assert held.state == "declined", "a decline releases nobody (safety rule 6)"
    one.stop()


def test_a_step_may_try_each_more_than_once(tmp_path: Path) -> None:
    one = desk(tmp_path, {"who": "free_crews", "repeats": 2, "page_seconds": 20})
    one.located()
    one.wait(21)
    assert [(p.target, p.attempt) for p in pages(one)] == [("A", 1), ("A", 2)]
    one.wait(46)
    assert {p.target for p in pages(one)} == {"A", "B"}
    one.stop()


# ---- several who must each acknowledge
LEADERS = {"who": "leaders", "acknowledge": "each", "repeats": 2}


def leaders_rung(tmp_path: Path, **step: Any) -> Desk:
    one = desk(tmp_path, {"who": "free_crews", "at_most": 1}, {**LEADERS, **step})
    one.located()
    one.page(pages(one)[0].page_id, PageEvent.FAIL, "busy")
    return one


def test_each_leader_must_acknowledge_though_one_has_taken_it(tmp_path: Path) -> None:
    one = leaders_rung(tmp_path)
    first, second = pages(one, "leaders")
    one.page(first.page_id, PageEvent.ACCEPT)
    assert one.dispatch.page(second.page_id).state == "ringing"  # type: ignore[union-attr]  # it is there
    one.page(second.page_id, PageEvent.FAIL, "busy")
    one.wait(61)
    third = pages(one, "leaders")[-1]
    assert (third.person, third.attempt, third.state) == (second.person, 2, "ringing")
    one.page(third.page_id, PageEvent.ACCEPT)
    one.wait(200)
    assert sum(p.level == 2 for p in pages(one, "leaders")) >= 3
    assert all(p.again_at is None for p in pages(one, "leaders"))
    assert one.history(one.incident().key).count("acknowledged") >= 2
    one.stop()


def test_a_crew_that_has_it_spares_no_leader(tmp_path: Path) -> None:
    one = leaders_rung(tmp_path)
    one.crew("B", "acknowledged", one.incident().key)
    assert [p.state for p in pages(one, "leaders")] == ["ringing", "ringing"]
    one.stop()


def test_enough_is_enough(tmp_path: Path) -> None:
    one = leaders_rung(tmp_path, acknowledge=2)
    for page in pages(one, "leaders"):
        one.page(page.page_id, PageEvent.ACCEPT)
    one.wait(150)
    assert not [p for p in pages(one, "leaders") if p.attempt > 1]
    one.stop()


def test_who_never_acknowledges_sounds_the_alarm_once_and_is_tried_for_ever(tmp_path: Path) -> None:
    one = leaders_rung(tmp_path)
    first, second = pages(one, "leaders")
    one.page(first.page_id, PageEvent.ACCEPT)
    one.crew("B", "on_scene", one.incident().key)
    one.wait(1000)
    assert one.notes.lines.count("alarm not_acknowledged") == 1
    mine = [p for p in pages(one, "leaders") if p.person == second.person]
    assert len(mine) >= 6
    one.stop()


def test_nobody_is_tried_again_when_all_is_over(tmp_path: Path) -> None:
    one = leaders_rung(tmp_path)
    for status in ("on_scene", "made_safe"):
        one.crew("B", status, one.incident().key)
    one.dispatch.tell(
        StandDown(event_id="s", at=one.now, incident=one.incident().key, person="张", reason="误报")
    )
    before = len(pages(one))
    one.wait(500)
    assert len(pages(one)) == before
    one.stop()


def test_what_must_be_acknowledged_survives_a_crash(tmp_path: Path) -> None:
    one = leaders_rung(tmp_path)
    first, second = pages(one, "leaders")
    one.page(first.page_id, PageEvent.ACCEPT)
    one.page(second.page_id, PageEvent.FAIL, "busy")
    one = one.crash_and_start(rules=one.dispatch.rules)
    one.wait(61)
    assert pages(one, "leaders")[-1].person == second.person
    assert pages(one, "leaders")[-1].attempt == 2
    one.stop()


@pytest.mark.parametrize("step", [
    {"who": "free_crews", "acknowledge": 2}, {"who": "leaders", "channels": []},
    {"who": "leaders", "channels": ["sms", ["sms"]]}, {"who": "leaders", "channels": [[]]},
    {"who": "leaders", "acknowledge": "all"}, {"who": "leaders", "repeats": 0},
])
def test_a_step_that_makes_no_sense_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate(step)


def test_the_shipped_policy_still_reads() -> None:
    assert all(step.channels == (("phone",),) for step in policy().chain)
    assert isinstance(policy(), Policy)
