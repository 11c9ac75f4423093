"""SIGKILL of the edge: sound goes on without it, and what was begun ends by the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.demo.phone import Phone
from tests.live.disaster import Disaster
from tests.live.harness.service import wait_until
from tests.live.harness.town import SOFTPHONES


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disaster]:
    with Disaster(tmp_path_factory.mktemp("town")) as town:
        yield town


def is_back(town: Disaster, dead: int) -> None:
    town.service.wait_role("edge", other_than=dead)
    wait_until(town.service.ready, 30, "the service does not come back")


def test_during_calls(town: Disaster) -> None:
    """Nobody hears it; who hangs up afterwards is heard; who calls is answered."""
    bystander, talk = town.at_the_menu(), town.to_an_agent()
    dead = town.service.kill_role("edge")
    town.bridge_stands()
    town.service.wait_role("edge", other_than=dead)
    town.bystander_is_served(bystander)
    late = town.at_the_menu()
    town.bystander_is_served(late)
    talk.phone.hangup()
    town.ended_by(talk.call_id)


def test_a_bye_is_sent_while_it_is_away(town: Disaster) -> None:
    """It is repeated until somebody answers (RFC 3261 §17.1.2)."""
    talk = town.at_the_menu()
    dead = town.service.kill_role("edge")
    talk.phone.hangup()
    is_back(town, dead)
    assert town.ended_by(talk.call_id, 40) == "caller"
    talk.phone.wait_for("ended", 10)
    town.bridge_stands()


def test_an_emergency_while_it_is_away(town: Disaster) -> None:
    talk = town.at_the_menu()
    dead = town.service.kill_role("edge")
    talk.phone.press("9")
    town.watch.wait_for("emergency_declared", 15, call_id=talk.call_id)
    is_back(town, dead)
    town.crew_takes_it()
    town.rang_once_each()
    town.bystander_is_served(talk)
    town.is_stored(talk.call_id)


def test_while_a_page_rings(town: Disaster) -> None:
    """The crew may pick up, or another one is rung: somebody takes it."""
    talk = town.in_danger()
    page = town.crew_is_rung()
    is_back(town, town.service.kill_role("edge"))
    town.crew.answer()
    town.crew.wait_for("answered", 40)
    town.crew.press_later("1", delay_seconds=1)
    taken = town.watch.wait_for("page_accepted", 40, where=lambda r: r.call_id not in town.accepted)
    assert taken.call_id == page
    town.accepted.add(page)
    town.crew.hangup()
    town.crew.wait_for("ended", 20)
    town.crew.forget()
    town.bystander_is_served(talk)
    town.rang_once_each()


def test_registrations_are_known_again(town: Disaster) -> None:
    """A telephone that logged in before need not do so again; one that is at it tries again."""
    known = town.softphone("1002")
    known.answer_calls()
    dead = town.service.kill_role("edge")
    is_back(town, dead)
    first = town.to_an_agent()
    known.wait_for("answered", 30)
    first.phone.hangup()
    known.wait_for("ended", 15)
    known.close()
    dead = town.service.kill_role("edge")
    with Phone("agent 1002", "1002") as again:
        again.register(town.service.registrar, SOFTPHONES["HOTLINE_SOFTPHONE_1002"], timeout_seconds=60)
        is_back(town, dead)
        again.answer_calls()
        second = town.to_an_agent()
        again.wait_for("answered", 30)
        second.phone.hangup()
        again.wait_for("ended", 15)
    town.bridge_stands()


def test_with_a_worker(town: Disaster) -> None:
    """Both are dead; the caller hears the end of it, and is called back."""
    victim = town.in_danger()
    worker = town.service.worker_pid(victim.call_id)
    dead = town.service.kill_role("edge")
    assert town.service.kill_worker(victim.call_id) == worker
    is_back(town, dead)
    assert town.ended_by(victim.call_id) == "worker_died"
    town.crew_takes_it()
    town.is_called_back(victim.phone.user, 30)
    town.is_stored(victim.call_id)
    victim.phone.wait_for("ended", 15)
    town.bridge_stands()
