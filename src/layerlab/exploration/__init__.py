"""Exploring: search, choice, the sealed test rows, and what was found."""

from layerlab.exploration.configuration import ALPHAS, SHAPES, Configuration, default_grid
from layerlab.exploration.exploration import Exploration, Explorer
from layerlab.exploration.groups import GroupStudy
from layerlab.exploration.neighbour_study import NeighbourStudy, knn_curve
from layerlab.exploration.results import SCHEMA_VERSION, results

__all__ = [
    "ALPHAS",
    "SCHEMA_VERSION",
    "SHAPES",
    "Configuration",
    "Exploration",
    "Explorer",
    "GroupStudy",
    "NeighbourStudy",
    "default_grid",
    "knn_curve",
    "results",
]
