"""The harness in a configuration of a second: complete, counted right, compared right."""

import json

import numpy as np
import pytest
from benchmarks.meter import Meter, Over
from benchmarks.record import store

from benchmarks import passes
from layerlab.solvers import LBFGS, NonlinearCG, ScaledCG, Stopping

TINY = passes.Settings(
    nets=(passes.Net((3,)), passes.Net((3, 2), "relu")),
    targets=(2.0, 1.5),
    seeds=(0, 1, 2),
    training_rows=200,
    max_passes=60.0,
)
MINIMISERS = {
    "SciPy CG",
    "CG fletcher_reeves",
    "CG polak_ribiere",
    "CG hestenes_stiefel",
    "CG dai_yuan",
    "CG hager_zhang",
    "SCG",
    "SciPy L-BFGS-B",
    "L-BFGS",
}


@pytest.fixture(scope="module")
def result():
    return passes.run(TINY)


@pytest.fixture(scope="module")
def stored(result, tmp_path_factory):
    return json.loads(store(result, tmp_path_factory.mktemp("results")).read_text("utf-8"))


class Halves:
    """An objective whose cost halves at each evaluation; a cost alone is far below."""

    def __init__(self):
        self.value = 1.0

    def evaluate(self, theta, _rows=None, _key=None):
        self.value /= 2
        return self.value, theta

    def cost(self, _theta):
        return 1e-9

    def curvature(self, _theta, v):
        return v


def metered(targets, limit=100.0):
    return Meter(Halves(), targets, limit, lambda theta: float(theta[0]))


def test_the_stored_file_says_how_it_was_made(stored):
    assert stored["benchmark"] == "passes"
    assert stored["machine"]["processor"]
    assert stored["machine"]["cores"] >= 1
    assert {"python", "layerlab", "numpy", "scipy"} <= set(stored["versions"])
    assert set(stored["commit"]) == {"hash", "changed"}
    assert stored["settings"]["seeds"] == [0, 1, 2]
    assert stored["settings"]["nets"] == ["64-3-10 tanh", "64-3-2-10 relu"]
    assert stored["settings"]["counted"] == {
        "cost and gradient": 1.0,
        "cost": 1 / 3,
        "Gauss-Newton product": 1.2,
    }


def test_every_run_is_stored_with_its_steps_and_status(stored):
    runs = stored["runs"]
    assert len(runs) == 2 * 9 * 3
    assert {run["minimiser"] for run in runs} == MINIMISERS
    for run in runs:
        assert run["steps"] >= 0
        assert run["status"]
        assert [target["cost"] for target in run["targets"]] == [2.0, 1.5]
        if run["status"] == "every target met":
            assert all(target["passes"] > 0 for target in run["targets"])
            assert all(0 <= target["test_accuracy"] <= 1 for target in run["targets"])


def test_the_summary_is_the_median_over_seeds_and_its_ratio(stored):
    lines = stored["summary"]
    assert len(lines) == 2 * 2 * 9
    for line in lines:
        of_seeds = [
            run["targets"][TINY.targets.index(line["cost"])]["passes"]
            for run in stored["runs"]
            if (run["net"], run["minimiser"]) == (line["net"], line["minimiser"])
        ]
        expected = np.median([np.inf if value is None else value for value in of_seeds])
        assert (line["passes"] or np.inf) == pytest.approx(expected)
        assert line["reference"].startswith("SciPy")
        if line["minimiser"] == line["reference"] and line["passes"]:
            assert line["ratio"] == 1


def test_the_table_has_a_line_for_each_minimiser_of_each_net(result):
    for net in ("64-3-10 tanh", "64-3-2-10 relu"):
        assert net in result.table
    for name in MINIMISERS:
        assert result.table.count(f"\n{name} ") == 2


def test_a_target_out_of_reach_is_given_up():
    settings = passes.Settings(
        nets=(passes.Net((2,)),), targets=(1e-12,), seeds=(0,), training_rows=50, max_passes=3.0
    )
    result = passes.run(settings)
    assert {run["status"] for run in result.runs} == {"given up"}
    assert "not met" in result.table


def test_a_target_is_met_where_the_gradient_was_asked_for_too():
    meter = metered([0.5, 0.2])
    meter.cost(np.ones(1))  # far below, and counted, but no point to go on from
    meter.evaluate(np.array([7.0]))
    assert meter.met == {0.5: (pytest.approx(4 / 3), 7.0)}
    meter.curvature(np.ones(1), np.ones(1))
    meter.evaluate(np.array([8.0]))
    with pytest.raises(Over):
        meter.evaluate(np.array([9.0]))
    assert meter.met[0.2] == (pytest.approx(1 / 3 + 1.2 + 3), 9.0)


def test_the_limit_ends_a_run():
    meter = metered([1e-12], limit=2.0)
    meter.evaluate(np.ones(1))
    meter.evaluate(np.ones(1))
    with pytest.raises(Over):
        meter.cost(np.ones(1))


@pytest.mark.parametrize("solver", [LBFGS(), NonlinearCG(), ScaledCG()], ids=str)
def test_the_meter_counts_what_the_solvers_count(solver):
    class Bowl(Halves):
        def evaluate(self, theta, _rows=None, _key=None):
            return 1 + float(theta @ theta), 2 * theta

        def cost(self, theta):
            return 1 + float(theta @ theta)

        def curvature(self, _theta, v):
            return 2 * v

    meter = Meter(Bowl(), [-1.0], 1e6, lambda _: 0.0)
    solution = solver.minimize(meter, np.arange(1.0, 5), stopping=Stopping(20, 1e-10))
    stats = solution.stats
    assert meter.passes == pytest.approx(
        stats.evaluations + stats.cost_evaluations / 3 + 1.2 * stats.curvature_products
    )
