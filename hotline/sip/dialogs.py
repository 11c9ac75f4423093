"""Reads from SIP messages what the edge needs to end a dialog in a dead worker's name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hotline.ipc import Dialog

_COMPACT = {"f": "from", "t": "to", "i": "call-id", "m": "contact", "v": "via"}
_IN_BRACKETS, _BARE = re.compile(r"<([^>]*)>"), re.compile(r"([^\s;,<>]+)")
_TAG = re.compile(r";\s*tag=([^\s;,>]+)", re.IGNORECASE)


def headers(message: str) -> list[tuple[str, str]]:
    """Name in small letters and value of each header, folded lines joined."""
    head = message.replace("\r\n", "\n").partition("\n\n")[0]
    unfolded = re.sub(r"\n[ \t]+", " ", head)
    found = []
    for line in unfolded.split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            small = name.strip().lower()
            found.append((_COMPACT.get(small, small), value.strip()))
    return found


def header(message: str, name: str) -> str:
    """First value of a header; empty when it is not there."""
    return next((value for key, value in headers(message) if key == name.lower()), "")


def uri_of(value: str) -> str:
    """The URI of a name-addr or addr-spec."""
    found = _IN_BRACKETS.search(value) or _BARE.search(value)
    return found.group(1) if found else ""


def user_of(uri: str) -> str:
    """`sip:user;par@host` → `user`; the number of a tel URI; empty when there is none."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "tel":
        return rest.partition(";")[0]
    user, at, _ = rest.partition("@")
    return user.partition(";")[0].partition(":")[0] if at else ""


@dataclass
class DialogNotes:
    """What is known of one dialog; filled by the messages that pass."""

    outbound: bool
    _invite: str = field(default="", repr=False)
    _answer: str = field(default="", repr=False)

    def saw(self, message: str) -> None:
        """An INVITE or its response of this dialog, sent or received."""
        if message.startswith("INVITE ") and not self._invite:
            self._invite = message
        elif message.startswith("SIP/2.0 2") and "INVITE" in header(message, "cseq") and not self._answer:
            self._answer = message

    def dialog(self) -> Dialog | None:
        """The confirmed dialog from our side; None before its 2xx."""
        if not self._invite or not self._answer:
            return None
        caller, called = header(self._answer, "from"), header(self._answer, "to")
        ours, theirs = (caller, called) if self.outbound else (called, caller)
        target = self._answer if self.outbound else self._invite
        routes = [value for name, value in headers(target) if name == "record-route"]
        route_set = [part.strip() for value in routes for part in value.split(",")]
        return Dialog(
            sip_call_id=header(self._answer, "call-id"),
            local_tag=_tag(ours),
            remote_tag=_tag(theirs),
            local_uri=uri_of(ours),
            remote_uri=uri_of(theirs),
            remote_target=uri_of(header(target, "contact")),
            route_set=tuple(reversed(route_set) if self.outbound else route_set),
        )


def _tag(value: str) -> str:
    found = _TAG.search(value)
    return found.group(1) if found else ""
