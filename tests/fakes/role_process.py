"""Stand-ins for edge, zygote, controller and transcriber, for tests of the supervisor alone.

They are started like the real ones and keep a diary (`run/diary`) of starts, signals and messages.
The zygote forks a worker (a process that only waits) at SIGUSR1; the worker ends at SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

from hotline.settings_file import load_settings


def main(role: str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--instance", default="")
    arguments = parser.parse_args()
    run = load_settings(arguments.config).paths.run
    Diary(run, role).write(f"started {arguments.instance}")
    if role == "zygote":
        ready(run, arguments.instance)
    ROLES[role](run)


def ready(run: Path, instance: str) -> None:
    """As the real zygote says it, unless the test keeps it from it for a while."""
    if not (run / "keep-zygotes-loading").exists():
        (run / f"zygote-{instance}.ready").write_text(str(os.getpid()))


class Diary:
    def __init__(self, run: Path, role: str) -> None:
        self._path, self._role = run / "diary", role

    def write(self, text: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{self._role} {os.getpid()} {text}\n")


def edge(run: Path) -> None:
    diary = Diary(run, "edge")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    (run / "edge.sock").unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(run / "edge.sock"))
        server.listen()
        while True:
            connection, _ = server.accept()
            with connection:
                said = connection.recv(65536).decode().strip()
                if said:
                    diary.write(said)


def waiting(run: Path, role: str) -> None:
    diary = Diary(run, role)
    signal.signal(signal.SIGHUP, lambda *_: diary.write("reloaded"))
    signal.signal(signal.SIGUSR1, lambda *_: fork_worker(run))
    signal.signal(signal.SIGCHLD, lambda *_: reap())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    diary.write("waits")
    while True:
        signal.pause()


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def fork_worker(run: Path) -> None:
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        Diary(run, "worker").write("waits")
        while True:
            signal.pause()


ROLES = {
    "edge": edge,
    "zygote": lambda run: waiting(run, "zygote"),
    "controller": lambda run: waiting(run, "controller"),
    "transcriber": lambda run: waiting(run, "transcriber"),
}
