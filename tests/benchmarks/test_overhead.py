"""An iteration's overhead: the evaluations are taken off, and everyone does the same."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from benchmarks import overhead

TINY = overhead.Settings(("lbfgs", "scg"), (20,), 5, 1, 0.0)


def test_the_bowls_derivatives():
    bowl, x, v = overhead.TimedBowl(4), np.array([0.3, -1.0, 2.0, 0.0]), np.arange(4.0)
    cost, gradient = bowl.evaluate(x)
    assert cost == pytest.approx(bowl.cost(x))
    np.testing.assert_allclose(gradient, approx_fprime(x, bowl.cost), rtol=1e-4, atol=1e-3)
    ahead = (bowl.evaluate(x + 1e-6 * v)[1] - gradient) / 1e-6
    np.testing.assert_allclose(bowl.curvature(x, v), ahead, rtol=1e-3, atol=1e-2)


def test_all_of_its_work_is_timed():
    bowl, x = overhead.TimedBowl(3), np.ones(3)
    known = [bowl.seconds]
    for call in (bowl.evaluate, bowl.cost, lambda x: bowl.curvature(x, x)):
        call(x)
        known.append(bowl.seconds)
    assert (np.diff(known) > 0).all()


@pytest.mark.parametrize("method", ["lbfgs", "cg", "scg"])
def test_the_time_of_evaluations_is_taken_off(method, monkeypatch):
    """With a clock that stands still but in evaluations, nothing is left."""
    clock = [0.0]

    class Slow(overhead.TimedBowl):
        def evaluate(self, theta):
            clock[0] += 1.0
            self.seconds += 1.0
            return super().evaluate(theta)

        def cost(self, theta):
            clock[0] += 0.3
            self.seconds += 0.3
            return super().cost(theta)

        def curvature(self, theta, v):
            clock[0] += 0.7
            self.seconds += 0.7
            return super().curvature(theta, v)

    monkeypatch.setattr(overhead, "TimedBowl", Slow)
    monkeypatch.setattr(overhead, "perf_counter", lambda: clock[0])
    asked = {"n_weights": 12, "iterations": 6, "threads": 1}
    assert overhead.ours_overhead(**asked, solver=method)() == pytest.approx(0, abs=1e-9)
    if method in overhead.PEERS:
        name, options = overhead.PEERS[method]
        work = overhead.scipy_overhead(**asked, method=name, strict=options)
        assert work() == pytest.approx(0, abs=1e-9)


def test_the_stored_file_is_complete(inside, stored):
    content = stored(overhead.run(TINY))
    problems = [line["problem"] for line in content["summary"]]
    assert problems == ["L-BFGS, 20 weights"] * 3 + ["scaled conjugate gradient, 20 weights"] * 2
    assert all(line["median"] > 0 for line in content["summary"])
    assert [line["ours"] for line in content["summary"]] == [True, False, False, True, False]


def test_numpy_alone_is_asked_for_in_a_process_of_its_own():
    off = [e.environment.get("LAYERLAB_KERNEL") for e in overhead.entrants("lbfgs")]
    assert off == [None, "off", None]
