"""One telephone of the outside world, as a process of its own: a caller's, a crew's, an agent's.

The demo and the live tests steer it (`hotline.demo.phone.Phone`): commands come as JSON lines on
standard input, what happens goes out as JSON lines on standard output, each with `at` (seconds,
wall clock) and `monotonic`. One call at a time; a second one gets 486. Codec G.711 A-law.

No thread of PJSIP's runs: this loop reads the SIP socket when something comes and every 20 ms
moves one frame each way between the call's stream and `Ear` and `Mouth`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import select
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import pjsua2 as pj
from pjsua2 import _pjsua2

from hotline.sip.handset_audio import FRAME_BYTES, Ear, Line, Mouth, StereoFile

FRAME_SECONDS = 0.020
IDLE_SECONDS = 0.1
PJ_AUDIO_FRAME = 1
HELD_BY = {pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "us", pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "them"}
CODECS = {"PCMA/8000": 255, "PCMU/8000": 254}
"""As telephones in China offer them."""


class _Frame(ctypes.Structure):
    """pjmedia_frame of the pinned wheel."""

    _fields_ = (
        ("type", ctypes.c_int), ("buf", ctypes.c_void_p), ("size", ctypes.c_size_t),
        ("timestamp", ctypes.c_uint64), ("bit_info", ctypes.c_uint32),
    )


class _StreamPort:
    """Frames in and out of a stream of PJMEDIA, which nobody else clocks."""

    def __init__(self) -> None:
        library = ctypes.CDLL(_pjsua2.__file__)
        self._get, self._put = library.pjmedia_port_get_frame, library.pjmedia_port_put_frame
        self._get.argtypes = self._put.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self._buffer = ctypes.create_string_buffer(4096)

    def hear(self, port: int) -> bytes:
        frame = _Frame(PJ_AUDIO_FRAME, ctypes.addressof(self._buffer), FRAME_BYTES, 0, 0)
        self._get(port, ctypes.addressof(frame))
        return self._buffer.raw[:FRAME_BYTES] if frame.type == PJ_AUDIO_FRAME else bytes(FRAME_BYTES)

    def speak(self, port: int, pcm: bytes) -> None:
        ctypes.memmove(self._buffer, pcm, FRAME_BYTES)
        frame = _Frame(PJ_AUDIO_FRAME, ctypes.addressof(self._buffer), FRAME_BYTES, 0, 0)
        self._put(port, ctypes.addressof(frame))


class _Call(pj.Call):  # type: ignore[misc]  # the wheel has no type information
    """The one call; it is dropped at DISCONNECTED and not touched afterwards."""

    def __init__(self, handset: Handset, account: Any, call_id: int = -1) -> None:
        super().__init__(account, call_id)
        self.handset = handset

    def onCallState(self, prm: Any) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self.handset.tell("ringing", status=info.lastStatusCode)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.handset.tell("answered")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.handset.call_over(self, info.lastStatusCode, info.lastReason)

    def onCallMediaState(self, prm: Any) -> None:
        info = self.getInfo()  # must be held while its media are read
        states = [HELD_BY.get(media.status, "nobody") for media in info.media]
        self.handset.tell("hold", by=states[0] if states else "nobody")

    def onStreamCreated(self, prm: Any) -> None:
        self.handset.stream = int(prm.pPort)
        self.handset.tell("media")

    def onStreamDestroyed(self, prm: Any) -> None:
        self.handset.stream = None

    def onDtmfDigit(self, prm: Any) -> None:
        self.handset.tell("key", key=prm.digit)


class _Account(pj.Account):  # type: ignore[misc]  # the wheel has no type information
    def __init__(self, handset: Handset) -> None:
        super().__init__()
        self.handset = handset

    def onIncomingCall(self, prm: Any) -> None:
        self.handset.incoming(_Call(self.handset, self, prm.callId), prm.rdata.wholeMsg)

    def onRegState(self, prm: Any) -> None:
        active = self.getInfo().regIsActive
        kind = "register_failed" if prm.code != 200 else "registered" if active else "unregistered"
        self.handset.tell(kind, status=prm.code)


class Handset:
    """Obeys commands, tells events. Every `do_…` method is a command; its arguments are the fields."""

    def __init__(self, name: str, user: str, host: str, out: int) -> None:
        """`out` is the file descriptor for events."""
        self._out = out
        self.name, self.user, self.host = name, user, host
        self.stream: int | None = None
        self.call: _Call | None = None
        self.refused: list[_Call] = []
        self.mouth, self.ear = Mouth(self.tell, self._obey), Ear(self.tell)
        self.file: StereoFile | None = None
        self.running = True
        self._account: _Account | None = None
        self._ports = _StreamPort()
        self._answer_at: float | None = None
        self._policy: dict[str, Any] = {}
        self._pending = b""

    def tell(self, event: str, /, **fields: object) -> None:
        line = {"event": event, "at": time.time(), "monotonic": time.monotonic(), **fields}
        os.write(self._out, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    # ---- life
    def start(self) -> None:
        """Open the SIP port and say `ready`."""
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        config = pj.EpConfig()
        config.logConfig.level = config.logConfig.consoleLevel = 0
        config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
        config.uaConfig.userAgent = f"phone of {self.name}"
        config.medConfig.hasIoqueue, config.medConfig.threadCnt = False, 0
        config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
        config.medConfig.noVad, config.medConfig.ecTailLen = True, 0
        self.endpoint.libInit(config)
        self.endpoint.audDevManager().setNoDev()
        for codec in self.endpoint.codecEnum2():
            self.endpoint.codecSetPriority(codec.codecId, CODECS.get(codec.codecId[:9], 0))
        self._sip_fd, port = self._open_port()
        self.endpoint.libStart()
        self._use_account(self._account_config(f"sip:{self.user}@{self.host}:{port}"))
        self.tell("ready", port=port, pid=os.getpid())

    def _open_port(self) -> tuple[int, int]:
        before = _sockets()
        transport = pj.TransportConfig()
        transport.boundAddress = transport.publicAddress = self.host
        self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        (opened,) = _sockets() - before
        info = self.endpoint.transportGetInfo(0)
        return opened, int(info.localName.rsplit(":", 1)[1])

    def _account_config(self, uri: str) -> Any:
        config = pj.AccountConfig()
        config.idUri = uri
        media = config.mediaConfig.transportConfig
        media.boundAddress = media.publicAddress = self.host
        media.port, media.portRange = random.randrange(30000, 59000, 2), 200
        config.natConfig.contactRewriteUse = config.natConfig.viaRewriteUse = 0
        return config

    def _use_account(self, config: Any) -> None:
        if self._account is not None:
            self._account.modify(config)
            return
        self._account = _Account(self)
        self._account.create(config)

    def run(self) -> None:
        due = time.monotonic()
        while self.running:
            due = max(due + (FRAME_SECONDS if self.call else IDLE_SECONDS), time.monotonic() - 0.2)
            while self.running and (left := due - time.monotonic()) > 0:
                ready, _, _ = select.select([0, self._sip_fd], [], [], left)
                if 0 in ready:
                    self._read_commands()
                if self._sip_fd in ready:
                    in_call = self.call is not None
                    self._drain()
                    if not in_call and self.call is not None:
                        due = time.monotonic()
            self._drain()
            self._turn()

    def _drain(self) -> None:
        while self.endpoint.libHandleEvents(0) > 0:
            pass

    def _turn(self) -> None:
        """One 20 ms of the call."""
        if self._answer_at is not None and time.monotonic() >= self._answer_at:
            self._answer_at = None
            self.do_answer()
        if self.stream is None:
            return
        heard = self._ports.hear(self.stream)
        said = self.mouth.next_frame(self.ear.quiet_seconds)
        if self.stream is None:  # a command among the lines has ended the call
            return
        self._ports.speak(self.stream, said)
        self.ear.hear(heard)
        if self.file:
            self.file.write(said, heard)

    def stop(self) -> None:
        """Hang up, unregister, end."""
        self.do_hangup()
        if self._account is not None and self._account.getInfo().regIsActive:
            self._account.setRegistration(False)
        for _ in range(20):
            self._drain()
            time.sleep(0.01)  # PJSIP has no call that waits for the last messages to be sent
        if self.file:
            self.file.close()

    # ---- calls
    def incoming(self, call: _Call, invite: str) -> None:
        parameters = pj.CallOpParam()
        if self.call is not None:
            self.refused.append(call)
            parameters.statusCode = 486
            call.answer(parameters)
            return
        self.call = call
        reject = self._policy.get("reject")
        self.tell("incoming", caller=call.getInfo().remoteUri, invite=invite)
        parameters.statusCode = int(reject or 180)
        call.answer(parameters)
        if not reject and self._policy.get("answer_after") is not None:
            self._answer_at = time.monotonic() + float(self._policy["answer_after"])

    def call_over(self, call: _Call, status: int, reason: str) -> None:
        """Drops the call object within its own last callback (a stale one unhooks the next call)."""
        if call in self.refused:
            self.refused.remove(call)
            return
        self.call, self.stream, self._answer_at = None, None, None
        self.mouth.clear()
        self.ear.reset()
        if self.file:
            self.file.close()
            self.file = None
        self.tell("ended", status=status, reason=reason)

    # ---- commands
    def _read_commands(self) -> None:
        received = os.read(0, 65536)
        if not received:
            self.running = False
            return
        *lines, self._pending = (self._pending + received).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def _obey(self, command: dict[str, Any]) -> None:
        name = command.pop("do")
        try:
            getattr(self, f"do_{name}")(**command)
        except (pj.Error, OSError, ValueError) as error:
            text = error.info() if isinstance(error, pj.Error) else str(error)
            self.tell("error", command=name, text=text)

    def do_register(self, registrar: str, user: str, password: str) -> None:
        config = self._account_config(f"sip:{user}@{registrar}")
        config.regConfig.registrarUri = f"sip:{registrar}"
        config.regConfig.timeoutSec, config.regConfig.retryIntervalSec = 60, 1
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        self._use_account(config)

    def do_unregister(self) -> None:
        assert self._account is not None
        self._account.setRegistration(False)

    def do_call(self, uri: str, headers: dict[str, str]) -> None:
        if self.call is not None:
            raise ValueError("this phone is in a call")
        self.call = _Call(self, self._account)
        parameters = pj.CallOpParam(True)
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            parameters.txOption.headers.append(header)
        self.tell("calling", uri=uri)
        try:
            self.call.makeCall(uri, parameters)
        except pj.Error:
            self.call = None
            raise

    def do_policy(self, **policy: Any) -> None:
        """What to do with incoming calls: `answer_after` seconds, `reject` status, or just ring."""
        self._policy = policy

    def do_answer(self) -> None:
        self._with_call("answer", 200)

    def do_reject(self, status: int) -> None:
        self._with_call("hangup", status)

    def do_hangup(self) -> None:
        self._with_call("hangup", 0)

    def do_hold(self) -> None:
        self._with_call("setHold", 0)

    def do_resume(self) -> None:
        if self.call is None:
            return
        parameters = pj.CallOpParam(True)
        parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.call.reinvite(parameters)

    def _with_call(self, method: str, status: int) -> None:
        if self.call is None:
            return
        parameters = pj.CallOpParam()
        parameters.statusCode = status
        getattr(self.call, method)(parameters)

    def do_keys(self, keys: str, method: str = "rfc4733") -> None:
        if self.call is None:
            raise ValueError("there is no call to press keys in")
        parameters = pj.CallSendDtmfParam()
        info = method == "info"
        parameters.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if info else pj.PJSUA_DTMF_METHOD_RFC2833
        parameters.digits = keys
        self.call.sendDtmf(parameters)

    def do_say(self, wav: str, after_quiet: float | None, delay: float) -> None:
        self.mouth.add(Line.read(Path(wav), after_quiet, delay))

    def do_later(self, command: dict[str, Any], after_quiet: float | None, delay: float) -> None:
        """Obey another command when it is its turn among the lines to say."""
        self.mouth.add(Line(command["do"], b"", after_quiet, delay, command))

    def do_record(self, wav: str) -> None:
        """From now on: what this phone says left, what it hears right."""
        self.file = StereoFile(Path(wav))

    def do_quit(self) -> None:
        self.running = False


def _sockets() -> set[int]:
    """File descriptors of this process that are sockets."""
    found = set()
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the one that listed the folder
            if os.readlink(f"/proc/self/fd/{fd}").startswith("socket:"):
                found.add(int(fd))
    return found


def main(arguments: list[str]) -> None:
    name, user, host = arguments
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # pjlib prints there before its log can be turned off
    handset = Handset(name, user, host, out)
    status = 0
    try:
        handset.start()
        handset.run()
        handset.stop()
    except (pj.Error, OSError) as error:
        handset.tell("error", command="", text=error.info() if isinstance(error, pj.Error) else str(error))
        status = 1
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        os._exit(status)  # objects of PJSIP must not outlive the library; the kernel frees them at once


if __name__ == "__main__":
    main(sys.argv[1:])
