"""A fit to a cost: everyone starts alike, ends at the cost, and no later than it must."""

import numpy as np
import pytest
from benchmarks.race import Lap, Runner

from benchmarks import fit

TINY = fit.Settings(
    problems=(fit.Problem((3,), 1.0),),
    seeds=(0, 1),
    rows=60,
    seconds=0.001,
)
ASKED = {"hidden": [4], "cost": 1.0, "seed": 0, "rows": 100, "activation": "tanh", "threads": 1}
SINGLE = {"dtype": "float32"}


@pytest.mark.parametrize(
    ("work", "options"),
    [
        (fit.ours_fit, {**SINGLE, "solver": "lbfgs"}),
        (fit.ours_fit, {"dtype": "float64", "solver": "cg"}),
        (fit.sklearn_fit, SINGLE),
        (fit.sklearn_fit, {"dtype": "float64"}),
        (fit.scipy_fit, {"method": "CG"}),
        (fit.scipy_fit, {"method": "L-BFGS-B"}),
    ],
)
def test_ends_at_the_cost(work, options):
    again = work(**ASKED, **options)
    reached = again()
    assert 0 < reached <= 1.0
    assert again() == reached  # each call begins anew


def test_pytorch_ends_at_the_cost():
    pytest.importorskip("torch")
    assert 0 < fit.torch_fit(**ASKED)() <= 1.0


def test_all_start_from_the_same_weights():
    """At a cost above that of the start, the first evaluation is the last."""
    asked = ASKED | {"cost": 100.0}
    first = fit.sklearn_fit(**asked, dtype="float64")()
    assert fit.scipy_fit(**asked, method="CG")() == pytest.approx(first, rel=1e-6)
    network, theta = fit._start([4], "tanh", 0)
    X, y = fit._digits(100, "float64")
    with fit.RowObjective(network, X, y, n_threads=1) as objective:
        assert objective.evaluate(theta)[0] == pytest.approx(first, rel=1e-9)


def test_watching_ends_at_the_cost_and_leaves_out_what_is_not_finite():
    values = iter([3.0, np.nan, 2.0, 1.0, 0.5])
    with fit._watched(lambda _: (next(values), None), 1.5) as (evaluate, reached):
        while True:
            evaluate(None)
    assert reached == [3.0, 2.0, 1.0]


def test_the_stored_file_is_complete(inside, monkeypatch, stored):
    chosen = [e for e in fit.entrants() if e.cores == 1 and e.name in ("layerlab", "SciPy CG")]
    monkeypatch.setattr(fit, "entrants", lambda: chosen)
    result = fit.run(TINY)
    content = stored(result)
    ours, scipy = content["summary"]
    assert all(line["median"] > 0 and line["cost"] <= 1.0 for line in (ours, scipy))
    assert (ours["ratio"], scipy["against"]) == (1, "layerlab, 1 core, 1 thread")
    assert [len(entry["laps"]) for entry in content["runs"]] == [2, 2]
    assert "3-10 to 1" in result.table


def test_who_ends_above_the_cost_has_not_met_it():
    entrant, problem = fit.entrants()[0], fit.Problem((3,), 0.1)
    laps = [Lap(1.0, 1, 0.2), Lap(1.0, 1, 0.09), Lap(1.0, 1, 0.3)]
    (line,) = fit._lines(problem, [Runner(entrant, None, None, laps)])
    assert (line["median"], line["lower"], line["cost"]) == (None, None, 0.2)
    assert "not met" in fit._table(fit.Settings(problems=(problem,)), [line])
