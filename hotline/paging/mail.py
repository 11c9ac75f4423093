"""E-mail by SMTP with STARTTLS (RFC 5321, RFC 3207); Message-ID is the idempotency key."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.ssl import optionsForClientTLS
from twisted.mail.smtp import ESMTPSender, ESMTPSenderFactory, SMTPClientError

from hotline.paging.channel import Delivered, Message, Outcome, Permanent, Temporary
from hotline.paging.http import trust_of

TEMPORARY = range(400, 500)
"""A 4xx is temporary and a 5xx permanent (RFC 5321 §4.2.1)."""


class Mail:
    """Meets `Channel`."""

    keeps_keys = False

    def __init__(
        self, key: str, reactor: Any, utcnow: Callable[[], datetime], *, host: str, port: int, sender: str,
        user: str = "", password: str = "", starttls: bool = True, ca_file: Path | None = None,
        timeout_seconds: float = 20,
    ) -> None:
        """Without `starttls` nothing is encrypted: for a relay on this machine only."""
        self.key = key
        self._reactor, self._utcnow = reactor, utcnow
        self._host, self._port, self._sender = host, port, sender
        self._user, self._password, self._starttls = user, password, starttls
        self._trust = trust_of(ca_file) if ca_file is not None else None
        self._timeout_seconds = timeout_seconds

    async def send(self, message: Message) -> Outcome:
        done: Deferred[Any] = Deferred()
        connecting = None
        try:
            factory = self._factory(message, done)
            connecting = self._reactor.connectTCP(
                self._host, self._port, factory, timeout=self._timeout_seconds
            )
            done.addTimeout(self._timeout_seconds * 2, self._reactor)
            await done
        except SMTPClientError as error:
            return _judged(error)
        except Exception as error:
            # Refused, lost, timed out, a bad certificate: the mail is not there, and may be later.
            return Temporary(type(error).__name__)
        finally:
            if connecting is not None:
                connecting.disconnect()
        return Delivered()

    def _factory(self, message: Message, done: Deferred[Any]) -> Any:
        context = optionsForClientTLS(self._host, trustRoot=self._trust) if self._starttls else None
        make: Any = ESMTPSenderFactory
        factory = make(
            self._user.encode(), self._password.encode(), self._sender, message.to.split(","),
            BytesIO(self.letter(message)), done, retries=0, timeout=self._timeout_seconds,
            contextFactory=context, requireAuthentication=bool(self._user),
            requireTransportSecurity=self._starttls,
        )
        factory.noisy = False
        factory.protocol = _sender_on(self._reactor)
        return factory

    def letter(self, message: Message) -> bytes:
        """The mail as it is sent: UTF-8, no header of it from a caller's words."""
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = message.to
        mail["Subject"] = re.sub(r"[\r\n]+", " ", message.subject)
        mail["Date"] = format_datetime(self._utcnow())
        domain = self._sender.rpartition("@")[2].strip("<> ") or "hotline"
        mail["Message-ID"] = f"<{re.sub('[^A-Za-z0-9._-]', '.', message.key)}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if message.urgent:
            mail["X-Priority"] = "1"
        mail.set_content(message.text)
        return mail.as_bytes().replace(b"\r\n", b"\n")


def _sender_on(reactor: Any) -> Any:
    """Twisted's sender takes the time of the process's reactor; ours takes the one it is given."""

    class Sender(ESMTPSender):
        def callLater(self, period: float, func: Any) -> Any:
            return reactor.callLater(period, func)

    return Sender


def _judged(error: SMTPClientError) -> Outcome:
    code = int(getattr(error, "code", 0) or 0)
    why = f"SMTP {code}" if code > 0 else type(error).__name__
    if code > 0 and code not in TEMPORARY:
        return Permanent(why)
    return Temporary(why)
