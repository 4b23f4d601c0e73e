"""The sum over row blocks: right, the same bits however it is spread, and small in memory."""

import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from layerlab._compiled import KERNEL
from layerlab._typing import Costs, Curves
from layerlab.engine import RowObjective
from layerlab.engine.compiled_sums import CompiledSums
from layerlab.errors import DataError, ParameterError
from layerlab.network import InputMap, Network, cost_and_gradient, start_weights
from layerlab.solvers import LBFGS, Stopping

D, K = 20, 5


@pytest.fixture(autouse=True, params=["compiled", "numpy"])
def path(request, monkeypatch):
    """Every test holds for the compiled kernel and for NumPy."""
    if request.param == "numpy":
        monkeypatch.setattr(CompiledSums, "of", lambda *_: None)
    elif KERNEL is None:
        pytest.skip("the compiled kernel is not there, or switched off")
    return request.param


@pytest.fixture
def spread(monkeypatch):
    """Even the smallest call is spread over the threads."""
    for path in ("compiled", "numpy_sums"):
        monkeypatch.setattr(f"layerlab.engine.{path}.THREAD_WORTH", 0)


def problem(m=5000, hidden=(40, 30), activation="tanh", output="softmax", seed=0):
    random = np.random.default_rng(seed)
    network = Network.build(D, hidden, K, activation, output)
    X = random.normal(size=(m, D))
    y = random.integers(0, K, m)
    return network, start_weights(network, seed=seed) * 2, X, y, random.integers(1, 4, m) * 1.0


def everything(objective, theta, v, rows=None):
    cost, gradient = objective.evaluate(theta, rows)
    product = objective.curvature(theta, v, rows)
    return cost, gradient.tobytes(), objective.cost(theta, rows), product.tobytes()


def test_offers_what_minimisers_ask_for():
    network, _, X, y, _ = problem(10)
    objective = RowObjective(network, X, y)
    assert isinstance(objective, Costs) and isinstance(objective, Curves)


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_equals_the_plain_functions(activation, output):
    """They hold every row in one block; here there are many, the last one short."""
    network, theta, X, y, weights = problem(4999, activation=activation, output=output)
    objective = RowObjective(network, X, y, sample_weight=weights, alpha=0.7)
    cost, gradient = objective.evaluate(theta)
    expected = cost_and_gradient(theta, (40, 30), K, X, y, 0.7, activation, output, weights)
    assert cost == pytest.approx(expected[0], rel=1e-13)
    assert np.linalg.norm(gradient - expected[1]) <= 1e-12 * np.linalg.norm(expected[1])
    assert objective.cost(theta) == cost


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [1, 2, 63, 1000, 5003])
@pytest.mark.usefixtures("spread")
def test_same_bits_for_any_number_of_threads(dtype, m):
    network, theta, X, y, weights = problem(m, activation="gelu")
    v = np.random.default_rng(1).normal(size=len(theta))
    found = set()
    for n_threads in (1, 2, 3, 8):
        options = {"sample_weight": weights, "alpha": 0.3, "dtype": dtype}
        with RowObjective(network, X, y, n_threads=n_threads, **options) as objective:
            found |= {everything(objective, theta, v) for _ in range(2)}
    assert len(found) == 1


def test_a_used_objective_gives_the_bits_of_a_fresh_one():
    """No buffer of a larger or an earlier call shines through."""
    network, theta, X, y, weights = problem()
    v, rows = theta[::-1].copy(), np.arange(0, 5000, 7)
    used = RowObjective(network, X, y, sample_weight=weights, alpha=0.1)
    for other in (theta * 3, -theta):
        everything(used, other, v)
        everything(used, other, v, rows[:10])
    fresh = RowObjective(network, X, y, sample_weight=weights, alpha=0.1)
    assert everything(used, theta, v) == everything(fresh, theta, v)
    assert everything(used, theta, v, rows) == everything(fresh, theta, v, rows)


def test_some_rows_are_the_objective_on_those_rows_with_the_penalty_of_all():
    network, theta, X, y, _ = problem()
    rows = np.random.default_rng(3).permutation(5000)[:1250]  # a quarter
    v = theta[::-1].copy()
    part = RowObjective(network, X[rows], y[rows], alpha=0.3 / 4)
    whole = RowObjective(network, X, y, alpha=0.3)
    assert everything(whole, theta, v, rows) == everything(part, theta, v)


@pytest.mark.parametrize("weighted", [False, True])
def test_equal_batches_have_the_mean_of_the_whole(weighted):
    network, theta, X, y, weights = problem()
    objective = RowObjective(network, X, y, sample_weight=weights if weighted else None, alpha=0.3)
    batches = np.random.default_rng(3).permutation(5000).reshape(4, 1250)
    costs, gradients = zip(*(objective.evaluate(theta, rows) for rows in batches), strict=True)
    cost, gradient = objective.evaluate(theta)
    assert np.mean(costs) == pytest.approx(cost, rel=1e-13)
    np.testing.assert_allclose(np.mean(gradients, axis=0), gradient, rtol=0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_stand_in_are_used_in_calls_with_a_key_alone(dtype):
    network, theta, X, y, weights = problem()
    asked = []

    def deform(rows, seed, key, numbers):
        asked.append((seed, key, numbers.tolist()))
        return (rows + key).astype(dtype)

    deformed = RowObjective(
        network, X, y, sample_weight=weights, dtype=dtype, seed=5, deform=deform
    )
    moved = RowObjective(network, X + 3, y, sample_weight=weights, dtype=dtype)
    plain = RowObjective(network, X, y, sample_weight=weights, dtype=dtype)
    some = np.array([7, 3, 4000])
    assert deformed.evaluate(theta)[0] == plain.evaluate(theta)[0]
    assert not asked
    for rows in (some, None):
        found, expected = deformed.evaluate(theta, rows, 3), moved.evaluate(theta, rows)
        assert found[0] == pytest.approx(expected[0], rel=1e-6)
        np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=1e-6)
        assert deformed.cost(theta, rows, 3) == pytest.approx(expected[0], rel=1e-6)
    assert asked[0] == (5, 3, [7, 3, 4000])
    assert len(asked) == 3  # all rows are deformed once a key


def test_sample_weights_are_repeated_rows():
    network, theta, X, y, weights = problem()
    counts, v = weights.astype(int), theta[::-1].copy()
    weighted = RowObjective(network, X, y, sample_weight=weights, alpha=0.3)
    repeated = RowObjective(network, X.repeat(counts, axis=0), y.repeat(counts), alpha=0.3)
    (cost, gradient), (cost_r, gradient_r) = weighted.evaluate(theta), repeated.evaluate(theta)
    assert cost == pytest.approx(cost_r, rel=1e-13)
    np.testing.assert_allclose(gradient, gradient_r, rtol=1e-9, atol=1e-14)
    products = [objective.curvature(theta, v) for objective in (weighted, repeated)]
    np.testing.assert_allclose(*products, rtol=1e-9, atol=1e-14)


def test_weights_of_one_are_no_weights():
    network, theta, X, y, _ = problem(700)
    v = theta[::-1].copy()
    ones = RowObjective(network, X, y, sample_weight=np.ones(700), alpha=0.3)
    assert everything(ones, theta, v) == everything(
        RowObjective(network, X, y, alpha=0.3), theta, v
    )


def test_penalty_of_the_curvature_spares_biases():
    network, theta, X, y, _ = problem(100)
    v = np.ones_like(theta)
    plain, penalised = (
        RowObjective(network, X, y, alpha=a).curvature(theta, v) for a in (0.0, 5.0)
    )
    for dW, db in network.layout.split(penalised - plain):
        np.testing.assert_allclose(dW, 5.0 / 100, rtol=1e-10)
        assert not db.any()


def test_curvature_is_symmetric_and_never_negative():
    network, theta, X, y, _ = problem(300)
    objective = RowObjective(network, X, y)
    u, v = np.random.default_rng(4).normal(size=(2, len(theta)))
    Gu, Gv = objective.curvature(theta, u), objective.curvature(theta, v)
    assert u @ Gv == pytest.approx(v @ Gu, rel=1e-10)
    assert u @ Gu > 0 and v @ Gv > 0


def test_curvature_without_a_hidden_layer_is_the_hessian():
    """The cost is then convex and Gauss–Newton exact: a difference of gradients agrees."""
    network, theta, X, y, weights = problem(300, hidden=())
    objective = RowObjective(network, X, y, sample_weight=weights, alpha=0.4)
    v = np.random.default_rng(5).normal(size=len(theta))
    ahead, behind = (objective.evaluate(theta + h * v)[1] for h in (1e-5, -1e-5))
    np.testing.assert_allclose(objective.curvature(theta, v), (ahead - behind) / 2e-5, atol=1e-9)


def test_float32_is_close_and_costs_are_double():
    network, theta, X, y, _ = problem()
    single = RowObjective(network, X, y, dtype=np.float32).evaluate(theta)
    double = RowObjective(network, X, y).evaluate(theta)
    assert single[0] == pytest.approx(double[0], rel=1e-6) and type(single[0]) is float
    assert single[1].dtype == np.float64
    assert np.linalg.norm(single[1] - double[1]) <= 1e-5 * np.linalg.norm(double[1])


def test_rows_stay_as_they_came(tmp_path):
    """uint8, Fortran order, a memory map, strides: the bits of the same rows in C order."""
    random = np.random.default_rng(6)
    X = random.integers(0, 256, (3000, D), dtype=np.uint8)
    network, theta, _, y, _ = problem(3000)
    np.save(tmp_path / "rows.npy", X)
    wide = np.zeros((3000, 2 * D), np.uint8)
    wide[:, ::2] = X
    input_map = InputMap(X.mean(axis=0), np.full(D, 1 / 255))
    forms = [
        X,
        np.asfortranarray(X),
        np.load(tmp_path / "rows.npy", mmap_mode="r"),
        wide[:, ::2],
        X.astype(float),
        X.astype(np.float32),
        X.astype(np.int64),
        X.astype(">f8"),
    ]
    found = {
        everything(RowObjective(network, rows, y, input_map=input_map), theta, theta)
        for rows in forms
    }
    assert len(found) == 1


def test_the_last_short_block_counts():
    network, theta, X, y, _ = problem(4097)
    costs = [RowObjective(network, X[:m], y[:m]).evaluate(theta)[0] * m for m in (4096, 4097)]
    last = RowObjective(network, X[4096:], y[4096:]).evaluate(theta)[0]
    assert costs[1] - costs[0] == pytest.approx(last, rel=1e-9)


def peak_of_one_evaluation(m):
    network, theta, X, y, _ = problem(1000, hidden=(16,))
    X = np.lib.stride_tricks.as_strided(X, (m, D), (0, X.strides[1]))  # any m, no memory
    y = np.lib.stride_tricks.as_strided(y, (m,), (0,))
    with RowObjective(network, X, y, n_threads=1) as objective:
        tracemalloc.start()
        objective.evaluate(theta)
        objective.curvature(theta, theta)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_rows():
    small, large = peak_of_one_evaluation(50_000), peak_of_one_evaluation(400_000)
    assert large < 1.1 * small
    assert large < 400_000 * 8  # not even one number a row


@pytest.mark.usefixtures("spread")
def test_two_fits_in_two_threads_give_the_bits_of_two_in_sequence():
    def fit(seed):
        network, theta, X, y, _ = problem(600, hidden=(12,), seed=seed)
        with RowObjective(network, X, y, alpha=0.1, n_threads=2) as objective:
            found = LBFGS().minimize(objective, theta, stopping=Stopping(max_iter=15))
            return found.theta.tobytes()

    one_by_one = [fit(0), fit(1)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(fit, [0, 1])) == one_by_one


def test_weights_too_large_show_in_the_cost_and_not_in_warnings():
    network, theta, X, y, _ = problem(300, activation="relu")
    for n_threads in (1, 2):
        objective = RowObjective(network, X, y, alpha=1.0, n_threads=n_threads)
        cost, _ = objective.evaluate(theta * 1e200)
        assert not np.isfinite(cost)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.usefixtures("spread")
def test_a_fault_while_rows_are_read_surfaces_and_leaves_nothing_behind(n_threads):
    network, theta, X, y, _ = problem(3000)

    class TornRows:
        shape, calls = X.shape, 0

        def __len__(self):
            return len(X)

        def __getitem__(self, rows):
            if rows.start >= 1000:
                raise OSError("the disk is gone")
            return X[rows]

    before = np.geterr()
    with RowObjective(network, TornRows(), y, n_threads=n_threads) as objective:
        with pytest.raises(OSError, match="the disk is gone"):
            objective.evaluate(theta)
        assert np.geterr() == before


def test_arguments_are_not_changed():
    network, theta, X, y, weights = problem(500)
    given = [theta, X, y, weights]
    before = [a.tobytes() for a in given]
    for a in given:
        a.flags.writeable = False
    everything(RowObjective(network, X, y, sample_weight=weights, alpha=1.0), theta, theta)
    assert [a.tobytes() for a in given] == before


def test_wrong_arguments_are_refused():
    network, theta, X, y, _ = problem(10)
    with pytest.raises(ParameterError, match="'alpha' parameter"):
        RowObjective(network, X, y, alpha=-1.0)
    with pytest.raises(ParameterError, match="theta must have shape"):
        RowObjective(network, X, y).evaluate(theta[:-1])


@pytest.mark.parametrize("wrong", [-1, K])
def test_labels_beyond_the_classes_are_refused(wrong):
    network, _, X, y, _ = problem(10)
    y[3] = wrong
    with pytest.raises(DataError, match=f"0 to {K - 1}.*row 3"):
        RowObjective(network, X, y)


def test_nothing_is_said_in_a_plain_evaluation():
    network, theta, X, y, _ = problem(300)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        everything(RowObjective(network, X, y), theta, theta)
    assert not said
