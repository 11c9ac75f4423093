"""What the recogniser writes for what callers say: `python -m bench.confusions`.

Speaks every n-th sentence of the triage corpus over A-law with noise, in voices that neither
tests nor the demonstration use, and writes for each character what was heard for it into
`hotline/triage/heard.yaml`, from which the noise model of triage draws.
"""

from __future__ import annotations

import argparse
import random
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from rich.progress import track

from hotline.demo.voices import synthesise
from hotline.speech.provenance import bare
from hotline.speech.vosk_engine import VoskDecoder, load_model
from hotline.triage.corpus import SENTENCES, read_corpus

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "vosk-demo-gas-zh"
INTO = ROOT / "hotline" / "triage" / "heard.yaml"
VOICES = ("f2", "m3", "m7")
NOISE_RMS = (300.0, 900.0, 1600.0)
"""Of 16-bit samples; speech stands at -20 dB of full scale."""
_MOST = 12


def noisy(pcm: bytes, rms: float, seed: int) -> bytes:
    """A-law and white noise of this level."""
    chance = np.random.default_rng(seed)
    spoken = np.frombuffer(audioop.alaw2lin(audioop.lin2alaw(pcm, 2), 2), dtype=np.int16)
    mixed = spoken + chance.normal(0, rms, len(spoken))
    return mixed.clip(-32768, 32767).astype(np.int16).tobytes()


def pairs(said: str, heard: str) -> Iterator[tuple[str, str]]:
    """Characters written for each other, where as many were written as were said."""
    for kind, a, b, x, y in SequenceMatcher(None, said, heard, autojunk=False).get_opcodes():
        if kind == "replace" and b - a == y - x:
            yield from zip(said[a:b], heard[x:y], strict=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=12)
    options = parser.parse_args(arguments)
    model = load_model(MODEL)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    chosen = read_corpus(SENTENCES).sentences[:: options.every]
    for number, sentence in enumerate(track(chosen, "listening")):
        voice = VOICES[number % len(VOICES)]
        decoder = VoskDecoder(model)
        speech = synthesise(sentence.text, voice, random.Random(number).choice((150, 170, 195)), tail_ms=300)
        decoder.accept(noisy(speech, NOISE_RMS[number // 3 % 3], number))
        heard = "".join(word.text for word in decoder.flush())
        for character, other in pairs(bare(sentence.text), bare(heard)):
            counts[character][other] += 1
    lines = [f"{said}: {''.join(c for c, n in found.most_common(_MOST) for _ in range(min(n, 3)))}\n"
             for said, found in sorted(counts.items())]
    INTO.write_text("# Made by `python -m bench.confusions`: character said, characters heard for it.\n"
                    + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
