"""The compiled kernel against the NumPy path: every activation, output, size, type and target."""

import dataclasses
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerlab._compiled import KERNEL, kernel_target
from layerlab.engine import compiled
from layerlab.engine.compiled_sums import CompiledSums
from layerlab.engine.numpy_sums import NumpySums
from layerlab.engine.plan import (
    KERNEL_PANEL,
    KERNEL_ROWS,
    MANY_WEIGHTS,
    MAX_LANES,
    kernel_plan,
)
from layerlab.engine.terms import Terms
from layerlab.network import InputMap, Network, start_weights
from layerlab.network.activations import ACTIVATIONS
from layerlab.network.outputs import OUTPUTS

if KERNEL is None:
    pytest.skip("the compiled kernel is not there, or switched off", allow_module_level=True)

TARGETS = KERNEL.TARGETS
TOLERANCE = {np.float32: 3e-5, np.float64: 1e-12}
SOURCES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f8", ">i2"]


@pytest.fixture(params=TARGETS)
def target(request, monkeypatch):
    """Every target that this processor has, at any width."""
    monkeypatch.setattr(compiled, "kernel_target", lambda: request.param)
    monkeypatch.setattr(compiled, "BLAS_WINS", {})
    return request.param


def terms(widths, m, activation="tanh", output="softmax", dtype=np.float64, seed=0, source=None):
    random = np.random.default_rng(seed)
    d, *hidden, k = widths
    network = Network.build(d, tuple(hidden), k, activation, output)
    X = random.normal(size=(m, d)) if source is None else random.integers(0, 2, (m, d))
    X = X if source is None else X.astype(source)
    return Terms(
        network,
        X.astype(dtype) if source is None else X,
        random.integers(0, k, m),
        random.uniform(0.5, 2, m),
        0.3,
        InputMap(random.normal(size=d), random.uniform(0.5, 2, d)),
        np.dtype(dtype),
    )


def weights_of(some, scale=1.5):
    theta = start_weights(some.network, seed=1) * scale
    return theta + 0.1 * np.random.default_rng(2).normal(size=len(theta))


def everything(sums, theta, rows=None):
    v = np.random.default_rng(3).normal(size=len(theta))
    cost, gradient = sums.evaluate(theta, rows)
    return [cost, gradient, sums.cost(theta, rows), sums.curvature(theta, v, rows)]


def compiled_sums(some, n_threads=1):
    sums = CompiledSums.of(some, n_threads)
    assert sums is not None
    return sums


def assert_agree(some, theta, rows=None):
    found = everything(compiled_sums(some), theta, rows)
    expected = everything(NumpySums(some, 1), theta, rows)
    for a, b in zip(found, expected, strict=True):
        assert np.linalg.norm(a - b) <= TOLERANCE[some.dtype.type] * np.linalg.norm(b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("output", list(OUTPUTS))
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_every_activation_and_output(activation, output, dtype, target):
    some = terms((17, 9, 33, 3), 130, activation, output, dtype)
    assert_agree(some, weights_of(some))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("widths", "m"),
    [
        ((3, 2), 1),
        ((1, 1, 2), 1),
        (
            (1, 16, 16, 2),
            1,
        ),  # the widest layer on both sides: the bias still needs a row of its own
        ((5, 1, 2), 33),
        ((64, 8, 10), 16),
        ((7, 70, 11), 600),
        ((40, 64, 47, 33, 10), 300),
        ((129, 129, 129), 130),
    ],
)
def test_odd_sizes(widths, m, dtype, target):
    some = terms(widths, m, dtype=dtype)
    assert_agree(some, weights_of(some))


@settings(max_examples=40)
@given(
    widths=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    m=st.integers(1, 90),
    activation=st.sampled_from(list(ACTIVATIONS)),
    output=st.sampled_from(list(OUTPUTS)),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 1000),
)
def test_any_network(widths, m, activation, output, dtype, seed):
    some = terms((*widths[:-1], widths[-1] + 1), m, activation, output, dtype, seed)
    assert_agree(some, weights_of(some))


def test_mixed_activations(target):
    some = terms((6, 7, 8, 9, 3), 50, ("gelu", "relu", "silu"))
    assert_agree(some, weights_of(some))


def test_some_rows_in_any_order_and_more_than_once(target):
    some = terms((10, 12, 4), 700)
    rows = np.random.default_rng(4).integers(0, 700, 900)
    assert_agree(some, weights_of(some), rows)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("source", SOURCES)
def test_rows_of_every_type(source, dtype, target):
    some = terms((37, 5, 3), 100, dtype=dtype, source=source)
    assert_agree(some, weights_of(some))


def test_rows_out_of_line(target):
    some = terms((5, 4, 3), 60)
    packed = np.zeros(60, np.dtype([("mark", "u1"), ("X", "f8", (5,))]))
    packed["X"] = some.X
    moved = dataclasses.replace(some, X=packed["X"])
    assert not moved.X.flags.aligned
    theta = weights_of(some)
    assert (
        compiled_sums(moved).evaluate(theta, None)[0]
        == compiled_sums(some).evaluate(theta, None)[0]
    )


def test_mapped_in_the_precision_of_the_rows(target):
    """In float32 a column with a large offset would lose all that it varies by."""
    some = terms((2, 3, 2), 50, dtype=np.float32)
    X = np.random.default_rng(5).normal(size=(50, 2)) + 1e9
    offset = InputMap(np.full(2, 1e9), np.ones(2))
    moved = Terms(some.network, X, some.y, None, 0.0, offset, some.dtype)
    assert_agree(moved, weights_of(some))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_bits_for_any_number_of_threads(dtype, target, monkeypatch):
    monkeypatch.setattr("layerlab.engine.compiled.THREAD_WORTH", 0)
    some = terms((20, 40, 30, 5), 9001, "gelu", dtype=dtype)
    theta = weights_of(some)
    found = set()
    for n_threads in (1, 2, 3, 8):
        sums = compiled_sums(some, n_threads)
        for _ in range(3):
            cost, gradient, lone, product = everything(sums, theta)
            found.add((cost, gradient.tobytes(), lone, product.tobytes()))
        sums.close()
    assert len(found) == 1


def test_blocks_without_padding_give_the_gradient_of_their_rows(target):
    """What fills a vector up repeats the last row, and must not count."""
    some = terms((6, 5, 3), 37)
    theta = weights_of(some)
    each = [compiled_sums(some).evaluate(theta, np.array([i])) for i in range(37)]
    _, gradient = compiled_sums(some).evaluate(theta, None)
    mean = np.mean([g for _, g in each], axis=0)
    np.testing.assert_allclose(mean, gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [1, 100, 5000])
def test_rows_that_are_kept_as_inputs_give_the_bits_of_rows_that_are_not(
    m, dtype, target, monkeypatch
):
    some = terms((10, 12, 4), m, dtype=dtype)
    theta = weights_of(some)
    kept = everything(compiled_sums(some), theta)
    monkeypatch.setattr("layerlab.engine.compiled_sums.KEPT_BYTES", 0)
    for a, b in zip(kept, everything(compiled_sums(some), theta), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("where", ["X", "theta"])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_nan_is_noticed(where, activation, target):
    some = terms((20, 6, 3), 300, activation)
    theta = weights_of(some)
    (some.X if where == "X" else theta).flat[-1] = np.nan
    cost, gradient = compiled_sums(some).evaluate(theta, None)
    assert np.isnan(cost) and np.isnan(gradient).any()


@pytest.mark.parametrize("output", list(OUTPUTS))
def test_large_logits_cost_what_they_should(output, target):
    """To ±1000 no cost overflows and none is clipped; float64 by the NumPy path is the truth."""
    some = terms((3, 4), 40, output=output)
    theta = weights_of(some, scale=300)
    assert_agree(some, theta)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_are_fitted_well_lose_no_digits(dtype, target):
    """1 - p and log(1 + rest) of rows where p rounds to 1."""
    network = Network.build(1, (), 2)
    X, y = np.full((5, 1), 30.0, dtype), np.zeros(5, np.int64)
    some = Terms(network, X, y, None, 0.0, InputMap.identity(1), np.dtype(dtype))
    cost, gradient = compiled_sums(some).evaluate(np.array([0.5, -0.5, 0.0, 0.0]), None)
    assert cost == pytest.approx(np.exp(-30.0), rel=1e-5)
    np.testing.assert_allclose(gradient[2:], [-np.exp(-30.0), np.exp(-30.0)], rtol=1e-5)


def test_costs_are_added_in_double():
    some = terms((4, 3, 2), 200_000, dtype=np.float32)
    theta = weights_of(some)
    assert compiled_sums(some).evaluate(theta, None)[0] == pytest.approx(
        NumpySums(some, 1).evaluate(theta, None)[0], rel=1e-8
    )


def test_two_threads_may_share_one_objective():
    some = terms((20, 30, 5), 3000)
    theta = weights_of(some)
    sums = compiled_sums(some, 2)
    alone = [sums.evaluate(theta * s, None)[1].tobytes() for s in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            both = pool.map(lambda s: sums.evaluate(theta * s, None)[1].tobytes(), (1, 2))
            assert list(both) == alone


FORKED = """
import os, sys
import numpy as np
from layerlab.engine import RowObjective
from layerlab.network import Network, start_weights

network = Network.build(30, (60,), 5)
random = np.random.default_rng(0)
X, y = random.normal(size=(4000, 30)), random.integers(0, 5, 4000)
theta = start_weights(network, seed=0)
with RowObjective(network, X, y, n_threads=3) as objective:
    before = objective.evaluate(theta)[1].tobytes()
    child = os.fork()
    again = objective.evaluate(theta)[1].tobytes()
    if not child:
        os._exit(0 if again == before else 1)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert again == before and not ended
    leaver = os.fork()  # its kernel goes with threads that were never there
    if not leaver:
        sys.exit(0)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(leaver, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_starts_threads_of_its_own():
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=60)


def kernel(**changes):
    given = {
        "widths": (4, 3, 2),
        "activations": ("tanh",),
        "output": "softmax",
        "single": False,
        "shift": np.zeros(4),
        "scale": np.ones(4),
        "target": TARGETS[-1],
    } | changes
    return KERNEL.Kernel(*given.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"widths": (4,)},
        {"widths": (4, 0, 2)},
        {"widths": (4, -3, 2)},
        {"activations": ()},
        {"activations": ("swish",)},
        {"output": "linear"},
        {"shift": np.zeros(3)},
        {"scale": np.ones(4, np.float32)},
        {"target": "abacus"},
    ],
)
def test_a_kernel_that_cannot_be_is_refused(changes):
    with pytest.raises(ValueError, match=r"\w"):
        kernel(**changes)


def test_a_kernel_takes_no_keywords():
    """Or one that is spelled so would be made without what it asks for."""
    with pytest.raises(ValueError, match="by position alone"):
        KERNEL.Kernel((4, 2), (), "softmax", True, np.zeros(4), np.ones(4), "generic", layer_norm=1)


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        (0, np.zeros((8, 5))),
        (0, np.zeros(8)),
        (0, np.zeros((8, 4), complex)),
        (0, np.zeros((8, 4), ">f8")),
        (1, np.zeros(7, np.int64)),
        (1, np.zeros(8, np.int32)),
        (1, np.zeros(16, np.int64)[::2]),
        (2, np.ones(9)),
        (4, np.array([0, 8], np.int64)),
        (4, np.array([-1], np.int64)),
        (5, np.array([0], np.int64)),
        (5, np.array([0, 9], np.int64)),
        (5, np.array([-1, 8], np.int64)),
        (5, np.array([4, 4], np.int64)),
        (6, 0),
        (6, 2),
        (7, 0),
    ],
)
def test_arguments_that_would_reach_outside_are_refused(part, wrong):
    call = [np.zeros((8, 4)), np.zeros(8, np.int64), None, 8.0, None, np.array([0, 8]), 1, 1]
    call[part] = wrong
    theta, out = np.zeros(23), np.zeros(23)
    with pytest.raises((ValueError, BufferError)):
        kernel().gradient(theta, tuple(call), 0.0, out)


def test_kept_rows_are_taken_whole_and_by_panels():
    X, y = np.zeros((200, 4)), np.zeros(200, np.int64)
    theta, out = np.zeros(23), np.zeros(23)

    def gradient(some, X=None, y=y, index=None, edges=(0, 128, 200)):
        call = (X, y, None, 8.0, index, np.array(edges), 1, 1)
        return some.gradient(theta, call, 0.0, out)

    fresh, filled = kernel(), kernel()
    with pytest.raises(ValueError, match="no rows are kept"):
        gradient(fresh)
    filled.keep((X, y, None, 8.0, None, np.array([0, 200]), 1, 1))
    assert gradient(filled) == gradient(fresh, X)
    for wrong in (
        {"edges": (0, 100, 200)},
        {"edges": (0, 128)},
        {"edges": (0, 256)},
        {"y": y[:-1]},
        {"index": np.arange(200)},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            gradient(filled, **wrong)
    with pytest.raises(ValueError, match="whole arrays"):
        filled.keep((X, y, None, 8.0, np.arange(9), np.array([0, 9]), 1, 1))


def test_vectors_of_a_wrong_length_are_refused():
    call = (np.zeros((8, 4)), np.zeros(8, np.int64), None, 8.0, None, np.array([0, 8]), 1, 1)
    good, short = np.zeros(23), np.zeros(22)
    for theta, out in ((short, good), (good, short), (good, good[::-1])):
        with pytest.raises(ValueError, match=r"theta|out"):
            kernel().gradient(theta, call, 0.0, out)
    read_only = np.zeros(23)
    read_only.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        kernel().gradient(good, call, 0.0, read_only)
    with pytest.raises(ValueError, match="out"):
        kernel().logits(call, np.zeros((7, 2)))


@given(n_rows=st.integers(1, 20_000), many=st.booleans())
def test_the_plan_covers_every_row_once_in_whole_vectors(n_rows, many):
    plan = kernel_plan(n_rows, MANY_WEIGHTS if many else MANY_WEIGHTS - 1)
    edges = plan.edges
    assert edges[0] == 0 and edges[-1] == n_rows
    assert all(a < b for a, b in pairwise(edges))
    assert all(edge % KERNEL_PANEL == 0 for edge in edges[:-1])
    assert plan.block_rows <= KERNEL_ROWS
    assert 1 <= plan.n_lanes <= MAX_LANES
    assert plan.n_lanes >= 2 or n_rows < (128 if many else 256)


def run_with(wanted, code):
    environment = os.environ | {"LAYERLAB_KERNEL": wanted}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )


def test_the_environment_chooses_the_path():
    code = "from layerlab._compiled import kernel_target; print(kernel_target())"
    assert run_with("off", code).stdout == "None\n"
    assert run_with(" Generic ", code).stdout == "generic\n"
    assert run_with("", code).stdout == f"{TARGETS[0]}\n"
    refused = run_with("avx9000", code)
    assert "LAYERLAB_KERNEL" in refused.stderr and "'generic'" in refused.stderr


def test_the_fastest_target_is_taken():
    wanted = os.environ.get("LAYERLAB_KERNEL", "").strip().lower()
    assert kernel_target() == (wanted or TARGETS[0])
