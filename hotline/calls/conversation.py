"""The life of one call: the flow says what to do, the legs, ears and prompts do it.

Whatever breaks in here, the caller is not left in silence: a fault of the flow, of a
prompt or of this code leads to a person, and failing that to a call-back ticket.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from hotline.calls import performing
from hotline.calls.context import WorkerContext
from hotline.calls.dialling import uri_of
from hotline.calls.ears import Emergency, Understanding
from hotline.calls.hearing import Hear
from hotline.calls.listening import Listening
from hotline.calls.mouth import Mouth, Prompts
from hotline.calls.paging import PageOutcome
from hotline.calls.ports import DtmfMethod, EndCause, Leg, LegListener, Timer
from hotline.calls.reach import Reach
from hotline.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    EmergencyDeclared,
    KeyPressed,
    LegAnswered,
    LegEnded,
    LegRole,
    LegStarted,
    RecordingFinished,
)
from hotline.flow import inputs
from hotline.flow.commands import Command
from hotline.ipc import Answer, Hangup, Tell
from hotline.speech.recogniser import Expectation

log = structlog.get_logger()

CONTEXT_SECONDS = 5.0
"""What is known about the caller later than that changes nothing any more."""


class FlowRunner(Protocol):
    """The interpreter with its flow set and position (hotline.flow)."""

    version: str
    emergencies: bool
    """Whether somebody in danger may be on the line; not so where crews and leaders are called."""

    def start(self, connected: inputs.Connected) -> Sequence[Command]: ...

    def step(self, event: inputs.Input) -> Sequence[Command]: ...


class CallConversation:
    """One caller's visit, or one outbound call (a page, a call-back)."""

    def __init__(
        self,
        context: WorkerContext,
        flow: FlowRunner,
        prompts: Prompts,
        hear: Hear,
        understanding: Understanding,
    ) -> None:
        """`hear` opens a recogniser stream for a leg whose first sound is at that ms of the recording."""
        self.context = context
        self.flow = flow
        self.prompts = prompts
        self.journal = context.journal
        self.clock = context.clock
        self.page = PageOutcome(context.job, context.journal, staff=not flow.emergencies)
        self.leg: Leg | None = None
        self.mouth: Mouth | None = None
        self.reach: Reach | None = None
        self.timers: dict[str, Timer] = {}
        self.pending_actions = 0
        self.message: performing.Message | None = None
        self.declared = False
        self.secret_keys = False
        self.answered = False
        self.over = False
        self.last_emergency: Emergency | None = None
        self._listening = Listening(self, hear, understanding)
        self._inputs: deque[inputs.Input] = deque()
        self._stepping = False
        self._told_early: list[Tell] = []
        self._ended_by = "hotline"
        self._zone = ZoneInfo(context.settings.timezone)
        self._watch: Timer | None = None

    # ---- the worker's side -------------------------------------------------------------
    def listener(self) -> LegListener:
        return self

    def incoming(self, leg: Leg) -> None:
        """Answer first: whoever rings may speak from the first instant."""
        self._adopt(leg)
        leg.answer()

    def outgoing(self) -> None:
        """Call a crew or a caller; ringing ends with the job's `ring_seconds`."""
        job = self.context.job
        role: LegRole = "crew" if job.purpose in ("page", "notify") else "caller"
        settings = self.context.settings
        self.journal.append(
            CallArrived,
            direction="outbound",
            purpose=job.purpose,
            caller=job.facts.get("caller", ""),
            dialled=job.dial,
            trunk="",
            sip_call_id="",
            drill=job.drill,
        )
        self._adopt(
            self.context.switchboard.dial(
                uri_of(job.dial, settings),
                role,
                self,
                caller_id=settings.service_number,
                headers=performing.headers(job),
            )
        )
        ring = float(job.facts.get("ring_seconds", settings.callbacks.ring_seconds))
        self.timers["ring"] = self.clock.callLater(ring, self._not_answered)

    def told(self, message: Tell | Hangup) -> None:
        """News from the controller."""
        if isinstance(message, Hangup):
            self.page.cancelled(message.reason)
            self.hang_up()
        elif self.answered:
            self.feed(inputs.Told(message.topic, self.now(), dict(message.values)))
        else:
            self._told_early.append(message)

    # ---- the legs' side ----------------------------------------------------------------
    def leg_answered(self, leg: Leg) -> None:
        self.journal.append(LegAnswered, leg_id=leg.leg_id)
        self._listening.begin(leg)
        if leg is self.leg:
            self._begin()
        elif self.reach is not None:
            self.reach.answered(leg)

    def leg_key(self, leg: Leg, key: str, method: DtmfMethod) -> None:
        shown = "" if self.secret_keys else key
        self.journal.append(KeyPressed, leg_id=leg.leg_id, key=shown, method=method)
        if leg is self.leg and not self.over:
            self.feed(inputs.Key(key, self.now()))

    def leg_held(self, leg: Leg, held: bool) -> None:
        log.info("leg held" if held else "leg resumed", call_id=self.journal.call_id, role=leg.role)

    def leg_audio(self, leg: Leg, pcm: bytes) -> None:
        self._listening.feed(leg, pcm)

    def leg_ended(self, leg: Leg, cause: EndCause, sip_status: int) -> None:
        self.journal.append(
            LegEnded, leg_id=leg.leg_id, role=leg.role, sip_status=sip_status, cause=cause
        )
        if leg is self.leg:
            self._caller_gone(cause, sip_status)
            return
        if self.reach is not None:
            self.reach.ended(leg, cause, sip_status)
        if not self.over:
            self._listening.leg_over(leg)

    # ---- the flow's side ---------------------------------------------------------------
    def now(self) -> str:
        """Local time as flows see it."""
        return self.context.utcnow().astimezone(self._zone).isoformat()

    def local_time(self) -> datetime:
        return self.context.utcnow().astimezone(self._zone)

    def feed(self, event: inputs.Input) -> None:
        """Give an input to the flow and carry out what it says, one after the other."""
        self._inputs.append(event)
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._inputs:
                self._step(self._inputs.popleft())
        finally:
            self._stepping = False

    def _step(self, event: inputs.Input) -> None:
        try:
            commands = (
                self.flow.start(event) if isinstance(event, inputs.Connected) else self.flow.step(event)
            )
            for command in commands:
                performing.perform(self, command)
        except Exception as error:
            log.exception("flow failed", call_id=self.journal.call_id)
            performing.last_resort(self, f"flow: {error!r}")

    def declare(self, by: str, emergency: Emergency, phrase_end_ms: int | None = None) -> None:
        """Rule 1: the ticket opens and paging starts now; questions come after."""
        self.declared = True
        self.last_emergency = emergency
        self.journal.append(
            EmergencyDeclared,
            by=by,
            hazard=emergency.hazard,
            place=emergency.place,
            words=emergency.words,
            confidence=emergency.confidence,
            reasons=emergency.reasons,
            phrase_end_ms=phrase_end_ms,
        )

    @property
    def last_words(self) -> str:
        """What the caller said last, partial or final."""
        return self._listening.last_words

    def expect(self, what: Expectation) -> None:
        """What kind of words come next."""
        if self.leg is not None:
            self._listening.expect(self.leg, what)

    def hang_up(self) -> None:
        """Our side ends the call, with whatever is left of other legs."""
        if self.mouth is not None:
            self.mouth.stop()
        if self.leg is not None:
            self.leg.hangup()

    def no_input_possible(self) -> bool:
        """Nobody speaks, nothing runs, nobody is being called: the caller hears nothing."""
        busy = self.mouth is not None and (self.mouth.speaking or self.mouth.music)
        timers = any(timer.active() for timer in self.timers.values())
        reaching = self.reach is not None
        return not (busy or timers or reaching or self.pending_actions or self.message or self.over)

    # ---- inside ------------------------------------------------------------------------
    def _adopt(self, leg: Leg) -> None:
        self.leg = leg
        self.mouth = Mouth(leg, self.prompts, self.clock)
        self.journal.append(LegStarted, leg_id=leg.leg_id, role=leg.role, remote=leg.remote)

    def _begin(self) -> None:
        if self.answered:
            return
        self.answered = True
        self._cancel_timer("ring")
        job = self.context.job
        self.journal.append(CallAnswered, flow=job.entry, flow_version=self.flow.version)
        self.page.answered()
        self._watch = self.clock.callLater(performing.SILENCE_CHECK_SECONDS, self._watch_silence)
        facts = performing.facts(self.context)
        self._recognise_caller(facts)
        self.feed(inputs.Connected(self.now(), facts))
        for message in self._told_early:
            self.feed(inputs.Told(message.topic, self.now(), dict(message.values)))

    def _recognise_caller(self, facts: Mapping[str, str]) -> None:
        """What file and open tickets say of the caller makes triage hear more, never less."""
        self._listening.know(facts)
        number = facts.get("caller", "")
        if number and not self.page.concerns_crew:
            ask = self.context.controller.ask
            ask("caller_context", {"number": number}, CONTEXT_SECONDS, self._recognised)

    def _recognised(self, answer: Answer) -> None:
        if answer.outcome == "ok":
            self._listening.know(answer.values)

    def _watch_silence(self) -> None:
        if self.over:
            return
        if self.no_input_possible():
            performing.last_resort(self, "nothing was going on in the call")
        self._watch = self.clock.callLater(performing.SILENCE_CHECK_SECONDS, self._watch_silence)

    def _not_answered(self) -> None:
        if self.leg is not None and not self.answered:
            self.page.failed("no_answer")
            self.leg.hangup()

    def _caller_gone(self, cause: EndCause, sip_status: int) -> None:
        """The first leg is over: only the paperwork is left."""
        if self.over:
            return
        self._ended_by = _ended_by(cause, self.answered)
        if self.message is not None:
            self.message.end(self)
        if self.answered:
            self.feed(inputs.HungUp(self.now()))
        self.page.failed(cause if not self.answered else "hung_up_without_key")
        self.over = True
        if self.reach is not None:
            self.reach.cancel()
        for name in list(self.timers):
            self._cancel_timer(name)
        if self.mouth is not None:
            self.mouth.stop()
        finish = self.context.finish_recording
        self._listening.close(lambda: finish(lambda path, seconds: self._close(path, seconds, sip_status)))

    def _close(self, path: str, seconds: float, sip_status: int) -> None:
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
        if path:
            self.journal.append(RecordingFinished, path=path, seconds=seconds)
        self.journal.append(CallEnded, by=self._ended_by, sip_status=sip_status or 200)
        self.context.finished()

    def _cancel_timer(self, name: str) -> None:
        timer = self.timers.pop(name, None)
        if timer is not None and timer.active():
            timer.cancel()


def _ended_by(cause: EndCause, answered: bool) -> str:
    """In the words of `CallEnded.by`."""
    if cause in ("dead_peer", "error"):
        return "error"
    if not answered:
        return "abandoned" if cause in ("local", "no_answer", "remote") else "refused"
    return "hotline" if cause == "local" else "caller"
