"""One conversation's process: built after the fork, gone when all is said and written.

Whatever dies around it (zygote, controller, edge), it talks on and looks for the others again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import structlog

from hotline.calls.context import Conversation, ConversationFactory, WorkerContext
from hotline.calls.controller_link import WorkerControllerLink, WorkerEdgeLink
from hotline.calls.inband_dtmf import InbandKeys
from hotline.calls.recording import StereoRecording, relative_path
from hotline.events import CallEnded, CallFailed, Event
from hotline.ipc import Hangup, Job, Tell
from hotline.journal import Journal
from hotline.settings import Settings
from hotline.sip.bridge_clock import BridgeClock
from hotline.sip.endpoint import Endpoint, Incoming
from hotline.sip.switchboard import PjSwitchboard

if TYPE_CHECKING:
    from hotline.sip.leg import PjLeg

log = structlog.get_logger()

WITHOUT_LEG_SECONDS = 60.0
"""A worker that has no leg for so long, and does not end, is ended: its conversation is lost."""
FAREWELL_SECONDS = 4.0
"""How long a finished worker waits for the far end's answer to its last BYE."""
FLUSH_SECONDS = 0.05
EDGE_WAIT_SECONDS = 10.0
"""An outbound call is tried after this even if the edge is not back yet: then it fails, and is known."""
AFTER_READY_SECONDS = 0.02
SWITCH_INTERVAL_SECONDS = 0.0005
"""So that the recogniser's thread holds up the bridge for no longer."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the zygote has loaded once for all its workers."""

    settings: Settings
    create_conversation: ConversationFactory
    flows: Any = None
    speech_model: Any = None


def run(loaded: Loaded, port_offset: int, next_job: Callable[[], Job | None]) -> NoReturn:
    """The whole life of a worker process, from right after the fork; ends with os._exit.

    `next_job` may block (a spare waits in it); None means that none will come.
    """
    status = 1
    try:
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        from twisted.internet import reactor

        worker = Worker(loaded, reactor, port_offset)
        job = next_job()
        if job is not None:
            worker.begin(job)
            worker.serve()
        status = 0
    except BaseException:
        log.exception("worker failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class Worker:
    """Wires one conversation to SIP, journal and controller."""

    def __init__(self, loaded: Loaded, reactor: Any, port_offset: int) -> None:
        """Open the SIP port; the job may come later."""
        self._loaded, self._reactor = loaded, reactor
        self._settings = loaded.settings
        self._endpoint = Endpoint(self._settings, port_offset, self._invite)
        self._endpoint.wanted = lambda: reactor.callLater(0, self._endpoint.run_posted)
        self._conversation: Conversation | None = None
        self._recording: StereoRecording | None = None
        self._recording_path = Path()
        self._without_leg_since = reactor.seconds()
        self._over = False
        self._exit = os._exit

    def begin(self, job: Job) -> None:
        """Take the job on."""
        structlog.contextvars.bind_contextvars(call_id=job.call_id)
        with contextlib.suppress(OSError):
            Path("/proc/self/comm").write_text("hotline-worker")
        self._job = job
        paths = self._settings.paths
        self._controller = WorkerControllerLink(
            self._reactor, paths.run / "controller.sock", job, self._told
        )
        self._journal = Journal(
            paths.state / "journal", job.call_id, _utcnow, grew=self._controller.journal_grew
        )
        self._controller.unwritten = self._journal.unwritten
        self._switchboard = PjSwitchboard(
            self._endpoint, self._reactor, job.call_id, self._open_recording, InbandKeys
        )
        workers = self._settings.workers
        self._clock = BridgeClock(
            self._reactor, lambda: self._endpoint.handle_events(all_waiting=False), self._switchboard,
            tick_ms=workers.tick_ms, tick_bridged_ms=workers.tick_bridged_ms,
        )  # fmt: skip
        self._switchboard.on_change = self._clock.wake
        self._edge = WorkerEdgeLink(
            self._reactor, paths.run / "edge.sock", job, self._endpoint.sip_port, self._switchboard.dialogs,
            self._unwanted,
        )  # fmt: skip
        self._create_conversation()

    def serve(self) -> None:
        """Run the reactor until the conversation is finished."""
        signal.signal(signal.SIGTERM, lambda *_: self._reactor.callFromThread(self._terminate))
        self._reactor.addReader(SipReader(self._endpoint))
        if self._job.purpose != "inbound":
            self._go_out_when_ready()
        self._clock.start()
        self._controller.start()
        self._edge.start()
        self._reactor.callLater(self._watch_seconds, self._watch)
        self._reactor.run(installSignalHandlers=False)

    # ---- the conversation
    def _create_conversation(self) -> None:
        context = WorkerContext(
            job=self._job, settings=self._settings, switchboard=self._switchboard, journal=self._journal,
            clock=self._reactor, utcnow=_utcnow, controller=self._controller,
            speech_model=self._loaded.speech_model, flows=self._loaded.flows, finished=self._finished,
            call_from_thread=self._reactor.callFromThread, finish_recording=self._finish_recording,
        )  # fmt: skip
        try:
            self._conversation = self._loaded.create_conversation(context)
        except Exception as error:
            self._failed(f"conversation: {error!r}", "refused, to be called back")

    def _invite(self, invite: Incoming) -> None:
        """Called by pjsua2, in whose callback the leg must be made."""
        conversation = self._conversation
        if conversation is None:
            self._switchboard.refuse(invite, 503)
            self._endpoint.post(self._finished)
            return
        leg = self._switchboard.incoming(invite, "caller", conversation.listener())
        self._clock.wake()
        if leg is not None:
            self._endpoint.post(lambda: self._introduce(conversation, leg))

    def _introduce(self, conversation: Conversation, leg: PjLeg) -> None:
        try:
            conversation.incoming(leg)
        except Exception as error:
            self._failed(f"conversation: {error!r}", "refused, to be called back")
            leg.hangup(503)

    def _go_out_when_ready(self) -> None:
        """Dial once the edge knows us; it refuses strangers."""
        gone = False

        def go() -> None:
            nonlocal gone
            if not gone and not self._over:
                gone = True
                self._outgoing()

        self._reactor.callLater(EDGE_WAIT_SECONDS, go)
        self._edge.opened = lambda: self._reactor.callLater(AFTER_READY_SECONDS, go)

    def _outgoing(self) -> None:
        try:
            if self._conversation is None:
                raise RuntimeError("there is no conversation")
            self._conversation.outgoing()
            self._clock.wake()
        except Exception as error:
            self._failed(f"outbound call: {error!r}", "none; the controller tries again")
            self._finished()

    def _told(self, message: Tell | Hangup) -> None:
        if self._conversation is None:
            return
        try:
            self._conversation.told(message)
        except Exception:
            log.exception("a message of the controller was not followed")

    def _terminate(self) -> None:
        """SIGTERM: an orderly end of the call."""
        self._told(Hangup(reason="terminated"))

    def _unwanted(self, hangup: Hangup) -> None:
        """The caller left before we were there, or our page was given up: end, and say that we did."""
        if self._over:
            return
        self._told(hangup)
        if not self._switchboard.live_legs:
            log.info("nobody waits for this call", why=hangup.reason)
            self._write(CallEnded, by="abandoned", sip_status=487)
            self._finished()

    # ---- the recording
    def _open_recording(self) -> StereoRecording | None:
        if not self._settings.recording.enabled:
            return None
        local = _utcnow().astimezone(ZoneInfo(self._settings.timezone))
        self._recording_path = relative_path(self._job.call_id, local)
        self._recording = StereoRecording(self._settings.paths.recordings / self._recording_path)
        return self._recording

    def _finish_recording(self, done: Callable[[str, float], None]) -> None:
        seconds = self._switchboard.close_recording()
        recording, self._recording = self._recording, None
        if recording is not None and recording.failed:
            self._failed(recording.failed, "the call went on unrecorded")
        done(str(self._recording_path) if recording is not None and not recording.failed else "", seconds)

    # ---- the end
    @property
    def _watch_seconds(self) -> float:
        return max(self._settings.workers.dead_peer_seconds / 4, 0.5)

    def _watch(self) -> None:
        """Legs whose far end is gone; a worker that nobody needs any more."""
        self._reactor.callLater(self._watch_seconds, self._watch)
        self._journal.retry()
        self._switchboard.end_silent_legs(self._settings.workers.dead_peer_seconds)
        now = self._reactor.seconds()
        if self._switchboard.live_legs:
            self._without_leg_since = now
        elif now - self._without_leg_since > WITHOUT_LEG_SECONDS and not self._over:
            self._failed("no leg was left and the conversation did not end", "the worker was ended")
            self._finished()

    def _failed(self, what: str, fallback: str) -> None:
        log.error("call failed", why=what, fallback=fallback)
        self._write(CallFailed, what=what, fallback=fallback)

    def _write(self, event_type: type[Event], **fields: Any) -> None:
        try:
            self._journal.append(event_type, **fields)
        except OSError:
            log.exception("the journal cannot be written")

    def _finished(self) -> None:
        if self._over:
            return
        self._over = True
        self._switchboard.hangup_all()
        if self._recording is not None:
            self._finish_recording(lambda path, seconds: None)
        self._leave(self._reactor.seconds() + FAREWELL_SECONDS)

    def _leave(self, latest: float) -> None:
        """Wait until every far end knows, then go."""
        if self._switchboard.dying_calls and self._reactor.seconds() < latest:
            self._reactor.callLater(0.02, self._leave, latest)
            return
        self._edge.done()
        self._reactor.callLater(FLUSH_SECONDS, self._exit, 0)


class SipReader:
    """The SIP socket in the reactor, so that an INVITE is answered at once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def fileno(self) -> int:
        return self._endpoint.sip_fd

    def doRead(self) -> None:
        self._endpoint.handle_events(all_waiting=True)

    def connectionLost(self, reason: object) -> None:
        """pjlib owns the socket."""

    def logPrefix(self) -> str:
        return "sip"


def _utcnow() -> datetime:
    return datetime.now(UTC)
