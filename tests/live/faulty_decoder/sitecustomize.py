"""Loaded by every Python of a service under test: its zygote's decoders can be made to fail.

The file that HOTLINE_TEST_FAULT names holds how (block, raise, exit, kill) and how many ms of sound later;
the first decoder that finds it takes it away and obeys. Only workers' decoders do, not the transcriber's.
"""

from __future__ import annotations

import os
import sys
from typing import Any

FAULT = os.environ.get("HOTLINE_TEST_FAULT", "")


def spoil(engine: Any) -> None:
    class Faulty(engine.VoskDecoder):  # type: ignore[misc]
        def __init__(self, model: Any) -> None:
            super().__init__(model)
            self._left_ms = -1.0
            self._how = ""

        def accept(self, pcm: bytes) -> bool:
            if not self._how:
                self._arm()
            elif self._left_ms <= 0:
                how, self._how = self._how, ""
                fail(how)
            self._left_ms -= len(pcm) / 16
            return bool(super().accept(pcm))

        def _arm(self) -> None:
            try:
                with open(FAULT, encoding="utf-8") as file:
                    how, after_ms = file.read().split()
                os.unlink(FAULT)
            except (OSError, ValueError):
                return
            self._how, self._left_ms = how, float(after_ms)

    engine.VoskDecoder = Faulty


def fail(how: str) -> None:
    if how == "block":
        import time

        time.sleep(3600)
    elif how == "raise":
        raise RuntimeError("the decoder breaks")
    elif how == "exit":
        raise SystemExit("the decoder ends its thread")
    elif how == "kill":
        import time

        while not os.path.exists(FAULT + ".now"):  # the caller speaks on, is recorded, and is not heard
            time.sleep(0.02)
        os.kill(os.getpid(), 9)


if FAULT and "hotline.calls.zygote" in sys.orig_argv:
    import hotline.speech.vosk_engine

    spoil(hotline.speech.vosk_engine)
