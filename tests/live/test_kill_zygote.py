"""SIGKILL of the zygote, of the supervisor, of several at once: calls go on and new ones are answered."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.live.disaster import Disaster
from tests.live.harness.service import wait_until
from tests.live.harness.town import SERVICE_NUMBER

ROLES = ("supervisor", "edge", "zygote", "controller")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disaster]:
    with Disaster(tmp_path_factory.mktemp("town")) as town:
        yield town


def test_who_calls_while_it_is_away_waits_and_is_answered(town: Disaster) -> None:
    bystander, late = town.at_the_menu(), town.caller()
    town.service.kill_role("zygote")
    late.call(town.service.number(SERVICE_NUMBER))
    late.wait_for("answered", 60)
    town.bystander_is_served(bystander)
    late.hangup()
    town.bridge_stands()


def test_an_emergency_is_paged_while_it_is_away(town: Disaster) -> None:
    talk = town.at_the_menu()
    dead = town.service.kill_role("zygote")
    talk.phone.press("9")
    town.watch.wait_for("emergency_declared", 15, call_id=talk.call_id)
    town.service.wait_role("zygote", other_than=dead)
    town.crew_takes_it()
    town.rang_once_each()
    town.bystander_is_served(talk)
    town.is_stored(talk.call_id)


def test_its_worker_dies_after_it(town: Disaster) -> None:
    """An orphan's death is seen as well."""
    victim = town.at_the_menu()
    town.service.kill_role("zygote")
    town.service.kill_worker(victim.call_id)
    victim.phone.wait_for("ended", 10)
    assert town.ended_by(victim.call_id) == "worker_died"
    town.is_called_back(victim.phone.user, 15)
    town.bridge_stands()


def test_who_is_refused_is_called_back(town: Disaster) -> None:
    """It hangs for longer than a caller can wait."""
    late = town.caller()
    pid = town.service.role_pid("zygote")
    os.kill(pid, signal.SIGSTOP)
    try:
        late.call(town.service.number(SERVICE_NUMBER))
        assert late.wait_for("ended", 20).fields["status"] == 503
    finally:
        os.kill(pid, signal.SIGCONT)
    owed = town.watch.wait_for("callback_requested", 10, where=lambda r: r.number.endswith(late.user))
    assert owed.reason == "refused"
    town.is_called_back(late.user, 30)
    town.bridge_stands()


def test_the_supervisor_dies_and_the_next_one_adopts(town: Disaster) -> None:
    bystander = town.at_the_menu()
    pids = {role: town.service.role_pid(role) for role in ROLES[1:]}
    town.service.kill_role("supervisor")
    wait_until(lambda: not town.service.running, 5, "lives on")
    town.service.start()
    town.service.wait_role("supervisor", timeout_seconds=60)
    town.service.wait_ready()
    assert pids == {role: town.service.role_pid(role) for role in ROLES[1:]}
    town.bystander_is_served(bystander)
    town.bridge_stands()


def test_all_die_at_once_in_an_emergency(town: Disaster) -> None:
    """A service that is started again pages what was reported and calls back whose worker died."""
    bystander, victim = town.at_the_menu(), town.in_danger()
    for pid in [*(town.service.role_pid(role) for role in ROLES), town.service.worker_pid(victim.call_id)]:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not town.service.running, 5, "lives on")
    town.service.start()
    town.service.wait_ready()
    town.crew_takes_it()
    assert town.ended_by(victim.call_id) == "worker_died"
    town.is_called_back(victim.phone.user, 30)
    town.is_stored(victim.call_id)
    town.rang_once_each()
    town.bystander_is_served(bystander)
    town.bridge_stands()
