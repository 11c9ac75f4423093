"""A call that is up, and what a worker knows of it."""

from __future__ import annotations

from hotline.ipc import Dialog
from hotline.sip.message import Request, Response
from tests.support.sip_rig import Edge, Phone, Worker

Call = tuple[Request, Response, Worker, Request, Response]


def answered(edge: Edge, trunk: Phone, **headers: str) -> Call:
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


def dialog_of(got: Request, answer: Response) -> Dialog:
    """What a worker tells a new edge about a call that came to it."""
    return Dialog(
        sip_call_id=got.call_id, local_tag=answer.to_tag, remote_tag=got.from_tag,
        local_uri=answer.get("to"), remote_uri=got.get("from"),
        remote_target=_contact(got), route_set=tuple(got.all("record-route")),
    )  # fmt: skip


def _contact(message: Request | Response) -> str:
    return message.get("contact").partition("<")[2].partition(">")[0]
