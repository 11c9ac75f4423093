"""What bad lines and loud rooms cost: phrase → emergency and what was understood, by voice, codec and loss.

Real calls, one after the other, through a relay that loses, echoes and offers one codec only.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from bench.figures import Report, Row, Series
from bench.line import Line
from bench.phrase import DECLARE_AIM_MS, phrase_end_seconds
from bench.speech import LEAKS, MODEL
from hotline.demo.phone import Phone
from hotline.demo.voices import HELD_OUT, synthesise
from hotline.demo.watch import JournalWatch, NotWrittenError
from hotline.speech import audio
from hotline.speech.provenance import bare
from hotline.speech.vosk_engine import load_model
from tests.live.harness.bad_line import CONDITIONS, PAYLOADS, Condition, Echo, lose_at_random, noisy
from tests.live.harness.relay import Relay

TAIL_SECONDS = 3.0
"""So long after the sentence the emergency may still be declared."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One call."""

    condition: str
    voice: str
    declared_ms: float | None
    """After the end of the phrase; None: not declared, or the phrase's end is not known."""
    emergency: bool
    wrong: int
    """Characters of the sentence that were understood wrongly."""
    characters: int


def measure(
    conditions: Sequence[Condition], sentences: int, tick: Callable[[float], None],
    voices: Sequence[str] = HELD_OUT,
) -> list[Heard]:
    """Every condition with every voice, `sentences` leaks each."""
    model = load_model(MODEL)
    todo = list(product(conditions, voices, LEAKS[:sentences]))
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with Line(folder / "line") as line, JournalWatch(line.service.journals) as watch:
            done = []
            for number, (condition, voice, (text, phrase)) in enumerate(todo):
                done.append(_call(line, watch, folder, model, condition, voice, text, phrase))
                tick((number + 1) / len(todo))
            return done


def _call(
    line: Line, watch: JournalWatch, folder: Path, model: Any, condition: Condition, voice: str, text: str,
    phrase: str,
) -> Heard:
    spoken = synthesise(text, voice, tail_ms=200)
    end = phrase_end_seconds(model, spoken, phrase)
    if condition.noise_db is not None:
        spoken = noisy(spoken, condition.noise_db)
    wav = folder / "said.wav"
    audio.save(audio.from_pcm(spoken, audio.RATE_HZ), wav)
    echo = None if condition.echo_db is None else Echo(condition.echo_db)
    known = set(watch.calls())
    relay = Relay(
        line.service.ports.sip, lose_at_random(condition.loss), payload=PAYLOADS[condition.codec],
        **({} if echo is None else {"change": echo}),
    )
    with relay as wire, Phone("caller", "13912345678") as phone:
        # Over the greeting in any case; without an echo the service hears the caller alone.
        phone.say(wav, delay_seconds=1.0)
        phone.call(f"sip:962677@127.0.0.1:{wire.port}")
        spoke = phone.wait_for("speaking", 10).at
        phone.wait_for("said", 30)
        declared = _declared(watch, known)
        phone.hangup()
        phone.wait_for("ended", 10)
        watch.wait_for("recording_finished", 10, where=lambda r: r.call_id not in known)
    said = bare(text)
    heard = bare("".join(r.text for r in watch.records if r.kind == "heard" and r.call_id not in known))
    after = None if declared is None or end is None else (declared - spoke - end) * 1000
    return Heard(
        condition.name, voice, after, declared is not None, _wrong(said, heard), len(said)
    )


def _declared(watch: JournalWatch, known: set[str]) -> float | None:
    try:
        record = watch.wait_for("emergency_declared", TAIL_SECONDS, where=lambda r: r.call_id not in known)
    except NotWrittenError:
        return None
    return float(record.at.timestamp())


def _wrong(said: str, heard: str) -> int:
    """Edits from what was said to its best place in what was heard; other things heard do not count."""
    best = Levenshtein.distance(said, heard[: len(said)])
    for start in range(max(1, len(heard) - len(said) + 1)):
        best = min(best, Levenshtein.distance(said, heard[start : start + len(said)]))
    return best


def report(done: list[Heard]) -> Report:
    groups: dict[str, list[Heard]] = {}
    for one in done:
        groups.setdefault(one.condition, []).append(one)
    for one in done:
        groups.setdefault(f"voice {one.voice}", []).append(one)
    rows = [_row(name, found) for name, found in groups.items()]
    return Report(
        "what bad lines cost", rows,
        "Phrase → emergency in real calls over the greeting; characters wrong: edits of what was stored "
        f"as heard against what was said. Aim (p95): {DECLARE_AIM_MS:.0f} ms. `late or lost`: no emergency "
        f"within {TAIL_SECONDS:.0f} s of the sentence.",
        {name: [one.declared_ms for one in found if one.declared_ms is not None]
         for name, found in groups.items()},
    )  # fmt: skip


def _row(name: str, found: list[Heard]) -> Row:
    series = Series.of([one.declared_ms for one in found if one.declared_ms is not None])
    wrong, characters = sum(one.wrong for one in found), sum(one.characters for one in found)
    return {
        "line or voice": name, "calls": len(found),
        "late or lost": sum(not one.emergency for one in found),
        **{f"{key} ms": value for key, value in series.told(0).items()},
        "p95 / aim": f"{series.p95 / DECLARE_AIM_MS:.2f}",
        "characters wrong": f"{wrong / max(1, characters):.1%}",
    }  # fmt: skip


def quick() -> tuple[Condition, ...]:
    """The clean line and the worst one."""
    return CONDITIONS[0], CONDITIONS[-1]
