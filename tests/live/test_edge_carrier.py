"""Carriers that ask us for a password, or want us to register: a scripted one, and SIPp."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotline.sip.digest import Digest
from hotline.sip.message import Request, Response
from tests.support.sip_rig import EDGE, TRUNK, Edge, Phone, Worker, free_port, running_edge, until

SCENARIOS = Path(__file__).parent / "sipp"
PASSWORDS = {"gashotline": "trunk-geheim"}


def trunk(port: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"name": "carrier", "addresses": [f"{TRUNK}/32"], "uri": f"sip:{{number}}@{TRUNK}:{port}",
         "outbound_user": "gashotline", "outbound_password_env": "TRUNK_PASSWORD", **more}
    ]  # fmt: skip


class Carrier(Phone):
    """Asks for the password of every request that it is told to ask for."""

    def __init__(self, edge: Edge, port: int) -> None:
        super().__init__(edge, TRUNK, port=port, user="carrier")
        self.digest = Digest("carrier.example", b"key", time.time)

    def ask(self, method: str, status: int = 407) -> Request:
        """Refuse the first, take the second with a right password; returns that."""
        first: Request = self.expect(method)
        self.challenge(first, status)
        if method == "INVITE":
            assert self.expect("ACK").cseq == (first.cseq[0], "ACK")
        second: Request = self.expect(method)
        header = "authorization" if status == 401 else "proxy-authorization"
        verdict = self.digest.check(second.all(header), method, second.uri, PASSWORDS.get)
        assert (verdict.outcome, verdict.user) == ("accepted", "gashotline")
        assert (second.call_id, second.from_tag) == (first.call_id, first.from_tag)
        assert second.cseq[0] == first.cseq[0] + 1 and second.via.branch != first.via.branch
        return second

    def grant(self, request: Request, seconds: int) -> None:
        """The 200 of a registrar: it repeats our Contact with the time that it grants."""
        copied = ("via", "from", "to", "call-id", "cseq")
        response = Response(status=200, reason="OK")
        response.headers = [pair for pair in request.headers if pair[0] in copied]
        response.headers.append(("contact", f"{request.get('contact')};expires={seconds}"))
        self.send(response)

    def challenge(self, request: Request, status: int = 407, *, stale: bool = False) -> None:
        response = Response(status=status, reason="Who Is That")
        copied = ("via", "from", "to", "call-id", "cseq")
        response.headers = [pair for pair in request.headers if pair[0] in copied]
        if "tag=" not in response.get("to"):
            response.set("to", f"{response.get('to')};tag=asked")
        name = "www-authenticate" if status == 401 else "proxy-authenticate"
        response.headers += [(name, value) for value in self.digest.challenges(stale=stale)]
        self.send(response)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def edge(port: int) -> Iterator[Edge]:
    with running_edge(edge__trunks=trunk(port)) as running:
        yield running


Call = tuple[Worker, Request, Response, Request, Response]


def called(edge: Edge, carrier: Carrier, status: int = 407) -> Call:
    """A call that is up: what the worker sent and got, what the carrier got and sent."""
    worker = Worker(edge, "page-1", purpose="page")
    sent = worker.dial(f"sip:13700000001@{EDGE}:{edge.port}")
    got = carrier.ask("INVITE", status)
    carrier.answer(got, 180)
    assert worker.expect(180).cseq == sent.cseq
    answer = carrier.answer(got, 200)
    ok = worker.expect(200)
    assert ok.cseq == sent.cseq
    worker.ack(sent, ok)
    assert carrier.expect("ACK").cseq == (got.cseq[0], "ACK")
    return worker, sent, ok, got, answer


@pytest.mark.parametrize("status", [401, 407])
def test_a_call_over_a_carrier_that_asks(edge: Edge, port: int, status: int) -> None:
    carrier = Carrier(edge, port)
    worker, sent, ok, got, answer = called(edge, carrier, status)
    carrier.send(carrier.within_called("UPDATE", got, answer, number=77))
    update = worker.expect("UPDATE")
    assert update.cseq == (77, "UPDATE")
    worker.answer(update, 200)
    assert carrier.expect(200).cseq == (77, "UPDATE")
    worker.send(worker.within("BYE", sent, ok, sent.cseq[0] + 1))
    bye = carrier.expect("BYE")
    assert bye.cseq == (got.cseq[0] + 1, "BYE")
    carrier.answer(bye, 200)
    assert worker.expect(200).cseq == (sent.cseq[0] + 1, "BYE")


def test_the_count_goes_on_in_an_edge_that_was_killed(edge: Edge, port: int) -> None:
    """A re-INVITE is asked for its password too; then the edge dies, then the worker hangs up."""
    carrier = Carrier(edge, port)
    worker, sent, ok, got, _ = called(edge, carrier)
    again = worker.within("INVITE", sent, ok, sent.cseq[0] + 1)
    worker.send(again)
    second = carrier.ask("INVITE")
    carrier.answer(second, 200)
    fresh = worker.expect(200)
    assert fresh.cseq == again.cseq
    worker.send(worker.within("ACK", sent, ok, again.cseq[0]))
    assert carrier.expect("ACK").cseq == (second.cseq[0], "ACK")
    edge.kill()
    edge.start()
    worker.reconnect()
    worker.send(worker.within("BYE", sent, ok, sent.cseq[0] + 2))
    bye = carrier.expect("BYE")
    assert bye.cseq == (second.cseq[0] + 1, "BYE")
    assert got.cseq[0] + 2 == second.cseq[0]
    carrier.answer(bye, 200)
    worker.expect(200)


def test_a_stale_nonce_costs_one_more_round_and_a_wrong_password_ends(edge: Edge, port: int) -> None:
    carrier, worker = Carrier(edge, port), Worker(edge, "page-1", purpose="page")
    sent = worker.dial(f"sip:13700000001@{EDGE}:{edge.port}")
    for _ in range(3):
        carrier.challenge(carrier.expect("INVITE"), stale=True)
        carrier.expect("ACK")
    refusal = worker.expect(407)
    assert refusal.cseq == sent.cseq
    worker.refused(sent, refusal)
    carrier.silence()


def test_a_call_that_is_given_up_while_it_is_asked_again(edge: Edge, port: int) -> None:
    carrier, worker = Carrier(edge, port), Worker(edge, "page-1", purpose="page")
    sent = worker.dial(f"sip:13700000001@{EDGE}:{edge.port}")
    got = carrier.ask("INVITE")
    carrier.answer(got, 180)
    worker.expect(180)
    worker.cancel(sent)
    worker.expect(200)
    cancel = carrier.expect("CANCEL")
    assert (cancel.cseq, cancel.via.branch) == ((got.cseq[0], "CANCEL"), got.via.branch)
    carrier.answer(cancel, 200)
    carrier.answer(got, 487)
    assert worker.expect(487).cseq == sent.cseq


def test_no_password_is_shown_to_whoever_else_asks(edge: Edge, port: int) -> None:
    """A crew's phone, an agent's, anybody who is no carrier."""
    other, worker = Carrier(edge, free_port()), Worker(edge, "page-1", purpose="page")
    worker.dial(f"sip:crew@{TRUNK}:{other.port}")
    other.challenge(other.expect("INVITE"))
    worker.expect(407)


# ---- registration
def test_registers_renews_and_gets_calls(port: int) -> None:
    with running_edge(edge__trunks=trunk(port, registers=True)) as edge:
        carrier = Carrier(edge, port)
        first = carrier.ask("REGISTER", 401)
        assert first.get("contact") == f"<sip:962677@{EDGE}:{edge.port}>"
        assert str(first.to.uri) == f"sip:gashotline@{TRUNK}" and first.get("expires") == "600"
        assert edge.gauge("trunks_registered") == 0
        carrier.grant(first, 6)
        until(lambda: edge.gauge("trunks_registered") == 1, "the registration")
        zygote = edge.zygote()
        carrier.invite()
        zygote.worker().expect("INVITE")
        second = carrier.ask("REGISTER", 401)
        assert second.cseq[0] > first.cseq[0] and second.call_id == first.call_id


def test_a_carrier_that_is_away_is_asked_again_and_a_short_wish_is_lengthened(port: int) -> None:
    with running_edge(edge__trunks=trunk(port, registers=True, register_seconds=60)) as edge:
        carrier = Carrier(edge, port)
        carrier.answer(carrier.expect("REGISTER"), 503)
        request = carrier.expect("REGISTER")
        short = Response(status=423, reason="Interval Too Brief", headers=[("min-expires", "1800")])
        short.headers += [p for p in request.headers if p[0] in ("via", "from", "to", "call-id", "cseq")]
        carrier.send(short)
        longer = carrier.expect("REGISTER")
        assert longer.get("expires") == "1800" and longer.cseq[0] == request.cseq[0] + 1


# ---- SIPp as the carrier
def sipp(scenario: str, port: int, folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["sipp", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", TRUNK, "-p", str(port), "-nostdin",
         "-m", "1", "-timeout", "30", "-timeout_error", *more],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_sipp_is_satisfied_with_our_password(edge: Edge, port: int, tmp_path: Path) -> None:
    with sipp("carrier_asks", port, tmp_path) as carrier:
        worker = Worker(edge, "page-1", purpose="page")
        sent = worker.dial(f"sip:13700000001@{EDGE}:{edge.port}")
        ok = worker.expect(200)
        worker.ack(sent, ok)
        worker.send(worker.within("BYE", sent, ok))
        worker.expect(200)
        output, _ = carrier.communicate(timeout=30)
        assert carrier.returncode == 0, output[-3000:]


def test_sipp_registers_us(port: int, tmp_path: Path) -> None:
    with sipp("carrier_registers", port, tmp_path) as carrier:
        with running_edge(edge__trunks=trunk(port, registers=True)) as edge:
            until(lambda: edge.gauge("trunks_registered") == 1, "the registration")
        output, _ = carrier.communicate(timeout=30)
        assert carrier.returncode == 0, output[-3000:]
