"""HTTP for channels: one POST, a time limit, a small answer. Certificates are always checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from OpenSSL.crypto import FILETYPE_PEM, load_certificate
from twisted.internet.defer import CancelledError, Deferred, TimeoutError, succeed
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.python.failure import Failure
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer  # type: ignore[import-untyped]  # no types are published

from hotline.paging.channel import Delivered, Outcome, Permanent, Temporary

MAX_ANSWER_BYTES = 65536
AGENT = "gas-hotline"
LATER = (408, 425, 429)
"""Statuses that ask to come back; so do all from 500 on, but 501 and 505 never change."""
NEVER = (501, 505)


class NoAnswerError(Exception):
    """No connection, no answer in time, or one that is cut off. Whether it arrived is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Lower-case names; the first value of each."""
    body: bytes

    def document(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class HttpClient:
    """Shared by all channels of a process; connections are kept open between messages."""

    def __init__(self, reactor: Any, *, timeout_seconds: float = 10, ca_file: Path | None = None) -> None:
        """`ca_file`: trust only these certificates (PEM), for a gateway inside the company."""
        self._reactor = reactor
        self._timeout_seconds = timeout_seconds
        make_pool: Any = HTTPConnectionPool
        make_policy: Any = BrowserLikePolicyForHTTPS
        make_agent: Any = Agent
        self._pool = make_pool(reactor)
        self._pool.retryAutomatically = False  # whether a POST arrived is ours to judge
        policy = make_policy(trust_of(ca_file)) if ca_file else make_policy()
        self._agent = make_agent(reactor, policy, connectTimeout=timeout_seconds, pool=self._pool)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises NoAnswerError."""
        return await self._ask(b"POST", url, headers, _Content(body))

    async def get(self, url: str) -> Answer:
        """Raises NoAnswerError."""
        return await self._ask(b"GET", url, {}, None)

    async def _ask(
        self, method: bytes, url: str, headers: Mapping[str, str], content_sent: _Content | None
    ) -> Answer:
        fields = {"User-Agent": [AGENT], **{name: [value] for name, value in headers.items()}}
        asked = self._agent.request(method, url.encode("ascii"), Headers(fields), content_sent)
        asked.addTimeout(self._timeout_seconds, self._reactor)
        try:
            response = await asked
            reading = _read(response)
            reading.addTimeout(self._timeout_seconds, self._reactor, onTimeoutCancel=_cut(response))
            content = await reading
        except TimeoutError as error:
            raise NoAnswerError(f"no answer in {self._timeout_seconds:g} s") from error
        except Exception as error:
            # Twisted has dozens of reasons and they change; all of them mean the same here.
            raise NoAnswerError(self._reason(error)) from error
        found = {k.decode("latin-1").lower(): v[0].decode("latin-1")
                 for k, v in response.headers.getAllRawHeaders()}
        return Answer(response.code, found, content)

    def _reason(self, error: Exception) -> str:
        reasons = getattr(error, "reasons", None)
        inner = reasons[0].value if reasons else error
        late = isinstance(inner, CancelledError)
        return f"no answer in {self._timeout_seconds:g} s" if late else type(inner).__name__

    def close(self) -> Deferred[None]:
        closing: Deferred[None] = self._pool.closeCachedConnections()
        return closing


def outcome_of(answer: Answer, now: datetime) -> Outcome:
    """By the status alone (RFC 9110 §15): 2xx has it, some statuses mean later, the others never."""
    if 200 <= answer.status < 300:
        return Delivered()
    why = f"HTTP {answer.status}"
    if answer.status in LATER or (answer.status >= 500 and answer.status not in NEVER):
        return Temporary(why, retry_after(answer, now))
    return Permanent(why)


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds or a date (RFC 9110 §10.2.3); at most an hour, whatever is said."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isdecimal():
        return min(float(given), 3600.0)
    try:
        at = parsedate_to_datetime(given)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), 3600.0)


@implementer(IBodyProducer)
class _Content:
    """What is sent: in memory, so it is written at once."""

    def __init__(self, content: bytes) -> None:
        self._content, self.length = content, len(content)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        consumer.write(self._content)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Nothing is left to pause."""

    def resumeProducing(self) -> None:
        """Nothing was paused."""

    def stopProducing(self) -> None:
        """All has been written."""


class _Body(Protocol):
    """Collects an answer up to its largest size; a longer one is cut off there."""

    def __init__(self, done: Deferred[bytes]) -> None:
        self._done, self._content = done, b""

    def dataReceived(self, data: bytes) -> None:
        self._content += data
        if len(self._content) > MAX_ANSWER_BYTES:
            self._content = self._content[:MAX_ANSWER_BYTES]
            transport: Any = self.transport
            transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self._done.called:
            self._done.callback(self._content)


def _read(response: Any) -> Deferred[bytes]:
    done: Deferred[bytes] = Deferred()
    response.deliverBody(_Body(done))
    return done


def _cut(response: Any) -> Any:
    """An answer that does not end: its connection is given up."""

    def cut(result: Any, seconds: float) -> Any:
        transport = getattr(response, "_transport", None)
        if transport is not None and hasattr(transport, "loseConnection"):
            transport.loseConnection()
        if isinstance(result, Failure):
            raise TimeoutError(seconds, "the answer does not end")
        return result

    return cut


def trust_of(ca_file: Path) -> Any:
    """Only these certificates (PEM)."""
    text = ca_file.read_bytes()
    marker = b"-----END CERTIFICATE-----"
    parts = [part + marker for part in text.split(marker)[:-1]]
    trust: Any = trustRootFromCertificates
    make: Any = Certificate
    return trust([make(load_certificate(FILETYPE_PEM, part)) for part in parts])
