"""Keeps edge, zygote and controller alive, passes on reloads, and ends them without cutting a call.

It holds no state that matters: killed, it leaves everything running, and the next one adopts what
it finds. Signals: SIGHUP reloads, SIGTERM or SIGINT drains, a second one hurries.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from hotline.errors import ConfigurationError
from hotline.service import checked, instances, process, workers
from hotline.service.checks import check_everything
from hotline.service.drain import Draining
from hotline.service.notify import Notifier
from hotline.service.process import ProcessRecord, write_atomically
from hotline.service.roles import START_ORDER, Role, command
from hotline.settings import Settings

log = structlog.get_logger()
LONGEST_NAP_SECONDS = 1.0
SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


class Supervisor:
    """One instance of the service on its run and state directories."""

    def __init__(self, config: Path, overrides: Sequence[str], settings: Settings) -> None:
        """`settings`: already checked; the file is read again only at a reload."""
        self._config, self._overrides = config, tuple(overrides)
        self._settings = settings
        self._run = settings.paths.run
        self._notifier = Notifier()
        self._selector = selectors.DefaultSelector()
        self._watched: dict[int, Role] = {}
        self._draining: Draining | None = None
        self._ready = False
        for folder in (self._run, settings.paths.state, settings.paths.recordings):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with instances.starting(self._run):
            self.instance = self._adopted_instance() or instances.new_name(datetime.now(UTC), os.getpid())
            self._record = process.of(os.getpid(), self.instance)
            self._record.write(instances.record_path(self._run, instances.SUPERVISOR, self.instance))
        write_atomically(self._run / "supervisor.pid", f"{os.getpid()}\n")
        self._write_settings()
        self._roles = {name: self._role(name) for name in START_ORDER}

    def run(self) -> int:
        """Until the service has ended; the exit status."""
        wakeup = self._catch_signals()
        log.info("service starts", instance=self.instance, pid=os.getpid())
        self._reload_adopted()
        while not self._step():
            self._wait(wakeup)
        self._clear_up()
        log.info("service ended", instance=self.instance)
        return 0

    # ---- other instances: Surroundings of the drain
    def successor(self) -> bool:
        return instances.successor(self._run, self.instance) is not None

    def successor_coming(self) -> bool:
        return instances.successor_coming(self._run, self.instance)

    def workers(self) -> list[ProcessRecord]:
        zygote = self._roles["zygote"].record
        return workers.of_instance(self.instance, besides=[zygote.pid] if zygote is not None else [])

    # ---- one turn
    def _step(self) -> bool:
        with instances.starting(self._run):
            started = [role.name for role in self._roles.values() if role.start_if_due()]
        for role in self._roles.values():
            if role.pidfd is not None and role.pidfd not in self._watched:
                self._watched[role.pidfd] = role
                self._selector.register(role.pidfd, selectors.EVENT_READ)
        if started and self._draining is None:
            self._ready = False
        self._tell_systemd()
        return self._draining is not None and self._draining.step()

    def _wait(self, wakeup: socket.socket) -> None:
        for key, _ in self._selector.select(self._nap_seconds()):
            if key.fileobj is wakeup:
                for number in wakeup.recv(64):
                    self._signalled(signal.Signals(number))
            elif key.fd in self._watched:
                self._selector.unregister(key.fd)
                self._watched.pop(key.fd).ended()

    def _nap_seconds(self) -> float:
        starts = [due for role in self._roles.values() if (due := role.next_start()) is not None]
        naps = [due - time.monotonic() for due in starts]
        return max(0.0, min([LONGEST_NAP_SECONDS, *naps]))

    def _tell_systemd(self) -> None:
        self._notifier.say(WATCHDOG=1)
        if not self._ready and _accepts(self._run / "edge.sock"):
            self._ready = True
            self._notifier.say(READY=1, STATUS=f"takes calls, instance {self.instance}")
            log.info("takes calls", instance=self.instance)

    # ---- signals
    def _catch_signals(self) -> socket.socket:
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        for number in SIGNALS:
            signal.signal(number, _wake)
        signal.set_wakeup_fd(writer.detach(), warn_on_full_buffer=False)
        self._selector.register(reader, selectors.EVENT_READ)
        return reader

    def _signalled(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP:
            self.reload()
        elif number in (signal.SIGTERM, signal.SIGINT):
            self._end()

    def reload(self) -> None:
        """Read the configuration again and tell the processes; a faulty one changes nothing."""
        self._notifier.say(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
        before = self._settings
        try:
            self._settings = check_everything(self._config, self._overrides).settings
            self._write_settings()
            _say_what_waits(before, self._settings)
        except ConfigurationError as error:
            log.error("configuration not reloaded, the old one stays", faults=len(error.faults))
            for fault in error.faults:
                log.error("fault", where=f"{fault.file}:{fault.line}", field=fault.field, why=fault.message)
        except OSError as error:
            log.error("configuration not reloaded, the old one stays", why=str(error))
        for name in ("zygote", "controller"):
            self._roles[name].send(signal.SIGHUP)
        self._notifier.say(READY=1)

    def _end(self) -> None:
        if self._draining is not None:
            log.warning("hurrying: calls in progress are waited for no longer")
            self._draining.hurry()
            return
        log.info("draining: no new calls, those in progress finish", instance=self.instance)
        self._notifier.say(STOPPING=1, STATUS="draining: calls in progress finish")
        self._record = replace(self._record, draining=True)
        self._record.write(instances.record_path(self._run, instances.SUPERVISOR, self.instance))
        self._draining = Draining(
            self.instance, self._run / "edge.sock", self._roles, self, time.monotonic,
            self._settings.drain_seconds,
        )

    # ---- beginning and end
    def _adopted_instance(self) -> str:
        """The newest instance whose supervisor died; older ones, and one that was ending, are ended."""
        adopted = ""
        for orphan in reversed(instances.orphaned(self._run)):
            if not adopted and not instances.was_draining(self._run, orphan.name):
                adopted = orphan.name
                continue
            for left in orphan.processes:
                left.send(signal.SIGTERM)
        for one in instances.known(self._run):
            if one.name != adopted and one.supervisor is None and not one.processes:
                instances.forget(self._run, one.name)
        return adopted

    def _role(self, name: str) -> Role:
        settings = checked.settings_path(self._run, self.instance)
        if name == "edge":
            settings = checked.edge_settings_path(self._run)
        return Role(
            name, command(name, settings, self.instance),
            instances.record_path(self._run, name, self.instance), self.instance, time.monotonic,
            foreign_lock=self._run / "edge.lock" if name == "edge" else None,
        )

    def _write_settings(self) -> None:
        checked.write(self._run, self.instance, self._settings)
        checked.write_for_edge(self._run, self._settings)

    def _reload_adopted(self) -> None:
        """What an earlier supervisor started may run with an older configuration."""
        for name in ("zygote", "controller"):
            if self._roles[name].adopt():
                self._roles[name].send(signal.SIGHUP)

    def _clear_up(self) -> None:
        for role in self._roles.values():
            role.close()
        if not self.workers():
            instances.forget(self._run, self.instance)
        pid_file = self._run / "supervisor.pid"
        with contextlib.suppress(OSError):
            if pid_file.read_text(encoding="utf-8").strip() == str(os.getpid()):
                pid_file.unlink()


def _say_what_waits(before: Settings, now: Settings) -> None:
    """Menus, information and customer file are taken at once; the configuration's keys are not."""
    changed = [name for name in Settings.model_fields if getattr(before, name) != getattr(now, name)]
    if changed:
        log.warning("changed keys wait for the next start, or for a successor", keys_changed=changed)


def _wake(_number: int, _frame: object) -> None:
    """The wakeup descriptor carries the signal's number into the loop."""


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(0.2)
        return line.connect_ex(str(path)) == 0
