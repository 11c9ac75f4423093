"""Speech, measured: phrase to partial, CPU of listening, what is understood, prompts.

`python -m bench.speech` prints tables; `--sentences FILE` writes what each held-out voice's
sentences were heard as (tests/data/caller_sentences.yaml).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table
from ruamel.yaml import YAML

from hotline.demo.voices import HELD_OUT, synthesise
from hotline.settings import Speech
from hotline.speech.prompts import PromptStore
from hotline.speech.provenance import bare
from hotline.speech.readings import Words
from hotline.speech.recogniser import BYTES_PER_MS, Transcript
from hotline.speech.stream import ThreadedStream
from hotline.speech.tts import Espeak
from hotline.speech.vosk_engine import VoskDecoder, VoskRecogniser, load_model

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

MODEL = Path(__file__).parents[1] / "models" / "vosk-demo-gas-zh"
SENTENCES = Path(__file__).parents[1] / "tests" / "data" / "caller_sentences.yaml"
TICK_MS = 60
LEAKS = (
    ("楼道里有很浓的煤气味，你们快点来看看", "煤气味"),
    ("马路边有很大的天然气味道，好像是管道漏了", "天然气"),
    ("灶台下面的软管在漏气，能听到声音", "漏气"),
    ("我怀疑家里煤气泄漏了，孩子在家里", "泄漏"),
    ("我家厨房有煤气味", "煤气味"),
)


def over_alaw(pcm: bytes) -> bytes:
    """As a telephone line brings it."""
    return audioop.alaw2lin(audioop.lin2alaw(pcm, 2), 2)


@dataclass
class Ear:
    """One caller who is listened to in real time."""

    pcm: bytes
    phrase: str
    partial_at: list[tuple[float, str]] = field(default_factory=list)
    finals: list[Transcript] = field(default_factory=list)
    began: float = 0.0

    def partial(self, text: str, end_ms: int) -> None:
        self.partial_at.append((time.monotonic(), text))

    def final(self, transcript: Transcript) -> None:
        self.partial_at.append((time.monotonic(), transcript.text))
        self.finals.append(transcript)

    def skipped(self, start_ms: int, end_ms: int) -> None:
        raise RuntimeError("the decoder fell behind")

    def failed(self, reason: str) -> None:
        raise RuntimeError(reason)

    def delay_ms(self) -> float | None:
        """From the end of the phrase, as the final transcript places it, to the partial that has it."""
        heard = next((at for at, text in self.partial_at if self.phrase in text), None)
        end_ms = next((end for final in self.finals if (end := _phrase_end(final, self.phrase))), None)
        return None if heard is None or end_ms is None else (heard - self.began) * 1000 - end_ms


def _phrase_end(final: Transcript, phrase: str) -> int | None:
    text = ""
    for word, _, end_ms, _ in final.words:
        text += word
        if phrase in text:
            return end_ms
    return None


def phrase_to_partial(model: Any) -> Table:
    """All phrases in all held-out voices at once, in real time, in ticks of a worker."""
    queue: SimpleQueue[tuple[Callable[..., None], tuple[Any, ...]]] = SimpleQueue()
    recogniser = VoskRecogniser(model, Speech())
    ears = [
        Ear(over_alaw(synthesise(text, voice, lead_ms=1000 + 37 * n, tail_ms=1500)), phrase)
        for n, voice in enumerate(HELD_OUT)
        for text, phrase in LEAKS
    ]
    streams = [recogniser.open_stream(ear, lambda f, *a: queue.put((f, a))) for ear in ears]
    began = time.monotonic()
    for tick in range(max(len(ear.pcm) for ear in ears) // (TICK_MS * BYTES_PER_MS) + 1):
        _wait_and_run(queue, began + (tick + 1) * TICK_MS / 1000)
        for ear, stream in zip(ears, streams, strict=True):
            ear.began = began
            start = tick * TICK_MS * BYTES_PER_MS
            stream.feed(ear.pcm[start : start + TICK_MS * BYTES_PER_MS])
    _wait_and_run(queue, time.monotonic() + 1)
    delays = sorted(delay for ear in ears if (delay := ear.delay_ms()) is not None)
    columns = ("callers", "heard", "median ms", "95 % ms", "worst ms")
    table = Table(*columns, title="end of leak phrase → partial")
    at_95 = delays[round(0.95 * (len(delays) - 1))]
    table.add_row(*_cells(len(ears), len(delays), statistics.median(delays), at_95, delays[-1]))
    return table


def _wait_and_run(queue: SimpleQueue[tuple[Callable[..., None], tuple[Any, ...]]], until: float) -> None:
    while (left := until - time.monotonic()) > 0:
        try:
            function, arguments = queue.get(timeout=left)
        except Empty:
            return
        function(*arguments)


def listening_cost(model: Any) -> Table:
    """CPU of a listening stream: someone who talks all the time, and one who is silent."""
    table = Table("caller", "% of a core", title="listening, recogniser's thread and gate")
    sentence = over_alaw(synthesise("".join(text for text, _ in LEAKS), "f4", tail_ms=300))
    silence = over_alaw(bytes(len(sentence)))
    for name, pcm in (("talks", sentence * 4), ("is silent", silence * 4)):
        shares = [_cpu_share(model, pcm) for _ in range(3)]
        table.add_row(name, f"{statistics.median(shares):.2f}")
    return table


def _cpu_share(model: Any, pcm: bytes) -> float:
    queue: SimpleQueue[Any] = SimpleQueue()
    settings = Speech(backlog_seconds=3600)
    listener = Ear(b"", "")
    stream = ThreadedStream(
        lambda: VoskDecoder(model), settings, listener, lambda f, *a: queue.put((f, a))
    )
    began = time.process_time()
    for start in range(0, len(pcm), TICK_MS * BYTES_PER_MS):
        stream.feed(pcm[start : start + TICK_MS * BYTES_PER_MS])
    ended: list[bool] = []
    stream.close(lambda: ended.append(True))
    while not ended:
        function, arguments = queue.get(timeout=60)
        function(*arguments)
    return (time.process_time() - began) / (len(pcm) / (1000 * BYTES_PER_MS)) * 100


def understood(model: Any, sentences: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """What every held-out voice's sentence is heard as, over A-law."""
    rows: list[dict[str, Any]] = []
    for kind, text in track(sentences, "listen", console=Console(stderr=True)):
        heard = {voice: _heard(model, text, voice) for voice in HELD_OUT}
        rows.append({"kind": kind, "text": text, "heard": heard})
    return rows


def _heard(model: Any, text: str, voice: str) -> str:
    decoder = VoskDecoder(model)
    pcm = over_alaw(synthesise(text, voice, lead_ms=300, tail_ms=600))
    for start in range(0, len(pcm), 100 * BYTES_PER_MS):
        decoder.accept(pcm[start : start + 100 * BYTES_PER_MS])
    return "".join(word.text for word in decoder.flush())


def understanding(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table("voice", "sentences", "without a fault", title="held-out voices over A-law")
    for voice in HELD_OUT:
        right = sum(row["heard"][voice] == bare(row["text"]) for row in rows)
        table.add_row(*_cells(voice, len(rows), right))
    return table


def rendering() -> Table:
    """How long a prompt that is not cached takes."""
    table = Table("prompt", "median ms", title="text to speech, not cached")
    for text, reading in (("您好，请讲您的事情。", "text"), ("蜀门北路128号3栋2单元501", "address")):
        with tempfile.TemporaryDirectory() as folder:
            times = []
            for n in range(5):
                store = PromptStore(Path(folder) / str(n), Espeak(), -18)
                began = time.perf_counter()
                store.render([Words(text, reading)])  # type: ignore[arg-type]  # one of the literals
                times.append((time.perf_counter() - began) * 1000)
        table.add_row(text, f"{statistics.median(times):.1f}")
    return table


def _cells(*values: object) -> list[str]:
    return [f"{value:.0f}" if isinstance(value, float) else str(value) for value in values]


def known_sentences() -> list[tuple[str, str]]:
    """Kind and text of the committed sentences."""
    rows = YAML(typ="safe").load(SENTENCES.read_text(encoding="utf-8"))["sentences"]
    return [(row["kind"], row["text"]) for row in rows]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=Path, help="write what was heard to this YAML file")
    parser.add_argument("--json", action="store_true", help="print what was heard as JSON")
    options = parser.parse_args(arguments)
    model = load_model(MODEL)
    rows = understood(model, known_sentences())
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if options.sentences:
        with options.sentences.open("w", encoding="utf-8") as out:
            out.write(HEADER)
            YAML().dump({"sentences": rows}, out)
        return
    console = Console()
    for table in (phrase_to_partial(model), listening_cost(model), understanding(rows), rendering()):
        console.print(table)


HEADER = """\
# What callers say in tests and in the demo, and what the small model hears over A-law in the voices
# that it was not trained on. Made by `python -m bench.speech --sentences FILE`. None of the
# sentences is in the model's text (tests/live/test_speech.py checks both).
"""

if __name__ == "__main__":
    main()
