"""Where the agents' softphones are: registrations on disk (RFC 3261 §10)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from hotline.sip.message import Request
from hotline.sip.transport import Hop
from hotline.sip.uri import Address, UriError, parse_address

_log = structlog.get_logger()
MIN_SECONDS = 30
"""A shorter wish is lengthened to this, except 0."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One phone of a user. `transport`, `host`, `port` are where its REGISTER came from."""

    contact: str
    expires_at: float
    """Wall clock, seconds since 1970."""
    call_id: str
    cseq: int
    transport: str
    host: str
    port: int
    instance: str = ""
    """+sip.instance of RFC 5626: the same phone again, whatever its address."""

    @property
    def hop(self) -> Hop:
        return Hop("tcp" if self.transport == "tcp" else "udp", self.host, self.port)


class RegistrationError(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Registrar:
    """All bindings; every change is on disk before it is confirmed."""

    def __init__(
        self,
        path: Path,
        seconds: Callable[[], float],
        changed: Callable[[str, bool], None],
        *,
        max_seconds: int,
        max_contacts: int,
    ) -> None:
        """`changed(user, reachable)` is told when a user comes or goes."""
        self._path, self._seconds, self._changed = path, seconds, changed
        self._max_seconds, self._max_contacts = max_seconds, max_contacts
        self._bindings: dict[str, list[Binding]] = _load(path)
        self._sources: dict[Hop, str] = {}
        self._index()

    def bindings(self, user: str) -> list[Binding]:
        """The living ones, the newest first."""
        now = self._seconds()
        return [binding for binding in self._bindings.get(user, []) if binding.expires_at > now]

    def user_at(self, source: Hop) -> str:
        """Whose registered phone speaks from there; empty when nobody's."""
        user = self._sources.get(source, "")
        alive = any(binding.hop == source for binding in self.bindings(user)) if user else False
        return user if alive else ""

    def reachable(self) -> list[str]:
        return [user for user in self._bindings if self.bindings(user)]

    def register(self, user: str, request: Request, source: Hop) -> list[Binding]:
        """Take an authenticated REGISTER; returns what is bound now. Raises RegistrationError."""
        before = self.bindings(user)
        contacts = request.all("contact")
        if contacts == ["*"]:
            after = self._without_all(before, request)
        elif "*" in contacts:
            raise RegistrationError(400, "A * Stands Alone")
        else:
            after = before
            for value in contacts:
                after = self._with(after, value, request, source)
        if len(after) > self._max_contacts:
            after = after[: self._max_contacts]
        if after != before:
            self._put(user, after)
            if bool(after) != bool(before):
                self._changed(user, bool(after))
        return after

    def _without_all(self, before: list[Binding], request: Request) -> list[Binding]:
        if request.get("expires").strip() != "0":
            raise RegistrationError(400, "A * Needs Expires: 0")
        for binding in before:
            _check_order(binding, request)
        return []

    def _with(self, before: list[Binding], value: str, request: Request, source: Hop) -> list[Binding]:
        try:
            contact = parse_address(value)
        except UriError:
            raise RegistrationError(400, "Bad Contact") from None
        if contact.uri.scheme != "sip" or contact.uri.headers:
            return before  # nothing that a call could be sent to, or with headers for us to add
        instance = contact.parameters.get("+sip.instance") or ""
        same = [b for b in before if b.contact == str(contact.uri) or (instance and b.instance == instance)]
        for binding in same:
            _check_order(binding, request)
        rest = [binding for binding in before if binding not in same]
        seconds = self._granted(contact, request)
        if not seconds:
            return rest
        number, _ = request.cseq
        return [
            Binding(
                str(contact.uri), self._seconds() + seconds, request.call_id, number,
                source.transport, source.host, source.port, instance,
            ),
            *rest,
        ]  # fmt: skip

    def _granted(self, contact: Address, request: Request) -> int:
        wish = contact.parameters.get("expires") or request.get("expires").strip() or str(self._max_seconds)
        seconds = int(wish) if wish.isdigit() else self._max_seconds
        return min(max(seconds, MIN_SECONDS), self._max_seconds) if seconds else 0

    def disconnected(self, hop: Hop) -> None:
        """The TCP connection of a phone is gone: it is not reached by it any more."""
        user = self._sources.get(hop)
        if user:
            self._put(user, [binding for binding in self._bindings[user] if binding.hop != hop])
            if not self.bindings(user):
                self._changed(user, False)

    def expire(self) -> None:
        """Forget what is over; to be called every few seconds."""
        now = self._seconds()
        over = [u for u, bs in self._bindings.items() if any(b.expires_at <= now for b in bs)]
        for user in over:
            self._put(user, self.bindings(user))
            if not self.bindings(user):
                self._changed(user, False)

    def _put(self, user: str, bindings: list[Binding]) -> None:
        if bindings:
            self._bindings[user] = bindings
        else:
            self._bindings.pop(user, None)
        self._index()
        try:
            _save(self._path, self._bindings)
        except OSError as error:  # a full disk must not keep agents from their phones
            _log.error("registrations are not saved", path=str(self._path), why=str(error))

    def _index(self) -> None:
        self._sources = {b.hop: user for user, bs in self._bindings.items() for b in bs}


def _check_order(binding: Binding, request: Request) -> None:
    """An old REGISTER that comes late or is played back changes nothing (RFC 3261 §10.3 step 7)."""
    if binding.call_id == request.call_id and request.cseq[0] <= binding.cseq:
        raise RegistrationError(500, "Out of Order")


def contacts_of(bindings: Iterable[Binding], now: float) -> list[str]:
    """Contact values for the 200 OK."""
    return [f"<{b.contact}>;expires={max(1, int(b.expires_at - now))}" for b in bindings]


def _save(path: Path, bindings: dict[str, list[Binding]]) -> None:
    content = {user: [asdict(binding) for binding in each] for user, each in bindings.items()}
    beside = path.with_name(f"{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    beside.rename(path)


def _load(path: Path) -> dict[str, list[Binding]]:
    """What was saved; a file that cannot be read is put aside: phones register again by themselves."""
    try:
        content: Any = json.loads(path.read_text())
        return {user: [Binding(**each) for each in bindings] for user, bindings in content.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        path.rename(path.with_name(f"{path.name}.bad"))
        _log.error("registrations file could not be read; put aside", path=str(path))
        return {}
