"""What is heard in a call, leg by leg: recogniser, triage, and what becomes of the words.

Every leg that speaks has an ear of its own; only the caller's words decide anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import structlog

from hotline.calls.attention import Attention
from hotline.calls.ears import Emergency, Understanding, Understood
from hotline.calls.hearing import Hear, LegHearing
from hotline.calls.ports import Leg, Timer
from hotline.events import CallFailed, FactLearned, Heard
from hotline.flow import inputs
from hotline.speech.budget import BOARD, Board, cores_of
from hotline.speech.correction import better
from hotline.speech.recogniser import Expectation, Transcript

if TYPE_CHECKING:
    from hotline.calls.conversation import CallConversation

log = structlog.get_logger()

FLUSH_SECONDS = 2.0
"""How long a call that is over waits for the recogniser's last words."""

PAUSE_SECONDS = 0.3
"""No new words for so long: the caller has stopped, though the utterance may not be over yet."""


class Listening:
    """The ears of one call."""

    def __init__(self, call: CallConversation, hear: Hear, understanding: Understanding) -> None:
        self._call = call
        self._hear = hear
        self._understanding = understanding
        self._ears: dict[str, LegHearing] = {}
        self._attention: Attention | None = None
        self.last_words = ""
        self._pause: Timer | None = None

    def begin(self, leg: Leg) -> None:
        """Listen to a leg from now to its end; without a recogniser the call goes on by keys."""
        if leg.leg_id in self._ears:
            return
        call = self._call
        ear = self._ears[leg.leg_id] = LegHearing(
            leg, "left" if leg is call.leg else "right", self._hear, self, call.journal, call.clock,
            call.context.switchboard.recording_position_ms,
        )  # fmt: skip
        try:
            if self._attending().room_for(ear):
                ear.listen()
            else:
                ear.defer("busy")
        except Exception as error:
            log.exception("no ears", call_id=call.journal.call_id)
            ear.failed(repr(error))

    def _attending(self) -> Attention:
        if self._attention is None:
            settings = self._call.context.settings
            board = Board(settings.paths.run / BOARD)
            cores = cores_of(settings.speech.decoder_cores)
            clock = self._call.clock
            self._attention = Attention(board, cores, clock, lambda: self._ears.values(), self._is_talk)
            self._attention.begin()
        return self._attention

    def _is_talk(self, ear: LegHearing) -> bool:
        """People speak with each other, and the caller is in no danger that we know of."""
        call = self._call
        if ear.leg is not call.leg:
            return True
        with_a_person = call.reach is not None and call.reach.talking
        return with_a_person and not call.declared and not call.page.concerns_crew

    def feed(self, leg: Leg, pcm: bytes) -> None:
        ears = self._ears.get(leg.leg_id)
        if ears is not None:
            ears.feed(pcm)

    def expect(self, leg: Leg, what: Expectation) -> None:
        ears = self._ears.get(leg.leg_id)
        if ears is not None:
            ears.expect(what)

    def know(self, facts: Mapping[str, str]) -> None:
        """Who is calling, as far as triage weighs words by it."""
        self._understanding.know(facts)

    def leg_over(self, leg: Leg) -> None:
        """Another leg than the caller's has ended: its last words come out, and its decoder goes."""
        ears = self._ears.get(leg.leg_id)
        if ears is not None:
            ears.close(lambda: self._forget(leg.leg_id))
        if self._attention is not None:
            self._attention.balance()

    def _forget(self, leg_id: str) -> None:
        self._ears.pop(leg_id, None)

    def close(self, done: Callable[[], None]) -> None:
        """Wait shortly for the last words: a leak said while hanging up still counts."""
        self._settle()
        if self._attention is not None:
            self._attention.end()
        waiting = set(self._ears)
        over = False

        def end() -> None:
            nonlocal over
            if not over:
                over = True
                if limit.active():
                    limit.cancel()
                for leg_id in waiting:
                    self._ears[leg_id].give_up()
                done()

        def flushed(leg_id: str) -> None:
            waiting.discard(leg_id)
            if not waiting:
                end()

        limit = self._call.clock.callLater(FLUSH_SECONDS, end)
        for leg_id, ears in list(self._ears.items()):
            ears.close(lambda leg_id=leg_id: flushed(leg_id))  # type: ignore[misc]
        if not waiting:
            end()

    # ---- what the recognisers say
    def partial(self, leg: Leg, text: str, end_ms: int) -> None:
        if leg is self._call.leg:
            self._understand(text, final=False, end_ms=end_ms)
            self._pause_follows(text, end_ms)

    def final(self, leg: Leg, transcript: Transcript) -> None:
        if leg is self._call.leg:
            self._settle()
        self._call.journal.append(
            Heard,
            leg_id=leg.leg_id,
            role=leg.role,
            text=transcript.text,
            start_ms=transcript.start_ms,
            end_ms=transcript.end_ms,
            confidence=transcript.confidence,
            words=transcript.words,
            narrowed=transcript.narrowed,
            corrected=better(transcript.text),
        )
        if leg is self._call.leg:
            self._understand(
                transcript.text, final=True, end_ms=transcript.end_ms, narrowed=transcript.narrowed
            )

    def _pause_follows(self, text: str, end_ms: int) -> None:
        """Words that might still be turned round are weighed as they stand once nothing follows them."""
        self._settle()
        if not self._call.declared and not self._call.page.concerns_crew:
            self._pause = self._call.clock.callLater(PAUSE_SECONDS, self._paused, text, end_ms)

    def _paused(self, text: str, end_ms: int) -> None:
        emergency = self._meaning(text, final=False, paused=True).emergency
        if emergency is not None:
            self._emergency(emergency, end_ms)

    def _settle(self) -> None:
        if self._pause is not None and self._pause.active():
            self._pause.cancel()
        self._pause = None

    def failed(self, why: str) -> None:
        self._call.journal.append(CallFailed, what=f"recogniser: {why}", fallback="keys and persons")

    def _understand(self, text: str, *, final: bool, end_ms: int, narrowed: str = "") -> None:
        """Danger is looked for in what was heard freely; `narrowed` only answers a question."""
        call = self._call
        if call.page.concerns_crew:
            call.feed(inputs.Utterance(text, final, call.now(), narrowed=narrowed))
            return
        self.last_words = text
        understood = self._meaning(text, final)
        if understood.emergency is not None:
            self._emergency(understood.emergency, end_ms)
        if call.message is not None:
            call.message.spoken(call.clock.seconds())
        call.feed(
            inputs.Utterance(
                text,
                final,
                call.now(),
                label=understood.label,
                confidence=understood.confidence,
                address=understood.address,
                number=understood.number,
                narrowed=narrowed,
                latitude=understood.latitude,
                longitude=understood.longitude,
                doubtful=understood.doubtful,
                denied=understood.denied,
            )
        )

    def _meaning(self, text: str, final: bool, *, paused: bool = False) -> Understood:
        """A fault of the rules leaves the words to the flow's own phrases."""
        try:
            return self._understanding.of(text, final, paused=paused)
        except Exception as error:
            log.exception("not understood", call_id=self._call.journal.call_id)
            self._call.journal.append(CallFailed, what=f"triage: {error!r}", fallback="phrases of the flow")
            return Understood()

    def _emergency(self, emergency: Emergency, end_ms: int) -> None:
        """Declared once; a graver hazard or the place, learned later, reach the crews already paged."""
        call = self._call
        if not call.declared:
            call.declare("speech", emergency, end_ms)
        else:
            call.journal.append(FactLearned, field="hazard", value=emergency.hazard, confirmed=False)
            if emergency.place != "unknown":
                call.journal.append(FactLearned, field="place", value=emergency.place, confirmed=False)
            call.last_emergency = emergency
        if not call.over:
            call.feed(inputs.EmergencyHeard(emergency.hazard, emergency.place, call.now()))
