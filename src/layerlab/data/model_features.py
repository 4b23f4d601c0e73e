"""`take_features`: the features of a data set that a model takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from layerlab._typing import ImageShape
from layerlab.data.dataset import Dataset
from layerlab.data.mapped import chosen_columns
from layerlab.data.model_columns import choose_features
from layerlab.data.rows import seal
from layerlab.data.wanted import check_wanted, refuse_other_shape

__all__ = ["take_features"]


def take_features(
    data: Dataset,
    *,
    n_features: int,
    feature_names: Sequence[str] | None = None,
    image_shape: ImageShape | None = None,
) -> Dataset:
    """Return a data set with the features a model takes, in the model's order.

    By name where the data has all of ``feature_names``. Where the model knows no
    names, or only made-up ones (``x0``, ``pixel_0_0``, …) that the data has none
    of, by their order, and then there must be ``n_features``.

    Parameters
    ----------
    data : Dataset
    n_features : int
        Number of features the model takes, d.
    feature_names : sequence of d str, optional
        Their names, where the model knows them.
    image_shape : (int, int) or (int, int, int), optional
        Height and width, and channels of colour, where the model takes images.

    Returns
    -------
    data : Dataset
        The one given, where it is so already.

    Raises
    ------
    DataError
        If a name is missing, or the number of features or the size of the images
        is not the model's.
    ParameterError
        If the arguments do not go together.
    """
    wanted = check_wanted(n_features, feature_names, image_shape)
    refuse_other_shape(data.image_shape, wanted, data.source)
    columns = choose_features(data.feature_names, wanted, data.source)
    if columns == tuple(range(data.n_features)):
        return data
    return replace(
        data,
        rows=seal(chosen_columns(data.rows, columns, data.source)),
        feature_names=tuple(data.feature_names[j] for j in columns),
        image_shape=wanted.image_shape,
    )
