"""Values of new rows against those of the rows a model learnt from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerlab._typing import Array, Vector
from layerlab.data.checks.finding import Finding
from layerlab.data.checks.part import Part
from layerlab.data.checks.row_facts import RowFacts

__all__ = ["check_range", "check_test_range", "check_turned"]

DIM = 1 / 8  # of the training range: all new values within it are of another scale
MOST = 0.5  # of the rows
CLEARLY = 0.5  # times as far from the turned picture as from the picture itself

Limits = tuple[float, float]


def check_range(
    trained: Limits, low: Array, high: Array, *, shared: bool, what: str
) -> Iterator[Finding]:
    """Yield where new values are of another scale than those in training.

    Parameters
    ----------
    trained : (float, float)
        Smallest and largest value in training.
    low, high : ndarray of shape (m,)
        Smallest and largest value of each new row.
    shared : bool
        Whether all features share one range, as pixels do; only then are values that are far
        too small told from small ones.
    what : str
        What the new rows are called.

    Yields
    ------
    finding : Finding
        Where most rows go beyond the training range by more than its width, or where all stay
        within its lowest eighth. One row that does so may be a rare one.
    """
    span = trained[1] - trained[0]
    least, most = float(low.min()), float(high.max())
    beyond = ((high > trained[1] + span) | (low < trained[0] - span)).mean() > MOST
    dim = shared and least >= trained[0] and trained[0] < most < trained[0] + DIM * span
    if span > 0 and (beyond or dim):
        yield Finding(
            "warning",
            "other-range",
            f"{what} have values from {least:g} to {most:g}, training rows from "
            f"{trained[0]:g} to {trained[1]:g}",
            len(low),
            advice="Bring them to the same scale: as they are, the model's answers mean little.",
        )


def check_turned(trained: Limits, usual: Vector, new: Vector, *, what: str) -> Iterator[Finding]:
    """Yield where new pictures are dark where those in training were light.

    Parameters
    ----------
    trained : (float, float)
        Smallest and largest value in training.
    usual, new : ndarray of shape (d,)
        The mean picture in training, and of the new rows.
    what : str
        What the new rows are called.

    Yields
    ------
    finding : Finding
    """
    turned = trained[0] + trained[1] - usual
    if np.linalg.norm(new - turned) < CLEARLY * np.linalg.norm(new - usual):
        yield Finding(
            "warning",
            "other-polarity",
            f"{what} are turned over: dark where training rows are light, or light where dark",
            1,
            advice="Turn them over (largest value less value): as they are, the model's answers "
            "mean little.",
            detail="By the mean picture of each.",
        )


def check_test_range(development: RowFacts, test: RowFacts) -> Iterator[Finding]:
    """Yield where test rows are of another scale, or turned over; labels are not looked at.

    Parameters
    ----------
    development, test : RowFacts

    Yields
    ------
    finding : Finding
    """
    image = development.part.data.image_shape is not None
    trained = float(development.low.min()), float(development.high.max())
    found = list(check_range(trained, test.low, test.high, shared=image, what="test rows"))
    yield from found
    if image and not found:
        usual, new = _mean(development.part), _mean(test.part)
        yield from check_turned(trained, usual, new, what="test rows")


def _mean(part: Part) -> Vector:
    total = np.zeros(part.data.n_features)
    for _, block in part.blocks():
        total += block.sum(axis=0, dtype=np.float64)
    return total / len(part)
