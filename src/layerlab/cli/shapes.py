"""Heights and widths as the command line writes them."""

from __future__ import annotations

import re

from layerlab._typing import ImageShape
from layerlab.errors import ParameterError

__all__ = ["parse_shape", "parse_size"]


def parse_shape(text: str | None) -> ImageShape | None:
    """Return ``"28x28"``, or ``"28x28x3"`` in colour, as numbers; None stays None.

    Raises
    ------
    ParameterError
        If it is no such shape.
    """
    if text is None:
        return None
    sides = _sides(text)
    if sides is None or len(sides) not in (2, 3):
        raise ParameterError(
            "--shape must be a height and a width, 28x28, with channels for colour, 28x28x3. "
            f"Got {text!r} instead."
        )
    return (*sides,)  # type: ignore[return-value]  # two or three


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Return ``"28x28"`` as height and width; None stays None.

    Raises
    ------
    ParameterError
        If it is no such size.
    """
    if text is None:
        return None
    sides = _sides(text)
    if sides is None or len(sides) != 2:
        raise ParameterError(f"--resize must be a height and a width, 28x28. Got {text!r} instead.")
    return sides[0], sides[1]


def _sides(text: str) -> list[int] | None:
    """Return the numbers between the crosses, each at least 1; None where it is no such text."""
    parts = re.split(r"[xX×]", text.strip())
    if not all(re.fullmatch(r"[0-9]{1,9}", part) and int(part) for part in parts):
        return None
    return [int(part) for part in parts]
