"""Whom to dial, as a SIP URI: everything goes through the edge, which knows the way."""

from __future__ import annotations

from hotline.settings import Settings


def uri_of(target: str, settings: Settings) -> str:
    """An agent's user, a number or a short code at the edge; a full URI stays as it is."""
    if target.startswith(("sip:", "sips:")):
        return target
    listen = settings.edge.listen
    return f"sip:{target}@{listen.advertise or listen.host}:{listen.udp_port}"
