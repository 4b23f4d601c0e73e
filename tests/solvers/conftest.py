"""Objectives whose minima are known, counting what is asked of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from layerlab._compiled import KERNEL, kernel_target
from layerlab.engine import RowObjective
from layerlab.network import Network, start_weights
from layerlab.solvers import Stopping, adam_step, two_loops, vectors


@dataclass
class Counting:
    """An objective from a function; ``interrupt_at`` and ``non_finite_from`` count evaluations."""

    function: Callable[[Any], tuple[float, Any]]
    interrupt_at: int = 0
    non_finite_from: int = 0
    evaluations: int = 0
    thetas: list[Any] = field(default_factory=list)

    def evaluate(self, theta):
        self.evaluations += 1
        self.thetas.append(theta.copy())
        if self.evaluations == self.interrupt_at:
            raise KeyboardInterrupt
        if 0 < self.non_finite_from <= self.evaluations:
            return np.nan, np.full(len(theta), np.nan)
        return self.function(theta)


@dataclass
class CountingCosts(Counting):
    """The same, with the cost alone for less."""

    cost_evaluations: int = 0

    def cost(self, theta):
        self.cost_evaluations += 1
        return self.function(theta)[0]


@dataclass
class Quadratic:
    """offset + ½ (x - minimum)ᵀ A (x - minimum), its axes turned at random."""

    n: int
    condition: float = 100.0
    offset: float = 0.0
    seed: int = 0

    def __post_init__(self):
        random = np.random.default_rng(self.seed)
        turn = np.linalg.qr(random.normal(size=(self.n, self.n)))[0]
        self.A = (turn * np.geomspace(1, self.condition, self.n)) @ turn.T
        self.minimum = random.normal(size=self.n)
        self.start = random.normal(size=self.n)

    def __call__(self, theta):
        gradient = self.A @ (theta - self.minimum)
        return self.offset + 0.5 * float(gradient @ (theta - self.minimum)), gradient


@dataclass
class LeastSquares:
    """½ · mean over rows of (x_i · theta - y_i)², noting each call: theta, rows, key."""

    X: Any
    y: Any
    seed: int = 0
    interrupt_at: int = 0
    calls: list[Any] = field(default_factory=list)

    @property
    def n_rows(self):
        return len(self.X)

    def evaluate(self, theta, rows=None, key=None):
        self.calls.append((theta.copy(), rows, key))
        if len(self.calls) == self.interrupt_at:
            raise KeyboardInterrupt
        X, y = (self.X, self.y) if rows is None else (self.X[rows], self.y[rows])
        with np.errstate(over="ignore", invalid="ignore"):
            missed = X @ theta - y
            return 0.5 * float(missed @ missed) / len(y), X.T @ missed / len(y)

    @property
    def batches(self):
        """Rows of each call that was given any."""
        return [rows for _, rows, key in self.calls if key is not None]


class Noted:
    """A network's objective that notes each call with a key: theta, rows, key."""

    def __init__(self, objective):
        self.objective, self.calls = objective, []
        self.n_rows, self.seed = objective.n_rows, objective.seed
        self.matrices = objective.matrices

    def evaluate(self, theta, rows=None, key=None):
        if key is not None:
            self.calls.append((theta.copy(), rows, key))
        return self.objective.evaluate(theta, rows, key)


class Shelf:
    """Keeps the state after every step; ``begin`` is handed back."""

    def __init__(self, begin=None, stop_at=0):
        self.begin, self.stop_at, self.kept = begin, stop_at, []

    def saved(self):
        return self.begin

    def step(self, snapshot):
        self.kept.append(snapshot())
        return len(self.kept) == self.stop_at


class Twin:
    """A small network with its rows, as an objective of ours and in PyTorch."""

    WIDTHS = (6, 9, 5, 4)

    def __init__(self, torch, **options):
        random = np.random.default_rng(1)
        self.torch = torch
        self.X = random.normal(size=(300, 6))
        self.y = (self.X @ random.normal(size=(6, 4))).argmax(axis=1)
        network = Network.build(6, self.WIDTHS[1:-1], 4, "tanh")
        self.layout = network.layout
        self.start = start_weights(network, seed=2)
        whole = RowObjective(network, self.X, self.y, n_threads=1, seed=3, **options)
        self.objective = Noted(whole)

    def ours(self, solver, epochs=10):
        """Return (theta, rows) before each step."""
        solver.minimize(self.objective, self.start, stopping=Stopping(epochs))
        return [(theta, rows) for theta, rows, _ in self.objective.calls]

    def theirs(self, batches, optimisers, before_step=lambda _: None):
        """Return PyTorch's theta before each step on the same rows.

        ``optimisers`` makes them from weights (n_out, n_in) and biases.
        """
        torch = self.torch
        layers = self.layout.split(self.start)
        weights = [torch.tensor(W.T.copy(), requires_grad=True) for W, _ in layers]
        biases = [torch.tensor(b.copy(), requires_grad=True) for _, b in layers]
        chosen, thetas = optimisers(weights, biases), []
        for rows in batches:
            pairs = zip(weights, biases, strict=True)
            thetas.append(self.layout.join([(W.detach().numpy().T, b.detach()) for W, b in pairs]))
            A = torch.tensor(self.X[rows])
            for W, b in zip(weights[:-1], biases[:-1], strict=True):
                A = torch.tanh(A @ W.T + b)
            Z = A @ weights[-1].T + biases[-1]
            for each in chosen:
                each.zero_grad()
            torch.nn.functional.cross_entropy(Z, torch.tensor(self.y[rows])).backward()
            before_step([*weights, *biases])
            for each in chosen:
                each.step()
        return thetas

    def agree(self, solver, optimisers, **options):
        """Run both for 100 steps, and compare theta before each."""
        ours = self.ours(solver)
        theirs = self.theirs([rows for _, rows in ours], optimisers, **options)
        assert len(ours) == 100
        assert np.abs(ours[-1][0] - self.start).max() > 0.01
        for (theta, _), expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(theta, expected, rtol=0, atol=1e-9)


def rosenbrock(theta):
    return float(rosen(theta)), rosen_der(theta)


@pytest.fixture
def counting():
    return Counting


@pytest.fixture
def counting_costs():
    return CountingCosts


@pytest.fixture
def quadratic():
    return Quadratic


@pytest.fixture
def rosenbrock_function():
    return rosenbrock


@pytest.fixture
def least_squares():
    """A function that makes one of ``n`` rows and three columns."""

    def make(n=50, **options):
        random = np.random.default_rng(0)
        X = random.normal(size=(n, 3))
        return LeastSquares(X, X @ [1.0, -2.0, 3.0] + random.normal(size=n), **options)

    return make


@pytest.fixture
def twin():
    return Twin(pytest.importorskip("torch"))


@pytest.fixture
def shelf():
    return Shelf


@pytest.fixture(params=["numpy", "compiled"])
def each_path(request, monkeypatch):
    """What follows runs once in NumPy and once compiled, where that was done."""
    if request.param == "compiled" and KERNEL is None:
        pytest.skip("layerlab._kernel was not built, or is off")
    for module in (adam_step, two_loops, vectors):
        monkeypatch.setattr(module, "KERNEL", KERNEL if request.param == "compiled" else None)
    return request.param


@pytest.fixture(params=[*(KERNEL.TARGETS if KERNEL else ()), "numpy"])
def each_target(request, monkeypatch):
    """What follows runs once for each target that this processor has, and once in NumPy."""
    if request.param != "numpy":
        KERNEL.use(request.param)
    else:
        for module in (adam_step, two_loops, vectors):
            monkeypatch.setattr(module, "KERNEL", None)
    yield request.param
    if KERNEL is not None:
        KERNEL.use(kernel_target())
