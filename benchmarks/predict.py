"""Probabilities of one row, of 256 and of 10,000: ours, MLPClassifier, ONNX Runtime.

Run with ``python -m benchmarks predict``; it takes about a minute.

One trained network for all, softmax over tanh units, on rows of ``digits``'
kind in single precision: ours through ``predict_proba``, with its checks, and
through ``predictor()``, which did them once; the same weights in an
MLPClassifier, which has no input map, so that it is folded into the first
layer; and as an ONNX graph.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from benchmarks.race import Entrant, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, of_problem, standing
from layerlab._typing import Array
from layerlab.models import FeedforwardClassifier

__all__ = ["Problem", "Settings", "run"]

Work = Callable[[], Array]  # of the first row, by which entrants can be compared


@dataclass(frozen=True)
class Problem:
    """Hidden layers and a number of rows."""

    hidden: tuple[int, ...]
    m: int

    def __str__(self) -> str:
        name = "-".join(map(str, (64, *self.hidden, 10)))
        return f"{name}, {self.m} row{'s' * (self.m > 1)}"


HIDDEN = ((64,), (256,))
ROWS = (1, 256, 10_000)


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are what the documents state."""

    problems: tuple[Problem, ...] = tuple(Problem(hidden, m) for hidden in HIDDEN for m in ROWS)
    rounds: int = 15
    seconds: float = 0.05


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    laps, lines = [], []
    with runners(entrants()) as line_up:
        for problem in settings.problems:
            asked = asdict(problem)
            run = race(line_up, [asked] * settings.rounds, settings.seconds, warm=asked)
            laps += laps_of(str(problem), run)
            lines += lines_of(str(problem), run)
    tables = [standing(str(p), of_problem(lines, str(p))) for p in settings.problems]
    legend = "x ours: time over that of predictor() on as many cores, median of rounds."
    table = "\n\n".join([*tables, legend])
    return BenchmarkResult("predict", asdict(settings), laps, lines, table)


def entrants() -> list[Entrant]:
    """Return everyone, ours first; each on one core, and as it comes."""
    ways = (
        ("layerlab predictor()", "layerlab", ours_predictor),
        ("layerlab predict_proba", "layerlab", ours_predict_proba),
        ("MLPClassifier", "scikit-learn", sklearn_prediction),
        ("ONNX Runtime", "ONNX Runtime", onnx_prediction),
    )
    return [
        Entrant(name, work, many, many, ours=work is ours_predictor, by=by)
        for name, by, work in ways
        for many in (1, None)
    ]


def ours_predictor(hidden: list[int], m: int, threads: int | None) -> Work:
    """Return our prediction without checks."""
    predict, X = _model(tuple(hidden), threads).predictor(), _rows(m)
    return lambda: predict(X)[0]


def ours_predict_proba(hidden: list[int], m: int, threads: int | None) -> Work:
    """Return our prediction with checks."""
    model, X = _model(tuple(hidden), threads), _rows(m)
    return lambda: model.predict_proba(X)[0]


def sklearn_prediction(hidden: list[int], m: int, threads: int | None) -> Work:
    """Return the prediction of an MLPClassifier with our weights."""
    del threads
    from sklearn.neural_network import MLPClassifier

    ours, X = _model(tuple(hidden)), _rows(m)
    model = MLPClassifier(tuple(hidden), "tanh", solver="lbfgs", max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(*_training_rows())
    first, shift, scale = ours.coefs_[0], ours.input_map_.shift, ours.input_map_.scale
    folded = (first * scale[:, None], ours.intercepts_[0] - (shift * scale) @ first)
    model.coefs_ = [folded[0].astype(np.float32), *ours.coefs_[1:]]
    model.intercepts_ = [folded[1].astype(np.float32), *ours.intercepts_[1:]]
    return lambda: model.predict_proba(X)[0]


def onnx_prediction(hidden: list[int], m: int, threads: int | None) -> Work:
    """Return the prediction of a session of ONNX Runtime."""
    onnxruntime = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    if threads is not None:
        options.intra_op_num_threads = options.inter_op_num_threads = threads
    graph = onnx_model(_model(tuple(hidden))).SerializeToString()
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    X = _rows(m)
    return lambda: session.run(None, {"rows": X})[0][0]


def onnx_model(model: FeedforwardClassifier) -> Any:
    """Return a model of tanh units as an ONNX model: input map, layers, softmax."""
    onnx = import_module("onnx")
    node, number = onnx.helper.make_node, onnx.TensorProto.FLOAT
    constants = {"shift": model.input_map_.shift, "scale": model.input_map_.scale}
    nodes = [node("Sub", ["rows", "shift"], ["s"]), node("Mul", ["s", "scale"], ["A0"])]
    last = len(model.coefs_) - 1
    for i, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        constants |= {f"W{i}": W, f"b{i}": b}
        nodes.append(node("Gemm", [f"A{i}", f"W{i}", f"b{i}"], [f"Z{i}"]))
        if i < last:
            nodes.append(node("Tanh", [f"Z{i}"], [f"A{i + 1}"]))
    nodes.append(node("Softmax", [f"Z{last}"], ["probabilities"], axis=1))
    graph = onnx.helper.make_graph(
        nodes,
        "layerlab",
        [onnx.helper.make_tensor_value_info("rows", number, ["m", model.n_features_in_])],
        [onnx.helper.make_tensor_value_info("probabilities", number, ["m", model.n_outputs_])],
        [
            onnx.numpy_helper.from_array(np.asarray(value, np.float32), name)
            for name, value in constants.items()
        ],
    )
    opset = onnx.helper.make_opsetid("", 17)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8)


@cache
def _model(hidden: tuple[int, ...], threads: int | None = 1) -> FeedforwardClassifier:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = FeedforwardClassifier(hidden, max_iter=20, n_threads=threads, random_state=0)
        return model.fit(*_training_rows())


def _training_rows() -> tuple[Array, Array]:
    X, y = load_digits(return_X_y=True)
    return X.astype(np.float32), y


def _rows(m: int) -> Array:
    random = np.random.default_rng(0)
    return random.integers(17, size=(m, 64)).astype(np.float32)
