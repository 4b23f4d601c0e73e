"""Solvers by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab._validation import check_choice, refuse
from layerlab.solvers.adam import Adam, AdamW
from layerlab.solvers.cg import NonlinearCG
from layerlab.solvers.hybrid import Hybrid
from layerlab.solvers.lbfgs import LBFGS
from layerlab.solvers.loop import Solver
from layerlab.solvers.muon import Muon
from layerlab.solvers.scg import ScaledCG
from layerlab.solvers.scipy_adapter import ScipyMinimizer
from layerlab.solvers.sgd import SGD

__all__ = ["SOLVERS", "solver_named"]

SOLVERS: dict[str, Callable[[], Solver]] = {
    "lbfgs": LBFGS,
    "cg": NonlinearCG,
    "scg": ScaledCG,
    "scipy-cg": lambda: ScipyMinimizer("CG"),
    "scipy-lbfgs": lambda: ScipyMinimizer("L-BFGS-B"),
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "muon": Muon,
    "hybrid": Hybrid,
}
"""Every solver by its name, with its default options."""


def solver_named(solver: Any) -> Solver:
    """Return the solver of that name, or the solver itself where an object is given.

    Raises
    ------
    ParameterError
        If the name is unknown, or the object cannot minimise.
    """
    if isinstance(solver, str):
        return SOLVERS[check_choice("solver", solver, SOLVERS)]()
    if not callable(getattr(solver, "minimize", None)) or isinstance(solver, type):
        raise refuse("solver", f"one of {', '.join(map(repr, SOLVERS))} or a solver object", solver)
    chosen: Solver = solver
    return chosen
