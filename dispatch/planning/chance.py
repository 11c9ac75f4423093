"""Chance that can be told again: the same seed and the same case always draw the same."""

from __future__ import annotations

import math
import random

import numpy as np
import numpy.typing as npt

from dispatch.planning.city import Spread

Floats = npt.NDArray[np.float64]


def stream(seed: int, *names: int) -> np.random.Generator:
    """A stream of its own for each purpose: one more crew changes no caller."""
    return np.random.default_rng([seed, *names])


def case(seed: int, *names: object) -> random.Random:
    """For a single case (one emergency, one page), whatever else happens."""
    return random.Random(f"{seed}:{':'.join(map(str, names))}")


def draw(chance: random.Random, spread: Spread) -> float:
    return spread.median * math.exp(chance.gauss(0, spread.spread))


def draws(generator: np.random.Generator, spread: Spread, count: int) -> Floats:
    drawn: Floats = spread.median * np.exp(generator.normal(0, spread.spread, count))
    return drawn


def mean_of(spread: Spread) -> float:
    """The mean of a log-normal time."""
    return spread.median * math.exp(spread.spread**2 / 2)
