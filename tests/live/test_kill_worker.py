"""SIGKILL of a conversation's process at every stage: it alone ends, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.live.disaster import Disaster, Talk, answered_at, now


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disaster]:
    with Disaster(tmp_path_factory.mktemp("town")) as town:
        yield town


def lose(town: Disaster, victim: Talk) -> None:
    """Kill the worker; its caller hears of it and is called back, and the journal is whole."""
    began, ended = answered_at(victim), now()
    town.service.kill_worker(victim.call_id)
    victim.phone.wait_for("ended", 10)
    assert town.ended_by(victim.call_id) == "worker_died"
    town.is_called_back(victim.phone.user, 10)
    town.recording_of_the_dead(victim.call_id, began, ended)
    kinds = [record.kind for record in town.records(victim.call_id)]
    assert kinds.count("call_ended") == kinds.count("callback_requested") == 1
    assert kinds[-1] == "call_ended"


def others_talk_on(town: Disaster, bystander: Talk) -> None:
    town.bystander_is_served(bystander)
    town.bridge_stands()


def test_during_the_greeting(town: Disaster) -> None:
    bystander, victim = town.at_the_menu(), town.at_the_menu()
    lose(town, victim)
    town.is_stored(victim.call_id)
    others_talk_on(town, bystander)


@pytest.mark.parametrize("stage", [Disaster.in_danger, Disaster.asked_for_the_address])
def test_in_an_emergency(town: Disaster, stage: Callable[[Disaster], Talk]) -> None:
    """A crew is rung whatever becomes of the caller's call."""
    bystander, victim = town.at_the_menu(), stage(town)
    lose(town, victim)
    town.crew_takes_it()
    town.is_stored(victim.call_id)
    others_talk_on(town, bystander)


def test_while_talking_to_an_agent(town: Disaster) -> None:
    """The agent's phone is freed too, and rings for the next caller."""
    agent = town.softphone("1002")
    agent.answer_calls()
    victim = town.to_an_agent()
    agent.wait_for("answered", 30)
    lose(town, victim)
    agent.wait_for("ended", 10)
    town.is_stored(victim.call_id)
    following = town.to_an_agent()
    agent.wait_for("answered", 30)
    following.phone.hangup()
    agent.wait_for("ended", 10)
    agent.close()
    town.bridge_stands()


@pytest.mark.parametrize("picked_up", [False, True], ids=["while it rings", "before a key"])
def test_a_page(town: Disaster, picked_up: bool) -> None:
    """The next crew is rung at once; who reported it hears nothing of that."""
    victim = town.in_danger()
    lost = town.crew_is_rung()
    if picked_up:
        town.crew.answer()
        town.watch.wait_for("page_answered", 10, call_id=lost)
    town.service.kill_worker(lost)
    town.crew.wait_for("ended", 10)
    assert town.ended_by(lost) == "worker_died"
    assert town.watch.wait_for("page_failed", 5, call_id=lost).why == "worker_died"
    assert town.crew_takes_it(15) != lost
    town.rang_once_each()
    assert not victim.phone.happened("ended")
    victim.phone.hangup()
    assert town.ended_by(victim.call_id) == "caller"
    town.bridge_stands()
