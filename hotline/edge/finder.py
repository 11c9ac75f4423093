"""Where to send: an address, a name, or the way by which a phone is known (RFC 3263, simplified)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from twisted.python.failure import Failure

from hotline.edge.parts import Flow, phone_of
from hotline.edge.registrar import Binding, Registrar
from hotline.sip.transport import Hop, Transports
from hotline.sip.uri import Uri, UriError, parse_uri

Then = Callable[[Hop | None], None]


class Finder:
    """Answers by callback: at once for addresses, later for names."""

    def __init__(self, reactor: Any, transports: Transports, registrar: Registrar) -> None:
        self._reactor, self._transports, self._registrar = reactor, transports, registrar

    def find(self, uri: str, flow: Flow, then: Then) -> None:
        """The hop for a URI; a phone's flow wins over it. None when there is none."""
        phone = phone_of(flow)
        if phone is not None:
            then(self._phone(*phone))
            return
        try:
            self.resolve(parse_uri(uri), then)
        except UriError:
            then(None)

    def _phone(self, hop: Hop, user: str) -> Hop | None:
        if not hop.reliable or self._transports.connected(hop):
            return hop
        bindings = self._registrar.bindings(user)
        return self.binding(bindings[0]) if bindings else None

    def binding(self, binding: Binding) -> Hop:
        """Back along the way of its REGISTER; without the connection, to what its Contact says."""
        if binding.hop.transport == "udp" or self._transports.connected(binding.hop):
            return binding.hop
        contact = parse_uri(binding.contact)
        return Hop("tcp", binding.host, contact.port or 5060)

    def resolve(self, uri: Uri, then: Then) -> None:
        transport = uri.transport
        if uri.scheme != "sip" or transport not in ("udp", "tcp"):
            then(None)
            return
        host, port = uri.parameters.get("maddr") or uri.host, uri.port or 5060

        def found(address: str) -> None:
            then(Hop("tcp" if transport == "tcp" else "udp", address, port))

        def lost(_: Failure) -> None:
            then(None)

        try:
            ip_address(host)
        except ValueError:
            self._reactor.resolve(host).addCallbacks(found, lost)
        else:
            if self._transports.reaches(host):
                found(host)
            else:
                then(None)
