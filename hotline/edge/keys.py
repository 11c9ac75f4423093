"""The edge's secret, kept on disk so that a restarted edge knows its own marks again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from hotline.sip.message import Request


def load_key(path: Path) -> bytes:
    """The 32 bytes in `path` (mode 0600); made when there are none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and len(key := path.read_bytes()) == 32:
        return key
    key = secrets.token_bytes(32)
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key)
        os.fsync(file.fileno())
    beside.rename(path)
    return key


class Marks:
    """Signed marks in Record-Route and Via: the memory that a restart cannot take away.

    Each Record-Route of ours names in its user part the flow by which the side it faces is
    reached (RFC 5626 §5.2), signed together with the Call-ID: whoever shows it was in the dialog.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._life = secrets.token_hex(4)
        """Tells branches of this process from those of the one before it."""

    def _sign(self, kind: str, *texts: str) -> str:
        text = "\0".join((kind, *texts)).encode("utf-8", "surrogateescape")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:16]

    def route_user(self, flow: str, call_id: str) -> str:
        plain = base64.urlsafe_b64encode(flow.encode()).decode().rstrip("=")
        return f"{plain}.{self._sign('route', plain, call_id)}"

    def flow(self, route_user: str, call_id: str) -> str | None:
        """What `route_user` was made from; None when it is not ours or of another call."""
        plain, _, signature = route_user.rpartition(".")
        if not _same(self._sign("route", plain, call_id), signature):
            return None
        try:
            return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None

    def branch(self, request: Request) -> str:
        """A new branch that shows loops (RFC 3261 §16.6 step 8) and that we know again."""
        plain = f"{self._life}{secrets.token_hex(6)}.{self.loop(request)}"
        return f"z9hG4bK{plain}.{self._sign('branch', plain)}"

    def ours(self, branch: str) -> bool:
        plain, _, signature = branch.removeprefix("z9hG4bK").rpartition(".")
        return _same(self._sign("branch", plain), signature)

    def from_before(self, branch: str) -> bool:
        """Whether an edge before this one made it; what this one made and forgot is over."""
        return self.ours(branch) and not branch.removeprefix("z9hG4bK").startswith(self._life)

    def loop(self, request: Request) -> str:
        """The same for a request that comes again with nothing changed that routes it."""
        number, _ = request.cseq
        return self._sign(
            "loop", request.uri, request.from_tag, request.to_tag, request.call_id, str(number),
            *request.all("route"),
        )  # fmt: skip

    def loops(self, request: Request, branches: list[str]) -> bool:
        own = [branch for branch in branches if self.ours(branch)]
        return any(branch.split(".")[1] == self.loop(request) for branch in own)

    def to_tag(self, request: Request) -> str:
        """The same tag for the same request, without remembering it."""
        return self._sign("tag", request.call_id, request.from_tag, request.get("via"))


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))
