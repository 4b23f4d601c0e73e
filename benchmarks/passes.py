"""Passes over the rows until the training cost is met: every minimiser of ours, and SciPy's.

Run with ``python -m benchmarks passes``; it takes about two minutes on two cores.

The first 1000 rows of ``digits``, divided by 16 and centred by their mean;
softmax, no penalty; LeCun's start for tanh and He's for ReLU; the median over
five seeds. A cost with its gradient counts 1, a cost alone 1/3, a Gauss–Newton
product 1.2, in trials of line searches too. SciPy is called directly, in the
same run. Accuracy is that on the remaining 797 rows when the cost is first met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_digits

from benchmarks.meter import EVALUATION, GAUSS_NEWTON, LONE_COST, Meter, Over
from benchmarks.record import BenchmarkResult, text_table
from layerlab._guard import single_threaded_blas
from layerlab._typing import FloatArray, IndexArray, Vector
from layerlab.engine import RowObjective
from layerlab.engine.forward import logits
from layerlab.network import InputMap, Network, start_weights
from layerlab.solvers import BETAS, LBFGS, NonlinearCG, ScaledCG, Solver, Stopping

__all__ = ["Net", "Settings", "run"]


@dataclass(frozen=True)
class Net:
    """A network of 64 inputs and 10 outputs."""

    hidden: tuple[int, ...]
    activation: str = "tanh"

    @property
    def init(self) -> str:
        """The start that suits the activation."""
        return "he" if self.activation == "relu" else "lecun"

    def __str__(self) -> str:
        return "-".join(map(str, (64, *self.hidden, 10))) + f" {self.activation}"


NETS = (Net((8,)), Net((64,)), Net((256,)), Net((64, 64, 64), "relu"))


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are what the documents state."""

    nets: tuple[Net, ...] = NETS
    targets: tuple[float, ...] = (0.1, 0.01, 0.001, 0.0001)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    training_rows: int = 1000
    max_passes: float = 2000.0
    counted: dict[str, float] = field(
        default_factory=lambda: {
            "cost and gradient": EVALUATION,
            "cost": LONE_COST,
            "Gauss-Newton product": GAUSS_NEWTON,
        }
    )


@dataclass(frozen=True)
class Entry:
    """A line of the table: a minimiser, and whose passes its own are compared with."""

    name: str
    search: Callable[[Meter, Vector, Callable[[Any], None]], str]
    reference: str


def _ours(solver: Solver) -> Callable[[Meter, Vector, Callable[[Any], None]], str]:
    def search(meter: Meter, theta: Vector, after: Callable[[Any], None]) -> str:
        stopping = Stopping(max_iter=100_000, tol=0.0)
        return solver.minimize(meter, theta, stopping=stopping, callback=after).status.name

    return search


def _scipy(
    method: str, options: dict[str, float]
) -> Callable[[Meter, Vector, Callable[[Any], None]], str]:
    def search(meter: Meter, theta: Vector, after: Callable[[Any], None]) -> str:
        call: Any = minimize
        done = call(meter.evaluate, theta, jac=True, method=method, options=options, callback=after)
        return str(done.message)

    return search


def _entries() -> list[Entry]:
    cg, lbfgs = "SciPy CG", "SciPy L-BFGS-B"
    return [
        Entry(cg, _scipy("CG", {"gtol": 0, "maxiter": 100_000}), cg),
        *(Entry(f"CG {beta}", _ours(NonlinearCG(beta)), cg) for beta in BETAS),
        Entry("SCG", _ours(ScaledCG()), cg),
        Entry(lbfgs, _scipy("L-BFGS-B", {"gtol": 0, "ftol": 0, "maxiter": 100_000}), lbfgs),
        Entry("L-BFGS", _ours(LBFGS()), lbfgs),
    ]


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return runs, medians and the table."""
    settings = settings or Settings()
    with single_threaded_blas():
        runs = [
            _measure(settings, entry, net, seed)
            for net in settings.nets
            for entry in _entries()
            for seed in settings.seeds
        ]
    summary = list(_summary(settings, runs))
    described = asdict(settings) | {"nets": [str(net) for net in settings.nets]}
    return BenchmarkResult("passes", described, runs, summary, _table(settings, summary))


def _measure(settings: Settings, entry: Entry, net: Net, seed: int) -> dict[str, Any]:
    network = Network.build(64, net.hidden, 10, net.activation, "softmax")
    theta = start_weights(network, net.init, seed=seed)
    X, y = _rows(settings.training_rows)
    training = slice(None, settings.training_rows)
    with RowObjective(network, X[training], y[training], n_threads=1) as objective:
        meter = Meter(objective, settings.targets, settings.max_passes, _scorer(network, settings))
        steps, status = _search(entry, meter, theta)
    return {
        "net": str(net),
        "minimiser": entry.name,
        "seed": seed,
        "steps": steps,
        "status": status,
        "targets": [_at_target(meter, target) for target in settings.targets],
    }


def _search(entry: Entry, meter: Meter, theta: Vector) -> tuple[int, str]:
    """Return the iterations done and how the run ended."""
    iterations: list[None] = []
    try:
        status = entry.search(meter, theta, lambda _: iterations.append(None))
    except Over:
        met_all = len(meter.met) == len(meter._targets)
        status = "every target met" if met_all else "given up"
    return len(iterations), status


def _at_target(meter: Meter, target: float) -> dict[str, float | None]:
    passes, accuracy = meter.met.get(target, (None, None))
    return {"cost": target, "passes": passes, "test_accuracy": accuracy}


@cache
def _rows(training_rows: int) -> tuple[FloatArray, IndexArray]:
    """Return the rows, centred by the mean of the training rows, and their labels."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    return X - X[:training_rows].mean(axis=0), y.astype(np.intp)


def _scorer(network: Network, settings: Settings) -> Callable[[Vector], float]:
    X, y = _rows(settings.training_rows)
    X, y = X[settings.training_rows :], y[settings.training_rows :]

    def accuracy(theta: Vector) -> float:
        predictions = logits(network, theta, X, InputMap.identity(64)).argmax(axis=1)
        return float((predictions == y).mean())

    return accuracy


def _summary(settings: Settings, runs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield medians over seeds by net, minimiser and target, and their ratio to SciPy's."""
    for net in map(str, settings.nets):
        for i, target in enumerate(settings.targets):
            passes = {
                entry.name: _median(runs, net, entry.name, i, "passes") for entry in _entries()
            }
            for entry in _entries():
                yield {
                    "net": net,
                    "minimiser": entry.name,
                    "cost": target,
                    "passes": passes[entry.name],
                    "reference": entry.reference,
                    "ratio": _ratio(passes[entry.name], passes[entry.reference]),
                    "test_accuracy": _median(runs, net, entry.name, i, "test_accuracy"),
                }


def _median(
    runs: list[dict[str, Any]], net: str, minimiser: str, target: int, column: str
) -> float | None:
    """Return the median over seeds; None if most seeds did not meet the target."""
    values = [
        run["targets"][target][column]
        for run in runs
        if run["net"] == net and run["minimiser"] == minimiser
    ]
    if column == "test_accuracy":
        met = [value for value in values if value is not None]
        return median(met) if met else None
    middle = median(np.inf if value is None else value for value in values)
    return middle if np.isfinite(middle) else None


def _ratio(passes: float | None, reference: float | None) -> float | None:
    return None if passes is None or reference is None else passes / reference


def _table(settings: Settings, summary: list[dict[str, Any]]) -> str:
    """Return a table a net: passes, ratio to SciPy's, and test accuracy, at each cost."""
    columns = ["minimiser", *(f"to {target:g}" for target in settings.targets)]
    tables = []
    for net in map(str, settings.nets):
        rows = [
            [entry.name, *(_cell(line) for line in summary if _is(line, net, entry.name))]
            for entry in _entries()
        ]
        tables.append(text_table(net, columns, rows))
    legend = (
        f"Passes, (ratio to SciPy's), test accuracy; medians of {len(settings.seeds)} seeds. "
        "CG and SCG are compared with SciPy's CG, L-BFGS with its L-BFGS-B."
    )
    return "\n\n".join([*tables, legend])


def _is(line: dict[str, Any], net: str, minimiser: str) -> bool:
    return bool(line["net"] == net and line["minimiser"] == minimiser)


def _cell(line: dict[str, Any]) -> str:
    if line["passes"] is None:
        return "not met"
    ratio = "    -" if line["ratio"] is None else f"{line['ratio']:5.2f}"
    return f"{line['passes']:6.1f} ({ratio}) {line['test_accuracy']:6.1%}"
