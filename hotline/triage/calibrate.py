"""Makes shares true: of a hundred calls judged 0.8, eighty are emergencies."""

from __future__ import annotations

import numpy as np

Scores = list[tuple[float, bool]]
"""Log odds that were given to a call, and whether it was an emergency."""


def platt(scores: Scores) -> tuple[float, float]:
    """Slope and offset that make log odds true, by Newton's steps with a little damping."""
    if not scores:
        return 1.0, 0.0
    given = np.array([[score, 1.0] for score, _ in scores])
    right = np.array([float(emergency) for _, emergency in scores])
    found = np.zeros(2)  # from where Newton's steps do not overshoot
    for _ in range(25):
        share = 1 / (1 + np.exp(-np.clip(given @ found, -30, 30)))
        slope = given.T @ (share - right) + 0.1 * (found - [1.0, 0.0])
        bend = (given * (share * (1 - share))[:, None]).T @ given + 0.1 * np.eye(2)
        found = found - np.linalg.solve(bend, slope)
    return round(float(found[0]), 4), round(float(found[1]), 4)
