"""The views that a stored model averages over: how many, and how each row is deformed for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from reprlib import repr as short
from typing import Any

from layerlab._typing import ImageShape
from layerlab.data.deformation import Deformation
from layerlab.errors import LayerlabError, ModelFileError
from layerlab.models.augmentation import Augmentation, check_image_shape

__all__ = ["MOST_VIEWS", "StoredViews"]

KEYS = ("background", "deformation", "image_shape", "n", "value_range")

# Someone else's file must not make a prediction take for ever.
MOST_VIEWS = 1024


@dataclass(frozen=True, kw_only=True)
class StoredViews:
    """The views of each row whose probabilities are averaged.

    Parameters
    ----------
    n : int
        From 2 to 1024, the row itself among them.
    deformation : Deformation
        Of training; views are deformed half as far.
    image_shape : (int, int) or (int, int, int)
    value_range : (float, float)
        Lowest and highest value of the training rows.
    background : float
        What comes in from outside.

    Raises
    ------
    ModelFileError
        In one line that names no file, if one is not allowed.
    """

    n: int
    deformation: Deformation
    image_shape: ImageShape
    value_range: tuple[float, float]
    background: float

    def __post_init__(self) -> None:
        if type(self.n) is not int or not 2 <= self.n <= MOST_VIEWS:
            raise ModelFileError(f"its views are not from 2 to {MOST_VIEWS}: {short(self.n)}")
        numbers = (*self.value_range, self.background)
        if len(numbers) != 3 or not all(map(_is_number, numbers)) or numbers[0] > numbers[1]:
            raise ModelFileError(
                f"its views have no value_range (low, high) and background: {short(numbers)}"
            )

    @classmethod
    def of(cls, augmentation: Augmentation, n: int) -> StoredViews:
        """Return the views of a model that is trained with this augmentation."""
        return cls(
            n=int(n),
            deformation=augmentation.deformation,
            image_shape=augmentation.image_shape,
            value_range=augmentation.value_range,
            background=augmentation.background,
        )

    def augmentation(self, n_threads: int) -> Augmentation:
        """Return what makes the views."""
        return Augmentation(
            self.deformation, self.image_shape, self.value_range, self.background, n_threads
        )

    def check(self, n_features: int) -> None:
        """Refuse views of images that are not of so many values, or cannot be deformed so.

        Raises
        ------
        ModelFileError
        """
        try:
            check_image_shape(self.image_shape, n_features)
            self.deformation.in_pixels(self.image_shape)
        except LayerlabError as error:
            raise ModelFileError(f"its views are not of its images: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return it as a header says it."""
        return {
            "background": float(self.background),
            "deformation": self.deformation.to_dict(),
            "image_shape": list(self.image_shape),
            "n": self.n,
            "value_range": [float(value) for value in self.value_range],
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> StoredViews:
        """Return what a header says.

        Raises
        ------
        ModelFileError
            If a key is missing or unknown, or a value is not allowed.
        """
        if said.keys() != set(KEYS):
            raise ModelFileError(f"its views have not the keys {', '.join(KEYS)}")
        for key in ("image_shape", "value_range"):
            if type(said[key]) is not list:
                raise ModelFileError(f"its views have no list as {key}: {short(said[key])}")
        lists = {key: tuple(said[key]) for key in ("image_shape", "value_range")}
        return cls(**{**said, **lists, "deformation": _deformation(said["deformation"])})


def _deformation(options: Any) -> Deformation:
    if type(options) is not dict:
        raise ModelFileError(f"its views have no deformation: {short(options)}")
    try:
        made = Deformation.from_dict(options)
    except LayerlabError as error:
        raise ModelFileError(f"its views are deformed by what is not ours: {error}") from error
    if not made.changes:
        raise ModelFileError("its views are not deformed at all")
    return made


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and isfinite(value)  # type: ignore[arg-type]
