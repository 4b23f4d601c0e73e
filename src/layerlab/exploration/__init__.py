"""Exploring: search, choice, the sealed test rows, and what was found."""

from layerlab.exploration.configuration import ALPHAS, SHAPES, Configuration, default_grid
from layerlab.exploration.crew import Budget
from layerlab.exploration.examination import examine, examine_new_rows
from layerlab.exploration.exploration import Explorer
from layerlab.exploration.groups import GroupStudy
from layerlab.exploration.neighbour_study import NeighbourStudy, knn_curve
from layerlab.exploration.outcome import Exploration
from layerlab.exploration.presets import AUTO
from layerlab.exploration.results import SCHEMA_VERSION, results

__all__ = [
    "ALPHAS",
    "AUTO",
    "SCHEMA_VERSION",
    "SHAPES",
    "Budget",
    "Configuration",
    "Exploration",
    "Explorer",
    "GroupStudy",
    "NeighbourStudy",
    "default_grid",
    "examine",
    "examine_new_rows",
    "knn_curve",
    "results",
]
