"""How much of the last direction a conjugate gradient keeps: β, by author.

Each takes the new gradient, the old gradient and the old direction; the next
direction is -g_new + β d. On a quadratic after an exact step all are equal.
``y`` is g_new - g_old. A survey is Hager & Zhang (2006), Pacific J. Optim. 2,
whose table 1 lists the formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, sqrt
from typing import Any

from layerlab._typing import Vector

__all__ = [
    "BETAS",
    "dai_yuan",
    "fletcher_reeves",
    "hager_zhang",
    "hestenes_stiefel",
    "polak_ribiere",
]

# Hager & Zhang's lower bound keeps β away from large negative values; their η (2005, section 5).
ETA = 0.01


def fletcher_reeves(g_new: Vector, g_old: Vector, d: Vector) -> float:  # noqa: ARG001
    """|g_new|² / |g_old|²: Fletcher & Reeves (1964), eq. 8."""
    return _ratio(g_new @ g_new, g_old @ g_old)


def polak_ribiere(g_new: Vector, g_old: Vector, d: Vector) -> float:  # noqa: ARG001
    """max(0, g_new·y / |g_old|²): Polak & Ribière (1969), non-negative after Powell (1984)."""
    return max(0.0, _ratio(g_new @ (g_new - g_old), g_old @ g_old))


def hestenes_stiefel(g_new: Vector, g_old: Vector, d: Vector) -> float:
    """max(0, g_new·y / d·y): Hestenes & Stiefel (1952), eq. 3:2b, non-negative likewise."""
    y = g_new - g_old
    return max(0.0, _ratio(g_new @ y, d @ y))


def dai_yuan(g_new: Vector, g_old: Vector, d: Vector) -> float:
    """|g_new|² / d·y: Dai & Yuan (1999), eq. 1.8."""
    return _ratio(g_new @ g_new, d @ (g_new - g_old))


def hager_zhang(g_new: Vector, g_old: Vector, d: Vector) -> float:
    """(y - 2 d |y|²/d·y)·g_new / d·y, bounded below: Hager & Zhang (2005), eqs. 1.3 and 1.5–1.6."""
    y = g_new - g_old
    dy = float(d @ y)
    if dy == 0:
        return 0.0
    beta = float((y @ g_new - 2 * (y @ y) / dy * (d @ g_new)) / dy)
    if beta >= 0:  # above the bound, whatever it is
        return beta
    smallest = sqrt(float(d @ d)) * min(ETA, sqrt(float(g_old @ g_old)))
    return max(beta, -1 / smallest if smallest else -inf)


def _ratio(numerator: Any, denominator: Any) -> float:
    return float(numerator / denominator) if denominator else 0.0


BETAS: dict[str, Callable[[Vector, Vector, Vector], float]] = {
    "fletcher_reeves": fletcher_reeves,
    "polak_ribiere": polak_ribiere,
    "hestenes_stiefel": hestenes_stiefel,
    "dai_yuan": dai_yuan,
    "hager_zhang": hager_zhang,
}
"""Every β by its name."""
