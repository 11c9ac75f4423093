"""What the engine adds to plain Vosk on the same audio; streams per core, memory, triage's speed."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import vosk

from bench.figures import Report, Row
from bench.speech import LEAKS, MODEL, TICK_MS, Ear, over_alaw
from hotline.demo.voices import HELD_OUT, synthesise
from hotline.settings import Speech
from hotline.speech.recogniser import BYTES_PER_MS
from hotline.speech.stream import ThreadedStream
from hotline.speech.vosk_engine import VoskDecoder, load_model
from hotline.triage import TriageSession, warm
from hotline.triage.corpus import SENTENCES, read_corpus

PARTIAL_MS = 200
PIECE_MS = 100
OVERHEAD_AIM = 1.10
TRIAGE_AIM_MS = 2.0


def measure(runs: int, streams: int, tick: Callable[[float], None]) -> Report:
    """Plain and ours in turns, `runs` times; `streams` at once for the memory."""
    model = load_model(MODEL)
    talk = b"".join(
        over_alaw(synthesise(text, voice, tail_ms=150)) for voice in HELD_OUT for text, _ in LEAKS
    )
    pauses = b"".join(
        over_alaw(synthesise(text, voice, tail_ms=4000)) for voice in HELD_OUT for text, _ in LEAKS
    )
    values: dict[str, list[float]] = {}
    for number in range(runs):
        for name, pcm in (("talks without pause", talk), ("pauses between sentences", pauses)):
            for kind, run in (("plain", _plain), ("ours", _ours)):
                values.setdefault(f"{kind}: {name}", []).append(_share(run, model, pcm))
        tick((number + 1) / (runs + 2))
    memory = _memory(model, streams, talk)
    tick((runs + 1) / (runs + 2))
    triage = _triage()
    return _report(values, memory, streams, triage)


def _share(run: Callable[[Any, bytes], None], model: Any, pcm: bytes) -> float:
    """CPU seconds for a second of sound."""
    gc.collect()
    began = time.process_time()
    run(model, pcm)
    return (time.process_time() - began) / (len(pcm) / (1000 * BYTES_PER_MS))


def _plain(model: Any, pcm: bytes) -> None:
    """As Vosk's own example does it, asking for a partial as often as we do."""
    recogniser = vosk.KaldiRecognizer(model, 8000)
    recogniser.SetWords(True)
    since = 0
    for start in range(0, len(pcm), PIECE_MS * BYTES_PER_MS):
        if recogniser.AcceptWaveform(pcm[start : start + PIECE_MS * BYTES_PER_MS]):
            recogniser.Result()
        since += PIECE_MS
        if since >= PARTIAL_MS:
            recogniser.PartialResult()
            since = 0
    recogniser.FinalResult()


def _ours(model: Any, pcm: bytes) -> None:
    """Gate, thread, partials, word times, as in a call; only not in real time."""
    queue: SimpleQueue[Any] = SimpleQueue()
    stream = ThreadedStream(
        lambda: VoskDecoder(model), Speech(backlog_seconds=3600, partial_ms=PARTIAL_MS), Ear(b"", ""),
        lambda function, *arguments: queue.put((function, arguments)),
    )
    for start in range(0, len(pcm), TICK_MS * BYTES_PER_MS):
        stream.feed(pcm[start : start + TICK_MS * BYTES_PER_MS])
    ended: list[bool] = []
    stream.close(lambda: ended.append(True))
    while not ended:
        function, arguments = queue.get(timeout=120)
        function(*arguments)


def _memory(model: Any, count: int, pcm: bytes) -> float:
    """MB of a stream that has heard some seconds of talk."""
    queue: SimpleQueue[Any] = SimpleQueue()
    before = _pss_mb()
    heard = pcm[: 20_000 * BYTES_PER_MS]
    streams = [
        ThreadedStream(
            lambda: VoskDecoder(model), Speech(backlog_seconds=3600), Ear(b"", ""),
            lambda function, *arguments: queue.put((function, arguments)),
        )
        for _ in range(count)
    ]
    for start in range(0, len(heard), 1000 * BYTES_PER_MS):
        for stream in streams:
            stream.feed(heard[start : start + 1000 * BYTES_PER_MS])
    while any(stream.behind_ms for stream in streams):
        time.sleep(0.1)
    return (_pss_mb() - before) / count


def _pss_mb() -> float:
    with open(f"/proc/{os.getpid()}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel tells no PSS")


def _triage() -> Sequence[float]:
    """CPU milliseconds of each partial result: every sentence of the corpus, character by character."""
    warm()
    times = []
    for sentence in read_corpus(SENTENCES).sentences[::4]:
        session = TriageSession()
        for end in range(2, len(sentence.text) + 1, 2):
            began = time.thread_time()
            session.feed(sentence.text[:end], final=False)
            times.append((time.thread_time() - began) * 1000)
    return sorted(times)


def _report(
    values: dict[str, list[float]], memory: float, streams: int, triage: Sequence[float]
) -> Report:
    rows: list[Row] = []
    for name in ("talks without pause", "pauses between sentences"):
        plain, ours = (statistics.median(values[f"{kind}: {name}"]) for kind in ("plain", "ours"))
        against = f"{ours / plain:.2f} × plain (aim {OVERHEAD_AIM})"
        rows += [
            _row(f"plain Vosk, {name}", f"{100 * plain:.2f} % of a core",
                 f"{1 / plain:.0f} streams per core"),
            _row(f"ours, {name}", f"{100 * ours:.2f} % of a core",
                 f"{1 / ours:.0f} streams per core; {against}"),
        ]
    p99 = triage[int(0.99 * len(triage))]
    rows += [
        _row("memory of a stream", f"{memory:.1f} MB", f"{streams} at once, model shared"),
        _row("triage of a partial result", f"{statistics.median(triage):.2f} ms",
             f"p99 {p99:.2f} ms, {p99 / TRIAGE_AIM_MS:.2f} × the aim; "
             f"{1000 * len(triage) / sum(triage):.0f} a second on one core"),
    ]  # fmt: skip
    note = (
        f"The same audio ({len(HELD_OUT)} held-out voices over A-law) through both in turns, medians of CPU "
        "time. Both give word times and a partial every 200 ms."
    )
    return Report("recognition against plain Vosk", rows, note, {**values, "triage ms": list(triage)[::50]})


def _row(what: str, value: str, remark: str) -> Row:
    return {"what": what, "value": value, "remark": remark}
