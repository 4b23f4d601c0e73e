"""The direction of limited-memory BFGS: compiled, or NumPy's.

Here is NumPy's, the reference that the compiled one is tested against. Pairs
of a step s and a change of gradient y lie in an array of shape (memory, 2,
n_weights), each in the slot it was written to.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.linalg.blas import dtrsv

from layerlab._compiled import KERNEL
from layerlab._memory import empty
from layerlab._typing import Array, Vector
from layerlab.solvers.solution import Point

__all__ = ["keep", "no_pairs", "two_loops"]

EPSILON = float(np.finfo(float).eps)


def no_pairs(memory: int, n_weights: int) -> Array:
    """Return room for pairs."""
    return empty(memory, 2, n_weights)


def keep(old: Point, new: Point, pair: Array) -> bool:
    """Write s and y between two points into ``pair`` if s·y is positive, and say whether it is."""
    if KERNEL is not None:
        return bool(KERNEL.keep(old.theta, new.theta, old.gradient, new.gradient, pair))
    s, y = new.theta - old.theta, new.gradient - old.gradient
    sy, ss, yy = float(s @ y), float(s @ s), float(y @ y)
    if not 0 < EPSILON * sqrt(ss) * sqrt(yy) < sy:
        return False
    pair[0], pair[1] = s, y
    return True


def two_loops(pairs: Array, SY: Array, YY: Array, used: int, newest: int, g: Vector) -> Vector:
    """Return -H g by the two-loop recursion of Nocedal (1980).

    Parameters
    ----------
    pairs : ndarray of shape (memory, 2, n_weights)
    SY, YY : ndarray of shape (memory, memory)
        s_i·y_j, where j is not older than i, and y_i·y_j. The newest pair's are
        entered here, in the same go through the pairs.
    used : int
        Slots in use.
    newest : int
        The slot of the newest pair.
    g : ndarray of shape (n_weights,)

    Notes
    -----
    Each loop is a triangular solve. Going back, the loop α_i = ρ_i s_i·q,
    q -= α_i y_i solves R α = S g, with R the upper triangle of s_i·y_j. Going
    forth, c_i = α_i - β_i solves Rᵀ c = diag(R) α - Y r, with r = γ q and
    Y r = γ (Y g - Y Yᵀ α); γ as in Nocedal & Wright, eq. 7.20.
    """
    if KERNEL is None:
        return _reference(pairs[:used, 0], pairs[:used, 1], SY, YY, newest, g)
    out = empty(len(g))
    KERNEL.downhill(pairs, SY, YY, used, newest, g, out)
    return out


def _reference(S: Array, Y: Array, SY: Array, YY: Array, newest: int, g: Vector) -> Vector:
    used = len(S)
    SY[:used, newest] = S @ Y[newest]
    YY[:used, newest] = YY[newest, :used] = Y @ Y[newest]
    order = np.arange(newest + 1, newest + 1 + used) % used  # the oldest first
    in_order = np.ix_(order, order)
    R = SY[in_order]
    gamma = SY[newest, newest] / YY[newest, newest]
    alpha = dtrsv(R, (S @ g)[order])
    Yr = gamma * ((Y @ g)[order] - YY[in_order] @ alpha)
    c = dtrsv(R, np.diag(R) * alpha - Yr, trans=1)
    slots = np.argsort(order)
    return np.asarray(gamma * (alpha[slots] @ Y - g) - c[slots] @ S)
