"""Health, readiness and metrics, asked by hand-written HTTP over a transport of strings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from hotline.metrics import Metrics
from hotline.web.site import make_site
from hotline.web.status import Status

WELL = Status(
    edge_connected=True, zygote_connected=True, database_up=True, journal_writable=True, model_present=True,
    instance="i1", conversations=3, agents_reachable=2, flow_version="abc",
)


class Wire(StringTransport):
    """A connection that can be closed twice, as a real one can."""

    def unregisterProducer(self) -> None:
        self.producer = None


def ask(request: bytes, status: Callable[[], Status] = lambda: WELL) -> bytes:
    """What the site answers, up to the end of the connection."""
    metrics = Metrics()
    metrics.conversations(3)
    clock: Any = Clock()
    site = make_site(status, metrics.exposition, clock)
    channel: Any = site.buildProtocol(None)  # type: ignore[arg-type]
    transport: Any = Wire()
    channel.makeConnection(transport)
    channel.dataReceived(request)
    clock.pump([1] * 20)
    return bytes(transport.value())


def get(path: str, status: Status = WELL) -> tuple[int, bytes]:
    head, _, body = ask(f"GET {path} HTTP/1.0\r\n\r\n".encode(), lambda: status).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_health_says_that_the_process_turns() -> None:
    assert get("/health") == (200, b'{"alive": true}\n')


def test_ready_when_calls_can_be_served() -> None:
    status, body = get("/ready")
    document = json.loads(body)
    assert (status, document["ready"], document["why_not"], document["degraded"]) == (200, True, [], [])
    assert document["conversations"] == 3 and document["flow_version"] == "abc"


@pytest.mark.parametrize(("change", "word"), [
    ({"edge_connected": False}, "edge"),
    ({"zygote_connected": False}, "zygote"),
    ({"database_up": False, "journal_writable": False}, "journal"),
    ({"draining": True}, "successor"),
])
def test_not_ready_says_why(change: dict[str, bool], word: str) -> None:
    status, body = get("/ready", replace(WELL, **change))  # type: ignore[arg-type]
    assert status == 503 and word in json.loads(body)["why_not"][0]


@pytest.mark.parametrize(("change", "word"), [
    ({"model_present": False}, "speech model"),
    ({"database_up": False}, "local journal"),
    ({"agents_reachable": 0}, "duty crew"),
])
def test_degraded_is_ready_and_says_so(change: dict[str, Any], word: str) -> None:
    status, body = get("/ready", replace(WELL, **change))
    assert status == 200 and word in json.loads(body)["degraded"][0]


def test_what_is_to_be_done_soon_is_a_notice_and_keeps_nothing_back() -> None:
    status, body = get("/ready", replace(WELL, notices=("no calendar of 2027",)))
    document = json.loads(body)
    assert (status, document["degraded"], document["notices"]) == (200, [], ["no calendar of 2027"])


def test_metrics_are_prometheus_text() -> None:
    status, body = get("/metrics")
    assert status == 200 and b"hotline_conversations_active 3.0" in body


def test_a_fault_in_the_status_is_an_answer_and_no_page_of_code() -> None:
    answer = ask(b"GET /ready HTTP/1.0\r\n\r\n", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert answer.startswith(b"HTTP/1.0 500") and b"Traceback" not in answer and b"ZeroDivision" not in answer


@pytest.mark.parametrize(("request_bytes", "status"), [
    (b"GET /nothing HTTP/1.0\r\n\r\n", 404),
    (b"GET /health/../../etc/passwd HTTP/1.0\r\n\r\n", 404),
    (b"GET /metrics/x HTTP/1.0\r\n\r\n", 404),
    (b"DELETE /metrics HTTP/1.0\r\n\r\n", 405),
    (b"POST /ready HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n", 413),
    (b"POST /ready HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
    (b"GET /health HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n", 400),
    (b"\x00\xff\r\n\r\n", 400),
])
def test_everything_else_is_refused(request_bytes: bytes, status: int) -> None:
    assert int(ask(request_bytes).split()[1]) == status


def test_head_has_no_body() -> None:
    answer = ask(b"HEAD /health HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200") and answer.endswith(b"\r\n\r\n")


def test_somebody_who_never_ends_his_headers_is_cut_off() -> None:
    assert len(ask(b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 100_000)) < 1000


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_do_no_harm(noise: bytes) -> None:
    ask(noise)
    ask(b"GET /" + noise + b" HTTP/1.1\r\n" + noise + b"\r\n\r\n")
