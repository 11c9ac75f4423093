"""SIGKILL of every process at every stage of a call: nobody else is touched and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from hotline.demo.phone import Phone
from tests.live.conftest import NewTown
from tests.live.harness.service import wait_until
from tests.live.harness.town import Town


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody in a call."""

    phone: Phone
    call_id: str


def at_the_greeting(town: Town) -> Caller:
    phone = town.caller()
    call_id = town.ring(phone)
    town.prompt(call_id, "请讲")
    return Caller(phone, call_id)


def while_he_says_it(town: Town) -> Caller:
    caller = at_the_greeting(town)
    caller.phone.say(town.line("leak"))
    caller.phone.wait_for("speaking", 10)
    return caller


def when_it_is_declared(town: Town) -> Caller:
    caller = while_he_says_it(town)
    town.watch.wait_for("emergency_declared", 20, call_id=caller.call_id)
    return caller


def while_the_crew_is_rung(town: Town) -> Caller:
    caller = when_it_is_declared(town)
    town.crew.wait_for("incoming", 30)
    return caller


STAGES = (while_the_crew_is_rung, when_it_is_declared, at_the_greeting, while_he_says_it)
"""In an order in which all of them are so at the same moment."""


def a_caller_at_every_stage(town: Town) -> list[Caller]:
    return [stage(town) for stage in STAGES]


def still_talks(town: Town, caller: Caller) -> None:
    """The call is alive both ways: a key is heard, a prompt is said, and it ends in good order."""
    assert not caller.phone.happened("ended")
    caller.phone.press("9")
    town.watch.wait_for("key_pressed", 10, call_id=caller.call_id)
    town.watch.wait_for("emergency_declared", 10, call_id=caller.call_id)
    caller.phone.forget()
    caller.phone.wait_for("hears", 20)
    caller.phone.hangup()
    ended = town.watch.wait_for("call_ended", 40, call_id=caller.call_id)
    assert ended.by == "caller"


def in_hand(town: Town, callers: list[Caller]) -> None:
    """A crew's phone rings, and each call's ticket is in the database."""
    if not town.crew.happened("incoming"):
        town.crew.wait_for("incoming", 40)
    calls = {caller.call_id for caller in callers}
    wait_until(lambda: calls <= set(town.stored_tickets()), 40, "tickets are not in the database")


def survived(town: Town, callers: list[Caller]) -> None:
    """What each had begun goes on; the one at the greeting now says it too."""
    callers[2].phone.say(town.line("leak"))
    for caller in callers:
        town.watch.wait_for("emergency_declared", 30, call_id=caller.call_id)
    in_hand(town, callers)
    for caller in callers:
        still_talks(town, caller)


def test_the_controller_dies(new_town: NewTown) -> None:
    """Calls go on; what happened meanwhile is read from the journals."""
    town = new_town()
    callers = a_caller_at_every_stage(town)
    dead = town.service.kill_role("controller")
    town.service.wait_role("controller", other_than=dead)
    survived(town, callers)


def test_the_zygote_dies(new_town: NewTown) -> None:
    """Its workers live on as orphans, and new calls find a new zygote."""
    town = new_town()
    callers = a_caller_at_every_stage(town)
    dead = town.service.kill_role("zygote")
    town.service.wait_role("zygote", other_than=dead)
    survived(town, callers)
    wait_until(town.service.ready, 15, "the service does not come back")
    still_talks(town, at_the_greeting(town))


def test_the_edge_dies(new_town: NewTown) -> None:
    """Dialogs go on by their Route headers; pages wait for the new edge."""
    town = new_town()
    callers = a_caller_at_every_stage(town)
    dead = town.service.kill_role("edge")
    town.service.wait_role("edge", other_than=dead)
    survived(town, callers)
    still_talks(town, at_the_greeting(town))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_worker_dies(new_town: NewTown, stage: Callable[[Town], Caller]) -> None:
    """One conversation ends; its caller is called back, its emergency goes on, the others hear nothing."""
    town = new_town()
    witness, victim = at_the_greeting(town), stage(town)
    town.service.kill_worker(victim.call_id)
    victim.phone.wait_for("ended", 15)
    assert town.watch.wait_for("call_ended", 20, call_id=victim.call_id).by == "worker_died"
    town.duty.wait_for("incoming", 30)
    wait_until(lambda: victim.call_id in town.stored_tickets(), 30, "no ticket for the lost call")
    if stage in (when_it_is_declared, while_the_crew_is_rung):
        in_hand(town, [victim])
    still_talks(town, witness)
