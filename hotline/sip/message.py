"""SIP messages as they come from the wire: strict, total, bounded (RFC 3261 §7, §25).

`parse` returns a Request, a Response or Malformed, which says what answer it deserves; no input
makes it raise. Header values are kept as written, unfolded, so that what is not understood is
forwarded unchanged (RFC 4475 §3.1.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from hotline.sip.fields import Via, parse_cseq, parse_via
from hotline.sip.uri import (
    TOKEN,
    Address,
    Uri,
    UriError,
    parse_address,
    parse_uri,
    split_commas,
)

MAX_HEADERS = 256
MAX_HEAD_BYTES = 16_384
MAX_BODY_BYTES = 65_536
MAX_UINT32 = 2**32 - 1

_COMPACT = {
    "i": "call-id", "m": "contact", "e": "content-encoding", "l": "content-length", "c": "content-type",
    "f": "from", "s": "subject", "k": "supported", "t": "to", "v": "via", "x": "session-expires",
    "o": "event", "r": "refer-to", "b": "referred-by", "u": "allow-events", "a": "accept-contact",
    "d": "request-disposition", "j": "reject-contact", "y": "identity",
}  # fmt: skip
_LISTS = frozenset(
    ("via", "route", "record-route", "contact", "require", "proxy-require", "supported", "unsupported",
     "p-asserted-identity", "path", "service-route")
)  # fmt: skip
_SINGLE = frozenset(
    ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type", "expires",
     "session-expires", "min-se", "refer-to")
)  # fmt: skip
_CANONICAL = {
    "call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate", "rack": "RAck",
    "rseq": "RSeq", "min-se": "Min-SE", "mime-version": "MIME-Version",
}  # fmt: skip
_REQUEST_LINE = re.compile(r"(\S+) (\S.*?) (\S+)")
_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2}) ([^\r\n]*)", re.IGNORECASE)
_HEADER = re.compile(rf"({TOKEN.pattern})[ \t]*:(.*)", re.DOTALL)
_CALL_ID = re.compile(r"[!-+\--:<-~]+")


@dataclass(slots=True)
class Message:
    """Headers in their order; names are kept in lower case and written in their usual form."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def get(self, name: str) -> str:
        """The first value, or an empty string."""
        for key, value in self.headers:
            if key == name:
                return value
        return ""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.headers)

    def set(self, name: str, value: str) -> None:
        """Put `value` in the place of all values of this header."""
        for index, (key, _) in enumerate(self.headers):
            if key == name:
                rest = [pair for pair in self.headers[index + 1 :] if pair[0] != name]
                self.headers[index:] = [(name, value), *rest]
                return
        self.headers.append((name, value))

    def remove(self, *names: str) -> None:
        self.headers = [pair for pair in self.headers if pair[0] not in names]

    def prepend(self, name: str, value: str) -> None:
        """Put `value` before the others of its kind, at the top of the message."""
        self.headers.insert(0, (name, value))

    def pop_first(self, name: str) -> None:
        for index, (key, _) in enumerate(self.headers):
            if key == name:
                del self.headers[index]
                return

    def replace_first(self, name: str, value: str) -> None:
        for index, (key, _) in enumerate(self.headers):
            if key == name:
                self.headers[index] = (name, value)
                return

    @property
    def call_id(self) -> str:
        return self.get("call-id")

    @property
    def from_tag(self) -> str:
        return parse_address(self.get("from")).tag

    @property
    def to_tag(self) -> str:
        return parse_address(self.get("to")).tag

    @property
    def from_(self) -> Address:
        return parse_address(self.get("from"))

    @property
    def to(self) -> Address:
        return parse_address(self.get("to"))

    @property
    def cseq(self) -> tuple[int, str]:
        return parse_cseq(self.get("cseq"))

    @property
    def via(self) -> Via:
        return parse_via(self.get("via"))

    def _bytes(self, start: str) -> bytes:
        lines = [start]
        lines += [f"{_canonical(key)}: {value}" for key, value in self.headers if key != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


@dataclass(slots=True)
class Request(Message):
    method: str = ""
    uri: str = ""

    def to_bytes(self) -> bytes:
        return self._bytes(f"{self.method} {self.uri} SIP/2.0")

    @property
    def target(self) -> Uri:
        return parse_uri(self.uri)

    def copy(self) -> Request:
        return Request(list(self.headers), self.body, self.method, self.uri)


@dataclass(slots=True)
class Response(Message):
    status: int = 0
    reason: str = ""

    def to_bytes(self) -> bytes:
        return self._bytes(f"SIP/2.0 {self.status} {self.reason}")

    def copy(self) -> Response:
        return Response(list(self.headers), self.body, self.status, self.reason)


@dataclass(frozen=True, slots=True)
class Malformed:
    """What cannot be taken as it is."""

    status: int
    """What a peer that is worth an answer should be told; 0: nothing at all."""
    reason: str
    request: Request | None = None
    """As much of it as was understood, for `reply`; its headers may be unreadable, the Via too."""


class _BadError(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def parse(data: bytes, *, stream: bool = False) -> Request | Response | Malformed:
    """One whole message (of a datagram, or already framed when `stream`). Never raises."""
    head, separator, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not head or len(head) > MAX_HEAD_BYTES or len(body) > MAX_BODY_BYTES:
        return Malformed(0, "empty or too large")
    lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "surrogateescape")).split("\r\n")
    if not separator or any("\r" in line or "\n" in line for line in lines):
        return Malformed(0, "not a SIP message")
    if lines[0][:4].upper() == "SIP/":
        return _response(lines, body, stream)
    return _request(lines, body, stream)


def _request(lines: list[str], body: bytes, stream: bool) -> Request | Malformed:
    start = _REQUEST_LINE.fullmatch(lines[0])
    if not start or not _VERSION.fullmatch(start[3]) or not TOKEN.fullmatch(start[1]):
        return _bad_start(lines)
    request = Request(method=start[1], uri=start[2])
    try:
        request.headers = _headers(lines[1:])
        if start[3].upper() != "SIP/2.0":
            raise _BadError(505, "Version Not Supported")
        request.body = _body(request, body, stream)
        _check_request(request)
    except _BadError as bad:
        return _malformed(request, bad)
    return request


def _bad_start(lines: list[str]) -> Malformed:
    """A line that is nearly a request gets its 400 when its headers tell where to send it."""
    words = lines[0].split()
    if len(words) < 3 or not words[-1].upper().startswith("SIP/") or not TOKEN.fullmatch(words[0]):
        return Malformed(0, "not a SIP message")
    request = Request(method=words[0], uri="")
    try:
        request.headers = _headers(lines[1:])
    except _BadError:
        return Malformed(0, "not a SIP message")
    return _malformed(request, _BadError(400, "Bad Request Line"))


def _malformed(request: Request, bad: _BadError) -> Malformed:
    """An ACK is never answered, and nothing that has no Via."""
    answerable = request.method != "ACK" and request.has("via")
    return Malformed(bad.status if answerable else 0, bad.reason, request if answerable else None)


def _response(lines: list[str], body: bytes, stream: bool) -> Response | Malformed:
    start = _STATUS_LINE.fullmatch(lines[0])
    if not start:
        return Malformed(0, "not a status line")
    response = Response(status=int(start[1]), reason=start[2])
    try:
        response.headers = _headers(lines[1:])
        response.body = _body(response, body, stream)
        _check_common(response)
    except _BadError as bad:
        return Malformed(0, bad.reason)
    return response


def _headers(lines: Iterable[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in lines:
        match = _HEADER.fullmatch(line)
        if not match:
            raise _BadError(400, "Bad Header Line")
        name = match[1].lower()
        name = _COMPACT.get(name, name)
        value = match[2].strip(" \t")
        found += [(name, part) for part in split_commas(value)] if name in _LISTS else [(name, value)]
        if len(found) > MAX_HEADERS:
            raise _BadError(400, "Too Many Headers")
    return found


def _body(message: Message, rest: bytes, stream: bool) -> bytes:
    if len(message.all("content-length")) > 1:
        raise _BadError(400, "Several Content-Length Headers")
    length = message.get("content-length")
    if not length:
        if stream:
            raise _BadError(400, "Missing Content-Length")
        return rest
    if not re.fullmatch("[0-9]{1,10}", length) or int(length) > len(rest):
        raise _BadError(400, "Bad Content-Length")
    return rest[: int(length)]


def _check_request(request: Request) -> None:
    _check_uri(request.uri)
    _check_common(request)
    if request.method == "REGISTER" and request.to.uri.scheme not in ("sip", "sips"):
        raise _BadError(400, "Bad To")
    if request.cseq[1] != request.method:
        raise _BadError(400, "CSeq Does Not Match the Method")
    if request.has("max-forwards"):
        _number(request.get("max-forwards"), 255, "Max-Forwards")
    for name in ("expires", "min-se"):
        if request.has(name):
            _number(request.get(name).partition(";")[0].strip(), MAX_UINT32, name.capitalize())
    _check_contacts(request)
    for name in ("route", "record-route"):
        for value in request.all(name):
            _parsed(parse_address, value, name.capitalize())


def _check_uri(text: str) -> None:
    try:
        uri = parse_uri(text)
    except UriError as error:
        raise _BadError(400, f"Bad Request-URI: {error}") from None
    if uri.scheme not in ("sip", "sips", "tel"):
        raise _BadError(416, "Unsupported URI Scheme")
    if uri.headers:
        raise _BadError(400, "Headers in the Request-URI")


def _check_common(message: Message) -> None:
    for name in ("via", "from", "to", "call-id", "cseq"):
        if not message.get(name):
            raise _BadError(400, f"Missing {_canonical(name)}")
    for name in _SINGLE:
        if len(message.all(name)) > 1:
            raise _BadError(400, f"Several {_canonical(name)} Headers")
    for value in message.all("via"):
        _parsed(parse_via, value, "Via")
    for name in ("from", "to"):
        _parsed(parse_address, message.get(name), _canonical(name))
    if not _CALL_ID.fullmatch(message.call_id):
        raise _BadError(400, "Bad Call-ID")
    _parsed(parse_cseq, message.get("cseq"), "CSeq")


def _check_contacts(request: Request) -> None:
    for value in request.all("contact"):
        if value == "*":
            continue
        try:
            contact = parse_address(value)
        except UriError:
            raise _BadError(400, "Bad Contact") from None
        if contact.parameters.get("expires") is not None:
            _number(contact.parameters["expires"] or "", MAX_UINT32, "Contact Expires")


def _parsed(parser: object, value: str, name: str) -> None:
    try:
        parser(value)  # type: ignore[operator]  # one of the parse_ functions of this module
    except UriError:
        raise _BadError(400, f"Bad {name}") from None


def _number(text: str, most: int, name: str) -> int:
    if not re.fullmatch("[0-9]{1,12}", text) or int(text) > most:
        raise _BadError(400, f"Bad {name}")
    return int(text)


def _canonical(name: str) -> str:
    return _CANONICAL.get(name) or "-".join(part.capitalize() for part in name.split("-"))


def reply(request: Request, status: int, reason: str, to_tag: str = "") -> Response:
    """The answer to a request, with a To tag where the request has none (RFC 3261 §8.2.6)."""
    response = Response(status=status, reason=reason)
    for name, value in request.headers:
        if name in ("via", "from", "to", "call-id", "cseq"):
            response.headers.append((name, value))
        elif name == "record-route" and 100 < status < 300:
            response.headers.append((name, value))
    if to_tag and status > 100 and "tag=" not in response.get("to"):
        response.set("to", f"{response.get('to')};tag={to_tag}")
    return response
