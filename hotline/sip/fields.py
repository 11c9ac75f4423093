"""Via and CSeq: the header fields that make a message part of a transaction (RFC 3261 §8.1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hotline.sip.uri import TOKEN, UriError, header_parameters, host_port, parse_host_port

MAX_CSEQ = 2**31 - 1
_VIA = re.compile(
    rf"SIP\s*/\s*2\.0\s*/\s*({TOKEN.pattern})\s+(\[[^\]\s]+\]|[^\s:;\[\]]+)(?:\s*:\s*([0-9]+))?\s*(;.*)?",
    re.IGNORECASE | re.DOTALL,
)
_CSEQ = re.compile(rf"([0-9]+)\s+({TOKEN.pattern})")


@dataclass(frozen=True, slots=True)
class Via:
    """One hop. `parameters` hold received, rport and branch."""

    transport: str
    host: str
    port: int | None
    parameters: dict[str, str | None]

    @property
    def branch(self) -> str:
        return self.parameters.get("branch") or ""

    @property
    def sent_by(self) -> str:
        return f"{self.host}:{self.port or 5060}"

    def __str__(self) -> str:
        parameters = "".join(f";{k}" if v is None else f";{k}={v}" for k, v in self.parameters.items())
        return f"SIP/2.0/{self.transport} {host_port(self.host, self.port)}{parameters}"


def parse_via(text: str) -> Via:
    """Raises UriError."""
    match = _VIA.fullmatch(text)
    if not match:
        raise UriError("Via")
    host, port = parse_host_port(f"{match[2]}:{match[3]}" if match[3] else match[2])
    return Via(match[1].upper(), host, port, header_parameters(_plain_received(match[4] or "")))


def _plain_received(parameters: str) -> str:
    """Some write `received=::1` without brackets (RFC 5118 §4.5)."""
    return re.sub(r"(?i)(;\s*received\s*=\s*)([0-9a-f]*:[0-9a-f:.]+)", r"\1[\2]", parameters)


def parse_cseq(text: str) -> tuple[int, str]:
    """Number and method. Raises UriError."""
    match = _CSEQ.fullmatch(text)
    if not match or len(match[1]) > 20 or int(match[1]) > MAX_CSEQ:
        raise UriError("CSeq")
    return int(match[1]), match[2]
