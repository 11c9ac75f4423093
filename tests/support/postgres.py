"""A throwaway PostgreSQL: its own data, port and socket, started and stopped by the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

OWNER = "postgres"
"""PostgreSQL refuses to run as root; then it runs as this user."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binaries() -> Path:
    """Where initdb and pg_ctl are; without a server the tests fail, they are not skipped."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("pg_ctl")
    if program is None:
        raise AssertionError("no PostgreSQL server: install it with `apt-get install postgresql`")
    return Path(program).resolve().parent


class Postgres:
    """A server that can be stopped, killed and started again on the same data and port."""

    def __init__(self) -> None:
        self._bin = binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, OWNER)
        self._data = self._folder / "data"
        self.port = free_port()
        self._run(
            "initdb", "-D", self._data, "-U", "hotline", "-A", "trust", "--no-sync", "-E", "UTF8",
            "--locale=C.UTF-8",
        )
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://hotline@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self._folder} -c fsync=off -c max_connections=40"
        log = self._folder / "log"
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-l", log, "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """`immediate`: like a crash; `fast`: connections are cut, data is flushed."""
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-m", mode, "stop")

    def create_database(self, name: str) -> str:
        """A fresh database; returns its URL."""
        self._run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "hotline", name)
        return self.url.replace("/postgres", f"/{name}")

    def remove(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", OWNER, "--", *command]
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/",
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, timeout=120, check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        assert done.returncode == 0, f"{program} failed: {said}"
