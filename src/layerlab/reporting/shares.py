"""Shares of one and their differences, as they are written."""

from __future__ import annotations

from layerlab.metrics import PairedDifference

__all__ = ["difference_points", "hundredths", "percent", "span"]


def percent(share: float, decimals: int = 1) -> str:
    """Return a share of one as per cent, not to be broken: ``0.986`` gives ``"98.6 %"``."""
    return f"{100 * share:.{decimals}f}\N{NO-BREAK SPACE}%"


def hundredths(share: float) -> str:
    """Return a share under a heading that says per cent: ``0.986`` gives ``"98.6"``."""
    return f"{100 * share:.1f}"


def span(interval: tuple[float, float]) -> str:
    """Return an interval under such a heading: ``"96.4 to 98.9"``."""
    low, high = interval
    return f"{hundredths(low)} to {hundredths(high)}"


def difference_points(difference: PairedDifference) -> tuple[str, str]:
    """Return a difference in points, and its interval: ``"+1.1"`` and ``"-0.3 to +2.6"``."""
    d = difference
    mean, low, high = (f"{100 * share:+.1f}" for share in (d.difference, d.low, d.high))
    return mean, f"{low} to {high}"
