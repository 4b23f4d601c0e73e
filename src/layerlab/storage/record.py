"""What a model file holds: a trained network as plain arrays and names, nothing to run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from layerlab._typing import Array, ImageShape
from layerlab.data.image_options import ImageOptions
from layerlab.errors import ModelFileError, ParameterError
from layerlab.network import ACTIVATIONS, OUTPUTS, Layers, Layout
from layerlab.storage.stored_views import StoredViews

__all__ = ["CLASS_TYPES", "MemberRecord", "ModelRecord", "class_names"]

CLASS_TYPES: dict[str, tuple[type, type[np.generic]]] = {
    "bool": (bool, np.bool_),
    "float": (float, np.float64),
    "int": (int, np.int64),
    "str": (str, np.str_),
}
"""The types that class names may have: their word in the file, in Python and in NumPy."""

# NumPy gives every name the room of the longest: one long name among many would take it all.
NAMES_LIMIT = 2**24  # characters

SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which UTF-8 cannot write


@dataclass(frozen=True, eq=False)
class MemberRecord:
    """What a further network of an ensemble has to itself; it copies its arrays.

    Parameters
    ----------
    theta : ndarray of shape (n_weights,), float32 or float64
    shift, scale : ndarray of shape (n_features,), float32 or float64
        Its own input map.

    Raises
    ------
    ModelFileError
        If an array cannot be stored.
    """

    theta: Array
    shift: Array
    scale: Array

    def __post_init__(self) -> None:
        for field in ("theta", "shift", "scale"):
            object.__setattr__(self, field, frozen_floats(field, getattr(self, field)))


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelRecord:
    """Everything needed to answer as a trained network does.

    It checks itself when made, copies its arrays and makes them read-only.

    Parameters
    ----------
    widths : tuple of int
        Units of every layer, inputs and outputs included.
    activations : tuple of str
        One for each hidden layer.
    output : str
        ``"softmax"`` or ``"sigmoid"``.
    theta : ndarray of shape (n_weights,), float32 or float64
        Layer by layer W (n_in × n_out, C order) and then b.
    shift, scale : ndarray of shape (n_features,), float32 or float64
        The input map: the network sees (x − shift) · scale.
    classes : array-like of shape (n_classes,)
        The name of each output: all str, all int, all bool or all float.
    feature_names : tuple of str, optional
        A name for each feature.
    image_shape : tuple of int, optional
        (height, width), or (height, width, channels), where rows are images.
    value_range : tuple of float, optional
        (lowest, highest) value of the training data.
    alpha : float, default=0.0
        The penalty it was trained with.
    name : str, default=""
        What it was trained on.
    image_options : mapping, optional
        How image files are brought to rows, as `ImageOptions.to_dict` says it.
    layer_norm : bool, default=False
        Whether hidden layers are normalised row by row.
    multilabel : bool, default=False
        Whether a row may have several of the classes, each with a probability of its own.
    views : StoredViews, optional
        Of each row, whose probabilities are averaged.
    others : tuple of MemberRecord, optional
        Of an ensemble the networks behind the first, alike but for these arrays; the answer
        is the mean of all probabilities.

    Raises
    ------
    ModelFileError
        In one line that names no file, if the parts do not agree with each other.
    """

    widths: tuple[int, ...]
    activations: tuple[str, ...]
    output: str
    theta: Array
    shift: Array
    scale: Array
    classes: Array
    feature_names: tuple[str, ...] | None = None
    image_shape: ImageShape | None = None
    value_range: tuple[float, float] | None = None
    alpha: float = 0.0
    name: str = ""
    image_options: Mapping[str, Any] | None = None
    layer_norm: bool = False
    multilabel: bool = False
    views: StoredViews | None = None
    others: tuple[MemberRecord, ...] = ()

    def __post_init__(self) -> None:
        for field in ("theta", "shift", "scale"):
            object.__setattr__(self, field, frozen_floats(field, getattr(self, field)))
        object.__setattr__(self, "classes", class_names(self.classes))
        _check_network(self)
        _check_sizes(self)
        _check_description(self)

    @property
    def n_features(self) -> int:
        """Values in a row."""
        return self.widths[0]

    @property
    def n_members(self) -> int:
        """Networks."""
        return 1 + len(self.others)

    @property
    def class_type(self) -> str:
        """The type of the class names, as the file says it: a key of `CLASS_TYPES`."""
        kind = type(self.classes.tolist()[0])
        return next(word for word, (python, _) in CLASS_TYPES.items() if python is kind)

    @property
    def layers(self) -> Layers:
        """A pair (W, b) a layer, as read-only views of theta."""
        return Layout(self.widths).split(self.theta)


def class_names(names: Array | Sequence[Any]) -> Array:
    """Return class names as a read-only array of str, int64, bool or float64.

    Parameters
    ----------
    names : array-like of shape (n_classes,)

    Returns
    -------
    classes : ndarray of shape (n_classes,)

    Raises
    ------
    ModelFileError
        If there is none, types are mixed or unknown, a name stands twice or cannot be stored.
    """
    # A list is not passed through NumPy first: that would make ["1", 2] two texts.
    plain = names.tolist() if isinstance(names, np.ndarray) else list(names)
    if not isinstance(plain, list) or not plain:
        raise ModelFileError("it has no list of classes")
    array = _as_one_type(plain)
    if array.tolist() != plain or len(set(plain)) < len(plain):
        raise ModelFileError(f"its classes are not distinct names: {short(plain)}")
    array.flags.writeable = False
    return array


def _as_one_type(names: list[Any]) -> Array:
    kinds = {type(name) for name in names}
    for python, numpy in CLASS_TYPES.values():
        if kinds == {python}:
            return _as_array(names, numpy)
    words = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise ModelFileError(f"its classes must be all str, int, bool or float, not {short(words)}")


def _as_array(names: list[Any], dtype: type[np.generic]) -> Array:
    if dtype is np.str_ and max(map(len, names)) * len(names) > NAMES_LIMIT:
        raise ModelFileError("its class names are too long")
    try:
        array: Array = np.array(names, dtype=dtype)
    except OverflowError as error:
        raise ModelFileError("a class is an integer beyond 64 bits") from error
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise ModelFileError("a class is NaN or an infinity")
    return array


def frozen_floats(what: str, values: ArrayLike) -> Array:
    """Return a read-only copy in C order of finite float32 or float64 values."""
    array: Array = np.array(values, order="C")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ModelFileError(f"its {what} must be float32 or float64, not {array.dtype}")
    if not np.all(np.isfinite(array)):
        raise ModelFileError(f"its {what} holds NaN or an infinity")
    array.flags.writeable = False
    return array


def _check_network(record: ModelRecord) -> None:
    """Check the widths and that each name is one that this version knows."""
    if len(record.widths) < 2 or not _whole_numbers(record.widths):
        raise ModelFileError(f"its widths are not those of a network: {short(record.widths)}")
    if len(record.activations) != len(record.widths) - 2:
        raise ModelFileError(
            f"it has {len(record.activations)} activations for {len(record.widths) - 2} hidden "
            "layers"
        )
    for name in record.activations:
        _check_known("activation", name, ACTIVATIONS)
    _check_known("output", record.output, OUTPUTS)
    if record.multilabel and record.output != "sigmoid":
        raise ModelFileError("it has several labels a row, and its output is not sigmoid")


def _check_known(what: str, name: object, known: Iterable[str]) -> None:
    if not isinstance(name, str) or name not in known:
        raise ModelFileError(
            f"it has the {what} {short(name)}, which is not one of {', '.join(known)}"
        )


def _check_sizes(record: ModelRecord) -> None:
    """Check each array's size against the widths."""
    n_in, n_out = record.widths[0], record.widths[-1]
    n_weights = sum((a + 1) * b for a, b in pairwise(record.widths))
    sizes = {"theta": n_weights, "shift": n_in, "scale": n_in}
    _check_shape("classes", record.classes, n_out)
    networks: list[ModelRecord | MemberRecord] = [record, *record.others]
    for member in networks:
        for field, size in sizes.items():
            _check_shape(field, getattr(member, field), size)
        if member.theta.dtype != record.theta.dtype:
            raise ModelFileError("its networks are not all of one type")


def _check_shape(field: str, array: Array, size: int) -> None:
    if array.shape != (size,):
        raise ModelFileError(
            f"its {field} has the shape {array.shape}, where its widths ask for {(size,)}"
        )


def _check_description(record: ModelRecord) -> None:
    """Check what describes the rows and the training."""
    _check_feature_names(record.feature_names, record.n_features)
    _check_image_shape(record.image_shape, record.n_features)
    if record.value_range is not None and not _is_range(record.value_range):
        raise ModelFileError(f"its value_range is not (low, high): {short(record.value_range)}")
    if not _is_finite(record.alpha) or record.alpha < 0:
        raise ModelFileError(f"its alpha is no number from 0 upwards: {short(record.alpha)}")
    _check_image_options(record.image_options)
    if record.views is not None:
        record.views.check(record.n_features)
    texts = (record.name, *(record.feature_names or ()), *map(str, record.classes.tolist()))
    if not all(map(_is_text, texts)):
        raise ModelFileError("one of its names cannot be written as UTF-8 text")


def _check_feature_names(names: tuple[str, ...] | None, n_features: int) -> None:
    if names is not None and len(names) != n_features:
        raise ModelFileError(f"it names {len(names)} features of {n_features}")


def _check_image_options(options: Mapping[str, Any] | None) -> None:
    try:
        ImageOptions.from_dict(options or {})
    except ParameterError as error:
        raise ModelFileError(f"its image_options are not ours: {error}") from error


def _check_image_shape(shape: ImageShape | None, n_features: int) -> None:
    if shape is None:
        return
    if len(shape) not in (2, 3) or not _whole_numbers(shape) or prod(shape) != n_features:
        raise ModelFileError(f"its image_shape {short(shape)} does not make {n_features} features")


def _whole_numbers(values: Iterable[object]) -> bool:
    """Say whether all are integers from 1 upwards."""
    return all(isinstance(v, int | np.integer) and v >= 1 for v in values)


def _is_range(values: tuple[float, float]) -> bool:
    return len(values) == 2 and all(map(_is_finite, values)) and values[0] <= values[1]


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and bool(np.isfinite(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not SURROGATE.search(value)
