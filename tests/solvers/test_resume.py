"""A run taken up again, from whatever step, ends with the bits of one that was never left."""

import shutil
from dataclasses import asdict

import numpy as np
import pytest

from layerlab._checkpoint import Checkpoint
from layerlab._checkpoint.record import from_bytes
from layerlab.engine import RowObjective
from layerlab.network import Network, Regularisation
from layerlab.solvers import (
    LBFGS,
    SGD,
    SOLVERS,
    Adam,
    AdamW,
    Hybrid,
    Muon,
    Plateau,
    Point,
    Redrawing,
    ScaledCG,
    ScipyMinimizer,
    Status,
    Stopping,
    WarmUp,
    solver_named,
)
from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.kept import run_kept

MINIMISERS = {
    **{name: solver_named(name) for name in SOLVERS},
    "sgd, all options": SGD(0.5, schedule=Plateau(0.3, 1), batch_size=16, clip_norm=0.1),
    "adam, all options": Adam(0.1, schedule="one-cycle", batch_size=7, clip_norm=0.5, average=0.9),
    "adamw, all options": AdamW(0.1, schedule=WarmUp(0.3), batch_size=7, average=0.99),
    "muon, all options": Muon(0.1, schedule="cosine", batch_size=16, clip_norm=1.0, average=0.9),
    "redrawing": Redrawing(every=3),
    "redrawing scipy": Redrawing(ScipyMinimizer("CG"), every=4),
    "hybrid, redrawing": Hybrid(SGD(batch_size=16), Redrawing(every=2), epochs=2),
    "hybrid": Hybrid(AdamW(0.01, batch_size=16, average=0.9), ScaledCG(), epochs=3),
    "lbfgs, short memory": LBFGS(2),
}
ITERATIONS = 7


def objective(dtype=np.float64, m=40):
    """A network of 55 weights with everything random on: it matters which key a call has."""
    random = np.random.default_rng(1)
    network = Network.build(6, (5,), 3)
    regularisation = Regularisation(dropout=(0.2,), noise=(0.1, 0.1), label_smoothing=0.1)
    X, y = random.normal(size=(m, 6)).astype(dtype), random.integers(3, size=m)
    return RowObjective(
        network, X, y, alpha=0.1, dtype=dtype, n_threads=1, seed=5, regularisation=regularisation
    )


def start(seed=2):
    return np.random.default_rng(seed).normal(size=53) * 0.5


class Patient:
    """Stops when the cost has not fallen by a share for some iterations; remembers what it saw."""

    def __init__(self, patience=99):
        self.patience, self.waited, self.best = patience, 0, float("inf")
        self.told, self.thetas = [], []

    def __call__(self, iteration):
        fallen = iteration.cost < 0.99 * self.best
        self.best = min(self.best, iteration.cost)
        self.waited = 0 if fallen else self.waited + 1
        self.told.append([iteration.n_iter, iteration.cost, iteration.evaluations])
        self.thetas.append(iteration.theta.copy())
        return self.waited > self.patience

    def pack(self):
        return {**vars(self), "told": list(self.told), "thetas": list(self.thetas)}

    def unpack(self, packed):
        vars(self).update(packed)


def run(solver, folder, dtype=np.float64, watch=None, keep=1000, iterations=ITERATIONS):
    """Minimise, keeping every step, or nothing where there is no folder."""
    checkpoint = None if folder is None else Checkpoint(folder, every=0, keep=keep)

    def minimise(keeper, callback):
        with objective(dtype) as sum_over_rows:
            return solver.minimize(
                sum_over_rows,
                start(),
                stopping=Stopping(iterations, 0.0),
                callback=callback,
                keeper=keeper,
            )

    return run_kept(checkpoint, {"solver": solver}, minimise, watch)


def facts(solution):
    """All of a solution but the time it took, so that `==` compares bits."""
    stats = asdict(solution.stats)
    del stats["seconds"], stats["history"]["seconds"]
    arrays = [solution.theta.tobytes(), solution.gradient.tobytes()]
    return [*arrays, solution.cost.hex(), solution.status, stats]


def seen(watch):
    return [watch.told, [theta.tobytes() for theta in watch.thetas], watch.waited, watch.best]


def step_files(folder):
    return sorted(folder.glob("step-*.checkpoint"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", MINIMISERS)
def test_resumed_after_any_step(name, dtype, tmp_path):
    solver, watch = MINIMISERS[name], Patient()
    plain = facts(run(solver, None, dtype, watch))
    whole, kept_watch = tmp_path / "whole", Patient()
    assert facts(run(solver, whole, dtype, kept_watch)) == plain
    assert seen(kept_watch) == seen(watch)
    files = step_files(whole)[:-1]  # the last holds the end
    assert len(files) >= 4
    for i in sorted({*range(0, len(files), -(-len(files) // 6)), len(files) - 1}):
        folder, again = tmp_path / f"after-{i}", Patient()
        folder.mkdir()
        shutil.copy(files[i], folder)
        assert facts(run(solver, folder, dtype, again)) == plain, files[i].name
        assert seen(again) == seen(watch), files[i].name


@pytest.mark.parametrize("name", ["lbfgs", "adamw, all options", "redrawing", "scipy-cg"])
def test_a_callback_that_stops_does_so_at_the_same_iteration(name, tmp_path):
    solver, watch = MINIMISERS[name], Patient(0)
    plain = run(solver, None, watch=watch, iterations=300)
    assert plain.status is Status.CALLBACK
    run(solver, tmp_path / "whole", watch=Patient(0), iterations=300)
    files = step_files(tmp_path / "whole")[:-1]
    for i in {0, len(files) // 2, len(files) - 1}:
        folder, again = tmp_path / f"after-{i}", Patient(0)
        folder.mkdir()
        shutil.copy(files[i], folder)
        assert facts(run(solver, folder, watch=again, iterations=300)) == facts(plain)
        assert seen(again) == seen(watch)


def test_a_run_that_ends_by_rounding_ends_so_again(tmp_path):
    """The last steps find no other cost, and what was met there decides on the status."""
    solver = MINIMISERS["scg"]
    plain = run(solver, tmp_path / "whole", iterations=2000)
    assert plain.status is Status.STALLED
    for file in step_files(tmp_path / "whole")[-4:-1]:
        folder = tmp_path / f"after-{file.stem}"
        folder.mkdir()
        shutil.copy(file, folder)
        assert facts(run(solver, folder, iterations=2000)) == facts(plain)


def test_the_best_point_may_lie_before_the_break():
    """It and the costs that were met, which decide on a status, come back too."""
    counted = CountedObjective(NotFinite())
    counted.at(np.ones(2))
    counted.best = Point(np.ones(2), 1.0, np.zeros(2))
    counted.costs_met.add(3.0)
    again = CountedObjective(NotFinite())
    again.unpack(counted.pack())
    assert (again.evaluations, again.costs_met) == (1, {float("inf"), 3.0})
    assert again.best.cost == 1.0
    np.testing.assert_array_equal(again.best.theta, counted.best.theta)


@pytest.mark.parametrize("name", ["lbfgs", "adam", "hybrid"])
def test_a_finished_run_is_not_run_again(name, tmp_path):
    first, watch = run(MINIMISERS[name], tmp_path, watch=(told := Patient())), Patient()

    def never(keeper, callback):
        raise AssertionError("it was run again")

    again = run_kept(Checkpoint(tmp_path), {"solver": MINIMISERS[name]}, never, watch)
    assert facts(again) == facts(first)
    assert again.stats.history == first.stats.history
    assert seen(watch) == seen(told)
    again.theta[:] = 0  # it is the caller's own


def test_without_a_checkpoint_the_callback_is_closed_too(tmp_path):
    class Closed(Patient):
        closed = 0

        def close(self):
            self.closed += 1

    for folder in (None, tmp_path / "kept"):
        watch = Closed()
        run(LBFGS(), folder, watch=watch)
        assert watch.closed == 1

    def broken(keeper, callback):
        raise OverflowError

    with pytest.raises(OverflowError):
        run_kept(None, {}, broken, watch := Closed())
    assert watch.closed == 1


@pytest.mark.parametrize(
    "solver", [SGD(1e200, batch_size=20), Adam(1e200, batch_size=20), Muon(1e200, 0.0)], ids=str
)
def test_the_last_finite_state_stays_when_the_cost_is_no_longer_finite(solver, tmp_path):
    with np.errstate(all="ignore"):
        solution = run(solver, tmp_path, keep=1, iterations=50)
    assert solution.status is Status.DIVERGED
    assert "learning rate" in solution.status.value
    assert np.isfinite(solution.theta).all()
    *states, end = step_files(tmp_path)
    assert len(states) == 1
    assert np.isfinite(from_bytes(states[0].read_bytes()).state["minimiser"]["theta"]).all()
    assert from_bytes(end.read_bytes()).done


def test_a_start_that_is_not_finite_is_kept_as_an_end(tmp_path):
    for _ in range(2):
        solution = run_kept(
            Checkpoint(tmp_path),
            {},
            lambda keeper, callback: LBFGS().minimize(
                NotFinite(), np.ones(2), callback=callback, keeper=keeper
            ),
        )
        assert solution.status is Status.NON_FINITE
        assert np.isnan(solution.cost)
        assert np.isnan(solution.gradient).all()


class NotFinite:
    def evaluate(self, theta, *_):
        return np.nan, np.full(len(theta), np.nan)
