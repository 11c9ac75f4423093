"""Calls through a real edge process: the caller, the worker and everything between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.ipc import Dialog, Job, Originate
from hotline.sip.message import Request, Response
from tests.support.sip_rig import EDGE, PHONE, STRANGER, TRUNK, Edge, Phone, Worker, running_edge, until


@pytest.fixture
def edge() -> Iterator[Edge]:
    with running_edge() as running:
        yield running


def answered(edge: Edge, trunk: Phone, **headers: str) -> tuple[Request, Response, Worker, Request, Response]:
    """A call that is up: what the trunk sent and got, the worker, what it got and sent."""
    zygote = edge.zygote()
    sent = trunk.invite(**headers)
    worker = zygote.worker()
    got = worker.expect("INVITE")
    worker.answer(got, 180)
    answer = worker.answer(got, 200)
    trunk.expect(180)
    ok = trunk.expect(200)
    trunk.ack(sent, ok)
    worker.expect("ACK")
    return sent, ok, worker, got, answer


def test_a_call_is_answered_and_hung_up_by_the_caller(edge: Edge) -> None:
    trunk = Phone(edge, TRUNK, user="13800138000")
    sent, ok, worker, got, _ = answered(edge, trunk)
    assert got.get("x-hotline-call") == worker.call_id
    assert got.body == sent.body
    trunk.send(trunk.within("BYE", sent, ok))
    worker.answer(worker.expect("BYE"), 200)
    trunk.expect(200)
    assert edge.kinds() == ["call_arrived"]
    assert edge.journal()[0]["caller"] == "+8613800138000"
