"""A streaming transducer of some hundred kilobytes for sherpa-onnx: 25 hanzi, heard from synthesised voices.

`python -m tests.support.tiny_transducer` makes `tests/data/tiny-transducer` again (a minute; needs the
packages of requirements-model.lock). It was trained on random strings of these hanzi in the training's
voices, and exists so that the second engine is held to the contract of recognisers with real audio.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from hotline.speech.making.features import RATE_HZ
from hotline.speech.making.phonemes import SILENCE
from hotline.speech.making.speaker import Speaker, Spoken
from hotline.speech.making.telephone_line import LineMaker, to_telephone_rate
from hotline.speech.making.types import Array
from hotline.speech.making.voices import somebody

FOLDER = Path(__file__).parents[1] / "data" / "tiny-transducer"
HANZI = "楼道里有很浓的煤气味你们快点来看我家厨房了在这不是对"
"""No two of the same syllable: without a language model nothing else could tell them apart."""
MEL_RATE_HZ, MELS, BINS = 16000, 80, 56
"""As streaming models want it; the upper bins hold nothing that a telephone brings."""
WINDOW, STRIDE, OUTPUTS = 41, 4, 8
"""Frames an output sees, frames between outputs, outputs in a chunk."""
SIZES = (WINDOW * BINS, 128, 96, len(HANZI) + 1)
BLANK, SAME_AGAIN = 0.5, 7.0
"""A hanzi between two outputs is doubtful at both: rather said than left out, and not twice."""
UTTERANCES, EPOCHS, BATCH, RATE = 3500, 14, 512, 2e-3


def fbank(samples: Array) -> Array:
    """8 kHz samples → (frames, BINS): logarithms of mel energies as kaldi's online features have them."""
    size = 2 * len(samples)
    wide = np.fft.irfft(np.fft.rfft(samples), size) * 2 / 32768
    starts = np.arange((size + 80) // 160) * 160 - 120
    places = starts[:, None] + np.arange(400)
    places = np.where(places < 0, -places - 1, places)
    frames = wide[np.where(places >= size, 2 * size - 1 - places, places)]
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames - 0.97 * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    power = np.abs(np.fft.rfft(frames * window, 512, axis=1)) ** 2
    return np.log(np.maximum(power[:, :256] @ _filters(), np.finfo(np.float32).eps)).astype(np.float32)


def _filters() -> Array:
    low, high = (1127 * np.log(1 + hertz / 700) for hertz in (20, MEL_RATE_HZ / 2 - 400))
    width = (high - low) / (MELS + 1)
    left = low + width * np.arange(MELS)
    mel = 1127 * np.log(1 + MEL_RATE_HZ / 512 * np.arange(256) / 700)[:, None]
    rising, falling = (mel - left) / width, (left + 2 * width - mel) / width
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None))[:, :BINS]


@dataclass(frozen=True)
class Clip:
    features: Array
    wanted: Array
    """For each output the hanzi whose middle is there, from 1; 0: none."""


def clips(count: int, seed: int) -> Iterator[Clip]:
    chance, line, speaker = random.Random(seed), LineMaker(np.random.default_rng(seed)), Speaker()
    for number in range(count):
        text = "".join(chance.choices(HANZI, k=chance.randint(3, 10)))
        spoken = speaker.say(text, somebody(chance), number)
        if spoken is None:
            continue
        lead, tail = (int(chance.uniform(0.1, 0.7) * RATE_HZ) for _ in range(2))
        sound = line.call(to_telephone_rate(spoken.samples, speaker.rate_hz), lead, tail)
        features = fbank(sound.astype(np.float64))
        wanted = np.zeros((len(features) - WINDOW) // STRIDE + 1, np.int64)
        for hanzi, middle in zip(text, _middles(spoken), strict=True):
            frame = (lead + middle * RATE_HZ / speaker.rate_hz) / 80
            place = round((frame - WINDOW // 2) / STRIDE)
            if 0 <= place < len(wanted):
                wanted[place] = HANZI.index(hanzi) + 1
        yield Clip(features, wanted)


def _middles(spoken: Spoken) -> list[float]:
    """The sample in the middle of each hanzi: between 很 and 浓 no end can be heard."""
    spans = [span for span in spoken.spans if span.unit != SILENCE]
    lasts = np.cumsum([len(syllable) for syllable in spoken.syllables])
    firsts = lasts - [len(syllable) for syllable in spoken.syllables]
    ends = [min(last, len(spans)) - 1 for last in lasts]
    edges = zip(firsts, ends, strict=True)
    return [(spans[min(first, end)].start + spans[end].end) / 2 for first, end in edges]


def train(made: list[Clip], seed: int) -> tuple[list[Array], Array, Array]:
    """Weights and biases of three layers, mean and deviation of the features."""
    every = np.concatenate([clip.features for clip in made])
    mean, deviation = every.mean(axis=0), every.std(axis=0)
    windows = np.lib.stride_tricks.sliding_window_view((every - mean) / deviation, WINDOW, axis=0)
    offsets = np.cumsum([0] + [len(clip.features) for clip in made])
    starts = [offsets[n] + STRIDE * np.arange(len(clip.wanted)) for n, clip in enumerate(made)]
    start, wanted = np.concatenate(starts), np.concatenate([clip.wanted for clip in made])
    chance = np.random.default_rng(seed)
    p: list[Array] = []
    for inputs, outputs in pairwise(SIZES):
        p += [chance.standard_normal((inputs, outputs)) * np.sqrt(2 / inputs), np.zeros(outputs)]
    p = [value.astype(np.float32) for value in p]
    first, second = ([np.zeros_like(value) for value in p] for _ in range(2))
    steps = EPOCHS * (len(start) // BATCH)
    for step in range(1, steps + 1):
        chosen = chance.integers(0, len(start), BATCH)
        gradients = _gradients(p, windows[start[chosen]].reshape(BATCH, -1), wanted[chosen])
        rate = RATE * min(1, step / 100) * (0.5 + 0.5 * np.cos(np.pi * step / (steps + 1)))
        for k, gradient in enumerate(gradients):
            first[k] += 0.1 * (gradient - first[k])
            second[k] += 0.001 * (gradient**2 - second[k])
            scaled = first[k] / (1 - 0.9**step) / (np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8)
            p[k] -= (rate * scaled).astype(np.float32)
            p[k] *= np.float32(1 - rate * 0.02 * (p[k].ndim == 2))
    return p, mean, deviation


def _gradients(p: list[Array], inputs: Array, wanted: Array) -> list[Array]:
    one = np.maximum(inputs @ p[0] + p[1], 0)
    two = np.maximum(one @ p[2] + p[3], 0)
    scores = two @ p[4] + p[5]
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    chances[np.arange(len(wanted)), wanted] -= 1
    out = chances / len(wanted)
    back_two = (out @ p[4].T) * (two > 0)
    back_one = (back_two @ p[2].T) * (one > 0)
    return [inputs.T @ back_one, back_one.sum(0), one.T @ back_two, back_two.sum(0), two.T @ out, out.sum(0)]


def export(p: list[Array], mean: Array, deviation: Array, folder: Path) -> None:
    """The interface of sherpa-onnx's LSTM transducers; the states that it passes along are not used."""
    import onnx

    p[5][0] -= BLANK
    from onnx import TensorProto, helper, numpy_helper

    node, info = helper.make_node, helper.make_tensor_value_info
    real, whole = TensorProto.FLOAT, TensorProto.INT64
    frames, words = STRIDE * (OUTPUTS - 1) + WINDOW, SIZES[-1]

    def save(
        name: str, nodes: list[Any], ins: list[Any], outs: list[Any], data: dict[str, Array], **told: Any
    ) -> None:
        tensors = [numpy_helper.from_array(value, key) for key, value in data.items()]
        graph = helper.make_graph(nodes, name, ins, outs, tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        helper.set_model_props(model, {key: str(value) for key, value in told.items()})
        onnx.checker.check_model(model)
        onnx.save(model, folder / f"{name}.onnx")

    first = p[0].reshape(BINS, WINDOW, -1).transpose(2, 0, 1)
    half = {"w0": first, "w1": p[2].T[:, :, None], "w2": p[4].T[:, :, None]}
    nodes = [node("Cast", [name], [f"{name}.full"], to=real) for name in half]
    nodes += [
        node("Slice", ["x", "from", "to", "axis"], ["heard"]), node("Sub", ["heard", "mean"], ["centred"]),
        node("Mul", ["centred", "scale"], ["scaled"]),
        node("Transpose", ["scaled"], ["turned"], perm=[0, 2, 1]),
        node("Conv", ["turned", "w0.full", "b0"], ["one"], strides=[STRIDE]), node("Relu", ["one"], ["one+"]),
        node("Conv", ["one+", "w1.full", "b1"], ["two"]), node("Relu", ["two"], ["two+"]),
        node("Conv", ["two+", "w2.full", "b2"], ["three"]),
        node("Transpose", ["three"], ["encoder_out"], perm=[0, 2, 1]),
        node("Identity", ["h"], ["next_h"]), node("Identity", ["c"], ["next_c"]),
    ]  # fmt: skip
    data = {name: np.ascontiguousarray(value.astype(np.float16)) for name, value in half.items()}
    data |= {"b0": p[1], "b1": p[3], "b2": p[5], "mean": mean, "scale": (1 / deviation).astype(np.float32)}
    data |= {"from": np.array([0]), "to": np.array([BINS]), "axis": np.array([2])}
    before = [info(name, real, [1, "N", 1]) for name in ("h", "c")]
    after = [info(name, real, [1, "N", 1]) for name in ("next_h", "next_c")]
    save(
        "encoder", nodes, [info("x", real, ["N", frames, MELS]), *before],
        [info("encoder_out", real, ["N", OUTPUTS, words]), *after],
        data, model_type="lstm", num_encoder_layers=1, T=frames, decode_chunk_len=STRIDE * OUTPUTS,
        rnn_hidden_size=1, d_model=1,
    )  # fmt: skip
    again = {"from": np.array([1]), "to": np.array([2]), "axis": np.array([1]),
             "again": (-SAME_AGAIN * np.eye(words)).astype(np.float32)}
    save(
        "decoder",
        [node("Slice", ["y", "from", "to", "axis"], ["last"]), node("Squeeze", ["last", "axis"], ["flat"]),
         node("Gather", ["again", "flat"], ["decoder_out"])],
        [info("y", whole, ["N", 2])], [info("decoder_out", real, ["N", words])], again,
        vocab_size=words, context_size=2,
    )  # fmt: skip
    pair = [info("encoder_out", real, ["N", words]), info("decoder_out", real, ["N", words])]
    save(
        "joiner", [node("Add", ["encoder_out", "decoder_out"], ["logit"])], pair,
        [info("logit", real, ["N", words])], {}, joiner_dim=words,
    )  # fmt: skip
    rows = ["<blk> 0", *(f"{hanzi} {number}" for number, hanzi in enumerate(HANZI, 1))]
    (folder / "tokens.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    export(*train(list(clips(UTTERANCES, 5)), 1), FOLDER)
