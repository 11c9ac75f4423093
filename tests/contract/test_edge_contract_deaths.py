"""What every edge owes when a worker, a zygote or the edge itself dies (docs/edge-contract.md)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.edge_calls import answered, dialog_of
from tests.support.sip_rig import MODULES, STRANGER, TRUNK, Edge, Phone, running_edge, until

pytestmark = pytest.mark.live


@pytest.fixture(params=MODULES)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def edge(adapter: str) -> Iterator[Edge]:
    with running_edge(adapter) as running:
        yield running


# ---- deaths
def test_a_worker_that_dies_before_the_answer_is_replaced_once(edge: Edge) -> None:
    zygote, trunk, controller = edge.zygote(), Phone(edge, TRUNK), edge.controller()
    sent = trunk.invite()
    first = zygote.worker()
    first.answer(first.expect("INVITE"), 180)
    trunk.expect(180)
    first.die()
    second = zygote.worker()
    assert second.call_id == first.call_id
    got = second.expect("INVITE")
    second.answer(got, 200)
    trunk.ack(sent, trunk.expect(200))
    second.expect("ACK")
    controller.nothing("worker_lost")
    assert edge.kinds() == ["call_arrived"]


def test_two_dead_workers_and_the_caller_is_called_back(edge: Edge) -> None:
    zygote, trunk, controller = edge.zygote(), Phone(edge, TRUNK), edge.controller()
    sent = trunk.invite()
    for _ in range(2):
        worker = zygote.worker()
        worker.expect("INVITE")
        worker.die()
    trunk.refused(sent, trunk.expect(503))
    controller.expect("worker_lost")
    assert edge.kinds() == ["call_arrived", "callback_requested", "call_ended"]


def test_a_worker_that_hangs_is_replaced(adapter: str) -> None:
    with running_edge(adapter, edge__worker_wait_seconds=0.4) as edge:
        zygote, trunk, controller = edge.zygote(), Phone(edge, TRUNK), edge.controller()
        sent = trunk.invite()
        hung = zygote.worker()
        late = hung.expect("INVITE")
        second = zygote.worker()
        got = second.expect("INVITE")
        hung.link.expect("hangup")
        hung.answer(late, 200, tag="late")
        hung.die()
        controller.nothing("worker_lost")
        second.answer(got, 200, tag="second")
        ok = trunk.expect(200)
        assert ok.to_tag == "second"
        trunk.ack(sent, ok)


def test_a_dead_workers_caller_and_agent_get_a_bye(edge: Edge) -> None:
    controller, trunk, crew = edge.controller(), Phone(edge, TRUNK), Phone(edge, STRANGER, user="crew")
    sent, ok, worker, _, _ = answered(edge, trunk)
    worker.dial(f"sip:crew@{STRANGER}:{crew.port}")
    crew_got = crew.expect("INVITE")
    crew.answer(crew_got, 200)
    worker.expect(200)
    worker.die()
    bye = trunk.expect("BYE")
    assert (bye.call_id, bye.from_tag, bye.to_tag) == (sent.call_id, ok.to_tag, sent.from_tag)
    assert bye.cseq[0] > 1
    trunk.answer(bye, 200)
    crew_bye = crew.expect("BYE")
    assert (crew_bye.from_tag, crew_bye.to_tag) == (crew_got.from_tag, "t" + crew_got.call_id[:6])
    crew.answer(crew_bye, 200)
    assert controller.expect("worker_lost").call_id == worker.call_id
    trunk.send(trunk.within("INFO", sent, ok))
    trunk.expect(481)


def test_a_dead_workers_ringing_phones_stop_ringing(edge: Edge) -> None:
    trunk, crew = Phone(edge, TRUNK), Phone(edge, STRANGER, user="crew")
    _, _, worker, _, _ = answered(edge, trunk)
    worker.dial(f"sip:crew@{STRANGER}:{crew.port}")
    got = crew.expect("INVITE")
    crew.answer(got, 180)
    worker.expect(180)
    worker.die()
    crew.answer(crew.expect("CANCEL"), 200)
    ok = crew.answer(got, 200)
    assert crew.expect("ACK").to_tag == ok.to_tag
    crew.answer(crew.expect("BYE"), 200)


def test_a_worker_that_says_done_is_not_lost(edge: Edge) -> None:
    controller, trunk = edge.controller(), Phone(edge, TRUNK)
    sent, ok, worker, _, _ = answered(edge, trunk)
    trunk.send(trunk.within("BYE", sent, ok))
    worker.answer(worker.expect("BYE"), 200)
    trunk.expect(200)
    worker.done()
    controller.nothing("worker_lost")
    trunk.silence()


def test_calls_go_on_when_the_edge_is_killed_and_started_again(edge: Edge) -> None:
    trunk, other = Phone(edge, TRUNK), Phone(edge, TRUNK)
    sent, ok, worker, got, answer = answered(edge, trunk)
    other_sent, other_ok, other_worker, _, _ = answered(edge, other)
    edge.kill()
    edge.start()
    trunk.send(trunk.within("INFO", sent, ok))  # the worker has not come back yet
    worker.answer(worker.expect("INFO"), 200)
    trunk.expect(200)
    worker.reconnect(dialog_of(got, answer))
    worker.send(worker.within_called("BYE", got, answer))
    trunk.answer(trunk.expect("BYE"), 200)
    worker.expect(200)
    other.send(other.within("BYE", other_sent, other_ok))
    other_worker.answer(other_worker.expect("BYE"), 200)
    other.expect(200)


def test_a_worker_that_dies_after_the_edge_was_started_again_gets_its_byes(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK)
    sent, _, worker, got, answer = answered(edge, trunk)
    edge.kill()
    edge.start()
    worker.reconnect(dialog_of(got, answer))
    edge.controller()
    worker.die()
    bye = trunk.expect("BYE")
    assert bye.call_id == sent.call_id
    trunk.answer(bye, 200)


def test_a_worker_that_dies_together_with_the_edge_gets_its_byes(edge: Edge) -> None:
    trunk, other, ended = Phone(edge, TRUNK), Phone(edge, TRUNK), Phone(edge, TRUNK)
    sent, _, worker, _, _ = answered(edge, trunk)
    _, _, living, got, answer = answered(edge, other)
    ended_sent, ended_ok, third, _, _ = answered(edge, ended)
    ended.send(ended.within("BYE", ended_sent, ended_ok))
    third.answer(third.expect("BYE"), 200)
    ended.expect(200)
    edge.kill()
    worker.die()
    third.die()
    edge.start()
    controller = edge.controller()
    living.reconnect(dialog_of(got, answer))
    bye = trunk.expect("BYE")
    assert bye.call_id == sent.call_id
    trunk.answer(bye, 200)
    assert controller.expect("worker_lost").call_id == worker.call_id
    controller.nothing("worker_lost")
    other.silence()
    ended.silence()


def test_an_answer_to_a_call_from_before_the_restart_still_reaches_the_caller(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK)
    sent = trunk.invite()
    worker = zygote.worker()
    got = worker.expect("INVITE")
    edge.kill()
    edge.start()
    answer = worker.answer(got, 200)
    trunk.ack(sent, trunk.expect(200))
    worker.expect("ACK")
    assert answer.status == 200


def test_a_call_that_had_no_worker_when_the_edge_was_killed_is_called_back(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK, user="13800138000")
    trunk.invite()
    zygote.fork()
    _, _, worker, _, _ = answered(edge, Phone(edge, TRUNK))
    edge.kill()
    edge.start()
    worker.reconnect()
    until(lambda: "call_ended" in edge.kinds(), "the end of the lost call")
    assert edge.kinds() == ["call_arrived", "call_arrived", "callback_requested", "call_ended"]
    assert [record["event_id"].rpartition("/")[2] for record in edge.journal()] == ["1", "1", "2", "3"]
    assert edge.journal()[2]["number"] == "+8613800138000"
