"""The acoustic network: a small factored TDNN in numpy, forward and backward.

Nine frames of features every 30 ms → `HIDDEN` rectified; four times a linear bottleneck over three
moments → rectified; a last bottleneck; a score for each unit's state. Each rectified layer is
normalised over the batch, which export folds into the next layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hotline.speech.making.features import CEPSTRA
from hotline.speech.making.types import Array

HIDDEN, BOTTLENECK, LAST = 288, 96, 128
STRIDE = 3
"""Frames of features for each output."""
AROUND = 4
"""Frames before and after that the first layer sees."""
STEPS = (1, 1, 2, 2)
"""Outputs between the moments that each further layer joins."""
CONTEXT = AROUND + STRIDE * sum(STEPS)
"""Frames that an output needs before and after its own."""
MOMENTUM, TINY = 0.1, 1e-5

Parameters = dict[str, Array]
"""`first`, `down0`…, `up0`…, `last`, `out` with `.weight` (in, out) and mostly `.bias`."""


def fresh(states: int, chance: np.random.Generator) -> Parameters:
    """Parameters to begin with."""
    sizes = {"first": (CEPSTRA * (2 * AROUND + 1), HIDDEN), "last": (HIDDEN, LAST), "out": (LAST, states)}
    for layer in range(len(STEPS)):
        sizes |= {f"down{layer}": (3 * HIDDEN, BOTTLENECK), f"up{layer}": (BOTTLENECK, HIDDEN)}
    made: Parameters = {}
    for name, (inputs, outputs) in sizes.items():
        gain = 2.0 if name.startswith(("first", "up")) else 1.0
        made[f"{name}.weight"] = chance.standard_normal((inputs, outputs)) * np.sqrt(gain / inputs)
        if name.startswith(("first", "up", "out")):
            made[f"{name}.bias"] = np.zeros(outputs)
    return {name: value.astype(np.float32) for name, value in made.items()}


@dataclass
class Norm:
    """Normalises each channel; knows the mean and variance of late batches."""

    mean: Array = field(default_factory=lambda: np.zeros(HIDDEN, np.float32))
    variance: Array = field(default_factory=lambda: np.ones(HIDDEN, np.float32))

    def learn(self, values: Array) -> tuple[Array, Array]:
        """Normalised, and the scale that was applied."""
        flat = values.reshape(-1, HIDDEN)
        mean = flat.mean(axis=0)
        centred = values - mean
        variance = np.einsum("ij,ij->j", centred.reshape(-1, HIDDEN), centred.reshape(-1, HIDDEN)) / len(flat)
        self.mean += MOMENTUM * (mean - self.mean)
        self.variance += MOMENTUM * (variance - self.variance)
        scale = 1 / np.sqrt(variance + TINY)
        centred *= scale
        return centred, scale

    def use(self, values: Array) -> Array:
        return np.asarray((values - self.mean) / np.sqrt(self.variance + TINY))

    @staticmethod
    def back(gradient: Array, normalised: Array, scale: Array) -> Array:
        flat, normal = gradient.reshape(-1, HIDDEN), normalised.reshape(-1, HIDDEN)
        along = np.einsum("ij,ij->j", flat, normal) / len(flat)
        result = gradient - flat.mean(axis=0)
        result -= normalised * along
        result *= scale
        return np.asarray(result)


class Network:
    """One network with its gradients."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.norms = [Norm() for _ in range(len(STEPS) + 1)]
        self.gradients: Parameters = {}
        self._kept: list[tuple[Array, Array, Array, Array]] = []
        self._ends: tuple[Array, Array] | None = None

    def scores(self, features: Array) -> Array:
        """(batch, frames, 40), normalised → (batch, outputs, states); for use, not for learning."""
        return self._run(features, learn=False)

    def learn(self, features: Array, wanted: Array) -> float:
        """One batch: sets `gradients`, returns the mean loss. States below 0 in `wanted` do not count."""
        scores = self._run(features, learn=True)
        loss, gradient = _cross_entropy(scores, wanted)
        self._back(gradient)
        return loss

    def _run(self, features: Array, *, learn: bool) -> Array:
        p = self.parameters
        self._kept.clear()
        outputs = (features.shape[1] - 2 * AROUND - 1) // STRIDE + 1
        before = _windows(features, outputs)
        values = self._rectified(before, _dense(before, p["first.weight"]) + p["first.bias"], 0, learn)
        for layer, step in enumerate(STEPS):
            narrow = _joined(values, p[f"down{layer}.weight"], step)
            wide = _dense(narrow, p[f"up{layer}.weight"]) + p[f"up{layer}.bias"]
            values = self._rectified(narrow, wide, layer + 1, learn)
        last = _dense(values, p["last.weight"])
        if learn:
            self._ends = values, last
        return np.asarray(_dense(last, p["out.weight"]) + p["out.bias"])

    def _rectified(self, before: Array, values: Array, number: int, learn: bool) -> Array:
        np.maximum(values, 0, out=values)
        if not learn:
            return self.norms[number].use(values)
        normalised, scale = self.norms[number].learn(values)
        self._kept.append((before, values > 0, normalised, scale))
        return normalised

    def _back(self, gradient: Array) -> None:
        assert self._ends is not None
        p, g = self.parameters, self.gradients
        values, last = self._ends
        g["out.weight"], g["out.bias"] = _outer(last, gradient), gradient.sum(axis=(0, 1))
        gradient = _dense(gradient, p["out.weight"].T)
        g["last.weight"] = _outer(values, gradient)
        gradient = _dense(gradient, p["last.weight"].T)
        for layer in reversed(range(len(STEPS))):
            narrow = self._back_rectified(gradient, f"up{layer}", layer + 1)
            inputs = self._kept[layer][2]
            gradient = self._back_joined(narrow, inputs, layer)
        self._back_rectified(gradient, "first", 0)

    def _back_rectified(self, gradient: Array, name: str, number: int) -> Array:
        before, positive, normalised, scale = self._kept[number]
        gradient = Norm.back(gradient, normalised, scale)
        gradient *= positive
        self.gradients[f"{name}.weight"] = _outer(before, gradient)
        self.gradients[f"{name}.bias"] = gradient.sum(axis=(0, 1))
        return _dense(gradient, self.parameters[f"{name}.weight"].T) if number else gradient

    def _back_joined(self, gradient: Array, inputs: Array, layer: int) -> Array:
        weight, step = self.parameters[f"down{layer}.weight"], STEPS[layer]
        spread = np.zeros((*inputs.shape[:2], 3 * BOTTLENECK), np.float32)
        length = gradient.shape[1]
        for moment in range(3):
            columns = slice(moment * BOTTLENECK, (moment + 1) * BOTTLENECK)
            spread[:, moment * step : moment * step + length, columns] = gradient
        by_moment = _outer(inputs, spread)
        self.gradients[f"down{layer}.weight"] = np.concatenate(np.split(by_moment, 3, axis=1))
        return _dense(spread, _side_by_side(weight).T)


def _windows(features: Array, outputs: int) -> Array:
    """(batch, outputs, 9 x 40): the frames around each output, joined."""
    batch, _, width = features.shape
    row = features.strides[1]
    shape = (batch, outputs, (2 * AROUND + 1) * width)
    strides = (features.strides[0], STRIDE * row, features.strides[2])
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(features, shape, strides))


def _side_by_side(weight: Array) -> Array:
    """(3 x HIDDEN, BOTTLENECK) → (HIDDEN, 3 x BOTTLENECK)."""
    return np.concatenate(np.split(weight, 3), axis=1)


def _joined(values: Array, weight: Array, step: int) -> Array:
    """The bottleneck over a moment, the one `step` before and the one `step` after."""
    every = _dense(values, _side_by_side(weight))
    length = values.shape[1] - 2 * step
    parts = [
        every[:, moment * step : moment * step + length, moment * BOTTLENECK : (moment + 1) * BOTTLENECK]
        for moment in range(3)
    ]
    return np.asarray(parts[0] + parts[1] + parts[2])


def _dense(values: Array, weight: Array) -> Array:
    """One large product instead of one for each chunk."""
    return np.asarray((values.reshape(-1, values.shape[-1]) @ weight).reshape(*values.shape[:-1], -1))


def _outer(inputs: Array, gradient: Array) -> Array:
    return np.asarray(inputs.reshape(-1, inputs.shape[-1]).T @ gradient.reshape(-1, gradient.shape[-1]))


def _cross_entropy(scores: Array, wanted: Array) -> tuple[float, Array]:
    counted = wanted >= 0
    number = max(1, int(counted.sum()))
    scores = scores - scores.max(axis=2, keepdims=True)
    chances = np.exp(scores)
    totals = chances.sum(axis=2, keepdims=True)
    chances /= totals
    rows, columns = np.nonzero(counted)
    states = wanted[rows, columns]
    loss = np.log(totals[rows, columns, 0]) - scores[rows, columns, states]
    chances[rows, columns, states] -= 1
    chances *= counted[..., None] / np.float32(number)
    return float(loss.sum()) / number, chances.astype(np.float32, copy=False)
