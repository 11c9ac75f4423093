"""The 49 messages of RFC 4475, sent to a living edge over UDP and TCP: answer, call or silence."""

from __future__ import annotations

import select
from collections.abc import Iterator

import pytest

from tests.rfc4475.answers import ANSWERS, Deserved
from tests.support.sip_rig import STRANGER, TRUNK, Edge, Phone, Zygote, running_edge

OVER_TCP: dict[str, Deserved] = {
    "clerr": "silence",  # the rest of its body may still come
    "inv2543": 400,  # a stream needs a Content-Length
}


@pytest.fixture(scope="module", params=["udp", "tcp"])
def edge(request: pytest.FixtureRequest) -> Iterator[Edge]:
    """One for each transport, since a message that comes again the other way is the same message."""
    with running_edge() as running:
        running.transport = request.param
        yield running
        assert "could not be handled" not in running.log()


@pytest.fixture(scope="module")
def zygote(edge: Edge) -> Zygote:
    return edge.zygote()


def test_there_are_49() -> None:
    assert len(ANSWERS) == 49


def final_status(phone: Phone, seconds: float) -> int | None:
    """Of the first final answer, read with no parser at all."""
    while select.select([phone.socket], [], [], seconds)[0]:
        data = phone.socket.recv(65536)
        if not data:
            return None
        statuses = [int(line.split()[1]) for line in data.split(b"\r\n") if line.startswith(b"SIP/2.0 ")]
        finals = [status for status in statuses if status >= 200]
        if finals:
            return finals[0]
    return None


def check(edge: Edge, zygote: Zygote, phone: Phone, data: bytes, deserved: Deserved) -> None:
    phone.send(data)
    if deserved == "worker":
        zygote.cannot(zygote.fork())
        assert final_status(phone, 10) == 503
    elif deserved == "silence":
        assert final_status(phone, 0.2) is None
    else:
        assert final_status(phone, 10) == deserved


@pytest.mark.parametrize("name", ANSWERS)
def test_a_trunk_gets_the_right_answer(edge: Edge, zygote: Zygote, name: str) -> None:
    data, deserved = ANSWERS[name]
    tcp = edge.transport == "tcp"
    if tcp:
        deserved = OVER_TCP.get(name, deserved)
    check(edge, zygote, Phone(edge, TRUNK, tcp=tcp), data, deserved)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stranger_learns_nothing_but_that_a_password_is_wanted(edge: Edge, name: str) -> None:
    phone = Phone(edge, STRANGER, tcp=edge.transport == "tcp")
    phone.send(ANSWERS[name][0])
    assert final_status(phone, 0.05) in (None, 401, 407)
    phone.close()
