"""Minimisers of any objective over a vector, their line search, loop and stopping tests."""

from layerlab.solvers.adam import Adam, AdamW
from layerlab.solvers.betas import BETAS
from layerlab.solvers.cg import NonlinearCG
from layerlab.solvers.hybrid import Hybrid
from layerlab.solvers.lbfgs import LBFGS
from layerlab.solvers.loop import Solver, Stopping
from layerlab.solvers.minibatch import MiniBatchSolver
from layerlab.solvers.muon import Muon
from layerlab.solvers.rate_finder import RateSearch, find_rate
from layerlab.solvers.redrawing import Redrawing
from layerlab.solvers.registry import SOLVERS, solver_named
from layerlab.solvers.scg import ScaledCG
from layerlab.solvers.schedules import (
    Constant,
    Cosine,
    OneCycle,
    Plateau,
    Schedule,
    StepDecay,
    WarmUp,
)
from layerlab.solvers.scipy_adapter import ScipyMinimizer
from layerlab.solvers.sgd import SGD
from layerlab.solvers.solution import History, Point, Solution, Stats, Status

__all__ = [
    "BETAS",
    "LBFGS",
    "SGD",
    "SOLVERS",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "History",
    "Hybrid",
    "MiniBatchSolver",
    "Muon",
    "NonlinearCG",
    "OneCycle",
    "Plateau",
    "Point",
    "RateSearch",
    "Redrawing",
    "ScaledCG",
    "Schedule",
    "ScipyMinimizer",
    "Solution",
    "Solver",
    "Stats",
    "Status",
    "StepDecay",
    "Stopping",
    "WarmUp",
    "find_rate",
    "solver_named",
]
