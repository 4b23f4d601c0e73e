"""Scores, their intervals, and paired tests: plain functions on arrays."""

from layerlab.metrics.intervals import (
    PairedDifference,
    mcnemar_test,
    paired_difference,
    wilson_interval,
)
from layerlab.metrics.scores import Score, accuracy, confusion, log_loss, standard_error

__all__ = [
    "PairedDifference",
    "Score",
    "accuracy",
    "confusion",
    "log_loss",
    "mcnemar_test",
    "paired_difference",
    "standard_error",
    "wilson_interval",
]
