"""Ten callers who all talk at once, on this machine: how long each waits from phrase to emergency."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import Report, Row, Series
from bench.line import Line
from bench.phrase import DECLARE_AIM_MS, phrase_end_seconds
from bench.speech import LEAKS, MODEL
from hotline.demo.phone import Phone
from hotline.demo.voices import HELD_OUT, say_in_turn, synthesise
from hotline.demo.watch import JournalWatch
from hotline.speech.vosk_engine import load_model

CHATTER = "师傅你好我想问一下我们小区"
"""Said before the leak, so that everybody's decoder is at work when it comes."""
PAUSE_MS = 200


@dataclass(frozen=True, slots=True)
class Round:
    callers: int
    declared_ms: list[float]
    lost: int
    busy: float
    """Cores that were at work meanwhile, on the whole machine."""


@dataclass(frozen=True, slots=True)
class _Voice:
    wav: Path
    phrase_end: float
    number: str


def measure(counts: tuple[int, ...], rounds: int, tick: Callable[[float], None]) -> list[Round]:
    """`rounds` times each number of callers at once."""
    model = load_model(MODEL)
    done: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with Line(folder / "line") as line, JournalWatch(line.service.journals) as watch:
            for place, count in enumerate(counts):
                found = [_round(line, watch, _voices(folder, model, count), n) for n in range(rounds)]
                done.append(Round(
                    count, [ms for one in found for ms in one.declared_ms],
                    sum(one.lost for one in found), sum(one.busy for one in found) / rounds,
                ))  # fmt: skip
                tick((place + 1) / len(counts))
    return done


def _voices(folder: Path, model: Any, count: int) -> list[_Voice]:
    """Every caller another sentence or voice, as far as there are some whose phrase is understood."""
    known: list[_Voice] = []
    for number, (text, phrase) in enumerate(LEAKS * len(HELD_OUT)):
        voice = HELD_OUT[(number // len(LEAKS) + number) % len(HELD_OUT)]
        wav = folder / f"{voice}-{number}.wav"
        turns = [(CHATTER, 100), (text, PAUSE_MS)]
        say_in_turn(turns, voice, wav)
        pcm = synthesise(CHATTER, voice, lead_ms=100) + synthesise(text, voice, lead_ms=PAUSE_MS)
        end = phrase_end_seconds(model, pcm, phrase)
        if end is not None:
            known.append(_Voice(wav, end, f"1391{len(known):07d}"))
        if len(known) == count:
            break
    return [known[number % len(known)] for number in range(count)]


def _round(line: Line, watch: JournalWatch, voices: list[_Voice], number: int) -> Round:
    seen = set(watch.calls())
    with ExitStack() as stack:
        phones = [
            stack.enter_context(Phone(f"caller {place}", f"138{number:03d}{place:05d}"))
            for place in range(len(voices))
        ]
        for phone, voice in zip(phones, voices, strict=True):
            phone.say(voice.wav, delay_seconds=1.0)
        before = _cpu_seconds()
        for phone in phones:
            phone.call(line.service.number("962677"))
        spoke = [phone.wait_for("speaking", 20).at for phone in phones]
        for phone in phones:
            phone.wait_for("said", 40)
        threading.Event().wait(3.0)  # what comes later than this is lost
        cpu, wall = _cpu_seconds(), max(spoke) - min(spoke)
        declared = {
            record.call_id: record.at.timestamp() for record in watch.records
            if record.kind == "emergency_declared" and record.call_id not in seen
        }
        caller = {
            record.call_id: record.caller for record in watch.records
            if record.kind == "call_arrived" and record.call_id not in seen
        }
    waits = []
    for phone, voice, began in zip(phones, voices, spoke, strict=True):
        call = next((name for name, number in caller.items() if number.endswith(phone.user)), "")
        if call in declared:
            waits.append((declared[call] - began - voice.phrase_end) * 1000)
    seconds = max(1.0, wall + max(voice.phrase_end for voice in voices) + 3.0)
    return Round(len(voices), waits, len(voices) - len(waits), (cpu - before) / seconds)


def _cpu_seconds() -> float:
    """Of all processes, since the machine began."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    busy = sum(int(value) for place, value in enumerate(fields) if place not in (3, 4))
    return busy / 100


def report(done: list[Round]) -> Report:
    return Report(
        "callers who talk at the same time", [_row(one) for one in done],
        "All dial at once and say some words and then a leak. Telephones, service and everything else share "
        f"the machine. Aim (p95): {DECLARE_AIM_MS:.0f} ms.",
        {f"{one.callers} at once": one.declared_ms for one in done},
    )


def _row(one: Round) -> Row:
    series = Series.of(one.declared_ms)
    return {
        "callers at once": one.callers, "emergencies": len(one.declared_ms), "late or lost": one.lost,
        **{f"{key} ms": value for key, value in series.told(0).items()},
        "p95 / aim": f"{series.p95 / DECLARE_AIM_MS:.2f}", "busy cores": f"{one.busy:.2f}",
    }  # fmt: skip
