"""Health, readiness and metrics over HTTP, for machines that look after us.

GET and HEAD of three paths and nothing else: whatever else comes is refused without being read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from twisted.web.http import (
    INTERNAL_SERVER_ERROR,
    NOT_ALLOWED,
    NOT_FOUND,
    OK,
    SERVICE_UNAVAILABLE,
    HTTPChannel,
)
from twisted.web.resource import Resource
from twisted.web.server import Site

from hotline.metrics import CONTENT_TYPE
from hotline.web.status import Status

log = structlog.get_logger()
JSON = "application/json; charset=utf-8"
IDLE_SECONDS = 15
REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "hotline"}

Answer = tuple[int, str, bytes]
"""HTTP status, content type, body."""


class Pages(Resource):
    """All paths; what each says is asked anew every time."""

    isLeaf = True

    def __init__(self, answers: Mapping[bytes, Callable[[], Answer]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's Resource has no types
        self._answers = answers

    def render(self, request: Any) -> bytes:
        """HEAD is answered like GET; Twisted leaves its body out."""
        status, content_type, body = self._answer(request.method, request.path)
        request.setResponseCode(status)
        for name, value in {**HEADERS, "Content-Type": content_type}.items():
            request.setHeader(name, value)
        return body

    def _answer(self, method: bytes, path: bytes) -> Answer:
        if method not in (b"GET", b"HEAD"):
            return _json(NOT_ALLOWED, {"error": "only GET and HEAD"})
        if path not in self._answers:
            return _json(NOT_FOUND, {"error": "no such page", "pages": [p.decode() for p in self._answers]})
        try:
            return self._answers[path]()
        except Exception:
            log.exception("status page failed")
            return _json(INTERNAL_SERVER_ERROR, {"error": "see the log"})


class _Channel(HTTPChannel):
    """A request with a body is refused before the body is read: nothing here takes one."""

    def headerReceived(self, line: bytes) -> bool:
        name, _, value = line.partition(b":")
        header = name.strip().lower()
        if header == b"transfer-encoding" or (header == b"content-length" and value.strip() != b"0"):
            me: Any = self
            me.transport.write(REFUSAL)
            me.loseConnection()
            return False
        return bool(super().headerReceived(line))  # type: ignore[no-untyped-call]  # Twisted has no types here


def make_site(status: Callable[[], Status], exposition: Callable[[], bytes], reactor: Any = None) -> Any:
    """The HTTP site (a Twisted factory); `exposition` gives the metrics in Prometheus' text format.

    `/health`: 200 as long as the process turns. `/ready`: 200 when calls can be served, 503 and why
    otherwise; either way `degraded` says what calls go on without.
    """
    pages = Pages({
        b"/health": lambda: _json(OK, {"alive": True}),
        b"/ready": lambda: _ready(status()),
        b"/metrics": lambda: (OK, CONTENT_TYPE, exposition()),
    })
    make: Any = Site
    site = make(pages, timeout=IDLE_SECONDS, reactor=reactor)
    site.displayTracebacks = False
    site.noisy = False
    site.protocol = _Channel
    return site


def _ready(status: Status) -> Answer:
    document = status.document()
    return _json(OK if document["ready"] else SERVICE_UNAVAILABLE, document)


def _json(status: int, document: dict[str, Any]) -> Answer:
    return status, JSON, json.dumps(document, ensure_ascii=False).encode() + b"\n"
