"""The other ends of our channels, as strict as the real ones: signatures, error codes, rates.

Real HTTP and SMTP servers in threads of their own. Their clock can be a test's, so that a minute's
limit needs no minute.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Reply = tuple[int, dict[str, str], bytes]
HOUR_SECONDS = 3600.0


@dataclass
class Peer:
    """What it got and what it lets through; `script` holds answers that come before the real ones."""

    clock: Callable[[], float] = time.time
    delivered: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    script: list[str | Reply] = field(default_factory=list)
    """A reply, or: `hang` (no answer), `cut` (closed before reading), `lost` (done, and the answer lost)."""
    times: list[float] = field(default_factory=list)
    url: str = ""

    def take(self, target: str, headers: dict[str, str], body: bytes) -> Reply:
        raise NotImplementedError

    def too_many(self, count: int, seconds: float) -> bool:
        now = self.clock()
        return len([at for at in self.times if at > now - seconds]) >= count

    def deliver(self, document: dict[str, Any]) -> None:
        self.times.append(self.clock())
        self.delivered.append(document)


def answer(document: dict[str, Any], status: int = 200, **headers: str) -> Reply:
    body = json.dumps(document, ensure_ascii=False).encode()
    return status, {"Content-Type": "application/json", **headers}, body


def query_of(target: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


@dataclass
class WecomPeer(Peer):
    """企业微信: 20 messages a minute for each robot, 2048 bytes of text."""

    key: str = "wecom-key"

    def take(self, target: str, headers: dict[str, str], body: bytes) -> Reply:
        if query_of(target).get("key") != self.key:
            return answer({"errcode": 93000, "errmsg": "invalid webhook url"})
        document = json.loads(body)
        if document.get("msgtype") != "text" or not document["text"].get("content"):
            return answer({"errcode": 40008, "errmsg": "invalid message type"})
        if len(document["text"]["content"].encode()) > 2048:
            return answer({"errcode": 40058, "errmsg": "text.content exceed max length 2048"})
        if self.too_many(20, 60):
            return answer({"errcode": 45009, "errmsg": "api freq out of limit"})
        self.deliver(document)
        return answer({"errcode": 0, "errmsg": "ok"})


@dataclass
class DingtalkPeer(Peer):
    """钉钉: 加签, a timestamp within the hour, 20 a minute, then ten minutes of silence."""

    token: str = "ding-token"
    secret: str = "SECding"
    banned_until: float = 0.0

    def take(self, target: str, headers: dict[str, str], body: bytes) -> Reply:
        query = query_of(target)
        if query.get("access_token") != self.token:
            return answer({"errcode": 400101, "errmsg": "token is not exist"})
        if fault := self._sign_fault(query):
            return answer({"errcode": 310000, "errmsg": fault})
        now = self.clock()
        if now < self.banned_until or self.too_many(20, 60):
            self.banned_until = max(self.banned_until, now + 600 if self.too_many(20, 60) else 0)
            return answer({"errcode": 410100, "errmsg": "send too fast, exceed 20 times per minute"})
        self.deliver(json.loads(body))
        return answer({"errcode": 0, "errmsg": "ok"})

    def _sign_fault(self, query: dict[str, str]) -> str:
        timestamp = query.get("timestamp", "")
        if not timestamp.isdecimal() or abs(int(timestamp) / 1000 - time.time()) > HOUR_SECONDS:
            return "invalid timestamp"
        text = f"{timestamp}\n{self.secret}".encode()
        signed = hmac.new(self.secret.encode(), text, hashlib.sha256).digest()
        return "" if query.get("sign") == base64.b64encode(signed).decode() else "sign not match"


@dataclass
class FeishuPeer(Peer):
    """飞书: 签名校验, 100 a minute and 5 a second."""

    token: str = "feishu-token"
    secret: str = "feishu-secret"

    def take(self, target: str, headers: dict[str, str], body: bytes) -> Reply:
        if not target.endswith(f"/{self.token}"):
            return answer({"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}, 400)
        document = json.loads(body)
        timestamp = str(document.get("timestamp", ""))
        signed = hmac.new(f"{timestamp}\n{self.secret}".encode(), b"", hashlib.sha256).digest()
        fresh = timestamp.isdecimal() and abs(int(timestamp) - time.time()) <= HOUR_SECONDS
        if not fresh or document.get("sign") != base64.b64encode(signed).decode():
            return answer({"code": 19021, "msg": "sign match fail or timestamp is not within one hour"})
        if self.too_many(5, 1) or self.too_many(100, 60):
            return answer({"code": 11232, "msg": "frequency limited"})
        self.deliver(document)
        return answer({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"})


@dataclass
class SignedPeer(Peer):
    """A service that checks the signature and delivers each idempotency key once."""

    secret: str = "shared secret"
    keys: set[str] = field(default_factory=set)
    all_keys: list[str] = field(default_factory=list)

    def take(self, target: str, headers: dict[str, str], body: bytes) -> Reply:
        timestamp = headers.get("x-hotline-timestamp", "")
        text = timestamp.encode() + b"." + body
        signed = "sha256=" + hmac.new(self.secret.encode(), text, hashlib.sha256).hexdigest()
        fresh = timestamp.isdecimal() and abs(int(timestamp) - time.time()) < 300
        if not fresh or not hmac.compare_digest(headers.get("x-hotline-signature", ""), signed):
            return answer({"error": "bad signature"}, 401)
        key = headers["idempotency-key"]
        self.all_keys.append(key)
        if key not in self.keys:
            self.keys.add(key)
            self.deliver({**json.loads(body), "_key": key})
        return answer({"result": "0"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        peer = self.server.peer
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with self.server.lock:
            peer.requests += 1
            scripted = peer.script.pop(0) if peer.script else None
            if scripted == "hang":
                self.server.released.wait(10)
            if scripted in ("hang", "cut"):
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, fields, content = (
                scripted if isinstance(scripted, tuple) else peer.take(self.path, headers, body)
            )
        if scripted == "lost":
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, peer: Peer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.peer, self.lock, self.released = peer, threading.Lock(), threading.Event()
        self.sockets: list[Any] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.sockets.append(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is none of our concern."""


@contextmanager
def serving(peer: Peer) -> Iterator[Peer]:
    """Listens on a free port until the end of the test."""
    server = _Server(peer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    peer.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield peer
    finally:
        server.released.set()
        server.shutdown()
        for opened in server.sockets:
            try:
                opened.shutdown(2)
            except OSError:
                continue
        server.server_close()
        thread.join()
