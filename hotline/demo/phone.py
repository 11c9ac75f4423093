"""Steers a telephone process, in the words of somebody who holds the phone: call, expect, press, hang up.

Used by `hotline demo` and the live tests as caller, crew's phone and agent's softphone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_SECONDS = 15.0


class PhoneError(AssertionError):
    """What was expected of the phone did not happen; the message tells what did."""


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    """Something that happened at the phone."""

    kind: str
    """ready, registered, register_failed, calling, incoming, ringing, answered, media,
    hold (`by`: us, them, nobody), hears, quiet, speaking, voice_ended, said,
    acting (`do`), key, ended, error."""
    at: float
    """Seconds since 1970."""
    monotonic: float
    """Seconds of the machine's monotonic clock, the same for all processes."""
    fields: dict[str, Any] = field(default_factory=dict)


class Phone:
    """A telephone. `with Phone("caller", user="13800001111") as phone: …` ends its process."""

    def __init__(
        self,
        name: str,
        user: str = "",
        *,
        host: str = "127.0.0.1",
        on_event: Callable[[Phone, PhoneEvent], None] | None = None,
    ) -> None:
        """`on_event` is called in the phone's reading thread, for a running display."""
        self.name, self.user, self.host = name, user or name, host
        self.events: list[PhoneEvent] = []
        self._on_event = on_event
        self._changed = threading.Condition()
        self._taken: dict[str, int] = {}
        self._over = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hotline.sip.handset", name, self.user, host],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, name=f"phone {name}", daemon=True)
        self._reader.start()
        ready = self.wait_for("ready", START_SECONDS)
        self.port: int = ready.fields["port"]
        """SIP, UDP."""

    @property
    def uri(self) -> str:
        """Where this phone can be called directly."""
        return f"sip:{self.user}@{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    # ---- what one does with a phone
    def register(self, registrar: str, password: str, *, timeout_seconds: float = 10) -> None:
        """Log in as a softphone at `host:port`. Raises PhoneError when refused."""
        self._do("register", registrar=registrar, user=self.user, password=password)
        self.wait_for("registered", timeout_seconds)

    def unregister(self, *, timeout_seconds: float = 10) -> None:
        self._do("unregister")
        self.wait_for("unregistered", timeout_seconds)

    def call(self, uri: str, *, headers: dict[str, str] | None = None) -> PhoneEvent:
        """Dial; the event tells when the INVITE left."""
        self._do("call", uri=uri, headers=headers or {})
        return self.wait_for("calling", 5)

    def let_ring(self) -> None:
        """Incoming calls ring and are not answered (so it is from the start)."""
        self._do("policy")

    def answer_calls(self, after_seconds: float = 0.0) -> None:
        self._do("policy", answer_after=after_seconds)

    def reject_calls(self, status: int = 486) -> None:
        self._do("policy", reject=status)

    def answer(self) -> None:
        self._do("answer")

    def reject(self, status: int = 486) -> None:
        self._do("reject", status=status)

    def hangup(self) -> None:
        self._do("hangup")

    def hold(self) -> None:
        self._do("hold")

    def resume(self) -> None:
        self._do("resume")

    def press(self, keys: str, *, method: str = "rfc4733") -> None:
        """Keys 0-9 * # by RFC 4733 or SIP INFO (`info`)."""
        self._do("keys", keys=keys, method=method)

    def say(self, wav: Path, *, after_quiet_seconds: float | None = None, delay_seconds: float = 0) -> None:
        """Speak a WAV (8 kHz 16-bit mono), at once or when the far end has spoken and fallen silent.

        Several lines wait for one another. Returns at once; `said` follows.
        """
        self._do("say", wav=str(wav), after_quiet=after_quiet_seconds, delay=delay_seconds)

    def press_later(
        self, keys: str, *, after_quiet_seconds: float | None = None, delay_seconds: float = 0
    ) -> None:
        """Press keys like `say` says a line: in turn, and when the far end has fallen silent."""
        self._do("later", command={"do": "keys", "keys": keys}, after_quiet=after_quiet_seconds,
                 delay=delay_seconds)

    def hangup_later(
        self, *, after_quiet_seconds: float | None = None, delay_seconds: float = 0
    ) -> None:
        """Hang up in turn, when the far end has fallen silent."""
        self._do("later", command={"do": "hangup"}, after_quiet=after_quiet_seconds, delay=delay_seconds)

    def record(self, wav: Path) -> None:
        """Keep what this phone says (left) and hears (right) until the call ends."""
        self._do("record", wav=str(wav))

    # ---- what one expects of it
    def wait_for(
        self, kind: str, timeout_seconds: float, *, where: Callable[[PhoneEvent], bool] = lambda event: True
    ) -> PhoneEvent:
        """The next event of that kind not waited for before. Raises PhoneError with all that happened."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            while True:
                if (event := self._take(kind, where)) is not None:
                    return event
                self._fail_on_error(kind)
                if self._over:
                    raise PhoneError(f"{self.name}'s phone is dead, no `{kind}` will come; {self._story()}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise PhoneError(
                        f"{self.name}'s phone: no `{kind}` within {timeout_seconds:g} s; {self._story()}"
                    )
                self._changed.wait(left)

    def happened(self, kind: str) -> bool:
        with self._changed:
            return any(event.kind == kind for event in self.events)

    @property
    def in_call(self) -> bool:
        """Ringing, dialling or talking."""
        with self._changed:
            begun = [event.kind for event in self.events if event.kind in ("calling", "incoming", "ended")]
        return bool(begun) and begun[-1] != "ended"

    def forget(self) -> None:
        """Take every event up to now as seen: the next `wait_for` looks only at what comes."""
        with self._changed:
            seen: dict[str, int] = {}
            for event in self.events:
                seen[event.kind] = seen.get(event.kind, 0) + 1
            self._taken = seen

    def wait_for_quiet(self, quiet_seconds: float, timeout_seconds: float) -> None:
        """Until the far end has spoken and then said nothing for that long."""
        deadline = time.monotonic() + timeout_seconds
        self.wait_for("hears", timeout_seconds)
        while True:
            self.wait_for("quiet", max(deadline - time.monotonic(), 0.1))
            try:
                self.wait_for("hears", quiet_seconds)
            except PhoneError:
                return

    def close(self) -> None:
        """Hang up, log out, end the process."""
        if self._process.poll() is None:
            try:
                self._do("quit")
                self._process.wait(5)
            except (PhoneError, subprocess.TimeoutExpired):
                self.kill()
        self._reader.join(5)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with _ignoring_broken_pipe():
                    stream.close()

    def kill(self) -> None:
        """The phone vanishes: no BYE, no more RTP."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # ---- within
    def _do(self, name: str, **fields: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": name, **fields}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PhoneError(f"{self.name}'s phone is dead; {self._story()}") from None

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            event = PhoneEvent(told.pop("event"), told.pop("at"), told.pop("monotonic"), told)
            with self._changed:
                self.events.append(event)
                self._changed.notify_all()
            if self._on_event is not None:
                self._on_event(self, event)
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _take(self, kind: str, where: Callable[[PhoneEvent], bool]) -> PhoneEvent | None:
        of_kind = [event for event in self.events if event.kind == kind]
        for number in range(self._taken.get(kind, 0), len(of_kind)):
            if where(of_kind[number]):
                self._taken[kind] = number + 1
                return of_kind[number]
        return None

    def _fail_on_error(self, kind: str) -> None:
        if kind != "error" and (error := self._take("error", lambda event: True)) is not None:
            raise PhoneError(f"{self.name}'s phone: {error.fields.get('text')}; {self._story()}")

    def _story(self) -> str:
        told = ", ".join(
            event.kind + (f" {event.fields['status']}" if "status" in event.fields else "")
            for event in self.events[-25:]
        )
        return f"what happened: {told or 'nothing'}"


@contextmanager
def _ignoring_broken_pipe() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        return
