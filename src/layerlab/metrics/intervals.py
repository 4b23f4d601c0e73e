"""How far to trust an accuracy, and a difference between two on the same rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, ndtri

from layerlab._validation import check_integer, check_real
from layerlab.errors import ParameterError

__all__ = ["PairedDifference", "mcnemar_test", "paired_difference", "wilson_interval"]


@dataclass(frozen=True)
class PairedDifference:
    """The accuracy of A less that of B, on the same rows.

    Attributes
    ----------
    difference : float
        Positive where A is right more often.
    low, high : float
        The interval of the difference.
    p_value : float
        Two-sided, of the exact McNemar test: how often chance alone would part two equally
        good classifiers at least so far.
    n : int
        Rows that both were asked.
    only_a, only_b : int
        Rows on which A alone, and B alone, was right.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n: int
    only_a: int
    only_b: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain numbers, for JSON."""
        return asdict(self)


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a proportion.

    Parameters
    ----------
    successes : int
        Between 0 and n.
    n : int
        Trials, at least 1.
    confidence : float, default=0.95
        Between 0 and 1, both excluded.

    Returns
    -------
    low, high : float
        Within [0, 1]; 0 at no success and 1 at no failure, exactly.

    Raises
    ------
    ParameterError
        If an argument lies outside its range.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927) 209-212, the roots in p of
    (p̂ − p)² = z² p (1 − p) / n; method 3 of R. G. Newcombe, "Two-sided confidence intervals
    for the single proportion", Statistics in Medicine 17 (1998) 857-872.
    """
    n = check_integer("n", n, 1)
    successes = check_integer("successes", successes, 0, n)
    z = _normal_quantile(confidence)
    centre = (successes + z * z / 2) / (n + z * z)
    half = z * sqrt(successes * (n - successes) / n + z * z / 4) / (n + z * z)
    # At the ends the roots are 0 and 1, which the sums miss by a rounding.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def _normal_quantile(confidence: float) -> float:
    """Return z, with the given probability between −z and z."""
    confidence = check_real("confidence", confidence, 0, 1, open_low=True, open_high=True)
    return -float(ndtri((1 - confidence) / 2))


def mcnemar_test(only_a: int, only_b: int) -> float:
    """Return the exact two-sided p-value for two classifiers on the same rows.

    Were the two equally good, each row on which one alone is right would be a fair coin.

    Parameters
    ----------
    only_a, only_b : int
        Rows on which A alone, and B alone, was right.

    Returns
    -------
    p_value : float
        1 where they never differ.

    References
    ----------
    Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12 (1947) 153-157, with the binomial
    distribution in place of its normal approximation.
    """
    only_a = check_integer("only_a", only_a, 0)
    only_b = check_integer("only_b", only_b, 0)
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def paired_difference(
    correct_a: ArrayLike, correct_b: ArrayLike, confidence: float = 0.95
) -> PairedDifference:
    """Compare two classifiers on the same rows.

    Parameters
    ----------
    correct_a, correct_b : array-like of bool of shape (n_rows,)
        Whether A, and B, was right on each row.
    confidence : float, default=0.95
        Of the interval, between 0 and 1, both excluded.

    Returns
    -------
    paired : PairedDifference
        With the square-and-add interval of Newcombe, and the exact McNemar p-value.

    Raises
    ------
    ParameterError
        If the two are no boolean vectors of one length, or have no row.

    References
    ----------
    R. G. Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17 (1998) 2635-2650, method 10.
    """
    a, b = _outcomes("correct_a", correct_a), _outcomes("correct_b", correct_b)
    if a.shape != b.shape:
        raise ParameterError(
            f"'correct_a' and 'correct_b' must be about the same rows. Got {a.size} and {b.size}."
        )
    n, both = a.size, int(np.sum(a & b))
    only_a, only_b = int(a.sum()) - both, int(b.sum()) - both
    low, high = _square_and_add(both, only_a, only_b, n, confidence)
    p_value = mcnemar_test(only_a, only_b)
    return PairedDifference((only_a - only_b) / n, low, high, p_value, n, only_a, only_b)


def _outcomes(name: str, correct: ArrayLike) -> NDArray[np.bool_]:
    outcomes = np.asarray(correct)
    if outcomes.dtype != np.bool_ or outcomes.ndim != 1 or outcomes.size == 0:
        raise ParameterError(
            f"The {name!r} parameter must be a vector of True and False, one a row. "
            f"Got {outcomes.dtype} of shape {outcomes.shape} instead."
        )
    return outcomes


def _square_and_add(
    both: int, only_a: int, only_b: int, n: int, confidence: float
) -> tuple[float, float]:
    """Return the interval of the difference: the two Wilson intervals, joined by phi."""
    p_a, p_b = (both + only_a) / n, (both + only_b) / n
    low_a, high_a = wilson_interval(both + only_a, n, confidence)
    low_b, high_b = wilson_interval(both + only_b, n, confidence)
    phi = _corrected_phi(both, only_a, only_b, n - both - only_a - only_b)
    below = _third_side(p_a - low_a, high_b - p_b, phi)
    above = _third_side(p_b - low_b, high_a - p_a, phi)
    difference = (only_a - only_b) / n
    return max(-1.0, difference - below), min(1.0, difference + above)


def _third_side(u: float, v: float, cosine: float) -> float:
    # Rounding may bring a triangle with no third side a hair below zero.
    return sqrt(max(0.0, u * u - 2 * cosine * u * v + v * v))


def _corrected_phi(both: int, only_a: int, only_b: int, neither: int) -> float:
    """Return the correlation of the two outcomes, with Newcombe's continuity correction.

    A positive numerator is lowered by n/2, to 0 at most; 0 where a margin is empty.
    """
    n = both + only_a + only_b + neither
    margins = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    numerator = float(both * neither - only_a * only_b)
    if numerator > 0:
        numerator = max(numerator - n / 2, 0.0)
    return numerator / sqrt(margins) if margins else 0.0
