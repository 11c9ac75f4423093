"""Free crews are given their next ordinary ticket by themselves; emergencies go first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.commands import CallOver
from dispatch.crew_commands import JobWithdrawn
from dispatch.units import Job
from tests.support.crews import EAST, FAR, give, job, lines, say
from tests.support.crews import repair as ask_for_repair
from tests.support.dispatch import NEAR_WEST, Desk, policy, rules, stations


def giving(**changes: Any) -> Any:
    shipped = policy()
    return rules(policy=policy(crews=shipped.crews.model_copy(update={"give_next_job": True})), **changes)


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, rules=giving())
    yield made
    made.stop()


def jobs(desk: Desk) -> dict[str, str]:
    """Open work: the ticket by crew."""
    return {one.crew: one.ticket for one in desk.dispatch.engine.state.live(Job)}


def out(desk: Desk, *crews: str) -> None:
    for crew in crews:
        say(desk, crew, "out_of_service", note="检修")


def over(desk: Desk, call_id: str) -> None:
    desk.dispatch.tell(CallOver(event_id=desk.name(call_id), at=desk.now, call_id=call_id))


def repair(desk: Desk, call_id: str, at: tuple[float, float]) -> str:
    """A ticket whose caller has hung up."""
    desk.start_call(call_id)
    number = ask_for_repair(desk, call_id, at=at)
    over(desk, call_id)
    return number


def test_a_crew_that_ends_its_work_gets_the_next_and_hears_of_it(busy: Desk) -> None:
    out(busy, "B", "C", "D")
    first = repair(busy, "r1", at=NEAR_WEST)
    busy.wait(1)
    assert jobs(busy) == {"A": first}
    far, near = repair(busy, "r2", at=FAR), repair(busy, "r3", at=NEAR_WEST)
    busy.wait(1)
    assert jobs(busy) == {"A": first}, "one after the other"
    say(busy, "A", "on_scene")
    say(busy, "A", "finished")
    busy.wait(1)
    assert jobs(busy) == {"A": near} and far != near
    given = job(busy, "A")
    assert given.assigned_by == "" and "最近" in given.why
    assert lines(busy, "notify A") == ["notify A: job_given"] * 2


def test_it_is_only_done_where_the_policy_says_so(desk: Desk) -> None:
    repair(desk, "r", at=NEAR_WEST)
    desk.wait(120)
    assert jobs(desk) == {}


def test_a_ticket_goes_to_the_nearest_idle_crew_when_its_call_is_over(busy: Desk) -> None:
    busy.start_call("r")
    number = ask_for_repair(busy, "r", at=EAST)
    busy.wait(30)
    assert jobs(busy) == {}, "the customer may still say more"
    over(busy, "r")
    busy.wait(1)
    assert jobs(busy) == {"C": number}


def test_each_idle_crew_gets_one_of_what_waits(busy: Desk) -> None:
    numbers = {repair(busy, f"r{n}", at=NEAR_WEST) for n in range(6)}
    busy.wait(3)
    given = jobs(busy)
    assert set(given) == {"A", "B", "C", "D"} and set(given.values()) < numbers
    assert len(set(given.values())) == 4


def test_no_ordinary_work_while_an_emergency_waits_for_a_crew(busy: Desk) -> None:
    busy.located()
    number = repair(busy, "r", at=EAST)
    busy.wait(30)
    assert jobs(busy) == {}
    busy.accept("A" if busy.notes.lines.count("ring B/B1") == 0 else "B")
    busy.wait(61)
    assert number in jobs(busy).values() or busy.ringing("B"), busy.notes.lines
    busy.crew("A", "en_route")
    busy.crew("A", "on_scene")
    busy.wait(61)
    assert list(jobs(busy).values()) == [number]


def test_a_crew_that_clears_an_emergency_gets_ordinary_work_again(busy: Desk) -> None:
    out(busy, "B", "C", "D")
    busy.located()
    busy.accept("A")
    busy.crew("A", "on_scene")
    number = repair(busy, "r", at=NEAR_WEST)
    busy.wait(5)
    assert jobs(busy) == {}, "its only crew has an emergency"
    busy.crew("A", "made_safe")
    busy.crew("A", "rechecked")
    busy.crew("A", "cleared")
    busy.wait(2)
    assert jobs(busy) == {"A": number}


def test_nobody_off_duty_or_out_of_service_is_given_work(busy: Desk) -> None:
    out(busy, "A", "B", "C")
    say(busy, "D", "off_duty")
    number = repair(busy, "r", at=NEAR_WEST)
    busy.wait(300)
    assert jobs(busy) == {}
    say(busy, "B", "available")
    busy.wait(1)
    assert jobs(busy) == {"B": number}


def test_what_was_taken_back_goes_to_another_crew_and_what_is_done_to_nobody(busy: Desk) -> None:
    out(busy, "C", "D")
    number = repair(busy, "r", at=NEAR_WEST)
    busy.wait(1)
    [first] = jobs(busy)
    busy.dispatch.tell(JobWithdrawn(event_id=busy.name(), at=busy.now, crew=first, ticket=number,
                                    person="调度", reason="改派"))
    busy.wait(2)
    [second] = jobs(busy)
    assert {first, second} == {"A", "B"}
    say(busy, second, "on_scene")
    say(busy, second, "finished")
    busy.wait(120)
    assert jobs(busy) == {}, "a person judges what is left of it"
    give(busy, first, number)
    assert jobs(busy) == {first: number}


def test_a_shift_that_begins_takes_what_waited_in_the_night(tmp_path: Path) -> None:
    day = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "13:00", "end": "20:00"}
    crews = [one.model_dump() | {"duty": "shifts", "shifts": [day]} for one in stations().crews]
    spare = stations().crews[0].model_dump() | {"key": "Z", "name": "Z班"}
    desk = Desk(tmp_path, rules=giving(stations=stations(crews=[*crews, spare])))
    out(desk, "Z")
    number = repair(desk, "r", at=EAST)
    desk.wait(3590, step=30)
    assert jobs(desk) == {}, "nobody is on duty before 13:00"
    desk.wait(15)
    assert list(jobs(desk).values()) == [number]
    desk.stop()


def test_what_was_given_survives_a_crash_and_is_not_given_twice(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=giving())
    number = repair(desk, "r", at=EAST)
    again = desk.crash_and_start(desk.store, rules=giving())
    again.wait(2)
    assert jobs(again) == {"C": number}
    last = again.crash_and_start(again.store, rules=giving())
    last.wait(120)
    assert jobs(last) == {"C": number}
    last.stop()
