"""The dialogs of the workers, so that a dead worker's callers and agents are not left in silence.

When a worker's process is gone the edge says BYE to everybody it was talking with, in its name.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

import structlog

from hotline.edge.dialog_files import DialogFiles, Tracked
from hotline.edge.parts import Flow, Parts, phone_of, shift_cseq, trunk_flow, trunk_of
from hotline.ipc import Dialog
from hotline.sip.message import Message, Request, Response
from hotline.sip.transport import Hop
from hotline.sip.uri import UriError, parse_address

_log = structlog.get_logger()
BYE_CSEQ = 1_000_000_000
"""Above whatever the worker has counted up to (RFC 3261 §12.2.2 asks only for more)."""
Find = Callable[[str, Flow, Callable[[Hop | None], None]], None]
"""Finds the hop for a URI and a flow."""


class Dialogs:
    """Those that are open now."""

    def __init__(self, parts: Parts, find: Find, files: DialogFiles) -> None:
        """Those of a killed edge are open from the start."""
        self._parts, self._find, self._files = parts, find, files
        self._open = {(known.sip_call_id, known.worker_tag): known for known in files.load()}

    def __len__(self) -> int:
        return len(self._open)

    def calls(self) -> set[str]:
        """The call ids that have a dialog open."""
        return {dialog.call_id for dialog in self._open.values()}

    def called_in(self, call_id: str, invite: Request, answer: Response, flow: Flow) -> None:
        """A worker answered somebody."""
        self._add(
            Tracked(
                call_id, invite.call_id, answer.to_tag, invite.from_tag, _plain(answer.get("to")),
                _plain(invite.get("from")), _contact(invite), tuple(invite.all("record-route")), flow,
            )
        )  # fmt: skip

    def called_out(self, call_id: str, invite: Request, answer: Response, flow: Flow) -> None:
        """Somebody answered a worker's call."""
        self._add(self._tracked(call_id, invite, answer, flow))

    def _tracked(self, call_id: str, invite: Request, answer: Response, flow: Flow) -> Tracked:
        beyond = tuple(reversed([r for r in answer.all("record-route") if not self._own(r)]))
        return Tracked(
            call_id, invite.call_id, invite.from_tag, answer.to_tag, _plain(invite.get("from")),
            _plain(answer.get("to")), _contact(answer), beyond, flow,
        )  # fmt: skip

    def told(self, call_id: str, dialogs: tuple[Dialog, ...]) -> None:
        """What a worker says it is talking in, after a restart of the edge."""
        for dialog in dialogs:
            if (dialog.sip_call_id, dialog.local_tag) not in self._open:
                self._add(self._from_worker(call_id, dialog))

    def _from_worker(self, call_id: str, dialog: Dialog) -> Tracked:
        own = [route for route in dialog.route_set if self._own(route)]
        flow = self._parts.marks.flow(_user(own[-1]), dialog.sip_call_id) if own else None
        return Tracked(
            call_id, dialog.sip_call_id, dialog.local_tag, dialog.remote_tag, dialog.local_uri,
            dialog.remote_uri, dialog.remote_target,
            tuple(route for route in dialog.route_set if not self._own(route)), flow or "uri",
        )  # fmt: skip

    def _add(self, dialog: Tracked) -> None:
        self._open[(dialog.sip_call_id, dialog.worker_tag)] = dialog
        self._files.keep(dialog)

    def passed(self, request: Request) -> None:
        """A request inside a dialog goes by: BYE ends it, a new Contact moves its far end."""
        for tag, from_worker in ((request.from_tag, True), (request.to_tag, False)):
            key = (request.call_id, tag)
            if key not in self._open:
                continue
            if request.method == "BYE":
                self._files.forget(self._open.pop(key))
            elif not from_worker and request.has("contact") and request.method in ("INVITE", "UPDATE"):
                self._moved(self._open[key], _contact(request))
            return

    def counted(self, request: Request, flow: Flow) -> Flow:
        """The flow of a worker's request, with all that the far end has counted more than the worker."""
        dialog, known = self._open.get((request.call_id, request.from_tag)), trunk_of(flow)
        if dialog is None or known is None:
            return flow
        return trunk_flow(known[0], known[1] + dialog.extra_cseq)

    def counts_more(self, request: Request) -> None:
        """The far end asked for a password: the same request reaches it twice, and counts twice."""
        dialog = self._open.get((request.call_id, request.from_tag))
        if dialog is not None:
            dialog.extra_cseq += 1
            self._files.keep(dialog)

    def _moved(self, dialog: Tracked, contact: str) -> None:
        if contact and contact != dialog.remote_target:
            dialog.remote_target = contact
            self._files.keep(dialog)

    def hang_up(self, call_id: str) -> int:
        """Say BYE in every dialog of that call; returns in how many."""
        mine = [key for key, dialog in self._open.items() if dialog.call_id == call_id]
        for key in mine:
            self._bye(self._open[key])
            self._files.forget(self._open.pop(key))
        return len(mine)

    def _bye(self, dialog: Tracked) -> None:
        try:
            bye = _bye_request(dialog)
            next_uri = str(parse_address(dialog.routes[0]).uri) if dialog.routes else dialog.remote_target
        except UriError:
            _log.error("a dialog cannot be ended: its addresses are unreadable", call_id=dialog.call_id)
            return

        def send(hop: Hop | None) -> None:
            if hop is None:
                _log.error("nowhere to send a BYE to", call_id=dialog.call_id)
                return
            bye.prepend("via", self._parts.local.via(hop, self._parts.marks.branch(bye)))
            self._parts.stats["byes_for_dead_workers"] += 1
            self._parts.transactions.ask(bye, hop, lambda _: None, lambda: None)

        self._find(next_uri, dialog.flow, send)

    def reject_late(self, invite: Request, answer: Response, flow: Flow) -> None:
        """A 2xx for a worker that is dead by now: acknowledge it and end the dialog."""
        dialog = self._tracked("", invite, answer, flow)
        ack = _bye_request(dialog)
        ack.method = "ACK"
        ack.set("cseq", f"{invite.cseq[0]} ACK")
        shift_cseq(ack, flow, 1)

        def send(hop: Hop | None) -> None:
            if hop is not None:
                ack.prepend("via", self._parts.local.via(hop, self._parts.marks.branch(ack)))
                self._parts.transports.send(ack.to_bytes(), hop)

        self._find(str(parse_address(dialog.routes[0]).uri) if dialog.routes else ack.uri, flow, send)
        self._bye(dialog)

    def _own(self, route: str) -> bool:
        try:
            return self._parts.local.is_own(parse_address(route).uri)
        except UriError:
            return False


def _bye_request(dialog: Tracked) -> Request:
    bye = Request(method="BYE", uri=str(parse_address(f"<{dialog.remote_target}>").uri))
    bye.headers = [("route", route) for route in dialog.routes]
    bye.headers += [
        ("from", f"<{_uri_of(dialog.local_uri)}>;tag={dialog.worker_tag}"),
        ("to", f"<{_uri_of(dialog.remote_uri)}>;tag={dialog.remote_tag}"),
        ("call-id", dialog.sip_call_id),
        ("cseq", f"{BYE_CSEQ + secrets.randbelow(1_000_000)} BYE"),
        ("max-forwards", "70"),
        ("reason", 'SIP;cause=500;text="conversation lost"'),
    ]
    return bye


def _plain(header: str) -> str:
    return str(parse_address(header).uri)


def _uri_of(text: str) -> str:
    return str(parse_address(text).uri)


def _contact(message: Message) -> str:
    try:
        return str(parse_address(message.get("contact")).uri)
    except UriError:
        return ""


def _user(route: str) -> str:
    return parse_address(route).uri.user


def phone_hop(flow: Flow) -> Hop | None:
    known = phone_of(flow)
    return known[0] if known else None
