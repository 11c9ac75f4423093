"""A telephone of its own process, by plain pjsua2 as its manual shows it (native threads and all).

`Phone` drives it from a test: orders go in as lines, what happens comes out as lines.
Run as a program it is the telephone itself: `python phone.py PORT RTP_PORT FOLDER`.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

WAIT_SECONDS = 15.0


class Phone:
    """What a test holds in its hand."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(port), str(port + 2), str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.events: list[dict[str, Any]] = []
        self._incoming: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for("ready")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdin.close()
        self._process.stdout.close()

    def order(self, what: str, **more: object) -> None:
        """call(uri, headers) · answer · ring · reject(status) · hangup · keys(keys) · info(keys) · hold ·
        resume · play(file) · stop · freeze · refer(uri)."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"order": what, **more}) + "\n")
        self._process.stdin.flush()

    def wait_for(
        self, event: str, match: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> dict[str, Any]:
        """The next event of that name; those before it are kept in `events` as well."""
        while True:
            found = self._incoming.get(timeout=WAIT_SECONDS)
            assert found is not None, f"the phone died waiting for {event}: {self.events}"
            self.events.append(found)
            if found["event"] == event and match(found):
                return found

    @property
    def heard(self) -> Path:
        """All that it heard, as WAV; whole after the call."""
        return self.folder / "heard.wav"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self._incoming.put(json.loads(line))
        self._incoming.put(None)


def main(port: int, rtp_port: int, folder: Path) -> None:
    """The telephone."""
    import pjsua2 as pj

    def say(event: str, **more: object) -> None:
        os.write(1, (json.dumps({"event": event, **more}) + "\n").encode())

    class Call(pj.Call):  # type: ignore[misc]
        recorder: Any = None
        player: Any = None

        def onCallState(self, prm: Any) -> None:
            info = self.getInfo()
            say("state", state=info.stateText, status=info.lastStatusCode, remote=info.remoteUri)
            if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
                self.recorder = self.player = None
                calls.remove(self)

        def onCallMediaState(self, prm: Any) -> None:
            info = self.getInfo()
            for index in range(len(info.media)):
                status = info.media[index].status
                say("media", status=status)
                if status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                    media = self.getAudioMedia(index)
                    if self.recorder is None:
                        self.recorder = pj.AudioMediaRecorder()
                        self.recorder.createRecorder(str(folder / "heard.wav"))
                    media.startTransmit(self.recorder)
                    if self.player is not None:
                        self.player.startTransmit(media)

        def onDtmfDigit(self, prm: Any) -> None:
            say("key", key=prm.digit, method=prm.method)

    class Account(pj.Account):  # type: ignore[misc]
        def onIncomingCall(self, prm: Any) -> None:
            calls.append(Call(self, prm.callId))
            say("incoming", message=prm.rdata.wholeMsg)

    calls: list[Any] = []
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.medConfig.noVad, config.medConfig.ecTailLen = True, 0
    config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
    endpoint.libInit(config)
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 200 if codec.codecId.startswith("PCM") else 0)
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress = port, "127.0.0.1"
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    settings = pj.AccountConfig()
    settings.idUri = f"sip:phone@127.0.0.1:{port}"
    media = settings.mediaConfig.transportConfig
    media.port, media.portRange = rtp_port, 40
    media.boundAddress = media.publicAddress = "127.0.0.1"
    account = Account()
    account.create(settings)

    def parameters(status: int = 0) -> Any:
        made = pj.CallOpParam(True)
        made.statusCode = status
        made.opt.videoCount = 0
        return made

    def obey(order: dict[str, Any]) -> None:
        what = order["order"]
        if what == "call":
            given = parameters()
            for name, value in order.get("headers", {}).items():
                header = pj.SipHeader()
                header.hName, header.hValue = name, value
                given.txOption.headers.append(header)
            call = Call(account)
            calls.append(call)
            call.makeCall(order["uri"], given)
            return
        call = calls[-1]
        if what in ("answer", "ring", "reject"):
            call.answer(parameters(order.get("status", {"answer": 200, "ring": 180}.get(what, 486))))
        elif what == "hangup":
            call.hangup(parameters())
        elif what == "keys":
            call.dialDtmf(order["keys"])
        elif what == "info":
            sent = pj.CallSendDtmfParam()
            sent.method, sent.digits = pj.PJSUA_DTMF_METHOD_SIP_INFO, order["keys"]
            call.sendDtmf(sent)
        elif what == "hold":
            call.setHold(parameters())
        elif what == "resume":
            given = parameters()
            given.opt.flag = pj.PJSUA_CALL_UNHOLD
            call.reinvite(given)
        elif what == "refer":
            call.xfer(order["uri"], parameters())
        elif what == "play":
            call.player = pj.AudioMediaPlayer()
            call.player.createPlayer(order["file"], pj.PJMEDIA_FILE_NO_LOOP if order.get("once") else 0)
            call.player.startTransmit(call.getAudioMedia(-1))
        elif what == "stop":
            call.player = None
        elif what == "freeze":
            os.kill(os.getpid(), 19)

    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            orders.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    say("ready")
    while True:
        endpoint.libHandleEvents(10)
        while not orders.empty():
            try:
                obey(orders.get())
            except Exception as error:
                say("error", why=repr(error))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
