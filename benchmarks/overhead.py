"""What an iteration of each minimiser takes beside the evaluations: ours, and SciPy's.

Run with ``python -m benchmarks overhead``; it takes about a minute on two cores.

The objective is a bowl, Σ c (√(1 + x²) - 1) with c from 1 to 10⁴, whose gradient
takes a few microseconds; every call of it is timed, and taken off the time of
the whole minimisation. What is left is divided by its iterations. Nothing but
the evaluations is taken off: starting and ending count too. As there is little
else in the caches, the pairs that L-BFGS remembers lie nearer than they do in
a fit. The sizes are those of 64-8-10, of 5,000 weights and of 64-256-10.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks.race import Entrant, Lap, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, of_problem, standing
from layerlab._guard import single_threaded_blas
from layerlab._typing import Vector
from layerlab.solvers import Stopping, solver_named

__all__ = ["Settings", "TimedBowl", "run"]

Work = Callable[[], float]

METHODS = {"lbfgs": "L-BFGS", "cg": "conjugate gradient", "scg": "scaled conjugate gradient"}
# SciPy's counterpart, and what keeps it going.
PEERS = {
    "lbfgs": ("L-BFGS-B", {"gtol": 0, "ftol": 0}),
    "cg": ("CG", {"gtol": 0}),
}


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are what the documents state."""

    methods: tuple[str, ...] = tuple(METHODS)
    weights: tuple[int, ...] = (610, 5000, 19210)
    iterations: int = 150
    rounds: int = 15
    seconds: float = 0.02


class TimedBowl:
    """Σ c (√(1 + x²) - 1), which knows how long it was at work.

    Attributes
    ----------
    seconds : float
    """

    def __init__(self, n_weights: int) -> None:
        self._c = np.geomspace(1, 1e4, n_weights)
        self._offset = float(self._c.sum())
        self.seconds = 0.0

    def evaluate(self, theta: Vector) -> tuple[float, Vector]:
        """Return cost and gradient."""
        began = perf_counter()
        root = np.sqrt(1 + theta * theta)
        found = float(self._c @ root) - self._offset, self._c * theta / root
        self.seconds += perf_counter() - began
        return found

    def cost(self, theta: Vector) -> float:
        """Return the cost alone."""
        began = perf_counter()
        found = float(self._c @ np.sqrt(1 + theta * theta)) - self._offset
        self.seconds += perf_counter() - began
        return found

    def curvature(self, theta: Vector, v: Vector) -> Vector:
        """Return the Hessian's product."""
        began = perf_counter()
        found = self._c * v / np.sqrt(1 + theta * theta) ** 3
        self.seconds += perf_counter() - began
        return np.asarray(found)


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    laps, lines = [], []
    for method in settings.methods:
        with runners(entrants(method)) as line_up:
            for n_weights in settings.weights:
                name = f"{METHODS[method]}, {n_weights:,} weights"
                problem = {"n_weights": n_weights, "iterations": settings.iterations}
                rounds = [problem] * settings.rounds
                run = race(line_up, rounds, settings.seconds, warm=problem)
                laps += laps_of(name, run)
                lines += lines_of(name, run, _an_iteration)
    tables = [standing(name, of_problem(lines, name)) for name in _problems(lines)]
    text = "\n\n".join(["An iteration, without its evaluations", *tables])
    return BenchmarkResult("overhead", asdict(settings), laps, lines, text)


def entrants(method: str) -> list[Entrant]:
    """Return ours, as it comes and without what is compiled, and SciPy's."""
    ours = {"solver": method}
    plain = {"LAYERLAB_KERNEL": "off"}
    found = [
        Entrant("layerlab", ours_overhead, 1, 1, ours, ours=True),
        Entrant("layerlab, NumPy", ours_overhead, 1, 1, ours, plain, by="layerlab"),
    ]
    if method in PEERS:
        name, options = PEERS[method]
        theirs = {"method": name, "strict": options}
        found.append(Entrant(f"SciPy {name}", scipy_overhead, 1, 1, theirs, by="SciPy"))
    return found


def ours_overhead(n_weights: int, iterations: int, threads: int, solver: str) -> Work:
    """Return a minimisation by ours, whose value is the overhead of an iteration."""
    del threads
    start, minimiser = _start(n_weights), solver_named(solver)
    stopping = Stopping(iterations, 0.0)

    def work() -> float:
        bowl = TimedBowl(n_weights)
        began = perf_counter()
        stats = minimiser.minimize(bowl, start, stopping=stopping).stats  # type: ignore[arg-type]
        return (perf_counter() - began - bowl.seconds) / stats.n_iter

    return work


def scipy_overhead(
    n_weights: int, iterations: int, threads: int, method: str, strict: dict[str, float]
) -> Work:
    """Return the same by ``scipy.optimize.minimize``."""
    del threads
    start, options = _start(n_weights), {**strict, "maxiter": iterations}
    search: Any = minimize

    def work() -> float:
        bowl = TimedBowl(n_weights)
        with single_threaded_blas():
            began = perf_counter()
            done = search(bowl.evaluate, start, jac=True, method=method, options=options)
            return (perf_counter() - began - bowl.seconds) / int(done.nit)

    return work


def _start(n_weights: int) -> Vector:
    return np.random.default_rng(0).normal(size=n_weights)


def _an_iteration(lap: Lap) -> float:
    return float(lap.value)


def _problems(lines: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(line["problem"] for line in lines))
