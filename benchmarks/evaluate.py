"""One cost with its gradient: ours, the limit, bare products, PyTorch, JAX, scikit-learn.

Run with ``python -m benchmarks evaluate``; it takes about ten minutes on two cores.

Networks of tanh units with softmax, no penalty, in single precision; rows are
random bytes of pixels brought to -0.5 … 0.5, and everyone starts from the same
weights, so all must find the same cost. *The limit* is the time that the
products alone, 4·n_in·n_out operations a row for the first layer and 6 for
every other, would take at the best rate that NumPy's single-precision product
of square matrices reaches in the same rounds: on one core, or on two with one
thread on each. JAX, whose own products may be faster, is a second such measure.
*Products* are the products of these shapes in NumPy, and
nothing else. scikit-learn's own loss and gradient is the one inside its L-BFGS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.race import Entrant, Runner, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, of_problem, quartiles, ratio, standing
from layerlab._typing import Array, IndexArray, Vector
from layerlab.engine import RowObjective
from layerlab.network import Layers, Network, start_weights

__all__ = ["Problem", "Settings", "run"]

Work = Callable[[], Any]


@dataclass(frozen=True)
class Problem:
    """A network and a number of rows, and how many rounds they are worth."""

    widths: tuple[int, ...]
    m: int
    rounds: int = 15

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.widths))}, {self.m} rows"

    @property
    def operations(self) -> int:
        """Operations of the products; nobody asks for the gradient by the inputs themselves."""
        first, *others = (n_in * n_out for n_in, n_out in pairwise(self.widths))
        return self.m * (4 * first + 6 * sum(others))


DIGITS = (
    (64, 8, 10),
    (64, 64, 10),
    (64, 256, 10),
    (64, 64, 64, 10),
    (64, 256, 256, 256, 10),
)
LARGE = ((784, 128, 10), (784, 800, 800, 10))


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are what the documents state."""

    problems: tuple[Problem, ...] = (
        *(Problem(widths, 1077) for widths in DIGITS),
        *(Problem(widths, 60_000, rounds=5) for widths in LARGE),
    )
    activation: str = "tanh"
    sizes: tuple[int, ...] = (512, 768, 1024)
    seconds: float = 0.05


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    laps, lines = [], []
    with runners(entrants()) as line_up, runners(_limits(settings.sizes)) as limits:
        for problem in settings.problems:
            asked = {"widths": problem.widths, "m": problem.m, "activation": settings.activation}
            rounds = [asked] * problem.rounds
            run = race([*line_up, *limits], rounds, settings.seconds, warm=asked)
            laps += laps_of(str(problem), run)
            lines += _lines(problem, run[: len(line_up)], run[len(line_up) :])
    return BenchmarkResult("evaluate", asdict(settings), laps, lines, _table(settings, lines))


def entrants() -> list[Entrant]:
    """Return everyone, ours first; peers at their best on one core and on two, and as they come."""
    single, double = {"dtype": "float32"}, {"dtype": "float64"}
    numpy_path = {"LAYERLAB_KERNEL": "off"}
    return [
        Entrant("layerlab", ours_evaluation, 1, 1, ours=True),
        Entrant("layerlab", ours_evaluation, 2, 2, ours=True),
        Entrant("layerlab", ours_evaluation, None, None, ours=True),
        Entrant("NumPy path", ours_evaluation, 1, 1, environment=numpy_path, by="layerlab"),
        Entrant("products", bare_products, 1, 1, by="NumPy"),
        Entrant("products", bare_products, None, None, by="NumPy"),
        Entrant("PyTorch", torch_evaluation, 1, 1),
        Entrant("PyTorch", torch_evaluation, 2, 2),
        Entrant("PyTorch", torch_evaluation, None, None),
        Entrant("JAX", jax_evaluation, 1, 1),
        Entrant("JAX", jax_evaluation, 2, 2),
        Entrant("JAX", jax_evaluation, None, None),
        Entrant("scikit-learn, float32", sklearn_evaluation, 1, 1, single, by="scikit-learn"),
        Entrant("scikit-learn, float32", sklearn_evaluation, 2, 2, single, by="scikit-learn"),
        Entrant("scikit-learn, float64", sklearn_evaluation, None, None, double, by="scikit-learn"),
    ]


def ours_evaluation(widths: list[int], m: int, activation: str, threads: int | None) -> Work:
    """Return one evaluation by our engine."""
    network, theta = _start(widths, activation)
    X, y = _rows(m, widths[0], widths[-1])
    objective = RowObjective(network, X, y, dtype=np.float32, n_threads=threads)
    return lambda: objective.evaluate(theta)[0]


def bare_products(widths: list[int], m: int, activation: str, threads: int | None) -> Work:
    """Return the products of forward and backward pass, into memory that is there already."""
    del threads  # the environment says it
    network, theta = _start(widths, activation)
    weights = [W for W, _ in _layers(network, theta)]
    A = [np.full((m, width), 0.5, np.float32) for width in widths]
    gradients = [np.empty_like(W) for W in weights]

    def work() -> None:
        for i, W in enumerate(weights):
            np.matmul(A[i], W, out=A[i + 1])
        for i in reversed(range(len(weights))):
            np.matmul(A[i].T, A[i + 1], out=gradients[i])
            if i:
                np.matmul(A[i + 1], weights[i].T, out=A[i])

    return work


def torch_evaluation(widths: list[int], m: int, activation: str, threads: int | None) -> Work:
    """Return one evaluation by PyTorch's autograd."""
    torch = import_module("torch")
    if threads is not None:
        torch.set_num_threads(threads)
    network, theta = _start(widths, activation)
    X, y = map(torch.from_numpy, _rows(m, widths[0], widths[-1]))
    layers = [
        (torch.tensor(W, requires_grad=True), torch.tensor(b, requires_grad=True))
        for W, b in _layers(network, theta)
    ]
    parameters = [part for layer in layers for part in layer]

    def work() -> Any:
        cost = torch_cost(torch, getattr(torch, activation), layers, X, y)
        torch.autograd.grad(cost, parameters)
        return cost.detach()

    return work


def torch_cost(torch: Any, activation: Any, layers: Any, X: Any, y: Any) -> Any:
    """Return the cost as a tensor."""
    *hidden, (W_out, b_out) = layers
    for W, b in hidden:
        X = activation(torch.addmm(b, X, W))
    return torch.nn.functional.cross_entropy(torch.addmm(b_out, X, W_out), y)


def jax_evaluation(widths: list[int], m: int, activation: str, threads: int | None) -> Work:
    """Return one evaluation by JAX, compiled; it takes as many threads as cores."""
    del threads
    jax = import_module("jax")
    network, theta = _start(widths, activation)
    X, y = map(jax.numpy.asarray, _rows(m, widths[0], widths[-1]))
    layers = [(jax.numpy.asarray(W), jax.numpy.asarray(b)) for W, b in _layers(network, theta)]
    function = jax.numpy.tanh if activation == "tanh" else getattr(jax.nn, activation)

    def cost(layers: Any, X: Any, y: Any) -> Any:
        *hidden, (W_out, b_out) = layers
        for W, b in hidden:
            X = function(X @ W + b)
        chosen = jax.nn.log_softmax(X @ W_out + b_out)[jax.numpy.arange(m), y]
        return -chosen.mean()

    compiled = jax.jit(jax.value_and_grad(cost))
    return lambda: jax.block_until_ready(compiled(layers, X, y))[0]


def sklearn_evaluation(
    widths: list[int], m: int, activation: str, threads: int | None, dtype: str
) -> Work:
    """Return the function that MLPClassifier hands to SciPy's L-BFGS, and its arguments."""
    del threads
    from sklearn.neural_network import MLPClassifier

    network, theta = _start(widths, activation)
    X, y = _rows(m, widths[0], widths[-1])
    captured: list[Work] = []
    model = MLPClassifier(tuple(widths[1:-1]), activation, solver="lbfgs", alpha=0.0, max_iter=1)
    evaluate = model._loss_grad_lbfgs

    def capture(_theta: Vector, *arguments: Any) -> Any:
        captured[:] = [lambda: evaluate(packed, *arguments)[0]]
        raise _Captured

    model._loss_grad_lbfgs = capture
    packed = _sklearn_order(_layers(network, theta))
    try:
        model.fit(X.astype(dtype), y)
    except _Captured:
        return captured[0]
    raise RuntimeError("MLPClassifier did not evaluate its loss")


class _Captured(Exception):
    """Leaves MLPClassifier as soon as it has made everything that its loss needs."""


def _sklearn_order(layers: Layers) -> Vector:
    """Return theta as scikit-learn packs it: every W, then every b; in double precision."""
    parts = [*(W for W, _ in layers), *(b for _, b in layers)]
    return np.concatenate([part.ravel() for part in parts]).astype(np.float64)


def _start(widths: list[int], activation: str) -> tuple[Network, Vector]:
    network = Network.build(widths[0], widths[1:-1], widths[-1], activation, "softmax")
    return network, start_weights(network, seed=0)


def _layers(network: Network, theta: Vector) -> Layers:
    return network.layout.split(theta.astype(np.float32))


def _rows(m: int, n_features: int, n_classes: int) -> tuple[Array, IndexArray]:
    random = np.random.default_rng(0)
    pixels = random.integers(256, size=(m, n_features), dtype=np.uint8)
    X = pixels.astype(np.float32)
    X /= 255
    X -= 0.5
    return X, np.arange(m) % n_classes


def square_products(size: int, cores: int, threads: int | None, **_problem: Any) -> Work:
    """Return NumPy's product of square matrices, one a core, side by side."""
    del threads
    A = np.random.default_rng(0).random((size, size), np.float32)
    products = [partial(np.matmul, A, A, np.empty_like(A)) for _ in range(cores)]
    pool = ThreadPoolExecutor(cores)

    def work() -> None:
        others = [pool.submit(product) for product in products[1:]]
        products[0]()
        wait(others)

    return work


def jax_square_products(size: int, cores: int, threads: int | None, **_problem: Any) -> Work:
    """Return JAX's products of as many matrices, one after the other, each on all its cores."""
    del threads
    jax = import_module("jax")
    A = jax.numpy.asarray(np.random.default_rng(0).random((size, size), np.float32))
    product = jax.jit(jax.numpy.matmul)

    def work() -> None:
        for _ in range(cores):
            product(A, A).block_until_ready()

    return work


def _limits(sizes: tuple[int, ...]) -> list[Entrant]:
    return [
        Entrant("limit", work, cores, threads, {"size": size, "cores": cores}, by=by)
        for by, work, threads in (("NumPy", square_products, 1), ("JAX", jax_square_products, None))
        for cores in (1, 2)
        for size in sizes
    ]


def _lines(problem: Problem, run: list[Runner], limits: list[Runner]) -> list[dict[str, Any]]:
    """Return the lines of a problem, each with the limits of as many cores and its share."""
    lines = lines_of(str(problem), run)
    rates = _rates(limits)
    most = max((cores for _, cores in rates), default=1)
    for line in lines:
        found = {by: rates.get((by, line["cores"] or most)) for by in ("NumPy", "JAX")}
        line["limits"] = {by: problem.operations / rate for by, rate in found.items() if rate}
        line["shares"] = {
            by: limit / line["median"] for by, limit in line["limits"].items() if line["median"]
        }
    if run[1].laps:
        lines[1]["over_one_core"] = ratio(run[0].laps, run[1].laps)["ratio"]
    return lines


def _rates(limits: list[Runner]) -> dict[tuple[str, int], float]:
    """Return the best operations a second, by library and number of cores."""
    rates: dict[tuple[str, int], float] = {}
    for runner in limits:
        median = quartiles(lap.seconds for lap in runner.laps)["median"]
        cores, size = runner.entrant.options["cores"], runner.entrant.options["size"]
        if median:
            key = (runner.entrant.by, cores)
            rates[key] = max(rates.get(key, 0.0), 2 * cores * size**3 / median)
    return rates


def _table(settings: Settings, lines: list[dict[str, Any]]) -> str:
    further: Mapping[str, Callable[[Any], str]] = {
        "of NumPy's rate": lambda line: _share(line, "NumPy"),
        "of JAX's": lambda line: _share(line, "JAX"),
        "over one core": lambda line: (
            f"{line['over_one_core']:.2f}" if "over_one_core" in line else ""
        ),
    }
    tables = [
        standing(str(problem), of_problem(lines, str(problem)), further=further)
        for problem in settings.problems
    ]
    legend = "x ours: time over that of layerlab on as many cores, median of rounds."
    return "\n\n".join([*tables, legend])


def _share(line: dict[str, Any], by: str) -> str:
    return f"{line['shares'][by]:.0%}" if by in line["shares"] else ""
