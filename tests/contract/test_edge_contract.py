"""What every edge owes (docs/edge-contract.md), tried on real processes of each adapter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.ipc import Drain, Job, Originate
from tests.support.edge_calls import answered
from tests.support.sip_rig import EDGE, MODULES, SDP, TRUNK, Edge, Phone, Worker, running_edge, until

pytestmark = pytest.mark.live


@pytest.fixture(params=MODULES)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def edge(adapter: str) -> Iterator[Edge]:
    with running_edge(adapter) as running:
        yield running


# ---- the plain road
def test_a_call_is_answered_and_hung_up_by_the_caller(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK, user="13800138000")
    sent, ok, worker, got, _ = answered(edge, trunk)
    assert got.get("x-hotline-call") == worker.call_id
    assert got.body == sent.body
    trunk.send(trunk.within("BYE", sent, ok))
    worker.answer(worker.expect("BYE"), 200)
    trunk.expect(200)
    (arrived,) = edge.journal()
    assert arrived["kind"] == "call_arrived"
    assert (arrived["caller"], arrived["dialled"]) == ("+8613800138000", "962677")
    assert (arrived["trunk"], arrived["sip_call_id"]) == ("carrier", sent.call_id)


def test_the_hotline_hangs_up(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK)
    _, _, worker, got, answer = answered(edge, trunk)
    worker.send(worker.within_called("BYE", got, answer))
    trunk.answer(trunk.expect("BYE"), 200)
    worker.expect(200)


def test_a_key_just_before_the_hang_up_reaches_the_worker_first(edge: Edge) -> None:
    """Keys go as RTP past the edge; a BYE that overtook them would end the worker's ear for them."""
    trunk = Phone(edge, TRUNK)
    sent, ok, worker, _, _ = answered(edge, trunk)
    trunk.send(trunk.within("BYE", sent, ok, 3))
    trunk.send(trunk.within("INFO", sent, ok, 2))
    worker.answer(worker.expect("INFO"), 200)
    assert worker.kept() == [], "the BYE came before the key"
    worker.answer(worker.expect("BYE"), 200)
    trunk.expect(200)
    trunk.expect(200)


def test_calls_over_tcp_work_the_same(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK, tcp=True)
    sent, ok, worker, _, _ = answered(edge, trunk)
    trunk.send(trunk.within("BYE", sent, ok))
    worker.answer(worker.expect("BYE"), 200)
    trunk.expect(200)


def test_the_job_says_who_calls_whom(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK, user="anonymous")
    trunk.invite("5551234", p_asserted_identity="<sip:+8613900139000@carrier.example>")
    job = zygote.fork().job
    assert (job.purpose, job.entry, job.drill) == ("inbound", "rest", False)
    assert job.facts == {
        "caller": "+8613900139000", "dialled": "5551234", "trunk": "carrier", "partner": "",
    }  # fmt: skip


def test_requests_within_the_call_go_both_ways(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK)
    sent, ok, worker, got, answer = answered(edge, trunk)
    trunk.send(trunk.within("INVITE", sent, ok, 2, content_type="application/sdp"))
    again = worker.expect("INVITE")
    worker.answer(again, 200)
    trunk.expect(200)
    trunk.send(trunk.within("ACK", sent, ok, 2))
    worker.expect("ACK")
    for method in ("UPDATE", "INFO", "REFER", "OPTIONS"):
        worker.send(worker.within_called(method, got, answer, 7))
        trunk.answer(trunk.expect(method), 200)
        worker.expect(200)


def test_a_retransmitted_invite_is_answered_from_memory(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK)
    sent = trunk.invite()
    trunk.send(sent)
    trunk.expect(100)
    worker = zygote.worker()
    worker.answer(worker.expect("INVITE"), 180)
    trunk.expect(180)
    trunk.send(sent)
    trunk.expect(180)
    zygote.link.nothing("fork")


def test_headers_of_ours_from_outside_are_taken_away(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK)
    trunk.invite(x_hotline_call="forged", x_hotline_trunk="forged", route="<sip:elsewhere.example;lr>")
    worker = zygote.worker()
    got = worker.expect("INVITE")
    assert got.all("x-hotline-call") == [worker.call_id]
    assert not got.has("x-hotline-trunk")
    assert not got.has("route")


def test_what_hurts_pjsip_is_taken_out_of_the_offer(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK)
    harmful = "a=ice-ufrag:x\r\na=candidate:1 1 UDP 1 1.2.3.4 5 typ host\r\na=ptime:7\r\na=maxptime:999\r\n"
    trunk.invite(body=SDP + harmful)
    assert zygote.worker().expect("INVITE").body == SDP.encode()


def test_the_offer_is_taken_out_of_a_multipart_body(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK)
    isup = "--b\r\nContent-Type: application/isup\r\n\r\nx\r\n"
    body = f"{isup}--b\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--b--\r\n"
    trunk.invite(body=body, content_type='multipart/mixed;boundary="b"')
    got = zygote.worker().expect("INVITE")
    assert (got.get("content-type"), got.body) == ("application/sdp", SDP.encode())


# ---- without an answer
def test_a_caller_who_hangs_up_while_it_rings_is_called_back(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK, user="13800138000")
    sent = trunk.invite()
    worker = zygote.worker()
    got = worker.expect("INVITE")
    worker.answer(got, 180)
    trunk.expect(180)
    trunk.cancel(sent)
    worker.answer(worker.expect("CANCEL"), 200)
    worker.answer(got, 487)
    worker.expect("ACK")
    trunk.refused(sent, trunk.expect(487))
    assert edge.kinds() == ["call_arrived", "callback_requested", "call_ended"]
    _, callback, ended = edge.journal()
    assert (callback["number"], callback["reason"]) == ("+8613800138000", "abandoned")
    assert (ended["by"], ended["sip_status"]) == ("abandoned", 487)


def test_a_caller_who_hangs_up_before_the_worker_is_there_is_called_back(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK)
    sent = trunk.invite()
    fork = zygote.fork()
    trunk.cancel(sent)
    trunk.refused(sent, trunk.expect(487))
    worker = Worker(edge, fork.job.call_id)
    worker.link.expect("hangup")
    worker.silence()
    assert edge.kinds() == ["call_arrived", "callback_requested", "call_ended"]


def test_no_zygote_means_refused_and_called_back(adapter: str) -> None:
    with running_edge(adapter, edge__restart_wait_seconds=0.3) as edge:
        controller, trunk = edge.controller(), Phone(edge, TRUNK, user="13800138000")
        sent = trunk.invite()
        trunk.refused(sent, trunk.expect(503))
        controller.expect("edge_journal_grew")
        assert edge.kinds() == ["call_arrived", "callback_requested", "call_ended"]
        assert edge.journal()[1]["reason"] == "refused"


def test_a_zygote_that_comes_in_time_gets_the_waiting_call(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK)
    trunk.invite()
    trunk.expect(100)
    edge.zygote().worker().expect("INVITE")


def test_a_worker_that_never_comes_means_refused(adapter: str) -> None:
    with running_edge(adapter, edge__worker_wait_seconds=0.3) as edge:
        zygote, trunk = edge.zygote(), Phone(edge, TRUNK)
        sent = trunk.invite()
        fork = zygote.fork()
        trunk.refused(sent, trunk.expect(503))
        late = Worker(edge, fork.job.call_id)
        late.link.expect("hangup")


def test_calls_beyond_the_capacity_are_refused_but_pages_are_not(adapter: str) -> None:
    with running_edge(adapter, workers__max_conversations=3, workers__reserved_for_pages=2) as edge:
        zygote, controller, trunk = edge.zygote(), edge.controller(), Phone(edge, TRUNK)
        trunk.invite()
        zygote.worker().expect("INVITE")
        trunk.refused(trunk.invite(), trunk.expect(503))
        for call_id in ("p1", "p2", "p3"):
            controller.send(Originate(job=Job(call_id=call_id, purpose="page", entry="page", dial="sip:x@y")))
        assert [zygote.fork().job.call_id, zygote.fork().job.call_id] == ["p1", "p2"]
        failed = controller.expect("originate_failed")
        assert (failed.call_id, failed.busy) == ("p3", True)


def test_the_workers_refusal_reaches_the_caller_and_he_is_called_back(edge: Edge) -> None:
    zygote, trunk = edge.zygote(), Phone(edge, TRUNK)
    sent = trunk.invite()
    worker = zygote.worker()
    worker.answer(worker.expect("INVITE"), 486)
    worker.expect("ACK")
    trunk.refused(sent, trunk.expect(486))
    assert edge.kinds() == ["call_arrived", "callback_requested", "call_ended"]


def test_an_unfit_call_is_refused_and_called_back(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK)
    sent = trunk.invite(body="hello", content_type="text/plain")
    refusal = trunk.expect(415)
    assert refusal.get("accept") == "application/sdp"
    trunk.refused(sent, refusal)
    assert edge.kinds() == ["call_arrived", "callback_requested", "call_ended"]


# ---- providers
def test_the_newest_zygote_that_does_not_drain_gets_the_calls(edge: Edge) -> None:
    old, new = edge.zygote("20260101-1"), edge.zygote("20260202-1")
    trunk = Phone(edge, TRUNK)
    trunk.invite()
    new.fork()
    controller = edge.controller()
    controller.send(Drain(instance="20260202-1"))
    controller.send(Originate(job=Job(call_id="p1", purpose="page", entry="page", dial="sip:x@y")))
    assert old.fork().job.call_id == "p1"
    trunk.invite()
    old.fork()


def test_when_all_drain_calls_are_refused(edge: Edge) -> None:
    zygote, trunk = edge.zygote("20260101-1"), Phone(edge, TRUNK)
    edge.controller().send(Drain(instance="20260101-1"))
    until(lambda: _options(trunk) == 503)
    trunk.refused(trunk.invite(), trunk.expect(503))
    zygote.link.nothing("fork")


def _options(trunk: Phone) -> int:
    trunk.send(trunk.request("OPTIONS", f"sip:{EDGE}:{trunk.edge.port}"))
    return next(s for s in (200, 503) if _got(trunk, s))


def _got(trunk: Phone, status: int) -> bool:
    try:
        trunk.expect(status, 0.2)
    except AssertionError:
        return False
    return True


def test_a_zygote_that_cannot_or_dies_is_replaced_by_the_other(edge: Edge) -> None:
    old, new = edge.zygote("20260101-1"), edge.zygote("20260202-1")
    trunk = Phone(edge, TRUNK)
    trunk.invite()
    new.cannot(new.fork())
    old.worker().expect("INVITE")
    trunk.invite()
    new.fork()
    new.die()
    old.worker().expect("INVITE")


# ---- outbound
def test_a_page_is_forked_and_called_over_the_trunk(edge: Edge) -> None:
    zygote, controller = edge.zygote(), edge.controller()
    carrier = Phone(edge, TRUNK, port=5999)
    controller.send(Originate(job=Job(call_id="p1", purpose="page", entry="page", dial="13800138000")))
    worker = Worker(edge, zygote.fork().job.call_id, purpose="page")
    worker.dial(f"sip:13800138000@{EDGE}:{edge.port}", x_hotline_trunk="carrier")
    got = carrier.expect("INVITE")
    assert got.uri == f"sip:13800138000@{TRUNK}:5999"
    assert not [name for name, _ in got.headers if name.startswith("x-hotline")]
    carrier.answer(got, 200)
    worker.expect(200)


def test_only_workers_may_call_foreign_addresses(edge: Edge) -> None:
    edge.zygote()
    victim, trunk = Phone(edge, "127.0.0.6"), Phone(edge, TRUNK)
    request = trunk.request("INVITE", f"sip:victim@127.0.0.6:{victim.port}", body=SDP)
    trunk.send(request)
    victim.silence()


def test_a_forged_route_is_not_followed(edge: Edge) -> None:
    victim = Phone(edge, "127.0.0.6")
    trunk = Phone(edge, TRUNK)
    sent, ok, *_ = answered(edge, trunk)
    stray = trunk.within("INFO", sent, ok)
    stray.set("call-id", "another-call")
    trunk.send(stray)
    trunk.expect(481)
    stray = trunk.within("INFO", sent, ok, 3)
    stray.uri = f"sip:victim@127.0.0.6:{victim.port}"
    trunk.send(stray)
    trunk.expect(404)
    stray = trunk.within("INFO", sent, ok, 4)
    routes = list(reversed(stray.all("route")))
    stray.remove("route")
    stray.headers += [("route", route) for route in routes]
    stray.uri = f"sip:victim@127.0.0.6:{victim.port}"
    trunk.send(stray)
    trunk.expect(481)
    victim.silence()
