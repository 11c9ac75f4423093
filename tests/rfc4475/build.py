"""How the messages are written down: lines of text, ended by CR LF, and a body."""

from __future__ import annotations

SDP_150 = (
    b"v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n"
)
assert len(SDP_150) == 150


def message(head: str, body: bytes = b"") -> bytes:
    """Head and body with an empty line between them."""
    return head.removeprefix("\n").replace("\n", "\r\n").encode() + b"\r\n" + body


def long(word: str, times: int) -> str:
    """The `<repeat>` of RFC 4475 §2.3."""
    return word * times
