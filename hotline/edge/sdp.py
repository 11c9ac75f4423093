"""What a body must be before a worker sees it: SDP alone, without the lines that hurt PJSIP.

Known faults of PJSIP 2.15 in multipart, ICE and asymmetric ptime (GHSA-x5pq-qrp4-fmrj,
GHSA-j29p, CVE-2026-41416) are kept away from the workers here.
"""

from __future__ import annotations

import re

from hotline.sip.message import Message, Request
from hotline.sip.uri import UriError, header_parameters

MAX_SDP_BYTES = 3000
MAX_MEDIA_LINES = 8
MAX_LINE_BYTES = 500
_SDP = "application/sdp"
_PLAIN = frozenset(("application/dtmf-relay", "application/dtmf", "message/sipfrag"))
_DROPPED = re.compile(
    rb"a=(candidate|remote-candidates|end-of-candidates|ice-[a-z0-9-]+|maxptime|rtcp-mux|rtcp-mux-only"
    rb"|ssrc-group|msid|msid-semantic|extmap|group|mid)(:|$)"
)
_PTIME = re.compile(rb"a=ptime:(.*)")


class UnfitBodyError(ValueError):
    """Cannot be given to a worker: 415 or 400."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def fit_for_worker(message: Message) -> None:
    """Make the body harmless in place. Raises UnfitBodyError when there is no way."""
    if any("\0" in value for _, value in message.headers):
        raise UnfitBodyError(400, "NUL in a Header")
    if not message.body:
        message.remove("content-type", "content-disposition", "content-encoding", "mime-version")
        return
    encoding = message.get("content-encoding").lower()
    if encoding not in ("", "identity"):
        raise UnfitBodyError(415, "Unsupported Media Type")
    kind, parameters = _content_type(message.get("content-type"))
    if kind.startswith("multipart/"):
        message.body = _part(message.body, parameters.get("boundary") or "")
        message.set("content-type", _SDP)
        message.remove("content-disposition", "mime-version")
        kind = _SDP
    if kind == _SDP:
        message.body = clean_sdp(message.body)
    elif kind not in _PLAIN or (isinstance(message, Request) and message.method == "INVITE"):
        raise UnfitBodyError(415, "Unsupported Media Type")


def _content_type(value: str) -> tuple[str, dict[str, str]]:
    kind, semicolon, rest = value.partition(";")
    try:
        parameters = header_parameters(semicolon + rest)
    except UriError:
        parameters = {}
    plain = {name: (given or "").strip('"') for name, given in parameters.items()}
    return kind.strip().lower().replace(" ", ""), plain


def _part(body: bytes, boundary: str) -> bytes:
    """The SDP of a multipart body (SIP-I, location): the call matters, the rest is for others."""
    if not boundary or len(boundary) > 70:
        raise UnfitBodyError(415, "Unsupported Media Type")
    for part in body.split(b"--" + boundary.encode("utf-8", "surrogateescape"))[1:]:
        head, separator, content = part.lstrip(b"\r\n").partition(b"\r\n\r\n")
        if separator and re.search(rb"(?im)^(content-type|c)\s*:\s*application/sdp\b", head):
            return content.rstrip(b"\r\n") + b"\r\n"
    raise UnfitBodyError(415, "Unsupported Media Type")


def clean_sdp(body: bytes) -> bytes:
    """Only well-formed lines in bounds, no ICE, ptime 20 or none. Raises UnfitBodyError."""
    lines = [line.rstrip() for line in body.replace(b"\r\n", b"\n").split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    kept = [line for line in lines if not _harmful(line)]
    if not kept or kept[0] != b"v=0" or any(not _well_formed(line) for line in kept):
        raise UnfitBodyError(400, "Bad Session Description")
    if sum(line.startswith(b"m=") for line in kept) > MAX_MEDIA_LINES:
        raise UnfitBodyError(400, "Too Many Media Lines")
    cleaned = b"\r\n".join(kept) + b"\r\n"
    if len(cleaned) > MAX_SDP_BYTES:
        raise UnfitBodyError(413, "Session Description Too Large")
    return cleaned


def _harmful(line: bytes) -> bool:
    if _DROPPED.match(line):
        return True
    ptime = _PTIME.match(line)
    return bool(ptime and ptime[1].strip() != b"20")


def _well_formed(line: bytes) -> bool:
    return len(line) <= MAX_LINE_BYTES and line[1:2] == b"=" and line[:1].isalpha() and b"\0" not in line


WORKER_BYTES = 3800
"""PJSIP takes no datagram above 4000 bytes."""
_NEEDED = frozenset(
    ("via", "from", "to", "call-id", "cseq", "contact", "record-route", "route", "max-forwards",
     "content-type", "supported", "require", "allow", "session-expires", "min-se", "x-hotline-call",
     "p-asserted-identity", "expires", "rack", "rseq", "refer-to", "referred-by", "replaces", "event",
     "reason", "subscription-state")
)  # fmt: skip


def slim_for_worker(request: Request) -> None:
    """Leave out what a worker has no use for when the whole is too large. Raises UnfitBodyError."""
    room = WORKER_BYTES - 500  # for the Via and Record-Routes that are still to come
    if len(request.to_bytes()) <= room:
        return
    request.headers = [pair for pair in request.headers if pair[0] in _NEEDED]
    if len(request.to_bytes()) > room:
        raise UnfitBodyError(513, "Message Too Large")
