"""Objectives whose minima are known, counting what is asked of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from layerlab._compiled import KERNEL, kernel_target
from layerlab.solvers import two_loops, vectors


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


@pytest.fixture(params=["numpy", "compiled"])
def each_path(request, monkeypatch):
    """What follows runs once in NumPy and once compiled, where that was done."""
    if request.param == "compiled" and KERNEL is None:
        pytest.skip("layerlab._kernel was not built, or is off")
    for module in (two_loops, vectors):
        monkeypatch.setattr(module, "KERNEL", KERNEL if request.param == "compiled" else None)
    return request.param


@pytest.fixture(params=[*(KERNEL.TARGETS if KERNEL else ()), "numpy"])
def each_target(request, monkeypatch):
    """What follows runs once for each target that this processor has, and once in NumPy."""
    if request.param != "numpy":
        KERNEL.use(request.param)
    else:
        for module in (two_loops, vectors):
            monkeypatch.setattr(module, "KERNEL", None)
    yield request.param
    if KERNEL is not None:
        KERNEL.use(kernel_target())
