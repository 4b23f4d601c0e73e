"""Estimators to model files and back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from layerlab._random import Purpose, stream
from layerlab._typing import Array, ImageShape
from layerlab.engine import effective_threads
from layerlab.errors import DataError, ModelFileError
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble, networks_of
from layerlab.models.prediction import averages_views
from layerlab.network import InputMap, Network
from layerlab.storage.members import apart, joined, together
from layerlab.storage.model_file import read_record, write_record
from layerlab.storage.record import ModelRecord
from layerlab.storage.stored_views import StoredViews

__all__ = ["load_model", "save_model"]

REFERENCE_ROWS = 4


def save_model(
    model: FeedforwardClassifier | FeedforwardEnsemble,
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
    model : FeedforwardClassifier or FeedforwardEnsemble
        Fitted; the members of an ensemble alike but for their weights and input maps.
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
    described = {
        "image_shape": image_shape,
        "value_range": value_range,
        "feature_names": tuple(feature_names) if feature_names else None,
        "name": name,
        "image_options": image_options,
    }
    said = {key: value for key, value in described.items() if value is not None}
    record = joined([_record(network, said) for network in networks_of(model)])
    rows = _reference_rows(record)
    write_record(path, record, rows, model.predictor()(rows))


def _answers(model: FeedforwardClassifier | FeedforwardEnsemble, rows: Array) -> Array:
    """Return what the model says of rows; NaN where that is nothing finite."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return model.predictor()(rows)
    except DataError:
        return np.full((len(rows), len(model.classes_)), np.nan)


def _record(model: FeedforwardClassifier, said: Mapping[str, Any]) -> ModelRecord:
    """Return the record of one network; what is not said is as the model knows it."""
    known = {
        "feature_names": _feature_names(model),
        "image_shape": getattr(model, "image_shape_", None) or _shape_set(model),
        "value_range": getattr(model, "value_range_", None),
        "name": getattr(model, "data_name_", ""),
        "image_options": getattr(model, "image_options_", None),
    }
    return ModelRecord(
        widths=model.network_.widths,
        activations=tuple(a.name for a in model.network_.activations),
        output=model.network_.output.name,
        theta=model.theta_,
        shift=model.input_map_.shift,
        scale=model.input_map_.scale,
        classes=model.classes_,
        alpha=float(model.alpha),
        layer_norm=model.network_.layer_norm,
        multilabel=model.multilabel_,
        views=_views(model),
        **{**known, **said},
    )


def load_model(path: str | os.PathLike[str]) -> FeedforwardClassifier | FeedforwardEnsemble:
    """Return the classifier of a model file, fitted, and checked against the file's references.

    Nothing in the file is executed.

    Parameters
    ----------
    path : path

    Returns
    -------
    model : FeedforwardClassifier, or FeedforwardEnsemble where the file holds several networks
        With ``image_shape_``, ``value_range_``, ``data_name_`` and ``image_options_`` as they
        were saved; where it averages over views, with ``views`` and ``augment``.

    Raises
    ------
    ModelFileError
        If the file is no model, is damaged, or does not answer as it did when it was saved.
    """
    stored = read_record(path)
    model = together([_build(record) for record in apart(stored.record)])
    if not stored.agrees_with(_answers(model, stored.reference_inputs)):
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
        layer_norm=record.layer_norm,
    )
    model.network_ = Network.build(
        record.n_features,
        hidden,
        record.widths[-1],
        model.activation,
        record.output,
        layer_norm=record.layer_norm,
    )
    model.multilabel_, model.augmentation_ = record.multilabel, None
    if record.views is not None:
        _give_views(model, record.views)
    model.classes_ = np.array(record.classes)
    model.input_map_ = InputMap(np.array(record.shift), np.array(record.scale))
    model.n_features_in_ = record.n_features
    if record.feature_names is not None:
        model.feature_names_in_ = np.array(record.feature_names, object)
    model.set_theta(np.array(record.theta))
    model.image_shape_, model.value_range_ = record.image_shape, record.value_range
    model.data_name_, model.image_options_ = record.name, record.image_options
    return model


def _give_views(model: FeedforwardClassifier, views: StoredViews) -> None:
    model.views, model.augment, model.image_shape = views.n, views.deformation, views.image_shape
    model.augmentation_ = views.augmentation(effective_threads(None))


def _views(model: FeedforwardClassifier) -> StoredViews | None:
    augmentation: Any = model.augmentation_
    return StoredViews.of(augmentation, model.views) if averages_views(model) else None


def _shape_set(model: FeedforwardClassifier) -> ImageShape | None:
    """Return the shape of images that the estimator was told, where rows are deformed."""
    shape: ImageShape | None = getattr(model.augmentation_, "image_shape", None)
    return shape


def _feature_names(model: FeedforwardClassifier) -> tuple[str, ...] | None:
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def _reference_rows(record: ModelRecord) -> Array:
    """Return rows within about one unit of mapped inputs; no training row leaves in a model."""
    random = stream(0, Purpose.REFERENCE_ROWS)
    mapped = random.uniform(-1, 1, (REFERENCE_ROWS, record.n_features))
    return np.asarray((record.shift + mapped / record.scale).astype(record.theta.dtype))
