"""Minimisers of any objective over a vector, their line search, loop and stopping tests."""

from layerlab.solvers.betas import BETAS
from layerlab.solvers.cg import NonlinearCG
from layerlab.solvers.lbfgs import LBFGS
from layerlab.solvers.loop import Solver, Stopping
from layerlab.solvers.registry import SOLVERS, solver_named
from layerlab.solvers.scg import ScaledCG
from layerlab.solvers.scipy_adapter import ScipyMinimizer
from layerlab.solvers.solution import History, Point, Solution, Stats, Status

__all__ = [
    "BETAS",
    "LBFGS",
    "SOLVERS",
    "History",
    "NonlinearCG",
    "Point",
    "ScaledCG",
    "ScipyMinimizer",
    "Solution",
    "Solver",
    "Stats",
    "Status",
    "Stopping",
    "solver_named",
]
