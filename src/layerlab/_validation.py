"""One wording for every argument check: who, what is allowed, what came."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from reprlib import repr as shorten
from typing import Any

import numpy as np

from layerlab.errors import ParameterError, did_you_mean

__all__ = ["check_choice", "check_flag", "check_integer", "check_real"]


def refuse(name: str, allowed: str, came: Any, hint: str = "") -> ParameterError:
    """Return the error that says which parameter, what is allowed and what came."""
    return ParameterError(
        f"The {name!r} parameter must be {allowed}. Got {shorten(came)} instead.{hint}"
    )


def check_real(
    name: str,
    value: Any,
    low: float = -np.inf,
    high: float = np.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """Return ``value`` as a float when it lies between ``low`` and ``high``.

    Raises
    ------
    ParameterError
        If it is no real number, is not finite, or lies outside.
    """
    brackets = (
        "(" if open_low or low == -np.inf else "[",
        ")" if open_high or high == np.inf else "]",
    )
    allowed = f"a number in the range {brackets[0]}{low}, {high}{brackets[1]}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise refuse(name, allowed, value)
    number = float(value)
    below = number <= low if open_low else number < low
    above = number >= high if open_high else number > high
    if not np.isfinite(number) or below or above:
        raise refuse(name, allowed, value)
    return number


def check_integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return ``value`` as an int when it lies between ``low`` and ``high``, both included.

    Raises
    ------
    ParameterError
        If it is no integer or lies outside.
    """
    allowed = (
        f"an integer from {low} upwards" if high is None else f"an integer from {low} to {high}"
    )
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise refuse(name, allowed, value)
    number = int(value)
    if number < low or (high is not None and number > high):
        raise refuse(name, allowed, value)
    return number


def check_flag(name: str, value: Any) -> bool:
    """Return ``value`` when it is True or False.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    if not isinstance(value, bool | np.bool_):
        raise refuse(name, "True or False", value)
    return bool(value)


def check_choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return ``value`` when it is one of ``choices``.

    Raises
    ------
    ParameterError
        If it is not; the message names the nearest choices.
    """
    known = list(choices)
    if isinstance(value, str) and value in known:
        return value
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    raise refuse(name, f"one of {', '.join(map(repr, known))}", value, hint)
