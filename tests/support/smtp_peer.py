"""A mail server that insists on STARTTLS and a password, and says 4xx and 5xx when told to."""

from __future__ import annotations

import base64
import datetime as dates
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class SmtpPeer:
    certificate: Path
    user: str = "hotline"
    password: str = "mail secret"
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Answers to RCPT instead of 250."""
    port: int = 0
    plain_logins: int = 0


def certificate(folder: Path) -> Path:
    """A certificate of its own for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dates.datetime.now(dates.UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dates.timedelta(days=1))
        .not_valid_after(now + dates.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    )
    path = folder / "peer.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + private)
    (folder / "ca.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    return path


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 10

    def handle(self) -> None:
        self.secure = self.known = False
        self.say("220 peer ESMTP")
        while line := self.rfile.readline():
            if not self.command(line.decode().strip()):
                return

    def finish(self) -> None:
        super().finish()
        if self.secure:
            self.connection.close()

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def command(self, line: str) -> bool:
        peer, word = self.server.peer, line.split(" ")[0].upper()
        if word == "EHLO":
            self.say("250-peer")
            self.say("250 AUTH PLAIN LOGIN" if self.secure else "250 STARTTLS")
        elif word == "STARTTLS":
            self.say("220 go on")
            self._encrypt()
        elif word == "AUTH":
            peer.plain_logins += not self.secure
            self._login(line)
        elif not (self.secure and self.known) and word in ("MAIL", "RCPT", "DATA"):
            self.say("530 5.7.0 authentication required")
        elif word == "RCPT":
            refusal = peer.refusals.pop(0) if peer.refusals else ""
            if not refusal:
                peer.recipients.append(line.partition("<")[2].rstrip(">"))
            self.say(refusal or "250 ok")
        elif word == "DATA":
            self._letter()
        else:
            self.say("221 bye" if word == "QUIT" else "250 ok")
        return word != "QUIT"

    def _encrypt(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.peer.certificate)
        wrapped: Any = context.wrap_socket(self.request, server_side=True)
        self.connection = self.request = wrapped
        self.server.wrapped.append(wrapped)
        self.rfile, self.wfile = wrapped.makefile("rb"), wrapped.makefile("wb")
        self.secure = True

    def _login(self, line: str) -> None:
        """LOGIN: user and password are asked for, one after the other (PLAIN: together)."""
        mechanism = line.split(" ")[1].upper()
        if mechanism == "PLAIN":
            words = line.split(" ")
            if len(words) < 3:
                self.say("334 ")
                words.append(self.rfile.readline().decode().strip())
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
        else:
            self.say("334 " + base64.b64encode(b"Username:").decode())
            user = base64.b64decode(self.rfile.readline()).decode()
            self.say("334 " + base64.b64encode(b"Password:").decode())
            password = base64.b64decode(self.rfile.readline()).decode()
        self.known = (user, password) == (self.server.peer.user, self.server.peer.password)
        self.say("235 ok" if self.known else "535 5.7.8 bad credentials")

    def _letter(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.peer.mails.append(b"".join(lines))
        self.say("250 taken")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, peer: SmtpPeer) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.peer = peer
        self.wrapped: list[Any] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not like our certificate hangs up."""


@contextmanager
def mail_server(folder: Path) -> Iterator[SmtpPeer]:
    peer = SmtpPeer(certificate(folder))
    server = _Server(peer)
    peer.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        for opened in server.wrapped:
            opened.close()
