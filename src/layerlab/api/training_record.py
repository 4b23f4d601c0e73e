"""`results.json` of a training, as plain data (docs/train.md is its schema)."""

from __future__ import annotations

from math import isfinite
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from layerlab.data import Dataset
from layerlab.engine import effective_threads
from layerlab.exploration.results import SCHEMA_VERSION, data_facts, machine
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble

if TYPE_CHECKING:
    from layerlab.reporting.training_outcome import TrainingOutcome, Validated

__all__ = ["microseconds", "training_results", "whole_seconds"]

TIMED_ROWS, REPEATS = 500, 3


def training_results(
    t: TrainingOutcome, settings: dict[str, Any], run: dict[str, Any]
) -> dict[str, Any]:
    """Return the record of a training.

    Parameters
    ----------
    t : TrainingOutcome
    settings : dict
        Recipe, parameters, and what was asked for beside them.
    run : dict
        What may differ between two runs of the same seed, beside times and machine.

    Returns
    -------
    record : dict
        All under other keys than ``run`` is the same for the same data, settings and seed.
    """
    asked = {key: value for key, value in settings.items() if key not in ("seed", "validation")}
    return {
        "schema": SCHEMA_VERSION,
        "kind": "train",
        "seed": settings["seed"],
        "data": {**data_facts(t.data), "notes": list(t.data.notes)},
        **asked,
        "rows": t.n_train,
        "validation": None if t.validated is None else _validation(t.validated, settings),
        "networks": [_network(t, i, network) for i, network in enumerate(t.networks)],
        "run": {**run, **_times(t), **machine()},
    }


def _validation(found: Validated, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "fraction": settings["validation"],
        "kind": found.kind,
        "row_numbers": found.rows.tolist(),
        **found.score.to_dict(),
        "log_loss": found.log_loss if isfinite(found.log_loss) else None,
    }


def _network(t: TrainingOutcome, i: int, network: FeedforwardClassifier) -> dict[str, Any]:
    record = {
        "seed": int(network.random_state),
        "widths": list(network.network_.widths),
        "weights": int(network.theta_.size),
        "epochs": network.n_iter_,
        "kept_epoch": network.best_iteration_,
        "status": network.solution_.status.name.lower(),
        "cost": network.loss_,
        "costs": network.loss_curve_,
    }
    if t.validated is not None:
        record["validation"] = t.validated.each[i].to_dict()
        costs = network.validation_loss_curve_
        record["validation_costs"] = [cost if isfinite(cost) else None for cost in costs]
        record["validation_accuracies"] = network.validation_scores_
    return record


def _times(t: TrainingOutcome) -> dict[str, Any]:
    each = [network.solution_.stats.seconds for network in t.networks]
    return {
        "seconds": t.seconds,
        "seconds_each": each,
        "microseconds_per_row": t.microseconds,
        "resumed": t.resumed,
    }


def whole_seconds(t: list[FeedforwardClassifier], seconds: float, n_threads: int | None) -> float:
    """Return how long training took, what came before an interrupt included.

    Parameters
    ----------
    t : list of FeedforwardClassifier
    seconds : float
        Since the command began.
    n_threads : int or None
    """
    side_by_side = min(len(t), effective_threads(n_threads))
    return max(seconds, sum(n.solution_.stats.seconds for n in t) / side_by_side)


def microseconds(model: FeedforwardClassifier | FeedforwardEnsemble, data: Dataset) -> float:
    """Return the median time to predict a row, some hundred at once."""
    predict, rows, times = model.predictor(), data.rows[:TIMED_ROWS], []
    for _ in range(REPEATS):
        began = perf_counter()
        predict(rows)
        times.append(perf_counter() - began)
    return median(times) / len(rows) * 1e6
