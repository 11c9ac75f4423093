"""Retransmissions and time-outs on a clock of our own (RFC 3261 §17)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from hotline.sip.message import Request, Response, parse, reply
from hotline.sip.transaction import Transactions
from hotline.sip.transport import Hop

UDP, TCP = Hop("udp", "192.0.2.1", 5060), Hop("tcp", "192.0.2.1", 5060)


class Wire:
    """Remembers what was sent, by its first word or status."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sent: list[str] = []
        self.answers: list[int] = []
        self.timed_out = 0
        self.transactions = Transactions(self.clock, self.send)

    def send(self, data: bytes, hop: Hop) -> bool:
        words = data.split(None, 2)
        self.sent.append((words[1] if words[0] == b"SIP/2.0" else words[0]).decode())
        return True

    def answered(self, response: Response) -> None:
        self.answers.append(response.status)

    def gave_up(self) -> None:
        self.timed_out += 1

    def take(self) -> list[str]:
        taken, self.sent = self.sent, []
        return taken


@pytest.fixture
def wire() -> Wire:
    return Wire()


def request(method: str, branch: str = "z9hG4bKabc") -> Request:
    parsed = parse(
        f"{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch={branch}\r\nFrom: <sip:a@b>;tag=1\r\n"
        f"To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\r\n".encode()
    )
    assert isinstance(parsed, Request)
    return parsed


def test_an_invite_without_any_answer_is_repeated_and_given_up(wire: Wire) -> None:
    invite = request("INVITE")
    wire.transactions.ask(invite, UDP, wire.answered, wire.gave_up)
    wire.clock.pump([0.5] * 63)
    assert wire.take() == ["INVITE"] * 7
    wire.clock.advance(0.5)
    assert (wire.timed_out, len(wire.transactions)) == (1, 0)


def test_a_request_is_repeated_at_most_every_four_seconds(wire: Wire) -> None:
    wire.transactions.ask(request("BYE"), UDP, wire.answered, wire.gave_up)
    wire.clock.pump([0.5] * 64)
    assert len(wire.take()) == 11
    assert wire.timed_out == 1


def test_over_tcp_nothing_is_repeated(wire: Wire) -> None:
    wire.transactions.ask(request("INVITE"), TCP, wire.answered, wire.gave_up)
    wire.clock.pump([0.5] * 64)
    assert (wire.take(), wire.timed_out) == (["INVITE"], 1)


def test_a_provisional_answer_ends_the_repeating(wire: Wire) -> None:
    invite = request("INVITE")
    client = wire.transactions.ask(invite, UDP, wire.answered, wire.gave_up)
    client.received(reply(invite, 180, "Ringing", "t"))
    wire.clock.pump([1] * 100)
    assert (wire.take(), wire.answers, wire.timed_out) == (["INVITE"], [180], 0)


def test_a_refusal_is_acknowledged_each_time_and_told_once(wire: Wire) -> None:
    invite = request("INVITE")
    client = wire.transactions.ask(invite, UDP, wire.answered, wire.gave_up)
    for _ in range(3):
        client.received(reply(invite, 486, "Busy", "t"))
    assert (wire.take(), wire.answers) == (["INVITE", "ACK", "ACK", "ACK"], [486])
    wire.clock.advance(33)
    assert len(wire.transactions) == 0


def test_each_repeated_2xx_is_passed_on(wire: Wire) -> None:
    invite = request("INVITE")
    client = wire.transactions.ask(invite, UDP, wire.answered, wire.gave_up)
    for _ in range(3):
        client.received(reply(invite, 200, "OK", "t"))
    assert (wire.take(), wire.answers) == (["INVITE"], [200, 200, 200])


def test_our_refusal_of_an_invite_is_repeated_until_acknowledged(wire: Wire) -> None:
    invite = request("INVITE")
    server = wire.transactions.serve(invite, UDP)
    server.respond(reply(invite, 503, "Service Unavailable", "t"))
    wire.clock.pump([0.5] * 4)
    assert wire.take() == ["503"] * 3
    known = wire.transactions.server(request("ACK"))
    assert known is server
    server.acknowledged()
    wire.clock.pump([1] * 6)
    assert (wire.take(), len(wire.transactions)) == ([], 0)


def test_a_repeated_request_gets_the_same_answer(wire: Wire) -> None:
    options = request("OPTIONS")
    server = wire.transactions.serve(options, UDP)
    server.repeated()
    assert wire.take() == []
    server.respond(reply(options, 200, "OK", "t"))
    server.respond(reply(options, 500, "Never", "t"))
    server.repeated()
    assert wire.take() == ["200", "200"]
    wire.clock.advance(33)
    assert len(wire.transactions) == 0


def test_a_cancel_finds_its_invite_and_a_merged_invite_is_seen(wire: Wire) -> None:
    server = wire.transactions.serve(request("INVITE"), UDP)
    assert wire.transactions.cancelled_by(request("CANCEL")) is server
    other_way = request("INVITE", "z9hG4bKother")
    assert wire.transactions.server(other_way) is None
    assert wire.transactions.merged(other_way)


@pytest.mark.parametrize("branch", ["z9hG4bK", "1", "abc"])
def test_old_branches_match_by_the_whole_request(wire: Wire, branch: str) -> None:
    server = wire.transactions.serve(request("INVITE", branch), UDP)
    assert wire.transactions.server(request("INVITE", branch)) is server
    assert wire.transactions.server(request("ACK", branch)) is server
    other = request("INVITE", branch)
    other.set("call-id", "another")
    assert wire.transactions.server(other) is None
