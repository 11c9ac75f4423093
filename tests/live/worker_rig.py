"""A real zygote with real workers, and a test that stands in for the edge on its socket."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from hotline import ipc
from hotline.events import Record
from hotline.journal import read

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 15.0
Kind = TypeVar("Kind")
CONFIG = """
company: 试验燃气
service_number: "962677"
paths: {{run: run, state: state, recordings: recordings, flows: {flows}, prompts: prompts}}
edge: {{listen: {{host: 127.0.0.1, udp_port: {edge_port}}}}}
workers:
  max_conversations: {workers}
  reserved_for_pages: 2
  sip_ports: [{sip_low}, {sip_high}]
  rtp_ports: [{rtp_low}, {rtp_high}]
  dead_peer_seconds: {dead_peer_seconds}
  spares: {spares}
recording: {{enabled: {recording}}}
speech: {{engine: none}}
entries: [{{dialled: ["*"], flow: main}}]
dispatch: {{stations: unused, policy: unused, gazetteer: unused}}
"""


class WorkerRig:
    """Start with `with`; the conversation is `tests.live.try_conversation` unless told otherwise."""

    def __init__(
        self,
        folder: Path,
        *,
        edge_port: int = 0,
        dead_peer_seconds: float = 20,
        spares: int = 0,
        workers: int = 20,
        record: bool = True,
        flows: Path | None = None,
        conversation: str = "tests.live.try_conversation:TryConversation",
    ) -> None:
        """`edge_port`: where workers send what they dial; a phone's port in these tests.

        Without `flows` the zygote loads none.
        """
        self.folder = folder
        base = random.randrange(31000, 58000, 200)
        ports = {
            "sip_low": base, "sip_high": base + 2 * workers - 1,
            "rtp_low": base + 2 * workers, "rtp_high": base + 10 * workers,
        }  # fmt: skip
        self.config = folder / "hotline.yaml"
        self.config.write_text(
            CONFIG.format(
                flows=flows or "none", edge_port=edge_port or 9, dead_peer_seconds=dead_peer_seconds,
                spares=spares, workers=workers, recording="true" if record else "false", **ports,
            )
        )
        (folder / "run").mkdir()
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(folder / "run" / "edge.sock"))
        self._server.listen(100)
        self._conversation, self._with_flows = conversation, flows is not None
        self._links: list[Link] = []
        self.zygote: subprocess.Popen[bytes] | None = None
        self.provider: Link | None = None

    def __enter__(self) -> Self:
        try:
            self.start_zygote()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        workers = [link for link in self._links if isinstance(link.hello, ipc.WorkerReady)]
        for pid in [link.pid for link in workers if not link.done]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.zygote is not None:
            self.zygote.kill()
            self.zygote.wait()
        for link in self._links:
            link.close()
        self._server.close()
        if kind is not None:
            sys.stderr.write((self.folder / "zygote.log").read_text()[-6000:])

    def start_zygote(self, instance: str = "1") -> None:
        with (self.folder / "zygote.log").open("ab") as log:
            self.zygote = subprocess.Popen(
                [sys.executable, "-m", "hotline.calls.zygote", "--config", str(self.config),
                 "--instance", instance, "--conversation", self._conversation,
                 *([] if self._with_flows else ["--without-flows"])],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.provider = self.accept(ipc.ProviderHello)

    def accept(self, kind: type[Kind], timeout_seconds: float = WAIT_SECONDS) -> Link:
        """The next that connects and says `kind`; others are kept waiting beside."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            self._server.settimeout(max(deadline - time.monotonic(), 0.01))
            connection, _ = self._server.accept()
            link = Link(connection)
            self._links.append(link)
            link.hello = link.next()
            if isinstance(link.hello, kind):
                return link
        raise TimeoutError(f"nobody said {kind.__name__}")

    def fork(self, call_id: str, purpose: ipc.Purpose = "inbound", **more: Any) -> Link:
        """Order a worker; returns its link once it is ready (`hello` tells its port)."""
        assert self.provider is not None
        self.provider.send(ipc.Fork(job=ipc.Job(call_id=call_id, purpose=purpose, entry="main", **more)))
        link = self.accept(ipc.WorkerReady)
        assert isinstance(link.hello, ipc.WorkerReady)
        assert link.hello.call_id == call_id
        return link

    def records(self, call_id: str) -> list[Record]:
        return [entry.record for entry in read(self.folder / "state" / "journal" / f"{call_id}.jsonl")]

    def recordings(self) -> Iterator[Path]:
        return (self.folder / "recordings").rglob("*.wav")


class Link:
    """One connection to the stand-in edge."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("rb")
        connection.settimeout(WAIT_SECONDS)
        self.hello: ipc.AnyMessage | None = None
        self.done = False

    @property
    def port(self) -> int:
        assert isinstance(self.hello, ipc.WorkerReady)
        return self.hello.sip_port

    @property
    def pid(self) -> int:
        assert isinstance(self.hello, ipc.WorkerReady | ipc.ProviderHello)
        return self.hello.pid

    def next(self) -> ipc.AnyMessage | None:
        """The next message; None when the other side closed."""
        line = self._lines.readline()
        return ipc.decode(line) if line else None

    def wait_done(self) -> None:
        """Until the worker said that it ended in order, and closed."""
        assert isinstance(self.next(), ipc.WorkerDone)
        self.done = True
        assert self.next() is None

    def send(self, message: ipc.Message) -> None:
        self._connection.sendall(ipc.encode(message))

    def close(self) -> None:
        self._lines.close()
        self._connection.close()


def wait_until(condition: Callable[[], bool], what: str, timeout_seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, f"timed out: {what}"
        time.sleep(0.02)
