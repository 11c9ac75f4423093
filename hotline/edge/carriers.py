"""Passwords for carriers that ask us for one when we call out (RFC 3261 §22)."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from hotline.edge.admission import secret_of
from hotline.edge.forward import Authorise, Target
from hotline.edge.parts import trunk_flow, trunk_of
from hotline.settings import Trunk
from hotline.sip.digest_client import with_credentials
from hotline.sip.message import Request, Response

_log = structlog.get_logger()


class Carriers:
    """Answers challenges in the worker's place; the CSeq that grows by it is kept in the dialog's mark."""

    def __init__(self, trunks: tuple[Trunk, ...]) -> None:
        asked = [trunk for trunk in trunks if trunk.outbound_user]
        known = {trunk.name: (trunk.outbound_user, _password(trunk)) for trunk in asked}
        self._known = {name: pair for name, pair in known.items() if pair[1]}

    def knows(self, trunk: str) -> bool:
        return trunk in self._known

    def answer(self, trunk: str, request: Request, response: Response) -> Request | None:
        """The request with our password; None when there is none, or nothing that can be answered."""
        if trunk not in self._known:
            return None
        again = with_credentials(request, response, *self._known[trunk])
        if again is None:
            _log.error("a carrier asks for what we cannot give", trunk=trunk, status=response.status)
        return again

    def authorise(self, raised: Callable[[], None] = lambda: None) -> Authorise:
        """For one request on its way out; `raised` is told that the carrier counts one more from now on."""

        def authorise(request: Request, response: Response, target: Target) -> tuple[Request, Target] | None:
            known = trunk_of(target.flow)
            if known is None:
                return None
            name, shift = known
            asked = request.copy()
            asked.uri = target.uri  # what the carrier sees is what is signed
            again = self.answer(name, asked, response)
            if again is None:
                return None
            raised()
            return again, Target(target.uri, target.hop, trunk_flow(name, shift + 1))

        return authorise


def _password(trunk: Trunk) -> str:
    return secret_of(trunk.outbound_password_file, trunk.outbound_password_env, f"calls over {trunk.name}")
