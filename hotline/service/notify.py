"""Tells systemd how the service is (sd_notify): ready, reloading, stopping, alive."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Does nothing when systemd did not ask to be told."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def say(self, **variables: object) -> None:
        """`say(READY=1, STATUS="…")`. Never fails and never blocks."""
        if not self._address:
            return
        text = "\n".join(f"{name}={value}" for name, value in variables.items())
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto(text.encode(), self._address)
