"""What a model takes, and what is refused because it takes something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from layerlab._typing import Array, ImageShape
from layerlab._validation import check_integer
from layerlab.data.rows import check_rows
from layerlab.data.shapes import (
    check_shape,
    default_names,
    flatten_images,
    shape_size,
    shape_text,
)
from layerlab.errors import DataError, ParameterError

__all__ = ["Wanted", "check_wanted", "fitting_rows", "refuse_other_shape", "size_error"]


@dataclass(frozen=True)
class Wanted:
    """What a model takes.

    Attributes
    ----------
    n_features : int
    names : tuple of n_features str
        Names of the features the model was trained on; empty where it knows none.
    image_shape : (int, int), (int, int, int) or None
        Height and width, and channels of colour, where it takes images.
    """

    n_features: int
    names: tuple[str, ...] = ()
    image_shape: ImageShape | None = None

    @property
    def made_up(self) -> bool:
        """Whether the names are those `default_names` gives where a source has none."""
        shapes = (None, self.image_shape)
        return self.names in [default_names(self.n_features, shape) for shape in shapes]

    def __str__(self) -> str:
        """Return what it takes, as messages say it."""
        if self.image_shape is not None:
            return f"images of {shape_text(self.image_shape)} = {self.n_features} values"
        return f"{self.n_features} feature{'s' if self.n_features > 1 else ''}"


def check_wanted(n_features: int, names: Sequence[str] | None, image_shape: Any) -> Wanted:
    """Return what a model takes, as a user says it.

    Parameters
    ----------
    n_features : int
    names : sequence of n_features str, or None
    image_shape : (int, int), (int, int, int) or None

    Returns
    -------
    wanted : Wanted

    Raises
    ------
    ParameterError
        If the three do not go together.
    """
    count = check_integer("n_features", n_features, 1)
    shape = check_shape(image_shape)
    if names is not None and not len(names) == len(set(names)) == count:
        raise ParameterError(
            f"The 'feature_names' parameter must hold {count} different names, one a feature. "
            f"Got {len(names)}, {len(set(names))} of them different."
        )
    if shape is not None and shape_size(shape) != count:
        raise ParameterError(
            f"The 'image_shape' parameter must make {count} values, one a feature. "
            f"Got {shape_text(shape)} instead."
        )
    return Wanted(count, () if names is None else tuple(map(str, names)), shape)


def fitting_rows(
    source: Any, wanted: Wanted, where: str, image_shape: ImageShape | None = None
) -> tuple[Array, ImageShape | None]:
    """Return rows that hold a model's features and nothing else, and their image shape.

    Parameters
    ----------
    source : array-like of shape (m, d), (m, h, w) or (m, h, w, c)
    wanted : Wanted
    where : str
        What messages begin with.
    image_shape : (int, int) or (int, int, int), optional
        What the source says of rows laid out already.

    Returns
    -------
    rows : ndarray of shape (m, n_features)
    image_shape : (int, int), (int, int, int) or None
        What the source has, else those of the model.

    Raises
    ------
    DataError
        If they are no rows of numbers, or not of the model's size.
    """
    flat, shape = flatten_images(check_rows(source, where), image_shape, where)
    refuse_other_shape(shape, wanted, where)
    if flat.shape[1] != wanted.n_features:
        raise size_error(wanted, f"the rows have {flat.shape[1]}", where)
    return flat, shape or wanted.image_shape


def refuse_other_shape(shape: ImageShape | None, wanted: Wanted, where: str) -> None:
    """Refuse images that are not the model's size, although they may have as many values.

    Parameters
    ----------
    shape : (int, int), (int, int, int) or None
        Where the source says so.
    wanted : Wanted
    where : str
        What the message begins with.

    Raises
    ------
    DataError
        If both are known and differ.
    """
    if shape is not None and wanted.image_shape is not None and shape != wanted.image_shape:
        raise size_error(
            wanted, f"the images are {shape_text(shape)} = {shape_size(shape)} values", where
        )


def size_error(wanted: Wanted, came: str, where: str) -> DataError:
    """Return the error for rows that are too short, too long or of another shape.

    Parameters
    ----------
    wanted : Wanted
    came : str
        What there is instead, with its verb.
    where : str
        What the message begins with.

    Returns
    -------
    error : DataError
    """
    return DataError(
        f"{where}: the model takes {wanted}, and {came}. Give rows made as the training data was."
    )
