"""Estimators to model files and back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from layerlab._random import Purpose, stream
from layerlab._typing import Array, ImageShape
from layerlab.errors import ModelFileError
from layerlab.models import FeedforwardClassifier
from layerlab.network import InputMap, Network
from layerlab.storage.model_file import read_record, write_record
from layerlab.storage.record import ModelRecord

__all__ = ["load_model", "save_model"]

REFERENCE_ROWS = 4


def save_model(
    model: FeedforwardClassifier,
    path: str | os.PathLike[str],
    *,
    image_shape: ImageShape | None = None,
    value_range: tuple[float, float] | None = None,
    feature_names: Sequence[str] | None = None,
    name: str | None = None,
    image_options: Mapping[str, Any] | None = None,
) -> None:
    """Write a fitted classifier to one file that any safetensors reader can open.

    Parameters
    ----------
    model : FeedforwardClassifier
        Fitted.
    path : path
        By custom ``*.layerlab``. An existing file is replaced, in one step.
    image_shape : (int, int) or (int, int, int), optional
        Height and width, and channels of colour, where rows are images.
    value_range : (float, float), optional
        Smallest and largest value of the training data.
    feature_names : sequence of str, optional
        By default those of the frame it was fitted on, if it was one.
    name : str, optional
        What it was trained on.
    image_options : mapping, optional
        How image files were brought to rows: ``resize``, ``fit``, ``grey`` and ``background``
        as `load_data` takes them; by default as they come.

    Notes
    -----
    What is not given stays as it was in the file that the model was loaded from, if any.

    Raises
    ------
    ModelFileError
        If the model cannot be stored, or the file not written.
    """
    check_is_fitted(model)
    record = ModelRecord(
        widths=model.network_.widths,
        activations=tuple(a.name for a in model.network_.activations),
        output=model.network_.output.name,
        theta=model.theta_,
        shift=model.input_map_.shift,
        scale=model.input_map_.scale,
        classes=model.classes_,
        feature_names=tuple(feature_names) if feature_names else _feature_names(model),
        image_shape=image_shape or getattr(model, "image_shape_", None),
        value_range=value_range or getattr(model, "value_range_", None),
        alpha=float(model.alpha),
        name=name if name is not None else getattr(model, "data_name_", ""),
        image_options=image_options or getattr(model, "image_options_", None),
    )
    rows = _reference_rows(record)
    write_record(path, record, rows, model.predictor()(rows))


def load_model(path: str | os.PathLike[str]) -> FeedforwardClassifier:
    """Return the classifier of a model file, fitted, and checked against the file's references.

    Nothing in the file is executed.

    Parameters
    ----------
    path : path

    Returns
    -------
    model : FeedforwardClassifier
        With ``image_shape_``, ``value_range_``, ``data_name_`` and ``image_options_`` as they
        were saved.

    Raises
    ------
    ModelFileError
        If the file is no model, is damaged, or does not answer as it did when it was saved.
    """
    stored = read_record(path)
    model = _build(stored.record)
    if not stored.agrees_with(model.predictor()(stored.reference_inputs)):
        raise ModelFileError(
            f"{path}: the model does not answer its reference rows as it did when it was saved. "
            "Save it again with this version of layerlab."
        )
    return model


def _build(record: ModelRecord) -> FeedforwardClassifier:
    names = set(record.activations)
    activation: Any = names.pop() if len(names) == 1 else list(record.activations)
    hidden = tuple(int(width) for width in record.widths[1:-1])
    model = FeedforwardClassifier(
        hidden,
        activation if hidden else "tanh",
        output=record.output,
        alpha=record.alpha,
        dtype=record.theta.dtype.name,
    )
    model.network_ = Network.build(
        record.n_features, hidden, record.widths[-1], model.activation, record.output
    )
    model.classes_ = np.array(record.classes)
    model.input_map_ = InputMap(np.array(record.shift), np.array(record.scale))
    model.n_features_in_ = record.n_features
    if record.feature_names is not None:
        model.feature_names_in_ = np.array(record.feature_names, object)
    model.set_theta(np.array(record.theta))
    model.image_shape_, model.value_range_ = record.image_shape, record.value_range
    model.data_name_, model.image_options_ = record.name, record.image_options
    return model


def _feature_names(model: FeedforwardClassifier) -> tuple[str, ...] | None:
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def _reference_rows(record: ModelRecord) -> Array:
    """Return rows within about one unit of mapped inputs; no training row leaves in a model."""
    random = stream(0, Purpose.REFERENCE_ROWS)
    mapped = random.uniform(-1, 1, (REFERENCE_ROWS, record.n_features))
    return np.asarray((record.shift + mapped / record.scale).astype(record.theta.dtype))
