"""`results.json`: what an exploration found, as plain data (docs/results.md is its schema)."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from layerlab.data import Dataset
from layerlab.exploration.outcome import Exploration

__all__ = ["SCHEMA_VERSION", "data_facts", "machine", "results"]

SCHEMA_VERSION = 1


def results(exploration: Exploration, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of an exploration.

    Parameters
    ----------
    exploration : Exploration
    run : mapping
        What may differ between two runs of the same seed: times, paths, machine.

    Returns
    -------
    record : dict
        All under other keys than ``run`` is the same for the same seed.
    """
    e = exploration
    return {
        "schema": SCHEMA_VERSION,
        "seed": e.seed,
        "data": data_facts(e.data),
        "split": e.split.to_dict(),
        "baselines": _baselines(e),
        "candidates": [candidate.to_dict() for candidate in e.candidates],
        "planned_candidates": e.planned,
        "shortlist": [finalist.to_dict() for finalist in e.finalists],
        "preset": e.preset.to_dict(),
        "chosen": _chosen(e),
        "depth": None if e.depth is None else e.depth.to_dict(),
        "groups": None if e.groups is None else e.groups.to_dict(),
        "test": _test(e),
        "work": _work(e),
        "run": {**run, "seconds": dict(e.seconds), **_times(e), **machine()},
    }


def _work(e: Exploration) -> dict[str, Any]:
    """Return the rows that each stage used, and the networks that were too large to try."""
    return {
        "rows": {stage: used.to_dict() for stage, used in e.used.items()},
        "left_out": [
            {"hidden_layer_sizes": list(c.hidden_layer_sizes), "alpha": c.alpha} for c in e.left_out
        ],
    }


def machine() -> dict[str, Any]:
    """Return processor, system and the versions of what computes."""
    packages = ("layerlab", "numpy", "scipy", "scikit-learn")
    return {
        "machine": {
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
        },
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
    }


def data_facts(data: Dataset) -> dict[str, Any]:
    """Return what a data set holds, in numbers, and its fingerprint."""
    return {
        "name": data.name,
        "rows": data.n_rows,
        "features": data.n_features,
        "classes": [str(name) for name in data.classes],
        "class_counts": data.class_counts.tolist(),
        "image_shape": None if data.image_shape is None else list(data.image_shape),
        "value_range": list(data.value_range),
        "groups": None if data.groups is None else len(np.unique(data.groups)),
        "fingerprint": data.fingerprint,
    }


def _baselines(e: Exploration) -> dict[str, Any]:
    tested = {name: s.to_dict() for name, s in e.opening.scores.items() if name != "network"}
    tested["knn"]["k"] = e.k
    return {**tested, "knn_curve": e.neighbours.to_dict()}


def _chosen(e: Exploration) -> dict[str, Any]:
    return {
        **e.chosen.to_dict(),
        "activation": e.model.activation,
        "max_iter": e.model.max_iter,
        "seeds": _spread([f.score.accuracy for f in e.replicates]),
        "mean_of_seeds": None if e.mean_of_seeds is None else e.mean_of_seeds.to_dict(),
        "cost": e.model.loss_,
        "iterations": e.model.n_iter_,
    }


def _spread(accuracies: list[float]) -> dict[str, Any]:
    """Return the spread over seeds, on validation rows."""
    return {
        "validation_accuracies": accuracies,
        "mean": float(np.mean(accuracies)),
        "standard_deviation": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None,
    }


def _test(e: Exploration) -> dict[str, Any]:
    return {
        **e.opening.scores["network"].to_dict(),
        "confusion": e.opening.confusion.tolist(),
        "against": {
            name: e.opening.against(name).to_dict()
            for name in e.opening.scores
            if name != "network"
        },
    }


def _times(e: Exploration) -> dict[str, dict[str, float]]:
    """Return microseconds a row: at the opening, and where validation rows compared."""
    compared = {}
    if e.preset.finalist is not None:
        compared["preset"], compared["search"] = e.preset.microseconds
    if e.mean_of_seeds is not None:
        compared["mean_of_seeds"] = e.mean_of_seeds.microseconds
    return {
        "microseconds_per_row": {name: s.microseconds for name, s in e.opening.scores.items()},
        "microseconds_on_validation_rows": compared,
    }
