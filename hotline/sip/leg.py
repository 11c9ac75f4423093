"""One SIP dialog of a conversation, as its conversation sees it (hotline.calls.ports.Leg).

The leg and pjsua2's call have lives of their own: a leg that was hung up is over at once,
while its call waits for the far end's last word in the switchboard's care. A pj.Call has one
owner and is dropped in the callback of its disconnection, for its id is used again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

import pjsua2 as pj
import structlog

from hotline.calls.ports import DtmfMethod, EndCause, LegListener
from hotline.events import LegRole
from hotline.ipc import Dialog
from hotline.sip.dialogs import DialogNotes
from hotline.sip.endpoint import SILENCE
from hotline.sip.keys import KeyDetector, Keys
from hotline.sip.voice import Voice

log = structlog.get_logger()

State = Literal["incoming", "dialling", "up", "over"]
_METHODS: dict[int, DtmfMethod] = {0: "rfc4733", 1: "info"}


class Board(Protocol):
    """What a leg needs of its switchboard."""

    def post(self, function: Callable[[], None]) -> None: ...

    def seconds(self) -> float: ...

    def wire(self, leg: PjLeg) -> None: ...

    def unwire(self, leg: PjLeg) -> None: ...

    def leg_over(self, leg: PjLeg, call: PjCall | None) -> None:
        """`call` lives on until its disconnection."""
        ...

    def call_disconnected(self, call: PjCall) -> None: ...


class PjLeg:
    """Legs are made by the switchboard only."""

    def __init__(
        self,
        board: Board,
        leg_id: str,
        role: LegRole,
        remote: str,
        listener: LegListener,
        voice: Voice,
        detector: KeyDetector,
        *,
        outbound: bool,
    ) -> None:
        self.leg_id, self.role, self.remote = leg_id, role, remote
        self.listener, self.voice = listener, voice
        self.outbound = outbound
        self.state: State = "dialling" if outbound else "incoming"
        self.call: PjCall | None = None
        self.wired = False
        self.held = False
        self.settling = 0
        self.notes = DialogNotes(outbound)
        self.keys = Keys(detector)
        self.gathered: list[bytes] = []
        """Audio not yet given to the listener."""
        self._board = board
        self._media_index = -1
        self._traffic = (-1, 0.0)

    # ---- hotline.calls.ports.Leg
    def answer(self) -> None:
        if self.state == "incoming" and self.call is not None:
            self.guarded(self.call.answer, _parameters(pj.PJSIP_SC_OK))

    def hangup(self, sip_status: int = 0) -> None:
        if self.state == "over":
            return
        call, refusal = self.call, self.state == "incoming"
        self.end("local", sip_status)
        if call is not None:
            self.guarded(call.hangup, _parameters((sip_status or 603) if refusal else 0))

    def play(self, files: Sequence[Path], finished: Callable[[], None]) -> None:
        if self.state != "over":
            self.voice.player.play(files, finished)

    def loop(self, file: Path) -> None:
        if self.state != "over":
            self.voice.player.loop(file)

    def stop_playing(self) -> None:
        if self.state != "over":
            self.voice.player.stop()

    def send_keys(self, keys: str) -> None:
        """By RFC 4733; as tones to a far end that does not know it."""
        if self.state != "up" or self.call is None:
            return
        try:
            self.call.dialDtmf(keys)
        except pj.Error:
            self.voice.player.play_tones(keys)

    # ---- the switchboard's side
    def next_to_say(self) -> bytes:
        """The next 20 ms of prompt; waits until the far end can hear it."""
        if self.settling > 0:
            self.settling -= 1
            return SILENCE
        return self.voice.player.next() if self.wired or self.held else SILENCE

    def audio(self) -> pj.AudioMedia | None:
        """The far end's place in the bridge, while there is one."""
        if self.call is None:
            return None
        try:
            return self.call.getAudioMedia(-1)
        except pj.Error:
            return None

    def silent_for(self, now: float) -> float:
        """Seconds without any RTP or RTCP from the far end; 0 while on hold."""
        packets = self._packets()
        if packets is None or self.held or packets != self._traffic[0]:
            self._traffic = (-1 if packets is None else packets, now)
        return now - self._traffic[1]

    def dialog(self) -> Dialog | None:
        return self.notes.dialog() if self.state == "up" else None

    def tell(self, function: Callable[[], None]) -> None:
        """Let the listener hear something, unless the leg is over by then."""
        self._board.post(lambda: function() if self.state != "over" else None)

    def end(self, cause: EndCause, sip_status: int) -> None:
        """Over: from here on nothing is heard but `leg_ended`, once."""
        if self.state == "over":
            return
        self.voice.player.stop()
        self._board.unwire(self)
        call, self.call = self.call, None
        self.state = "over"
        if call is not None:
            call.leg = None
        self._board.leg_over(self, call)
        self._board.post(lambda: self.listener.leg_ended(self, cause, sip_status))

    def guarded(self, function: Callable[..., object], *arguments: object) -> bool:
        try:
            function(*arguments)
        except pj.Error as error:
            log.warning("SIP call refused an order", leg=self.leg_id, why=error.reason, status=error.status)
            return False
        return True

    # ---- pjsua2's side
    def call_state(self, call: PjCall) -> None:
        info = call.getInfo()
        if info.state in (pj.PJSIP_INV_STATE_CONNECTING, pj.PJSIP_INV_STATE_CONFIRMED):
            if self.state in ("incoming", "dialling"):
                self.state = "up"
                self.tell(lambda: self.listener.leg_answered(self))
                self._board.wire(self)
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.call = None
            self.end(*self._verdict(int(info.lastStatusCode)))

    def media_state(self, call: PjCall) -> None:
        """New streams after the answer or any re-INVITE: all connections must be made anew."""
        info = call.getInfo()  # kept in a variable: its media list dies with it
        held = False
        self._media_index = -1
        for index in range(len(info.media)):
            media = info.media[index]
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            held = held or media.status in (pj.PJSUA_CALL_MEDIA_REMOTE_HOLD, pj.PJSUA_CALL_MEDIA_LOCAL_HOLD)
            if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE and self._media_index < 0:
                self._media_index = index
                self.keys.telephone_event = _telephone_event(call, index)
        self._traffic = (-1, self._board.seconds())
        if held != self.held:
            self.held = held
            self.tell(lambda: self.listener.leg_held(self, held))
        self._board.unwire(self)
        self._board.wire(self)

    @property
    def has_media(self) -> bool:
        return self._media_index >= 0

    def key(self, key: str, method: DtmfMethod) -> None:
        if self.state == "up" and self.keys.accept(key, method, self._board.seconds()):
            self.tell(lambda: self.listener.leg_key(self, key, method))

    def _packets(self) -> int | None:
        if self.call is None or not self.has_media or self.state != "up":
            return None
        try:
            statistics = self.call.getStreamStat(self._media_index)
        except pj.Error:
            return None
        return int(statistics.rtcp.rxStat.pkt + statistics.rtcp.txStat.updateCount)

    def _verdict(self, sip_status: int) -> tuple[EndCause, int]:
        if self.state == "up":
            return ("remote", 200) if sip_status == 200 else ("dead_peer", sip_status)
        if not self.outbound:
            return "remote", sip_status
        return cause_of(sip_status), sip_status


class PjCall(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """pjsua2's side of a leg. An error in a callback is logged and the call goes on."""

    def __init__(self, board: Board, account: pj.Account, leg: PjLeg | None, call_id: int) -> None:
        super().__init__(account, call_id)
        self.board = board
        self.leg = leg

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        try:
            gone = self.getInfo().state == pj.PJSIP_INV_STATE_DISCONNECTED
            if self.leg is not None:
                self.leg.call_state(self)
            if gone:
                self.leg = None
                self.board.call_disconnected(self)
        except Exception:
            log.exception("call state was not followed")

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        try:
            if self.leg is not None:
                self.leg.media_state(self)
        except Exception:
            log.exception("media state was not followed")

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        if self.leg is not None:
            self.leg.key(str(prm.digit), _METHODS.get(int(prm.method), "rfc4733"))

    def onCallTsxState(self, prm: pj.OnCallTsxStateParam) -> None:
        try:
            if self.leg is not None:
                _note(self.leg.notes, prm.e.body.tsxState)
        except Exception:
            log.exception("dialog was not noted")

    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:
        """Nobody outside moves our calls about (REFER)."""
        prm.statusCode = pj.PJSIP_SC_DECLINE

    def onCallReplaceRequest(self, prm: pj.OnCallReplaceRequestParam) -> None:
        prm.statusCode = pj.PJSIP_SC_BUSY_HERE


def cause_of(sip_status: int) -> EndCause:
    """Why our INVITE came to nothing."""
    if sip_status in (486, 600):
        return "busy"
    if sip_status in (408, 480, 487):
        return "no_answer"
    return "rejected" if 300 <= sip_status < 700 else "error"


def _parameters(sip_status: int) -> pj.CallOpParam:
    parameters = pj.CallOpParam()
    parameters.statusCode = sip_status
    parameters.opt.audioCount, parameters.opt.videoCount = 1, 0
    return parameters


def _telephone_event(call: PjCall, index: int) -> bool:
    """Whether the far end sends its keys by RFC 4733."""
    try:
        return int(call.getStreamInfo(index).audRxEventPt) > 0
    except pj.Error:
        return False


def _note(notes: DialogNotes, event: pj.TsxStateEvent) -> None:
    if event.type == pj.PJSIP_EVENT_RX_MSG:
        notes.saw(str(event.src.rdata.wholeMsg))
    elif event.type == pj.PJSIP_EVENT_TX_MSG:
        notes.saw(str(event.src.tdata.wholeMsg))
