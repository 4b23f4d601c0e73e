"""docs/minimisers.md: its examples run, and its tables are those of the code."""

import doctest
import re
from pathlib import Path

import pytest

import layerlab.solvers
from layerlab.solvers import SOLVERS, Hybrid, MiniBatchSolver, Redrawing, solver_named
from layerlab.solvers.rate_finder import RISE
from layerlab.solvers.schedules import SCHEDULES, Moment, schedule_named

PATH = Path(__file__).parents[2] / "docs" / "minimisers.md"
PAGE = PATH.read_text("utf-8")
BY_NAME = {name: solver_named(name) for name in SOLVERS}
BATCHED = {n: s for n, s in BY_NAME.items() if isinstance(s, MiniBatchSolver)}


def table(heading):
    """Return the cells of each row below the header that begins so."""
    after = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in line[2:-2].split(" | ")] for line in after.splitlines()[2:]]


def test_the_examples_run():
    assert doctest.testfile(str(PATH), module_relative=False) == (0, 13)


def test_every_solver_is_listed_with_its_object_and_what_it_goes_by():
    rows = table("name | object | goes by")
    assert [row[0] for row in rows] == [f"`{name}`" for name in SOLVERS]
    for name, made, goes_by, _ in rows:
        name, made = name.strip("`"), made.strip("`")
        solver = eval(made, vars(layerlab.solvers))
        solver = solver() if isinstance(solver, type) else solver
        assert repr(solver) == repr(BY_NAME[name])
        kinds = {MiniBatchSolver: "mini-batches", Hybrid: "both"}
        assert goes_by == next(
            (words for kind, words in kinds.items() if isinstance(solver, kind)), "all rows"
        )


def test_every_option_is_listed_with_its_default():
    listed = {name: set() for name in [*BATCHED, "hybrid"]}
    for options, solvers, default, _ in table("option | of | default"):
        owners = list(BATCHED) if solvers == "all" else re.findall(r"`([\w-]+)`", solvers)
        named = re.findall(r"`(\w+)`", options)
        for owner in owners:
            listed[owner].update(named)
        if owners == ["hybrid"] and named != ["epochs"]:
            continue
        actual = {str(BY_NAME[o].get_params()[n]) for o in owners for n in named}
        stated = re.findall(r'(?<![\w.])(?:"(\w+)"|([\d.e-]+|None|True))(?![\w.])', default)
        assert {a or b for a, b in stated} == actual, options
    for name, options in listed.items():
        assert options == set(BY_NAME[name].get_params(deep=False)), name


def test_every_option_of_those_by_all_rows_is_listed_with_its_default():
    known = {**BY_NAME, "Redrawing": Redrawing()}
    listed = {}
    for options, solver, default, _ in table("option, by all rows | of"):
        named, solver = re.findall(r"`(\w+)`", options), solver.strip("`")
        actual = {name: known[solver].get_params(deep=False)[name] for name in named}
        assert default.replace("`", "").replace('"', "") == ", ".join(map(str, actual.values()))
        listed.setdefault(solver, set()).update(named)
    for name, options in listed.items():
        assert options | {"solver"} >= set(known[name].get_params(deep=False)), name
    assert {*listed, *BATCHED, "hybrid", "scipy-cg"} == set(known)


def test_the_redrawing_s_and_the_hybrid_s_defaults():
    assert "in legs of ten iterations" in PAGE
    assert Redrawing().every == 10
    assert f"{RISE:g}" == "4"
    assert "four times its lowest" in " ".join(PAGE.split())


def test_every_schedule_is_listed_with_its_options():
    rows = {row[0].strip("`"): row for row in table("name | object | 0 %")}
    assert set(rows) == set(SCHEDULES)
    for name, kind in SCHEDULES.items():
        options = kind().get_params(deep=False)
        shown = rows[name][1].strip("`")
        assert eval(shown, vars(layerlab.solvers)).get_params(deep=False) == options
        assert set(re.findall(r"(\w+)=", shown)) == set(options)


@pytest.mark.parametrize("name", sorted(set(SCHEDULES) - {"plateau"}))
def test_the_factors(name):
    row = next(row for row in table("name | object | 0 %") if row[0] == f"`{name}`")
    steps = (0, 50, 100, 250, 500, 750, 900, 999)
    factors = [schedule_named(name).factor(Moment(step, 1000, 10)) for step in steps]
    assert row[2:] == [f"{factor:.2g}" for factor in factors]
