"""Digest authentication as a client: what a carrier asks of us (RFC 7616, RFC 8760, RFC 2069 without qop)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from hotline.sip.digest import parse_credentials
from hotline.sip.message import Request, Response

_ALGORITHMS: dict[str, Callable[[bytes], Any]] = {
    "sha-512-256": lambda data: hashlib.new("sha512_256", data),
    "sha-256": hashlib.sha256,
    "md5": hashlib.md5,
}
COUNT = "00000001"
"""Each nonce is used once."""
_ASKED = {401: ("www-authenticate", "authorization"), 407: ("proxy-authenticate", "proxy-authorization")}


def with_credentials(
    request: Request, response: Response, user: str, password: str, *, cnonce: str = ""
) -> Request | None:
    """The request again with an answer to the challenge; None when it asks for nothing that we can do.

    The first challenge that we understand is taken (RFC 8760 §2.3); Via and CSeq are the caller's.
    """
    asked, given = _ASKED.get(response.status, ("", ""))
    for text in response.all(asked) if asked else []:
        challenge = parse_credentials(text)
        value = _answer(challenge, request, user, password, cnonce or secrets.token_hex(8))
        if value:
            again = request.copy()
            again.remove(given)
            again.headers.append((given, value))
            return again
    return None


def _answer(challenge: dict[str, str], request: Request, user: str, password: str, cnonce: str) -> str:
    algorithm = _ALGORITHMS.get(challenge.get("algorithm", "MD5").lower())
    offered = [word.strip().lower() for word in challenge.get("qop", "").split(",") if word.strip()]
    if algorithm is None or "nonce" not in challenge or (offered and "auth" not in offered):
        return ""

    def digest(*parts: str) -> str:
        return str(algorithm(":".join(parts).encode("utf-8", "surrogateescape")).hexdigest())

    realm, nonce = challenge.get("realm", ""), challenge["nonce"]
    counted = [COUNT, cnonce, "auth"] if offered else []
    response = digest(
        digest(user, realm, password), nonce, *counted, digest(request.method, request.uri)
    )
    quoted = {"username": user, "realm": realm, "nonce": nonce, "uri": request.uri, "response": response}
    plain = {"algorithm": challenge.get("algorithm", "MD5")}
    if "opaque" in challenge:
        quoted["opaque"] = challenge["opaque"]
    if offered:
        quoted["cnonce"] = cnonce
        plain |= {"qop": "auth", "nc": COUNT}
    fields = [f'{name}="{_escaped(value)}"' for name, value in quoted.items()]
    return "Digest " + ", ".join([*fields, *(f"{name}={value}" for name, value in plain.items())])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
