"""What ``import layerlab`` offers, each imported when it is asked for.

Who fits one network waits for no room but those that it stands on.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerlab._checkpoint import Checkpoint
    from layerlab.api.checking import check
    from layerlab.api.running import Run, explore
    from layerlab.api.scoring import Evaluation, evaluate
    from layerlab.api.training import Trained, train
    from layerlab.callbacks import Callbacks, LogToJSONL, ShowProgress, StopAtTime
    from layerlab.data import (
        Dataset,
        Deformation,
        Parts,
        Split,
        health_line,
        join,
        load_data,
        load_labelled_rows,
        load_parts,
        load_rows,
        make_folds,
        read_split,
        split_rows,
    )
    from layerlab.data.checks import Finding, HealthReport
    from layerlab.exploration import knn_curve
    from layerlab.metrics import Score, paired_difference, wilson_interval
    from layerlab.models import (
        EarlyStopping,
        FeedforwardClassifier,
        FeedforwardEnsemble,
        GradientCheck,
        check_gradient,
    )
    from layerlab.models.rates import learning_rate_curve
    from layerlab.models.recipes import RECIPES, Recipe
    from layerlab.network import (
        Network,
        cost,
        cost_and_gradient,
        feedforward,
        fit_input_map,
        gradient,
        start_weights,
    )
    from layerlab.reporting import picture_grid
    from layerlab.reporting.drawings import draw_knn_curve, draw_rows
    from layerlab.solvers import (
        LBFGS,
        SGD,
        Adam,
        AdamW,
        Constant,
        Cosine,
        Hybrid,
        Muon,
        NonlinearCG,
        OneCycle,
        Plateau,
        Redrawing,
        ScaledCG,
        ScipyMinimizer,
        StepDecay,
        Stopping,
        WarmUp,
    )
    from layerlab.storage import load_model, save_model

__all__ = [
    "LBFGS",
    "RECIPES",
    "SGD",
    "Adam",
    "AdamW",
    "Callbacks",
    "Checkpoint",
    "Constant",
    "Cosine",
    "Dataset",
    "Deformation",
    "EarlyStopping",
    "Evaluation",
    "FeedforwardClassifier",
    "FeedforwardEnsemble",
    "Finding",
    "GradientCheck",
    "HealthReport",
    "Hybrid",
    "LogToJSONL",
    "Muon",
    "Network",
    "NonlinearCG",
    "OneCycle",
    "Parts",
    "Plateau",
    "Recipe",
    "Redrawing",
    "Run",
    "ScaledCG",
    "ScipyMinimizer",
    "Score",
    "ShowProgress",
    "Split",
    "StepDecay",
    "StopAtTime",
    "Stopping",
    "Trained",
    "WarmUp",
    "check",
    "check_gradient",
    "cost",
    "cost_and_gradient",
    "draw_knn_curve",
    "draw_rows",
    "evaluate",
    "explore",
    "feedforward",
    "fit_input_map",
    "gradient",
    "health_line",
    "join",
    "knn_curve",
    "learning_rate_curve",
    "load_data",
    "load_labelled_rows",
    "load_model",
    "load_parts",
    "load_rows",
    "make_folds",
    "paired_difference",
    "picture_grid",
    "read_split",
    "save_model",
    "split_rows",
    "start_weights",
    "train",
    "wilson_interval",
]

# Where each stands; a test holds it beside the list above.
ROOMS = {
    "layerlab._checkpoint": ("Checkpoint",),
    "layerlab.api.checking": ("check",),
    "layerlab.api.running": ("Run", "explore"),
    "layerlab.api.scoring": ("Evaluation", "evaluate"),
    "layerlab.api.training": ("Trained", "train"),
    "layerlab.callbacks": ("Callbacks", "LogToJSONL", "ShowProgress", "StopAtTime"),
    "layerlab.data": (
        "Dataset",
        "Deformation",
        "Parts",
        "Split",
        "health_line",
        "join",
        "load_data",
        "load_labelled_rows",
        "load_parts",
        "load_rows",
        "make_folds",
        "read_split",
        "split_rows",
    ),
    "layerlab.data.checks": ("Finding", "HealthReport"),
    "layerlab.exploration": ("knn_curve",),
    "layerlab.metrics": ("Score", "paired_difference", "wilson_interval"),
    "layerlab.models": (
        "EarlyStopping",
        "FeedforwardClassifier",
        "FeedforwardEnsemble",
        "GradientCheck",
        "check_gradient",
    ),
    "layerlab.models.rates": ("learning_rate_curve",),
    "layerlab.models.recipes": ("RECIPES", "Recipe"),
    "layerlab.network": (
        "Network",
        "cost",
        "cost_and_gradient",
        "feedforward",
        "fit_input_map",
        "gradient",
        "start_weights",
    ),
    "layerlab.reporting.drawings": ("draw_knn_curve", "draw_rows"),
    "layerlab.reporting.pictures": ("picture_grid",),
    "layerlab.solvers": (
        "LBFGS",
        "SGD",
        "Adam",
        "AdamW",
        "Constant",
        "Cosine",
        "Hybrid",
        "Muon",
        "NonlinearCG",
        "OneCycle",
        "Plateau",
        "Redrawing",
        "ScaledCG",
        "ScipyMinimizer",
        "StepDecay",
        "Stopping",
        "WarmUp",
    ),
    "layerlab.storage": ("load_model", "save_model"),
}
MODULE_OF = {name: module for module, names in ROOMS.items() for name in names}

if not TYPE_CHECKING:  # or any name would pass for one of ours

    def __getattr__(name: str) -> Any:
        """Import what is asked for."""
        if name not in MODULE_OF:
            raise AttributeError(f"module 'layerlab.api' has no attribute {name!r}")
        value = getattr(import_module(MODULE_OF[name]), name)
        globals()[name] = value
        return value
