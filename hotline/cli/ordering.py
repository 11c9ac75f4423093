"""Gives orders to the running controller; the same order given twice is carried out once."""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from hotline.errors import HotlineError, ServiceUnavailableError
from hotline.ipc import MAX_LINE_BYTES, MalformedMessageError, Order, Ordered, decode, encode
from hotline.settings import Settings

PATIENCE_SECONDS = 10.0
"""A controller that is being replaced answers again within some seconds."""
PAUSE_SECONDS = 0.3
AuthorOption = Annotated[
    str, typer.Option("--by", envvar="HOTLINE_PERSON", help="Who does it; else the login name.")
]


class OrderRefusedError(HotlineError):
    """Nothing was changed. The message says what can be done instead."""

    exit_status = 2


def author_of(given: str) -> str:
    """The person who acts; the login name when nobody is named."""
    return given.strip() or getpass.getuser()


def give(settings: Settings, command: str, **fields: Any) -> dict[str, str]:
    """Have it carried out; what came of it.

    Raises OrderRefusedError, ServiceUnavailableError; then nothing was changed.
    """
    order = Order(order_id=uuid.uuid4().hex, command=command, fields=fields)
    path = settings.paths.run / "controller.sock"
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = _ask(path, order, max(end - time.monotonic(), 0.1))
            break
        except OSError as error:
            if time.monotonic() + PAUSE_SECONDS > end:
                advice = "is `hotline serve` running? Orders are carried out by the running service only"
                raise ServiceUnavailableError(f"no answer on {path}: {error}; {advice}") from error
            time.sleep(PAUSE_SECONDS)
    if not answer.done:
        raise OrderRefusedError(answer.why)
    return answer.values


def _ask(path: Path, order: Order, seconds: float) -> Ordered:
    if not os.access(path.parent, os.X_OK):
        raise PermissionError(f"{path.parent} is the service's own; run this as its user")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(seconds)
        line.connect(str(path))
        line.sendall(encode(order))
        with line.makefile("rb") as file:
            answer = file.readline(MAX_LINE_BYTES)
    if not answer:
        raise ConnectionResetError("the controller closed the line")
    try:
        message = decode(answer)
    except MalformedMessageError as error:
        raise ConnectionError("the controller is of another version") from error
    if not isinstance(message, Ordered):
        raise ConnectionError("the controller is of another version")
    return message
