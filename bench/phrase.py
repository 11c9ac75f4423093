"""From the end of a leak phrase to the emergency, and on to the crew's INVITE, in real calls.

Callers speak in voices the model was not trained on, one after the other. Where a phrase ends in
a caller's recording is taken from the recogniser's own word times over the whole sentence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from bench.crew_phones import CrewPhones
from bench.figures import Report, Row, Series
from bench.line import Line
from bench.speech import LEAKS, MODEL, over_alaw
from hotline.demo.phone import Phone
from hotline.demo.stage import read_yaml, write_yaml
from hotline.demo.voices import HELD_OUT, synthesise
from hotline.demo.watch import JournalWatch, NotWrittenError
from hotline.settings_file import load_settings
from hotline.speech.recogniser import BYTES_PER_MS
from hotline.speech.vosk_engine import VoskDecoder, load_model
from tests.live.harness.service import EXAMPLE

ON_FILE = "13800000001"
NOT_ON_FILE = "13912345678"
ADDRESS = "我住在滨江路八十八号二单元三零一室"
LISTEN_FIRST_SECONDS = 1.0
ADDRESS_AFTER_SECONDS = 2.0
DECLARE_AIM_MS, PAGE_AIM_MS = 700.0, 1000.0


@dataclass(frozen=True, slots=True)
class Emergency:
    """One call; times in ms, None where it did not happen."""

    on_file: bool
    declared: float | None
    """After the end of the phrase; below 0: the first half of it was enough."""
    paged: float | None
    """The crew's INVITE after the declaration, or after the place became known when that was later."""
    total: float | None
    """The crew's INVITE after the end of the phrase; only with the place on file."""


def measure(runs: int, tick: Callable[[float], None]) -> list[Emergency]:
    """At most `runs` calls with the caller's place on file and as many without."""
    sentences = [(voice, text, phrase) for (text, phrase), voice in product(LEAKS, HELD_OUT)][:runs]
    model = load_model(MODEL)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, CrewPhones() as crews:
        folder = Path(name)
        overrides = _dispatch(folder, crews, 2 * len(sentences) + 2)
        with Line(folder / "line", overrides) as line, JournalWatch(line.service.journals) as watch:
            caller = _Caller(line, watch, crews, folder, model)
            done = []
            for number, ((voice, text, phrase), on_file) in enumerate(product(sentences, (True, False))):
                done.append(caller.call(voice, text, phrase, on_file=on_file))
                tick((number + 1) / (2 * len(sentences)))
            return done


def _dispatch(folder: Path, crews: CrewPhones, count: int) -> dict[str, object]:
    """A crew for every call, rung until the bench ends, so that one call's pages do not touch another's."""
    settings = load_settings(EXAMPLE)
    stations = read_yaml(settings.dispatch.stations)
    first = stations["crews"][0]
    stations["crews"] = [
        {**first, "key": str(key), "name": f"{key}班", "duty": "always",
         "members": [{"name": "试", "phone": crews.uri(str(key))}]}
        for key in range(1001, 1001 + count)
    ]
    policy = read_yaml(settings.dispatch.policy)
    policy["times"].update(page=3600, unlocated=600)
    write_yaml(folder / "stations.yaml", stations)
    write_yaml(folder / "policy.yaml", policy)
    return {
        "dispatch.stations": str(folder / "stations.yaml"), "dispatch.policy": str(folder / "policy.yaml"),
        "edge.trunks.0.uri": f"sip:{{number}}@127.0.0.1:{crews.port}",
    }


class _Caller:
    """Rings up, says that gas leaks (and where), waits for the crew's telephone."""

    def __init__(
        self, line: Line, watch: JournalWatch, crews: CrewPhones, folder: Path, model: Any
    ) -> None:
        self._line, self._watch, self._crews, self._folder, self._model = line, watch, crews, folder, model

    def call(self, voice: str, text: str, phrase: str, *, on_file: bool) -> Emergency:
        leak, address = self._folder / "leak.wav", self._folder / "address.wav"
        phrase_end = phrase_end_seconds(self._model, synthesise(text, voice, out_path=leak), phrase)
        synthesise(ADDRESS, voice, out_path=address)
        rang_before, known = len(self._crews.rang), set(self._watch.calls())
        with Phone("caller", ON_FILE if on_file else NOT_ON_FILE) as phone:
            phone.say(leak, delay_seconds=LISTEN_FIRST_SECONDS)
            if not on_file:
                phone.say(address, delay_seconds=ADDRESS_AFTER_SECONDS)
            phone.call(self._line.service.number("962677"))
            spoke = phone.wait_for("speaking", 10).at
            declared = self._record("emergency_declared", known)
            rang = self._crews.wait_for(rang_before + 1, 12) if declared is not None else None
        place = 0.0 if on_file else self._place_known(known)
        ended = None if phrase_end is None else spoke + phrase_end
        return Emergency(
            on_file,
            _ms(ended, declared),
            _ms(None if place is None or declared is None else max(place, declared), rang),
            _ms(ended, rang) if on_file else None,
        )

    def _record(self, kind: str, known: set[str]) -> float | None:
        try:
            record = self._watch.wait_for(kind, 10, where=lambda r: r.call_id not in known)
        except NotWrittenError:
            return None
        return float(record.at.timestamp())

    def _place_known(self, known: set[str]) -> float | None:
        located = [
            record.at.timestamp() for record in self._watch.records
            if record.kind == "fact_learned" and record.field == "address"
            and record.latitude is not None and record.call_id not in known
        ]  # fmt: skip
        return min(located, default=None)


def phrase_end_seconds(model: Any, pcm: bytes, phrase: str) -> float | None:
    """None when the recogniser mishears it even offline."""
    decoder, heard, words = VoskDecoder(model), "", []
    line = over_alaw(pcm + bytes(600 * BYTES_PER_MS))
    for start in range(0, len(line), 100 * BYTES_PER_MS):
        if decoder.accept(line[start : start + 100 * BYTES_PER_MS]):
            words += decoder.take()
    for word in [*words, *decoder.flush()]:
        heard += word.text
        if phrase in heard:
            return word.end_ms / 1000
    return None


def _ms(early: float | None, late: float | None) -> float | None:
    return None if early is None or late is None else (late - early) * 1000


def report(done: list[Emergency]) -> Report:
    on_file = [one for one in done if one.on_file]
    said = [one for one in done if not one.on_file]
    rows = {
        "end of phrase → EmergencyDeclared": ([one.declared for one in done], DECLARE_AIM_MS),
        "declared → crew's INVITE, place on file": ([one.paged for one in on_file], PAGE_AIM_MS),
        "place said and understood → crew's INVITE": ([one.paged for one in said], PAGE_AIM_MS),
        "end of phrase → crew's INVITE, place on file": (
            [one.total for one in on_file], DECLARE_AIM_MS + PAGE_AIM_MS
        ),
    }  # fmt: skip
    return Report(
        "a leak phrase becomes a page", [_row(what, *given) for what, given in rows.items()],
        f"{len(done)} calls, {len(HELD_OUT)} held-out voices, one after the other. A value below 0: the "
        "emergency was declared before the phrase was out. `no value`: the sentence or the address was "
        "misheard.",
        {what: [value for value in values if value is not None] for what, (values, _) in rows.items()},
    )  # fmt: skip


def _row(what: str, values: list[float | None], aim: float) -> Row:
    series = Series.of([value for value in values if value is not None])
    return {
        "from → to": what, "calls": len(values), "no value": len(values) - len(series.values),
        **{f"{key} ms": value for key, value in series.told(0).items()},
        "aim (p95) ms": f"{aim:.0f}", "p95 / aim": f"{series.p95 / aim:.2f}",
    }  # fmt: skip
