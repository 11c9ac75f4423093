"""Carries out what the flow commands, one small function for each command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hotline.calls.dialling import uri_of
from hotline.calls.ears import Emergency
from hotline.calls.ports import Timer
from hotline.calls.reach import Outcome, Reach
from hotline.events import (
    CallbackRequested,
    CallFailed,
    CrewReported,
    FactLearned,
    LegRole,
    LegStarted,
    PromptStarted,
    StateEntered,
    TicketRequested,
)
from hotline.flow import commands, inputs
from hotline.ipc import Answer, Job

if TYPE_CHECKING:
    from hotline.calls.context import WorkerContext
    from hotline.calls.conversation import CallConversation

SILENCE_CHECK_SECONDS = 5.0
"""How often a call is looked at for a state in which nothing can happen any more."""


def perform(call: CallConversation, command: commands.Command) -> None:
    """Do one command. An unknown one is a fault of ours and leads to a person."""
    _DOERS[type(command)](call, command)


def headers(job: Job) -> dict[str, str]:
    """SIP headers that tell the edge and the far end what the call is."""
    return {"X-Hotline-Call": job.call_id, "X-Hotline-Purpose": job.purpose}


def facts(context: WorkerContext) -> dict[str, str]:
    """What the flows know of a call when it begins: the configuration's words and the job's."""
    settings, job = context.settings, context.job
    return {
        "company": settings.company,
        "service_number": settings.service_number,
        "ring_seconds": f"{settings.agents.ring_seconds:g}",
        "queue_seconds": f"{settings.agents.queue_seconds:g}",
        "asked_seconds": str(settings.callbacks.asked_seconds),
        "drill": "yes" if job.drill else "",
        **{name: value for name, value in job.facts.items() if name not in _OURS},
    }


_OURS = ("ring_seconds", "drill")
"""Facts of outbound jobs that mean something else in a flow."""


def last_resort(call: CallConversation, what: str) -> None:
    """The flow cannot go on: a person, and failing that a call-back; never silence."""
    if call.over:
        return
    if call.reach is not None and call.reach.talking:
        call.journal.append(CallFailed, what=what, fallback="goes on with the person")
        return
    call.journal.append(CallFailed, what=what, fallback="a person, else a call-back")
    for timer in call.timers.values():
        if timer.active():
            timer.cancel()
    if call.page.concerns_crew:
        call.page.failed("the page call broke")
        call.hang_up()
        return
    if call.mouth is not None:
        call.mouth.hold()
    _people(call, "agents", lambda uris: _ring(call, [*uris, *_duty(call)], "agent", 120.0, _after_last))


def _after_last(call: CallConversation, outcome: Outcome) -> None:
    """The person of the last resort has answered, has gone, or was never reached."""
    if outcome == "answered":
        _talk(call)
        return
    if outcome != "ended":
        _request_callback(call, "unanswered_question")
    call.reach = None
    call.hang_up()


# ---- speaking
def _play(call: CallConversation, command: commands.Play) -> None:
    text = "".join(segment.text for segment in command.segments)
    call.journal.append(PromptStarted, text=text)
    if call.mouth is not None and not call.over:
        call.mouth.say(command.segments, lambda: call.feed(inputs.PromptFinished(call.now())))


def _hold_music(call: CallConversation, command: commands.PlayHoldMusic) -> None:
    if call.mouth is not None and not call.over:
        call.mouth.hold()


def _stop_playing(call: CallConversation, command: commands.StopPlaying) -> None:
    if call.mouth is not None:
        call.mouth.stop()


# ---- waiting
def _start_timer(call: CallConversation, command: commands.StartTimer) -> None:
    _cancel_timer(call, commands.CancelTimer(command.name))
    if call.over:
        return

    def fired() -> None:
        call.timers.pop(command.name, None)
        call.feed(inputs.TimerFired(command.name, call.now()))

    call.timers[command.name] = call.clock.callLater(command.seconds, fired)


def _cancel_timer(call: CallConversation, command: commands.CancelTimer) -> None:
    timer = call.timers.pop(command.name, None)
    if timer is not None and timer.active():
        timer.cancel()


def _expect(call: CallConversation, command: commands.Expect) -> None:
    call.expect(command.what)


def _secret(call: CallConversation, command: commands.SecretKeys) -> None:
    call.secret_keys = command.on


# ---- asking the controller
def _act(call: CallConversation, command: commands.Act) -> None:
    call.pending_actions += 1

    def answered(answer: Answer) -> None:
        call.pending_actions -= 1
        call.feed(inputs.ActionFinished(command.action, answer.outcome, call.now(), dict(answer.values)))

    call.context.controller.ask(command.action, dict(command.arguments), command.timeout_seconds, answered)


# ---- people
def _transfer(call: CallConversation, command: commands.Transfer) -> None:
    if call.over:
        return
    role: LegRole = "agent" if command.target in ("agents", "duty_crew") else "partner"
    _people(
        call,
        command.target,
        lambda uris: _ring(call, uris, role, command.timeout_seconds, _after_transfer),
    )


def _after_transfer(call: CallConversation, outcome: Outcome) -> None:
    if outcome == "answered":
        _talk(call)
    else:
        call.reach = None
    call.feed(inputs.TransferFinished(outcome, call.now()))


def _people(call: CallConversation, target: str, found: Callable[[Sequence[str]], None]) -> None:
    """Whom to ring for `target`: the controller knows who is free; without it, the configured order."""
    if target == "duty_crew":
        found(_duty(call))
        return
    if target != "agents":
        found([target])
        return
    call.pending_actions += 1

    def answered(answer: Answer) -> None:
        call.pending_actions -= 1
        if answer.outcome == "ok":
            found([user for user in answer.values.get("users", "").split(",") if user])
        elif answer.outcome == "unavailable":
            found(call.context.settings.agents.members)
        else:
            found([])

    settings = call.context.settings
    call.context.controller.ask("find_agents", {}, settings.workers.action_timeout_seconds, answered)


def _duty(call: CallConversation) -> Sequence[str]:
    return call.context.settings.agents.duty_crew


def _ring(
    call: CallConversation,
    candidates: Sequence[str],
    role: LegRole,
    timeout_seconds: float,
    finished: Callable[[CallConversation, Outcome], None],
) -> None:
    if call.over:
        return
    if call.reach is not None:
        call.reach.cancel()
    call.reach = Reach(
        _Announced(call),
        call.clock,
        call,
        [uri_of(candidate, call.context.settings) for candidate in candidates],
        role,
        caller_id=call.context.job.facts.get("caller") or call.context.settings.service_number,
        headers=headers(call.context.job),
        ring_seconds=call.context.settings.agents.ring_seconds,
        timeout_seconds=timeout_seconds,
        finished=lambda outcome: finished(call, outcome),
    )
    call.reach.start()


class _Announced:
    """The switchboard, with each dialled leg written into the journal."""

    def __init__(self, call: CallConversation) -> None:
        self._call = call

    def dial(self, uri: str, role: LegRole, listener: Any, **more: Any) -> Any:
        leg = self._call.context.switchboard.dial(uri, role, listener, **more)
        self._call.journal.append(LegStarted, leg_id=leg.leg_id, role=role, remote=uri)
        return leg

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call.context.switchboard, name)


def _talk(call: CallConversation) -> None:
    """Caller and person hear each other."""
    if call.mouth is not None:
        call.mouth.stop()
    if call.leg is not None and call.reach is not None and call.reach.leg is not None:
        call.context.switchboard.bridge(call.leg, call.reach.leg)


def _cancel_transfer(call: CallConversation, command: commands.CancelTransfer) -> None:
    if call.reach is not None:
        call.reach.cancel()
        call.reach = None


# ---- messages
class Message:
    """The caller's words as a message: where in the recording it stands, and when it is over."""

    def __init__(self, call: CallConversation, max_seconds: float, silence_seconds: float) -> None:
        self.started = self.last_word = call.clock.seconds()
        self._start_ms = call.context.switchboard.recording_position_ms()
        self._silence_seconds = silence_seconds
        self._limit = call.clock.callLater(max_seconds, self.end, call)
        self._check: Timer = call.clock.callLater(silence_seconds, self._look, call)

    def spoken(self, now: float) -> None:
        self.last_word = now

    def _look(self, call: CallConversation) -> None:
        quiet = call.clock.seconds() - self.last_word
        if quiet >= self._silence_seconds:
            self.end(call)
        else:
            self._check = call.clock.callLater(self._silence_seconds - quiet, self._look, call)

    def end(self, call: CallConversation) -> None:
        if call.message is not self:
            return
        call.message = None
        for timer in (self._limit, self._check):
            if timer.active():
                timer.cancel()
        end_ms = call.context.switchboard.recording_position_ms()
        seconds = self.last_word - self.started
        if seconds > 0:
            call.journal.append(
                FactLearned, field="message", value=f"{self._start_ms}-{end_ms} ms", confirmed=True
            )
        call.feed(inputs.MessageFinished(seconds, call.now()))


def _record_message(call: CallConversation, command: commands.RecordMessage) -> None:
    if not call.over:
        call.message = Message(call, command.max_seconds, command.silence_seconds)


# ---- tickets
def _declare(call: CallConversation, command: commands.DeclareEmergency) -> None:
    if not call.declared:
        words = call.last_words if command.by == "speech" else ""
        call.declare(command.by, Emergency(command.hazard or "other", "unknown", 1.0, words))
    elif command.hazard is not None and call.last_emergency is not None:
        if call.last_emergency.hazard == "other" != command.hazard:
            call.journal.append(FactLearned, field="hazard", value=command.hazard, confirmed=False)


def _learn(call: CallConversation, command: commands.Learn) -> None:
    call.journal.append(
        FactLearned,
        field=command.field,
        value=command.value,
        confirmed=command.confirmed,
        latitude=command.latitude,
        longitude=command.longitude,
        parts=dict(command.parts),
    )


def _open_ticket(call: CallConversation, command: commands.OpenTicket) -> None:
    call.journal.append(
        TicketRequested, business=command.business, label=command.label, fields=dict(command.fields)
    )


def _callback(call: CallConversation, command: commands.RequestCallback) -> None:
    call.journal.append(
        CallbackRequested,
        number=command.number or call.context.job.facts.get("caller", ""),
        reason=command.reason,
        within_seconds=command.within_seconds,
    )


def _request_callback(call: CallConversation, reason: str) -> None:
    call.journal.append(
        CallbackRequested,
        number=call.context.job.facts.get("caller", ""),
        reason=reason,
        within_seconds=call.context.settings.callbacks.asked_seconds,
    )


# ---- crews
def _accept(call: CallConversation, command: commands.AcceptPage) -> None:
    call.page.accepted()


def _decline(call: CallConversation, command: commands.DeclinePage) -> None:
    call.page.declined(command.reason)


def _report(call: CallConversation, command: commands.ReportStatus) -> None:
    call.journal.append(
        CrewReported,
        crew=command.crew,
        status=command.status,
        incident=command.incident,
        note=command.note,
    )


def _enter(call: CallConversation, command: commands.Enter) -> None:
    call.journal.append(StateEntered, flow=command.flow, state=command.state)


def _hang_up(call: CallConversation, command: commands.HangUp) -> None:
    call.hang_up()


_DOERS: dict[type, Callable[[CallConversation, Any], None]] = {
    commands.Play: _play,
    commands.PlayHoldMusic: _hold_music,
    commands.StopPlaying: _stop_playing,
    commands.StartTimer: _start_timer,
    commands.CancelTimer: _cancel_timer,
    commands.Expect: _expect,
    commands.SecretKeys: _secret,
    commands.Act: _act,
    commands.Transfer: _transfer,
    commands.CancelTransfer: _cancel_transfer,
    commands.RecordMessage: _record_message,
    commands.DeclareEmergency: _declare,
    commands.Learn: _learn,
    commands.OpenTicket: _open_ticket,
    commands.RequestCallback: _callback,
    commands.AcceptPage: _accept,
    commands.DeclinePage: _decline,
    commands.ReportStatus: _report,
    commands.Enter: _enter,
    commands.HangUp: _hang_up,
}
