"""`ImageOptions`: how images are brought to rows of one length.

This module and those that decode (`image_kinds`, `png`, `image_fit`, `image_decode`,
`image_helper`) import no NumPy: helper processes load them, and are to start at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import index
from reprlib import repr as shorten
from typing import Any

from layerlab.errors import ParameterError, did_you_mean

__all__ = ["BACKGROUNDS", "FITS", "ImageOptions"]

FITS = ("pad", "stretch", "crop")
BACKGROUNDS = ("white", "black")
_SIDE = 1 << 14  # pixels; a longer side is no small image


@dataclass(frozen=True)
class ImageOptions:
    """How images are brought to rows of one length.

    Attributes
    ----------
    resize : (int, int) or None
        Height and width every image is brought to; None takes them as they are, and they
        must be of one size.
    fit : {"pad", "stretch", "crop"}
        What happens to an image of another aspect ratio: its border is continued around it,
        it is stretched, or what stands over is cut off at both sides.
    grey : bool
        Colour is made grey (ITU-R BT.601); otherwise it is kept where any image has some.
    background : {"white", "black"}
        What transparent pixels become.

    Raises
    ------
    ParameterError
        If a value is not one of these.
    """

    resize: tuple[int, int] | None = None
    fit: str = "pad"
    grey: bool = False
    background: str = "white"

    def __post_init__(self) -> None:
        object.__setattr__(self, "resize", _check_size(self.resize))
        _check_choice("fit", self.fit, FITS)
        _check_choice("background", self.background, BACKGROUNDS)
        if not isinstance(self.grey, bool):
            raise _refuse("grey", "True or False", self.grey)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON has them; `from_dict` reads them."""
        return {
            "resize": None if self.resize is None else list(self.resize),
            "fit": self.fit,
            "grey": self.grey,
            "background": self.background,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ImageOptions:
        """Return the options that `to_dict` wrote.

        Parameters
        ----------
        values : mapping
            Keys that are missing have their default.

        Returns
        -------
        options : ImageOptions

        Raises
        ------
        ParameterError
            If a key is unknown or a value is not allowed.
        """
        known = cls().to_dict()
        for key in values:
            if key not in known:
                raise ParameterError(
                    f"{key!r} is no option of images.{did_you_mean(str(key), known)} "
                    f"There are {', '.join(known)}."
                )
        return cls(**values)


def _check_size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    try:
        height, width = (index(side) for side in size)
    except (TypeError, ValueError):
        height = width = 0
    if not (0 < height <= _SIDE and 0 < width <= _SIDE):
        allowed = f"two integers from 1 to {_SIDE}, height and width"
        raise _refuse("resize", allowed, size)
    return height, width


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        hint = did_you_mean(value, choices) if isinstance(value, str) else ""
        raise _refuse(name, f"one of {', '.join(map(repr, choices))}", value, hint)


def _refuse(name: str, allowed: str, came: Any, hint: str = "") -> ParameterError:
    # The wording of layerlab._validation, which imports NumPy.
    return ParameterError(
        f"The {name!r} parameter must be {allowed}. Got {shorten(came)} instead.{hint}"
    )
