"""SIP MESSAGE (RFC 3428) through a living edge: to phones, over the trunk, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.ipc import SendText
from hotline.paging.channel import Delivered, Permanent, Temporary
from hotline.paging.sip_text import judged
from hotline.sip.message import Request
from tests.support.sip_rig import EDGE, PHONE, TRUNK, Edge, Phone, running_edge

TEXT = "【派单】利州东路10号，请立即出发。"


@pytest.fixture
def edge() -> Iterator[Edge]:
    with running_edge() as running:
        yield running


def registered(edge: Edge, *, tcp: bool = False) -> Phone:
    phone = Phone(edge, PHONE, user="1001", tcp=tcp)
    assert phone.register().status == 200
    return phone


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_registered_phone_shows_the_line(edge: Edge, tcp: bool) -> None:
    phone, controller = registered(edge, tcp=tcp), edge.controller()
    controller.send(SendText(key="P1", to="1001", text=TEXT))
    got: Request = phone.expect("MESSAGE")
    assert got.body.decode() == TEXT
    assert got.get("content-type") == "text/plain;charset=UTF-8"
    assert not got.has("contact"), "RFC 3428 §4: no Contact"
    assert got.get("from").startswith("<sip:962677@")
    phone.answer(got, 200, body="")
    assert controller.expect("text_sent", key="P1").status == 200


@pytest.mark.parametrize(("status", "kind"), [
    (200, Delivered), (202, Delivered), (404, Permanent), (405, Permanent), (415, Permanent),
    (480, Temporary), (486, Temporary), (503, Temporary), (603, Permanent),
])
def test_what_the_phone_says_is_told(edge: Edge, status: int, kind: type) -> None:
    phone, controller = registered(edge), edge.controller()
    controller.send(SendText(key="P1", to=f"sip:1001@{EDGE}", text=TEXT))
    phone.answer(phone.expect("MESSAGE"), status, body="")
    said = controller.expect("text_sent", key="P1")
    assert said.status == status
    assert isinstance(judged(said.status, said.retry_after_seconds), kind)


def test_a_phone_that_is_not_there_is_temporary(edge: Edge) -> None:
    controller = edge.controller()
    controller.send(SendText(key="P1", to="1001", text=TEXT))
    assert controller.expect("text_sent", key="P1").status == 480


def test_nobody_of_that_name_is_permanent(edge: Edge) -> None:
    controller = edge.controller()
    for number, to in enumerate(("nobody", "sip:", "sip:a b@c", f"sip:who@{EDGE}")):
        controller.send(SendText(key=f"P{number}", to=to, text=TEXT))
        assert controller.expect("text_sent", key=f"P{number}").status == 404


def test_a_number_goes_over_the_trunk_and_may_be_told_to_wait(edge: Edge) -> None:
    carrier, controller = Phone(edge, TRUNK, port=5999, user="carrier"), edge.controller()
    controller.send(SendText(key="P1", to="+8613900001111", text=TEXT))
    got = carrier.expect("MESSAGE")
    assert got.uri == f"sip:+8613900001111@{TRUNK}:5999"
    answer = carrier.answer(got, 503, body="")
    assert answer.status == 503
    said = controller.expect("text_sent", key="P1")
    assert isinstance(judged(said.status, said.retry_after_seconds), Temporary)


def test_the_same_order_twice_is_one_message(edge: Edge) -> None:
    phone, controller = registered(edge), edge.controller()
    for _ in range(2):
        controller.send(SendText(key="P1", to="1001", text=TEXT))
    got = phone.expect("MESSAGE")
    phone.answer(got, 200, body="")
    controller.expect("text_sent", key="P1")
    assert not [line for line in phone.kept() if line.startswith("MESSAGE")]


def test_strangers_still_cannot_send_us_texts(edge: Edge) -> None:
    """Only what goes out is new: MESSAGE from outside is refused as before."""
    trunk = Phone(edge, TRUNK)
    trunk.send(trunk.request("MESSAGE", f"sip:962677@{EDGE}:{edge.port}", body="x"))
    assert trunk.expect(405)
