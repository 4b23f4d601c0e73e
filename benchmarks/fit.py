"""A whole fit to a given training cost: ours, MLPClassifier, SciPy's minimisers, PyTorch's L-BFGS.

Run with ``python -m benchmarks fit``; it takes about ten minutes on two cores.

The first 1000 rows of ``digits``, divided by 16 and centred by their mean; tanh,
softmax, no penalty. A round is a seed; in it everyone starts from the same
weights (scikit-learn's own kind of start, Glorot's). Timed is the whole call,
from arrays to a model, checks included. Ours is stopped by its callback after
the first iteration, or epoch (by its mean), whose cost is low enough. Peers
that go by all rows end sooner still, at the first *evaluation* so low, by an
exception out of their objective: none pays for more iterations than it needs,
nor for the end of its call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from math import inf, isfinite
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_digits

from benchmarks.evaluate import torch_cost
from benchmarks.meter import Over
from benchmarks.race import Entrant, Lap, Runner, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, of_problem, quartiles, standing
from layerlab._guard import single_threaded_blas
from layerlab._typing import FloatArray, IndexArray, Vector
from layerlab.engine import RowObjective
from layerlab.models import FeedforwardClassifier
from layerlab.network import Network, start_weights

__all__ = ["Problem", "Settings", "run"]

Work = Callable[[], float]

# More iterations than any entrant takes: the cost alone ends a run.
UNBOUNDED = 100_000
MOST_EPOCHS = 300


@dataclass(frozen=True)
class Problem:
    """Hidden layers, and the cost to be reached."""

    hidden: tuple[int, ...]
    cost: float

    def __str__(self) -> str:
        return f"{'-'.join(map(str, (64, *self.hidden, 10)))} to {self.cost:g}"


HIDDEN = ((8,), (64,), (256,), (64, 64, 64))
COSTS = (0.1, 0.01, 0.001)


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are what the documents state."""

    problems: tuple[Problem, ...] = tuple(Problem(h, cost) for h in HIDDEN for cost in COSTS)
    seeds: tuple[int, ...] = tuple(range(21))
    activation: str = "tanh"
    rows: int = 1000
    seconds: float = 0.1


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    laps, lines = [], []
    with runners(entrants()) as line_up:
        for problem in settings.problems:
            rounds = _rounds(settings, problem)
            run = race(line_up, rounds, settings.seconds, warm=rounds[0])
            laps += laps_of(str(problem), run)
            lines += _lines(problem, run)
    return BenchmarkResult("fit", asdict(settings), laps, lines, _table(settings, lines))


def entrants() -> list[Entrant]:
    """Return everyone, ours first; peers at their best, on one core, and as they come."""
    single, double = {"dtype": "float32"}, {"dtype": "float64"}
    return [
        Entrant("layerlab", ours_fit, 1, 1, {**single, "solver": "lbfgs"}, ours=True),
        Entrant("layerlab", ours_fit, None, None, {**single, "solver": "lbfgs"}, ours=True),
        Entrant("layerlab hybrid", ours_fit, 1, 1, {**single, "solver": "hybrid"}, by="layerlab"),
        Entrant("layerlab cg", ours_fit, 1, 1, {**single, "solver": "cg"}, by="layerlab"),
        Entrant("layerlab, float64", ours_fit, 1, 1, {**double, "solver": "lbfgs"}, by="layerlab"),
        Entrant("MLPClassifier, float64", sklearn_fit, 1, 1, double, by="scikit-learn"),
        Entrant("MLPClassifier, float64", sklearn_fit, None, None, double, by="scikit-learn"),
        Entrant("MLPClassifier, float32", sklearn_fit, 1, 1, single, by="scikit-learn"),
        Entrant("MLPClassifier adam, float32", sklearn_adam_fit, 1, 1, single, by="scikit-learn"),
        Entrant("SciPy CG", scipy_fit, 1, 1, {"method": "CG"}, by="SciPy"),
        Entrant("SciPy L-BFGS-B", scipy_fit, 1, 1, {"method": "L-BFGS-B"}, by="SciPy"),
        Entrant("PyTorch L-BFGS", torch_fit, 1, 1, by="PyTorch"),
        Entrant("PyTorch L-BFGS", torch_fit, None, None, by="PyTorch"),
    ]


def ours_fit(
    hidden: list[int],
    cost: float,
    seed: int,
    rows: int,
    activation: str,
    threads: int | None,
    dtype: str,
    solver: str,
) -> Work:
    """Return a fit by our estimator, which computes in the type of its rows."""
    X, y = _digits(rows, dtype)
    model = FeedforwardClassifier(
        tuple(hidden),
        activation,
        solver=solver,
        alpha=0.0,
        scaling=None,
        init=_start(hidden, activation, seed)[1],
        max_iter=UNBOUNDED,
        tol=0.0,
        n_threads=threads,
        random_state=seed,
        callback=lambda iteration: iteration.cost <= cost,
    )
    return lambda: model.fit(X, y).loss_


def sklearn_fit(
    hidden: list[int],
    cost: float,
    seed: int,
    rows: int,
    activation: str,
    threads: int | None,
    dtype: str,
) -> Work:
    """Return a fit by MLPClassifier(solver="lbfgs"), from our weights."""
    del threads
    from sklearn.neural_network import MLPClassifier

    X, y = _digits(rows, dtype)
    network, theta = _start(hidden, activation, seed)
    model = MLPClassifier(
        tuple(hidden),
        activation,
        solver="lbfgs",
        alpha=0.0,
        max_iter=UNBOUNDED,
        max_fun=UNBOUNDED,
        tol=0.0,
    )
    evaluate = model._loss_grad_lbfgs

    def work() -> float:
        start = iter(network.layout.split(theta.astype(dtype)))
        model._init_coef = lambda *_: next(start)
        with _watched(evaluate, cost) as (watched, reached):
            model._loss_grad_lbfgs = watched
            model.fit(X, y)
        return reached[-1]

    return work


def sklearn_adam_fit(
    hidden: list[int],
    cost: float,
    seed: int,
    rows: int,
    activation: str,
    threads: int | None,
    dtype: str,
) -> Work:
    """Return epochs of MLPClassifier(solver="adam"), at the rate and batches of our hybrid."""
    del threads
    from sklearn.neural_network import MLPClassifier

    X, y = _digits(rows, dtype)

    def work() -> float:
        model = MLPClassifier(
            tuple(hidden),
            activation,
            alpha=0.0,
            batch_size=128,
            learning_rate_init=0.25 / 8,  # that of our hybrid for 64 inputs
            beta_2=0.99,
            random_state=seed,
        )
        for _ in range(MOST_EPOCHS):
            if model.partial_fit(X, y, classes=np.arange(10)).loss_ <= cost:
                break
        return float(model.loss_)

    return work


def scipy_fit(
    hidden: list[int],
    cost: float,
    seed: int,
    rows: int,
    activation: str,
    threads: int | None,
    method: str,
) -> Work:
    """Return a minimisation of our objective by SciPy, in single precision."""
    X, y = _digits(rows, "float32")
    network, theta = _start(hidden, activation, seed)
    strict: dict[str, dict[str, float]] = {"CG": {}, "L-BFGS-B": {"ftol": 0, "maxfun": UNBOUNDED}}
    options = {"gtol": 0, "maxiter": UNBOUNDED, **strict[method]}
    search: Any = minimize

    def work() -> float:
        with (
            single_threaded_blas(),
            RowObjective(network, X, y, dtype="float32", n_threads=threads) as objective,
            _watched(objective.evaluate, cost) as (evaluate, reached),
        ):
            search(evaluate, theta, jac=True, method=method, options=options)
        return reached[-1]

    return work


def torch_fit(
    hidden: list[int], cost: float, seed: int, rows: int, activation: str, threads: int | None
) -> Work:
    """Return a fit by torch.optim.LBFGS with its strong Wolfe line search, in single precision."""
    torch = import_module("torch")
    if threads is not None:
        torch.set_num_threads(threads)
    X, y = _digits(rows, "float32")
    network, theta = _start(hidden, activation, seed)
    start = network.layout.split(theta.astype(np.float32))

    def work() -> float:
        inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
        layers = [
            tuple(torch.tensor(part, requires_grad=True) for part in layer) for layer in start
        ]
        optimizer = torch.optim.LBFGS(
            [part for layer in layers for part in layer],
            max_iter=UNBOUNDED,
            max_eval=UNBOUNDED,
            tolerance_grad=0,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )

        def closure() -> tuple[Any, None]:
            optimizer.zero_grad()
            loss = torch_cost(torch, getattr(torch, activation), layers, inputs, labels)
            loss.backward()
            return loss.detach(), None

        with _watched(closure, cost) as (evaluate, reached):
            optimizer.step(lambda: evaluate()[0])
        return reached[-1]

    return work


@contextmanager
def _watched(
    evaluate: Callable[..., tuple[Any, Any]], cost: float
) -> Iterator[tuple[Callable[..., tuple[Any, Any]], list[float]]]:
    """Give the function with an end at ``cost``, and the finite values that it returned."""
    reached: list[float] = []

    def watched(*arguments: Any) -> tuple[Any, Any]:
        value, gradient = evaluate(*arguments)
        if isfinite(value):
            reached.append(float(value))
        if value <= cost:
            raise Over
        return value, gradient

    try:
        yield watched, reached
    except Over:
        return


@cache
def _digits(rows: int, dtype: str) -> tuple[FloatArray, IndexArray]:
    X, y = load_digits(return_X_y=True)
    X = X[:rows] / 16
    return (X - X.mean(axis=0)).astype(dtype), y[:rows].astype(np.intp)


def _start(hidden: list[int], activation: str, seed: int) -> tuple[Network, Vector]:
    network = Network.build(64, hidden, 10, activation, "softmax")
    return network, start_weights(network, "glorot", seed=seed)


def _rounds(settings: Settings, problem: Problem) -> list[dict[str, Any]]:
    asked = asdict(problem) | {"rows": settings.rows, "activation": settings.activation}
    return [asked | {"seed": seed} for seed in settings.seeds]


def _lines(problem: Problem, run: list[Runner]) -> list[dict[str, Any]]:
    def met(lap: Lap) -> float:
        return lap.seconds if lap.value <= problem.cost else inf

    lines = lines_of(str(problem), run, met)
    for line, runner in zip(lines, run, strict=True):
        line["cost"] = quartiles(lap.value for lap in runner.laps)["median"]
    return lines


def _table(settings: Settings, lines: list[dict[str, Any]]) -> str:
    reached = {"cost": lambda line: f"{line['cost']:.3g}"}
    tables = [
        standing(str(problem), of_problem(lines, str(problem)), further=reached)
        for problem in settings.problems
    ]
    legend = (
        f"Time of a whole fit, over {len(settings.seeds)} seeds; x ours: over that of layerlab's "
        "L-BFGS in float32, same seed. cost: median of what was reached."
    )
    return "\n\n".join([*tables, legend])
