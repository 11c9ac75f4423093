"""Teaches the network which unit each frame is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hotline.speech.making.features import CEPSTRA
from hotline.speech.making.network import CONTEXT, STRIDE, Network, Parameters, fresh
from hotline.speech.making.types import Array, Tell

CHUNK = 150
"""Frames that are learned from at a time."""
BATCH = 32
HIGHEST_RATE, WARM_UP, DECAY = 3e-3, 0.1, 1e-4
LARGEST_GRADIENT = 5.0
GARBAGE_SHARE = 0.03
"""Of the chunks: all speech in them is learned as "some word" (`[unk]`)."""
CHECKED_UTTERANCES = 150
TELL_STEPS = 200


@dataclass(frozen=True, slots=True)
class Clip:
    """Features of half precision and the state of each frame; 0 is silence."""

    features: Array
    states: Array


@dataclass(frozen=True, slots=True)
class Trained:
    """A network and how features are normalised before it."""

    network: Network
    mean: Array
    deviation: Array
    accuracy: float
    """Of frames that were not learned from."""


class Adam:
    """Adam with decoupled weight decay; the rate rises, then falls along a cosine."""

    def __init__(self, parameters: Parameters, steps: int) -> None:
        self._parameters = parameters
        self._steps = steps
        self._step = 0
        self._first = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._second = {name: np.zeros_like(value) for name, value in parameters.items()}

    def rate(self) -> float:
        warm = self._steps * WARM_UP
        if self._step < warm:
            return float(HIGHEST_RATE * (0.04 + 0.96 * (0.5 - 0.5 * np.cos(np.pi * self._step / warm))))
        return float(HIGHEST_RATE * (0.5 + 0.5 * np.cos(np.pi * (self._step - warm) / (self._steps - warm))))

    def update(self, gradients: Parameters) -> None:
        size = np.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))
        clip = np.float32(min(1.0, LARGEST_GRADIENT / (size + 1e-6)))
        rate = self.rate()
        self._step += 1
        for name, value in self._parameters.items():
            gradient = gradients[name] * clip
            first, second = self._first[name], self._second[name]
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient * gradient - second)
            mean = first / (1 - 0.9**self._step)
            spread = np.sqrt(second / (1 - 0.999**self._step)) + 1e-8
            value *= 1 - rate * DECAY
            value -= np.float32(rate) * (mean / spread).astype(np.float32)


def train(clips: Sequence[Clip], states: int, garbage: int, epochs: float, seed: int, tell: Tell) -> Trained:
    """Learn from all clips but the last few, which measure. Deterministic with one thread of BLAS."""
    chance = np.random.default_rng([seed, 1])
    sample = np.concatenate([clip.features[::7].astype(np.float32) for clip in clips])
    mean, deviation = sample.mean(axis=0), sample.std(axis=0) + 1e-3
    learned, checked = clips[:-CHECKED_UTTERANCES], clips[-CHECKED_UTTERANCES:]
    network = Network(fresh(states, chance))
    batches = _Batches(learned, mean, deviation, garbage, chance)
    steps = int(sum(len(c.states) // CHUNK + 1 for c in learned) / BATCH * epochs)
    adam = Adam(network.parameters, steps)
    began, loss = time.monotonic(), 0.0
    for step, (features, wanted) in zip(range(1, steps + 1), batches.endless(), strict=False):
        loss += network.learn(features, wanted)
        adam.update(network.gradients)
        if step % TELL_STEPS == 0:
            seconds = time.monotonic() - began
            tell(f"training: step {step} of {steps}, loss {loss / TELL_STEPS:.4f}, {seconds:.0f} s")
            loss = 0.0
    accuracy = _accuracy(network, _Batches(checked, mean, deviation, garbage, chance))
    tell(f"training: {accuracy:.1%} of frames right in clips that were not learned from")
    return Trained(network, mean, deviation, accuracy)


def _accuracy(network: Network, batches: _Batches) -> float:
    right = number = 0
    for features, wanted in batches.in_order():
        best = network.scores(features).argmax(axis=2)
        right += int(((best == wanted) & (wanted >= 0)).sum())
        number += int((wanted >= 0).sum())
    return right / max(1, number)


@dataclass(frozen=True, slots=True)
class _Batches:
    clips: Sequence[Clip]
    mean: Array
    deviation: Array
    garbage: int
    chance: np.random.Generator

    def endless(self) -> Iterator[tuple[Array, Array]]:
        while True:
            places = self._places(shift=True)
            order = self.chance.permutation(len(places))
            for first in range(0, len(places) - BATCH + 1, BATCH):
                yield self._batch([places[k] for k in order[first : first + BATCH]], learn=True)

    def in_order(self) -> Iterator[tuple[Array, Array]]:
        places = self._places(shift=False)
        for first in range(0, len(places), BATCH):
            yield self._batch(places[first : first + BATCH], learn=False)

    def _places(self, *, shift: bool) -> list[tuple[int, int]]:
        """(clip, first frame) of every chunk; shifted, every phase of the 30 ms is met."""
        return [
            (number, begin)
            for number, clip in enumerate(self.clips)
            for begin in range(int(self.chance.integers(6)) if shift else 0, len(clip.states) - 1, CHUNK)
        ]

    def _batch(self, places: list[tuple[int, int]], *, learn: bool) -> tuple[Array, Array]:
        frames = np.arange(-CONTEXT, CHUNK - STRIDE + 1 + CONTEXT)
        features = np.empty((len(places), len(frames), CEPSTRA), np.float32)
        wanted = np.full((len(places), CHUNK // STRIDE), -1, np.int64)
        for row, (number, begin) in enumerate(places):
            clip = self.clips[number]
            features[row] = clip.features[np.clip(begin + frames, 0, len(clip.states) - 1)]
            states = clip.states[begin : begin + CHUNK : STRIDE]
            if learn and self.chance.random() < GARBAGE_SHARE:
                states = np.where(states > 0, self.garbage, states)
            wanted[row, : len(states)] = states
        features -= self.mean
        features /= self.deviation
        return features, wanted
