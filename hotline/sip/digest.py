"""Digest authentication as a server: SHA-256 offered first, then MD5 (RFC 7616, RFC 8760).

Nonces carry their time and a keyed hash and need no memory, so they stay good when the edge is
started again; only the counts of those in use are kept, against replay.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

MAX_NONCES_IN_USE = 20_000
REPLAY_WINDOW = 64
"""How far `nc` may come out of order (UDP)."""
_ALGORITHMS = {"sha-256": hashlib.sha256, "md5": hashlib.md5}
_OFFERED: tuple[str, ...] = ("SHA-256", "MD5")
_CREDENTIAL = re.compile(r'([a-zA-Z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Verdict:
    """`user` is set whenever credentials were given, right or wrong."""

    outcome: Literal["accepted", "stale", "rejected", "absent"]
    user: str = ""


class Digest:
    """Asks for and checks passwords of one realm."""

    def __init__(
        self, realm: str, key: bytes, seconds: Callable[[], float], *, nonce_seconds: float = 300
    ) -> None:
        """`key` signs the nonces; `seconds` is wall-clock time, since nonces outlive the process."""
        self._realm, self._key, self._seconds = realm, key, seconds
        self._nonce_seconds = nonce_seconds
        self._used: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def challenges(self, *, stale: bool = False, offered: Sequence[str] = _OFFERED) -> list[str]:
        """Values of WWW-Authenticate or Proxy-Authenticate, the best first."""
        nonce, mark = self._nonce(), ", stale=true" if stale else ""
        return [
            f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{mark}'
            for algorithm in offered
        ]

    def check(
        self, headers: list[str], method: str, uri: str, password_of: Callable[[str], str | None]
    ) -> Verdict:
        """Judge the Authorization headers that are for this realm."""
        for header in headers:
            given = parse_credentials(header)
            if given.get("realm") == self._realm:
                return self._judge(given, method, uri, password_of)
        return Verdict("absent")

    def _judge(
        self, given: dict[str, str], method: str, uri: str, password_of: Callable[[str], str | None]
    ) -> Verdict:
        user = given.get("username", "")
        password = password_of(user)
        expected = answer(given, method, password or secrets.token_hex(8))
        right = bool(expected) and _same(expected, given.get("response", "").lower())
        if not right or password is None or given.get("uri") != uri:
            return Verdict("rejected", user)
        nonce = given.get("nonce", "")
        if not self._fresh(nonce) or not self._count(nonce, given.get("nc", "")):
            return Verdict("stale", user)
        return Verdict("accepted", user)

    def _nonce(self) -> str:
        plain = f"{int(self._seconds()):x}.{secrets.token_hex(6)}"
        return f"{plain}.{self._sign(plain)}"

    def _sign(self, plain: str) -> str:
        text = f"nonce:{self._realm}:{plain}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:32]

    def _fresh(self, nonce: str) -> bool:
        plain, _, signature = nonce.rpartition(".")
        if not _same(self._sign(plain), signature):
            return False
        age = self._seconds() - int(plain.partition(".")[0], 16)
        return -5 <= age <= self._nonce_seconds

    def _count(self, nonce: str, nc: str) -> bool:
        """Each count of a nonce is good once; a bit map remembers the last few."""
        if not re.fullmatch("[0-9a-fA-F]{1,8}", nc):
            return False
        number = int(nc, 16)
        highest, seen = self._used.get(nonce, (0, 0))
        if number > highest:
            seen = ((seen << (number - highest)) | 1) if number - highest < REPLAY_WINDOW else 1
            highest = number
        else:
            bit = 1 << (highest - number)
            if highest - number >= REPLAY_WINDOW or seen & bit:
                return False
            seen |= bit
        self._used[nonce] = (highest, seen & ((1 << REPLAY_WINDOW) - 1))
        self._used.move_to_end(nonce)
        while len(self._used) > MAX_NONCES_IN_USE:
            self._used.popitem(last=False)
        return True


def _same(expected: str, given: str) -> bool:
    """In the same time, whatever was given."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def parse_credentials(header: str) -> dict[str, str]:
    """`Digest username="a", nc=1` as a dict; empty for another scheme or what cannot be read."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    found: dict[str, str] = {}
    for match in _CREDENTIAL.finditer(rest):
        value = match[2] if match[2] is not None else match[3]
        found[match[1].lower()] = re.sub(r"\\(.)", r"\1", value)
    return found


def answer(given: dict[str, str], method: str, password: str) -> str:
    """The `response` that belongs to these credentials; empty when the algorithm is not ours."""
    algorithm = _ALGORITHMS.get(given.get("algorithm", "MD5").lower())
    if algorithm is None or given.get("qop") != "auth":
        return ""

    def digest(*parts: str) -> str:
        return algorithm(":".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def field(name: str) -> str:
        return given.get(name, "")

    secret = digest(field("username"), field("realm"), password)
    request = digest(method, field("uri"))
    return digest(secret, field("nonce"), field("nc"), field("cnonce"), field("qop"), request)
