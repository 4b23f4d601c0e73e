"""Solvers by name, or as objects."""

import pytest

from layerlab.errors import ParameterError
from layerlab.solvers import (
    LBFGS,
    SGD,
    SOLVERS,
    Adam,
    AdamW,
    Hybrid,
    Muon,
    NonlinearCG,
    ScaledCG,
    ScipyMinimizer,
    solver_named,
)


def test_names():
    built = {name: type(solver_named(name)) for name in SOLVERS}
    assert built == {
        "lbfgs": LBFGS,
        "cg": NonlinearCG,
        "scg": ScaledCG,
        "scipy-cg": ScipyMinimizer,
        "scipy-lbfgs": ScipyMinimizer,
        "sgd": SGD,
        "adam": Adam,
        "adamw": AdamW,
        "muon": Muon,
        "hybrid": Hybrid,
    }
    assert solver_named("scipy-cg").method == "CG"
    assert solver_named("scipy-lbfgs").method == "L-BFGS-B"


def test_each_name_gives_a_new_solver():
    assert solver_named("lbfgs") is not solver_named("lbfgs")


def test_an_object_is_taken_as_it_is():
    solver = LBFGS(7)
    assert solver_named(solver) is solver


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ParameterError, match=r"one of 'lbfgs'.* Did you mean 'lbfgs'"):
        solver_named("lbfsg")


@pytest.mark.parametrize(
    "solver", [None, 3, LBFGS, object()], ids=["none", "number", "class", "object"]
)
def test_what_cannot_minimise_is_refused(solver):
    with pytest.raises(ParameterError, match="or a solver object"):
        solver_named(solver)
