"""The estimator and the baselines it is compared with."""

from layerlab.models.baselines import (
    IndexPredictor,
    MajorityClass,
    NearestNeighbours,
    microseconds_per_row,
    neighbour_scale,
)
from layerlab.models.classifier import FeedforwardClassifier
from layerlab.models.early_stopping import EarlyStopping
from layerlab.models.ensemble import FeedforwardEnsemble, networks_of
from layerlab.models.gradient_check import check_gradient, compare_gradient
from layerlab.models.gradient_verdict import GradientCheck, GradientVerdict, TensorCheck
from layerlab.models.neighbours import DEFAULT_KS, neighbour_curve, neighbour_predictions

__all__ = [
    "DEFAULT_KS",
    "EarlyStopping",
    "FeedforwardClassifier",
    "FeedforwardEnsemble",
    "GradientCheck",
    "GradientVerdict",
    "IndexPredictor",
    "MajorityClass",
    "NearestNeighbours",
    "TensorCheck",
    "check_gradient",
    "compare_gradient",
    "microseconds_per_row",
    "neighbour_curve",
    "neighbour_predictions",
    "neighbour_scale",
    "networks_of",
]
