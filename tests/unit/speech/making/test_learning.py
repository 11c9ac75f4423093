"""The network's gradients are those of its loss, and it learns."""

from __future__ import annotations

import numpy as np
import pytest

from hotline.speech.making.features import CEPSTRA
from hotline.speech.making.network import CONTEXT, STRIDE, Network, fresh
from hotline.speech.making.training import CHUNK, Adam, Clip, train
from hotline.speech.making.types import Array

STATES, OUTPUTS = 12, 8


def batch(chance: np.random.Generator) -> tuple[Array, Array]:
    features = chance.standard_normal((3, 2 * CONTEXT + 1 + STRIDE * (OUTPUTS - 1), CEPSTRA))
    return features, chance.integers(-1, STATES, (3, OUTPUTS))


@pytest.mark.parametrize("name", ["first.weight", "down0.weight", "up0.bias", "up3.weight", "last.weight",
                                  "out.weight", "out.bias"])
def test_gradients_are_what_the_loss_changes_by(name: str) -> None:
    chance = np.random.default_rng(2)
    parameters = {key: value.astype(np.float64) for key, value in fresh(STATES, chance).items()}
    network = Network(parameters)
    features, wanted = batch(chance)
    network.learn(features, wanted)
    gradient = network.gradients[name].copy()
    for _ in range(4):
        place = tuple(chance.integers(size) for size in parameters[name].shape)
        here = parameters[name][place]
        losses = []
        for step in (1e-5, -1e-5):
            parameters[name][place] = here + step
            losses.append(network.learn(features, wanted))
        parameters[name][place] = here
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx(gradient[place], rel=1e-3, abs=1e-6)


def test_what_is_not_to_be_counted_changes_nothing() -> None:
    chance = np.random.default_rng(4)
    network = Network(fresh(STATES, chance))
    features, _ = batch(chance)
    assert network.learn(features.astype(np.float32), np.full((3, OUTPUTS), -1)) == 0
    assert all(not gradient.any() for gradient in network.gradients.values())


def test_the_rate_rises_and_falls_to_nothing() -> None:
    adam = Adam({"x": np.zeros(2, np.float32)}, 100)
    rates = []
    for _ in range(100):
        rates.append(adam.rate())
        adam.update({"x": np.ones(2, np.float32)})
    assert rates.index(max(rates)) == 10 and rates[-1] < 1e-5


def clips(count: int) -> list[Clip]:
    """Two states that one cepstrum tells apart."""
    chance = np.random.default_rng(6)
    made = []
    for _ in range(count):
        states = np.repeat(chance.integers(0, 2, 8), 30).astype(np.int16)
        features = chance.standard_normal((len(states), CEPSTRA)) * 0.5
        features[:, 3] += 4 * states
        made.append(Clip(features.astype(np.float16), states))
    return made


def test_it_learns_and_learns_the_same_again() -> None:
    assert CHUNK == 150
    told: list[str] = []
    first = train(clips(300), 3, 2, 3, 7, told.append)
    again = train(clips(300), 3, 2, 3, 7, told.append)
    assert first.accuracy > 0.95 and "of frames right" in told[-1]
    for name, value in first.network.parameters.items():
        assert np.array_equal(value, again.network.parameters[name])
