"""Bunches as scikit-learn's loaders return them: data with its target, shapes and names."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import narwhals as nw
import numpy as np

from layerlab._typing import ImageShape
from layerlab.data.frames import as_frame
from layerlab.data.shapes import check_shape
from layerlab.data.source import RawData

__all__ = ["is_bunch", "read_bunch"]


def is_bunch(source: Any) -> bool:
    """Return whether a source is a mapping with data and target.

    Parameters
    ----------
    source : object

    Returns
    -------
    bunch : bool
    """
    return isinstance(source, Mapping) and all(key in source for key in ("data", "target"))


def read_bunch(bunch: Mapping[str, Any]) -> tuple[RawData | nw.DataFrame[Any], Any]:
    """Return the rows of a bunch, and its labels.

    Parameters
    ----------
    bunch : mapping
        With ``data`` and ``target``; ``target_names``, ``feature_names`` and ``images``
        are made use of where they fit.

    Returns
    -------
    content : RawData or narwhals.DataFrame
        A frame where ``data`` is one.
    y : array-like of shape (m,)
        Where ``target`` counts classes that have names, those names.
    """
    y = _named(bunch["target"], bunch.get("target_names"))
    frame = as_frame(bunch["data"])
    if frame is not None:
        return frame, y
    names, shape = _feature_names(bunch), _image_shape(bunch)
    return RawData(bunch["data"], y, names, "target", image_shape=shape), y


def _named(target: Any, names: Any) -> Any:
    """Return the classes' names, where each code has one; OpenML's are names of columns."""
    try:
        codes, known = np.asarray(target), np.asarray(names)
    except ValueError:  # lists of several lengths
        return target
    if codes.dtype.kind not in "iu" or codes.ndim != 1 or known.ndim != 1 or len(known) < 2:
        return target
    if not codes.size or codes.min() < 0 or codes.max() >= len(known):
        return target
    return known[codes]


def _feature_names(bunch: Mapping[str, Any]) -> tuple[str, ...] | None:
    names: Any = bunch.get("feature_names")
    shape = _shape(bunch["data"])
    if len(shape) != 2 or _shape(names) != shape[1:]:
        return None
    return tuple(map(str, names))


def _image_shape(bunch: Mapping[str, Any]) -> ImageShape | None:
    data, images = _shape(bunch["data"]), _shape(bunch.get("images"))
    fits = len(data) == 2 and len(images) in (3, 4) and images[0] == data[0]
    return check_shape(images[1:]) if fits and prod(images[1:]) == data[1] else None


def _shape(values: Any) -> tuple[int, ...]:
    try:
        return np.shape(values)
    except ValueError:  # lists of several lengths
        return ()
