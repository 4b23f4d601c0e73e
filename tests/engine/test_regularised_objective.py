"""Dropout, noise, smoothing, L1, layer normalisation and several labels, over many rows."""

import numpy as np
import pytest

from layerlab._compiled import KERNEL
from layerlab.engine import RowObjective
from layerlab.engine.compiled_sums import CompiledSums
from layerlab.errors import DataError, ParameterError
from layerlab.network import InputMap, Network, Regularisation, start_weights

D, K, M = 20, 5, 900
DRAWN = Regularisation((0.4, 0.3), 0.2, (0.1, 0.3, 0.2))
ALL = Regularisation((0.4, 0.3), 0.2, (0.1, 0.3, 0.2), label_smoothing=0.1, l1=0.5)


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


def problem(m=M, output="softmax", many=False, layer_norm=False, activation="tanh"):
    random = np.random.default_rng(0)
    network = Network.build(D, (30, 24), K, activation, output, layer_norm)
    X = random.normal(size=(m, D))
    y = random.integers(0, 2, (m, K)) if many else random.integers(0, K, m)
    return network, start_weights(network, seed=0) * 2, X, y


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [1, 700, 5003])
@pytest.mark.usefixtures("spread")
def test_same_bits_for_any_number_of_threads(m, dtype, layer_norm):
    network, theta, X, y = problem(m, layer_norm=layer_norm)
    found = set()
    for n_threads in (1, 2, 3, 8):
        options = {"alpha": 0.3, "dtype": dtype, "seed": 4, "regularisation": ALL}
        with RowObjective(network, X, y, n_threads=n_threads, **options) as objective:
            for _ in range(2):
                cost, gradient = objective.evaluate(theta, key=9)
                found.add((cost, gradient.tobytes(), objective.cost(theta, key=9)))
    assert len(found) == 1 and cost == objective.cost(theta, key=9)


def test_no_key_is_the_clean_cost():
    network, theta, X, y = problem()
    clean, drawn = RowObjective(network, X, y), RowObjective(network, X, y, regularisation=DRAWN)
    assert drawn.evaluate(theta)[0] == clean.evaluate(theta)[0] == drawn.cost(theta)
    np.testing.assert_array_equal(drawn.evaluate(theta)[1], clean.evaluate(theta)[1])
    assert drawn.evaluate(theta, key=0)[0] != clean.evaluate(theta)[0]
    assert clean.evaluate(theta, key=0)[0] == clean.evaluate(theta)[0]


def test_smoothing_and_l1_count_without_a_key():
    network, theta, X, y = problem()
    options = Regularisation(label_smoothing=0.1, l1=0.5)
    plain, smooth = RowObjective(network, X, y), RowObjective(network, X, y, regularisation=options)
    sizes = sum(np.abs(W).sum() for W, _ in network.layout.split(theta))
    uniform = np.mean([RowObjective(network, X, np.full(M, k)).cost(theta) for k in range(K)])
    expected = 0.9 * plain.cost(theta) + 0.1 * uniform + 0.5 / M * sizes
    assert smooth.cost(theta) == pytest.approx(expected, rel=1e-13)


def test_seed_and_key_fix_what_is_drawn():
    network, theta, X, y = problem()

    def cost(seed, key):
        return RowObjective(network, X, y, seed=seed, regularisation=DRAWN).cost(theta, key=key)

    assert cost(1, 2) == cost(np.int64(1), np.int32(2))
    assert len({cost(seed, key) for seed in (0, 1, 2**62) for key in (0, 1, -1, 2**40)}) == 12


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize(
    "options", [DRAWN, Regularisation((0.5, 0.5)), Regularisation(noise=(1,) * 3)]
)
def test_a_row_is_drawn_for_by_its_number_alone(options, layer_norm):
    """One row at a time, all at once, in another order, or twice: the same sum."""
    network, theta, X, y = problem(130, layer_norm=layer_norm)
    objective = RowObjective(network, X, y, regularisation=options, seed=3)
    each = [objective.evaluate(theta, np.array([i]), 5) for i in range(130)]
    order = np.random.default_rng(1).permutation(130)
    for rows in (None, order, order[:33], np.array([7, 7, 3])):
        taken = range(130) if rows is None else rows
        cost, gradient = objective.evaluate(theta, rows, 5)
        assert cost == pytest.approx(np.mean([each[i][0] for i in taken]), rel=1e-13)
        truth = np.mean([each[i][1] for i in taken], axis=0)
        assert np.linalg.norm(gradient - truth) <= 1e-13 * np.linalg.norm(truth)


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_gradient_is_that_of_the_cost_with_the_same_draws(output, layer_norm):
    network, theta, X, y = problem(200, output, layer_norm=layer_norm)
    objective = RowObjective(network, X, y, alpha=0.2, regularisation=ALL)
    gradient = objective.evaluate(theta, key=3)[1]
    for seed in range(10):
        v = np.random.default_rng(seed).normal(size=len(theta))
        ahead, behind = (objective.cost(theta + h * v, key=3) for h in (1e-7, -1e-7))
        assert gradient @ v == pytest.approx((ahead - behind) / 2e-7, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("options", [None, Regularisation(label_smoothing=0.2)])
def test_one_label_a_row_written_as_many(options):
    network, theta, X, y = problem(output="sigmoid")
    many = (y[:, None] == np.arange(K)).astype(np.uint8)
    one, other = (RowObjective(network, X, t, regularisation=options) for t in (y, many))
    assert other.evaluate(theta)[0] == one.evaluate(theta)[0] == other.cost(theta)
    np.testing.assert_array_equal(other.evaluate(theta)[1], one.evaluate(theta)[1])
    np.testing.assert_array_equal(other.curvature(theta, theta), one.curvature(theta, theta))


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, float])
def test_several_labels_a_row(kind):
    """The sum over classes of two-class problems, by hand."""
    network, theta, X, y = problem(output="sigmoid", many=True)
    weights, rows = np.random.default_rng(2).uniform(0.5, 2, M), np.arange(3, M, 2)
    objective = RowObjective(network, X, y.astype(kind), sample_weight=weights)
    A = X
    for i, (W, b) in enumerate(network.layout.split(theta)):
        A = A @ W + b if i == 2 else np.tanh(A @ W + b)
    each = (np.logaddexp(0, A) - y * A).sum(axis=1)
    assert objective.cost(theta) == pytest.approx(np.average(each, weights=weights), rel=1e-13)
    expected = weights[rows] @ each[rows] / (weights.sum() * len(rows) / M)
    assert objective.evaluate(theta, rows)[0] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("many", [False, True])
def test_rows_that_stand_in_for_others_keep_labels_and_draws(many):
    network, theta, X, y = problem(output="sigmoid", many=many)
    options = {"sample_weight": np.random.default_rng(2).uniform(0.5, 2, M), "regularisation": ALL}
    plain = RowObjective(network, X, y, **options)
    moved = RowObjective(network, X, y, **options, deform=lambda X, *_: X)
    for rows in (None, np.random.default_rng(1).permutation(M)[:300]):
        cost, gradient = moved.evaluate(theta, rows, 4)
        expected = plain.evaluate(theta, rows, 4)
        assert cost == expected[0] == moved.cost(theta, rows, 4)
        np.testing.assert_array_equal(gradient, expected[1])


def test_rows_of_bytes_are_mapped_before_noise():
    network, theta, _, y = problem()
    X = np.random.default_rng(3).integers(0, 256, (M, D), dtype=np.uint8)
    input_map = InputMap(X.mean(axis=0), np.full(D, 1 / 255))
    mapped = (X - input_map.shift) * input_map.scale
    a = RowObjective(network, X, y, input_map=input_map, regularisation=DRAWN)
    b = RowObjective(network, mapped, y, regularisation=DRAWN)
    assert a.cost(theta, key=1) == pytest.approx(b.cost(theta, key=1), rel=1e-13)


def test_rows_that_are_kept_stay_as_they_are():
    """Dropout and noise of one call leave nothing for the next."""
    network, theta, X, y = problem()
    objective = RowObjective(network, X, y, regularisation=DRAWN)
    clean, drawn = objective.evaluate(theta)[0], objective.evaluate(theta, key=1)[0]
    rows = np.arange(M)
    for _ in range(2):
        assert objective.evaluate(theta)[0] == clean
        assert objective.evaluate(theta, key=1)[0] == drawn
        assert objective.evaluate(theta, rows, 1)[0] == drawn


def test_what_does_not_fit_is_refused():
    network, _, X, y = problem()
    with pytest.raises(ParameterError, match="each of the 2 hidden layers"):
        RowObjective(network, X, y, regularisation=Regularisation((0.5,)))
    with pytest.raises(ParameterError, match="'seed' parameter"):
        RowObjective(network, X, y, seed=-1)
    many = (y[:, None] == np.arange(K)).astype(int)
    with pytest.raises(ParameterError, match="'output' parameter must be 'sigmoid'"):
        RowObjective(network, X, many)
    network = problem(output="sigmoid")[0]
    with pytest.raises(DataError, match="must have 5 columns"):
        RowObjective(network, X, many[:, :4])
    many[4, 2] = 2
    with pytest.raises(DataError, match=r"0 and 1\. Got 2 in row 4, class 2"):
        RowObjective(network, X, many)


def test_says_what_mini_batches_need():
    network, _, X, y = problem()
    objective = RowObjective(network, X, y, seed=12)
    assert (objective.n_rows, objective.seed) == (M, 12)
