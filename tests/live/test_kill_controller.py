"""SIGKILL of the controller at every stage: calls go on, and what they say is read by the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.disaster import Disaster, Talk
from tests.live.harness.service import wait_until


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disaster]:
    with Disaster(tmp_path_factory.mktemp("town")) as town:
        yield town


def kill(town: Disaster) -> int:
    return town.service.kill_role("controller")


def is_back(town: Disaster, dead: int) -> None:
    town.service.wait_role("controller", other_than=dead)
    wait_until(town.service.ready, 30, "the service does not come back")


def ends_well(town: Disaster, *talks: Talk) -> None:
    for talk in talks:
        town.bystander_is_served(talk)
    town.is_stored(*(talk.call_id for talk in talks if any(
        record.kind == "emergency_declared" for record in town.records(talk.call_id))))
    town.rang_once_each()
    town.bridge_stands()


def test_between_the_emergency_and_its_page(town: Disaster) -> None:
    """The record is on the disk before anybody acts on it: a crew is rung by the next controller."""
    bystander, talk = town.at_the_menu(), town.at_the_menu()
    talk.phone.press("9")
    wait_until(
        lambda: any(record.kind == "emergency_declared" for record in town.records(talk.call_id)), 15,
        "the key declares nothing",
    )
    dead = kill(town)
    is_back(town, dead)
    town.crew_takes_it()
    ends_well(town, bystander, talk)


def test_while_it_is_away_an_emergency_is_declared(town: Disaster) -> None:
    talk = town.at_the_menu()
    dead = kill(town)
    talk.phone.press("9")
    town.watch.wait_for("emergency_declared", 15, call_id=talk.call_id)
    is_back(town, dead)
    town.crew_takes_it()
    ends_well(town, talk)


@pytest.mark.parametrize("picked_up", [False, True], ids=["while it rings", "before a key"])
def test_during_a_page(town: Disaster, picked_up: bool) -> None:
    """The page's worker goes on by itself, and the next controller rings nobody a second time for it."""
    talk = town.in_danger()
    page = town.crew_is_rung()
    if picked_up:
        town.crew.answer()
        town.watch.wait_for("page_answered", 10, call_id=page)
    is_back(town, kill(town))
    if not picked_up:
        town.crew.answer()
    town.crew.press_later("1", delay_seconds=0.5)
    town.watch.wait_for("page_accepted", 20, call_id=page)
    town.crew.hangup()
    town.crew.wait_for("ended", 10)
    town.crew.forget()
    ends_well(town, talk)
    assert town.pages()[-1] == page, "nobody else was rung"


def test_agents_are_known_again(town: Disaster) -> None:
    """Who talks is not rung, who is free is rung."""
    agent = town.softphone("1002")
    agent.answer_calls()
    is_back(town, kill(town))
    town.agent.forget()
    talk = town.to_an_agent()
    agent.wait_for("answered", 30)
    rung = {r.remote for r in town.records(talk.call_id) if r.kind == "leg_started" and r.role == "agent"}
    assert len(rung) == 1 and "1002" in rung.pop()
    talk.phone.hangup()
    agent.wait_for("ended", 10)
    agent.close()
    town.bridge_stands()


def test_while_a_worker_dies(town: Disaster) -> None:
    """Nobody was there to see it; the caller is called back and his emergency is paged all the same."""
    victim = town.in_danger()
    dead = kill(town)
    town.service.kill_worker(victim.call_id)
    victim.phone.wait_for("ended", 10)
    is_back(town, dead)
    assert town.ended_by(victim.call_id) == "worker_died"
    town.crew_takes_it()
    town.is_called_back(victim.phone.user, 20)
    town.is_stored(victim.call_id)
    town.rang_once_each()
    town.bridge_stands()
