"""Who is speaking: a worker of ours, a trunk, an agent's phone or a stranger, and may he?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import structlog

from hotline.edge.hub import Hub, Worker
from hotline.edge.limits import TokenBuckets
from hotline.edge.registrar import Registrar
from hotline.errors import ConfigurationError
from hotline.settings import Settings, Softphone, Trunk
from hotline.settings_file import read_secret
from hotline.sip.digest import Digest, Verdict
from hotline.sip.message import Request
from hotline.sip.transport import Hop

_log = structlog.get_logger()
MAX_CONNECTIONS = 500
"""TCP connections in all, beyond which only trunks may open more."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a packet came from, as far as its address tells."""

    kind: Literal["worker", "trunk", "softphone", "stranger"]
    hop: Hop
    worker: Worker | None = None
    trunk: Trunk | None = None
    user: str = ""


class Admission:
    """Judges addresses, rates and passwords."""

    def __init__(
        self, settings: Settings, hub: Hub, registrar: Registrar, digest: Digest, seconds: Callable[[], float]
    ) -> None:
        """`seconds` is monotonic."""
        self._settings, self._hub, self._registrar, self._digest = settings, hub, registrar, digest
        edge, limits = settings.edge, settings.edge.rate_limits
        found = {phone.user: _phone_password(phone) for phone in edge.softphones}
        self.phones = {user: password for user, password in found.items() if password}
        self._offered = {phone.user: phone.digest for phone in edge.softphones}
        passwords = {trunk.digest_user: _trunk_password(trunk) for trunk in edge.trunks if trunk.digest_user}
        self._trunk_passwords = {user: password for user, password in passwords.items() if password}
        self._roaming = {t.digest_user: t for t in edge.trunks if t.digest_user and not t.addresses}
        self._strangers = TokenBuckets(limits.stranger_per_second, limits.burst_seconds, seconds)
        self._softphones = TokenBuckets(limits.softphone_per_second, limits.burst_seconds, seconds)
        self._trunk_at = lru_cache(maxsize=4096)(self._find_trunk)

    @property
    def has_passwords(self) -> bool:
        """Whether any stranger could prove to be somebody."""
        return bool(self.phones or self._roaming)

    def peer(self, hop: Hop) -> Peer:
        if hop.host == self._settings.workers.host and hop.transport == "udp":
            worker = self._hub.worker_on(hop.port)
            if worker is not None:
                return Peer("worker", hop, worker=worker)
        user = self._registrar.user_at(hop)
        if user:
            return Peer("softphone", hop, user=user)
        trunk = self._trunk_at(hop.host)
        return Peer("trunk", hop, trunk=trunk) if trunk is not None else Peer("stranger", hop)

    def may_be_worker(self, hop: Hop) -> bool:
        """One that has not said yet that it is there: after a restart of ours it may speak first."""
        first, last = self._settings.workers.sip_ports
        inside = hop.transport == "udp" and hop.host == self._settings.workers.host
        return inside and first <= hop.port <= last

    def _find_trunk(self, host: str) -> Trunk | None:
        address = ip_address(host)
        for trunk in self._settings.edge.trunks:
            if any(address.version == net.version and address in net for net in trunk.addresses):
                return trunk
        return None

    def within_rate(self, peer: Peer) -> bool:
        if peer.kind == "softphone":
            return self._softphones.take(peer.hop.host)
        return peer.kind != "stranger" or self._strangers.take(peer.hop.host)

    def connection_allowed(self, host: str, already_open: int, open_in_all: int) -> bool:
        """Whether one more TCP connection is taken from that address; trunks always may."""
        most = self._settings.edge.rate_limits.connections_per_address
        return (already_open < most and open_in_all < MAX_CONNECTIONS) or self.is_trunk(host)

    def is_trunk(self, host: str) -> bool:
        return self._trunk_at(host) is not None

    def softphone(self, request: Request, peer: Peer) -> Verdict:
        """Does an agent's phone know its password? A wrong one is paid for."""
        known = self.phones
        if request.method == "INVITE":
            roaming = {u: self._trunk_passwords[u] for u in self._roaming if u in self._trunk_passwords}
            known = roaming | self.phones
        verdict = self._check(request, known.get)
        if verdict.outcome == "rejected":
            cost = self._settings.edge.rate_limits.wrong_password_cost
            (self._softphones if peer.kind == "softphone" else self._strangers).charge(peer.hop.host, cost)
        return verdict

    def trunk(self, request: Request, trunk: Trunk) -> Verdict:
        """Digest of a trunk that has one besides its address; the address alone when the file is lost."""
        password = self._trunk_passwords.get(trunk.digest_user)
        if password is None:
            return Verdict("accepted")
        return self._check(request, {trunk.digest_user: password}.get)

    def roaming_trunk(self, user: str) -> Trunk | None:
        """A trunk that is known by its digest alone."""
        return self._roaming.get(user)

    def _check(self, request: Request, password_of: Callable[[str], str | None]) -> Verdict:
        header = "authorization" if request.method == "REGISTER" else "proxy-authorization"
        return self._digest.check(request.all(header), request.method, request.uri, password_of)

    def challenges(self, request: Request, verdict: Verdict) -> tuple[int, str, list[tuple[str, str]]]:
        """Status, reason and headers that ask for a password."""
        offered = self._offered.get(request.from_.uri.name, ("SHA-256", "MD5"))
        values = self._digest.challenges(stale=verdict.outcome == "stale", offered=offered)
        if request.method == "REGISTER":
            return 401, "Unauthorized", [("www-authenticate", value) for value in values]
        return 407, "Proxy Authentication Required", [("proxy-authenticate", value) for value in values]


def _phone_password(phone: Softphone) -> str:
    return secret_of(phone.password_file, phone.password_env, f"softphone {phone.user}")


def _trunk_password(trunk: Trunk) -> str:
    return secret_of(trunk.digest_password_file, trunk.digest_password_env, f"trunk {trunk.name}")


def secret_of(file: Path | None, variable: str, whose: str) -> str:
    """Empty when it cannot be had: the edge must come up in the night all the same."""
    try:
        secret = read_secret(file, variable)
    except ConfigurationError as error:
        _log.error("a password is missing", whose=whose, why=str(error))
        return ""
    if not secret:
        _log.error("a password is missing", whose=whose, why="no file and no environment variable is named")
    return secret
