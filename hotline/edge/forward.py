"""Requests on their way through the edge, and their answers on the way back (RFC 3261 §16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hotline.edge.parts import Flow, Parts, shift_cseq
from hotline.edge.sdp import UnfitBodyError, fit_for_worker
from hotline.sip.message import Request, Response
from hotline.sip.transaction import LONG_SECONDS, ClientTransaction, ServerTransaction, companion
from hotline.sip.transport import Hop

RING_SECONDS = 240.0
"""Timer C: above the three minutes of RFC 3261 §16.6."""
MAX_AUTHORISED = 2
_BEST = (401, 407, 415, 420, 484)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the new Request-URI, the hop, and the flow its Record-Route will name."""

    uri: str
    hop: Hop
    flow: Flow


Authorise = Callable[[Request, Response, Target], tuple[Request, Target] | None]
"""Given the request as the worker sent it, and the challenge: what to send where instead."""


def nobody(request: Request, response: Response, target: Target) -> None:
    """Challenges are passed on."""


def forwarded(parts: Parts, request: Request, target: Target, upstream: tuple[Hop, Flow] | None) -> Request:
    """The copy that is sent on. `upstream`: record the route, towards that side by that flow."""
    copy = request.copy()
    copy.uri = target.uri
    shift_cseq(copy, target.flow, 1)
    copy.set("max-forwards", str(int(request.get("max-forwards") or "71") - 1))
    if upstream is not None:
        for hop, flow in (upstream, (target.hop, target.flow)):
            user = parts.marks.route_user(flow, request.call_id)
            copy.prepend("record-route", parts.local.route(hop, user))
    copy.prepend("via", parts.local.via(target.hop, parts.marks.branch(request)))
    return copy


class Upstream(Protocol):
    """Who waits for the answer to an INVITE."""

    def provisional(self, response: Response) -> None: ...

    def succeeded(self, response: Response, target: Target) -> None:
        """May come again: retransmissions, and the 2xx of another phone."""
        ...

    def failed(self, response: Response | None) -> None:
        """Once, when no branch is left; None: nobody answered in time."""
        ...


@dataclass(slots=True)
class _Branch:
    target: Target
    client: ClientTransaction
    heard: bool = False
    final: Response | None = None
    done: bool = False
    cancelled: bool = False
    authorised: int = 0
    """How often a challenge was answered."""


class InviteForward:
    """One INVITE sent to one or several targets at once; the first 2xx wins."""

    def __init__(
        self,
        parts: Parts,
        request: Request,
        upstream: Upstream,
        record: tuple[Hop, Flow] | None,
        *,
        filter_answers: bool = False,
        authorise: Authorise = nobody,
    ) -> None:
        """`filter_answers`: the caller is a worker, so bodies of answers are made fit for it."""
        self._authorise = authorise
        self._parts, self._request, self._upstream, self._record = parts, request, upstream, record
        self._filter = filter_answers
        self._branches: list[_Branch] = []
        self._won = self._ended = False
        self._ring = None

    def start(self, targets: Sequence[Target]) -> None:
        requests = [forwarded(self._parts, self._request, target, self._record) for target in targets]
        for index, (target, request) in enumerate(zip(targets, requests, strict=True)):
            self._branches.append(_Branch(target, self._ask(index, request, target.hop)))
        self._ring = self._parts.clock.callLater(RING_SECONDS, self.cancel)

    def _ask(self, index: int, request: Request, hop: Hop) -> ClientTransaction:
        return self._parts.transactions.ask(
            request, hop, lambda response: self._answered(index, response), lambda: self._timed_out(index)
        )

    @property
    def heard(self) -> bool:
        """Whether anything came back at all."""
        return any(branch.heard for branch in self._branches)

    def cancel(self) -> None:
        """Stop ringing everywhere; `failed` follows when the phones have confirmed it."""
        for branch in self._branches:
            self._cancel(branch)

    def drop(self) -> None:
        """The far end is dead: forget the branches without asking them. No callback follows."""
        self._finish()
        for branch in self._branches:
            branch.done = True
            branch.client.end()

    def _cancel(self, branch: _Branch) -> None:
        if branch.done or branch.cancelled:
            return
        branch.cancelled = True
        if branch.heard:
            self._send_cancel(branch)
        branch.client.abandon(LONG_SECONDS)

    def _send_cancel(self, branch: _Branch) -> None:
        """Only after a provisional answer (RFC 3261 §9.1)."""
        cancel = companion(branch.client.request, "CANCEL")
        self._parts.transactions.ask(cancel, branch.target.hop, lambda _: None, lambda: None)

    def _answered(self, index: int, response: Response) -> None:
        branch = self._branches[index]
        first, branch.heard = not branch.heard, True
        response = response.copy()
        response.pop_first("via")
        shift_cseq(response, branch.target.flow, -1)
        if self._filter and not self._fits(response):
            response.body = b""
            response.remove("content-type")
        if response.status < 200:
            if branch.cancelled:
                if first:
                    self._send_cancel(branch)
            elif response.status > 100 and not self._won:
                self._upstream.provisional(response)
        elif response.status < 300:
            self._success(branch, response)
        elif not self._ask_again(index, response):
            self._failure(branch, response)

    def _fits(self, response: Response) -> bool:
        try:
            fit_for_worker(response)
        except UnfitBodyError:
            return False
        return True

    def _success(self, branch: _Branch, response: Response) -> None:
        branch.done = self._won = True
        for other in self._branches:
            if other is not branch:
                self._cancel(other)
        self._finish()
        self._upstream.succeeded(response, branch.target)

    def _ask_again(self, index: int, response: Response) -> bool:
        """Whether the refusal was a challenge that could be answered; twice, for a nonce that went stale."""
        branch = self._branches[index]
        if response.status not in (401, 407) or branch.cancelled or branch.authorised >= MAX_AUTHORISED:
            return False
        better = self._authorise(self._request, response, branch.target)
        if better is None:
            return False
        request, branch.target = better
        branch.heard, branch.authorised = False, branch.authorised + 1
        branch.client = self._ask(
            index, forwarded(self._parts, request, branch.target, self._record), branch.target.hop
        )
        return True

    def _failure(self, branch: _Branch, response: Response) -> None:
        branch.done, branch.final = True, response
        if response.status >= 600:
            self.cancel()
        self._check_end()

    def _timed_out(self, index: int) -> None:
        self._branches[index].done = True
        self._check_end()

    def _check_end(self) -> None:
        if self._won or self._ended or not all(branch.done for branch in self._branches):
            return
        self._finish()
        finals = [branch.final for branch in self._branches if branch.final is not None]
        self._upstream.failed(min(finals, key=_rank) if finals else None)

    def _finish(self) -> None:
        self._ended = True
        if self._ring is not None and self._ring.active():
            self._ring.cancel()


def _rank(response: Response) -> tuple[int, int]:
    """The best refusal to pass on (RFC 3261 §16.7 step 6): 6xx, then the lowest class."""
    if response.status >= 600:
        return (0, response.status)
    return (response.status // 100, 0 if response.status in _BEST else response.status)


def forward_other(
    parts: Parts, server: ServerTransaction, request: Request, target: Target, *, filter_answers: bool,
    authorise: Authorise = nobody,
) -> None:  # fmt: skip
    """Send on a request that is no INVITE, and its answer back."""

    def answered(response: Response) -> None:
        better = authorise(request, response, target) if response.status in (401, 407) else None
        if better is not None:
            forward_other(parts, server, *better, filter_answers=filter_answers)
            return
        back = response.copy()
        back.pop_first("via")
        shift_cseq(back, target.flow, -1)
        if filter_answers:
            try:
                fit_for_worker(back)
            except UnfitBodyError:
                back.body = b""
                back.remove("content-type")
        if back.status != 100:
            server.respond(back)

    def timed_out() -> None:
        parts.answer(server, 408, "Request Timeout")

    parts.transactions.ask(forwarded(parts, request, target, None), target.hop, answered, timed_out)


class Relay:
    """An INVITE that is simply passed on: between phones, from a worker outwards, inside a dialog."""

    def __init__(
        self,
        parts: Parts,
        server: ServerTransaction,
        request: Request,
        record: tuple[Hop, Flow] | None,
        *,
        filter_answers: bool,
        authorise: Authorise = nobody,
        succeeded: Callable[[Request, Response, Target], None] = lambda *_: None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._parts, self._server, self._request = parts, server, request
        self._on_success, self._on_end = succeeded, ended
        self._forward = InviteForward(
            parts, request, self, record, filter_answers=filter_answers, authorise=authorise
        )
        server.on_cancel = self._forward.cancel
        self.cancel = self._forward.cancel

    def start(self, targets: Sequence[Target]) -> None:
        self._forward.start(targets)

    def provisional(self, response: Response) -> None:
        self._server.respond(response)

    def succeeded(self, response: Response, target: Target) -> None:
        self._on_success(self._request, response, target)
        self._server.respond(response)
        self._on_end()

    def failed(self, response: Response | None) -> None:
        if response is None:
            self._parts.answer(self._server, 408, "Request Timeout")
        else:
            self._server.respond(response)
        self._on_end()
