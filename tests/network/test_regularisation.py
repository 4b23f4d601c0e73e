"""Regularisation: gradients of every option, what is drawn for a row, what is refused."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.network import (
    ACTIVATIONS,
    NONE,
    Draws,
    Network,
    Regularisation,
    Workspace,
    add_decay,
    block_cost,
    block_curvature,
    block_gradient,
    penalty,
)
from layerlab.network.propagation import forward

M, D, K = 7, 4, 3
SMOOTH = [name for name, a in ACTIVATIONS.items() if a.smooth]
KINKED = [name for name, a in ACTIVATIONS.items() if not a.smooth]
DROPPING = Regularisation((0.3, 0.6), 0.25)
NOISY = Regularisation(noise=(0.2, 0.5, 0.4))
EVERYTHING = Regularisation((0.3, 0.6), 0.25, (0.2, 0.5, 0.4), label_smoothing=0.1, l1=0.03)
OPTIONS = {
    "none": NONE,
    "smoothing": Regularisation(label_smoothing=0.2),
    "l1": Regularisation(l1=0.1),
    "dropout": DROPPING,
    "noise": NOISY,
    "everything": EVERYTHING,
}


def problem(activation="tanh", output="softmax", layer_norm=False, hidden=(5, 6), many=False):
    random = np.random.default_rng(0)
    network = Network.build(D, hidden, K, activation, output, layer_norm)
    theta = random.normal(scale=0.8, size=network.layout.n_weights)
    y = random.integers(0, 2, (M, K)) if many else np.arange(M) % K
    return network, theta, random.normal(size=(M, D)), y, random.random(M)


def draws_of(options, network, rows=None, seed=3, key=5):
    rows = np.arange(M) if rows is None else rows
    return Draws(options, len(network.activations), seed, key, rows) if options.draws else None


def cost_of(theta, network, X, y, weights, options):
    layers = network.layout.split(theta)
    work = Workspace(network, len(X), theta.dtype)
    work.A[0][:] = X
    data = block_cost(
        network, layers, work, y, weights, options.label_smoothing, draws_of(options, network)
    )
    return data + penalty(layers, 0.2, options.l1)


def gradient_of(theta, network, X, y, weights, options):
    out, split = np.empty_like(theta), network.layout.split
    work = Workspace(network, len(X), theta.dtype)
    work.A[0][:] = X
    drawn = draws_of(options, network)
    smoothing = options.label_smoothing
    block_gradient(network, split(theta), work, y, weights, split(out), smoothing, drawn)
    add_decay(split(out), split(theta), 0.2, options.l1)
    return out


def complex_step(f, theta):
    steps = 1e-30j * np.eye(len(theta))
    return np.array([f(theta + step).imag / 1e-30 for step in steps])


def differences(f, theta):
    return np.array([(f(theta + h) - f(theta - h)) / 2e-6 for h in 1e-6 * np.eye(len(theta))])


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("options", list(OPTIONS.values()), ids=list(OPTIONS))
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("activation", SMOOTH)
def test_gradient_is_that_of_a_complex_step(activation, output, options, layer_norm):
    network, theta, *rows = problem(activation, output, layer_norm)
    truth = complex_step(lambda t: cost_of(t, network, *rows, options), theta)
    found = gradient_of(theta, network, *rows, options)
    assert np.linalg.norm(found - truth) <= 1e-13 * np.linalg.norm(truth)


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("options", list(OPTIONS.values()), ids=list(OPTIONS))
@pytest.mark.parametrize("activation", KINKED)
def test_gradient_is_that_of_differences(activation, options, layer_norm):
    network, theta, *rows = problem(activation, layer_norm=layer_norm)
    truth = differences(lambda t: cost_of(t, network, *rows, options), theta)
    found = gradient_of(theta, network, *rows, options)
    assert np.linalg.norm(found - truth) <= 1e-7 * np.linalg.norm(truth)


@pytest.mark.parametrize("options", list(OPTIONS.values()), ids=list(OPTIONS))
def test_gradient_of_several_labels_a_row(options):
    network, theta, *rows = problem("gelu", "sigmoid", many=True)
    truth = complex_step(lambda t: cost_of(t, network, *rows, options), theta)
    found = gradient_of(theta, network, *rows, options)
    assert np.linalg.norm(found - truth) <= 1e-13 * np.linalg.norm(truth)


@pytest.mark.parametrize("hidden", [(), (1,), (1, 1)])
def test_gradient_of_the_smallest_networks(hidden):
    options = Regularisation.build(
        len(hidden), dropout=0.4, input_dropout=0.4, noise=0.3, label_smoothing=0.1
    )
    network, theta, *rows = problem("silu", layer_norm=True, hidden=hidden)
    truth = complex_step(lambda t: cost_of(t, network, *rows, options), theta)
    np.testing.assert_allclose(
        gradient_of(theta, network, *rows, options), truth, rtol=1e-12, atol=1e-15
    )


def test_a_weight_of_zero_has_no_l1_slope():
    network, theta, *_ = problem()
    theta[: D * 5] = 0
    out = np.zeros_like(theta)
    add_decay(network.layout.split(out), network.layout.split(theta), 0.0, 0.5)
    for (dW, db), (W, _) in zip(
        network.layout.split(out), network.layout.split(theta), strict=True
    ):
        assert set(dW[W != 0].tolist()) <= {0.5, -0.5} and (dW * W >= 0).all()
        assert not dW[W == 0].any() and not db.any()
    sizes = sum(abs(w) for W, _ in network.layout.split(theta) for w in W.ravel().tolist())
    assert penalty(network.layout.split(theta), 0.0, 0.5) == pytest.approx(0.5 * sizes, rel=1e-14)


# ---- PyTorch as the oracle -------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_softmax_costs_what_pytorch_says(smoothing):
    torch = pytest.importorskip("torch")
    network, _, _, y, weights = problem()
    Z = torch.tensor(np.random.default_rng(1).normal(size=(M, K)) * 4, requires_grad=True)
    each = torch.nn.functional.cross_entropy(
        Z, torch.tensor(y), label_smoothing=smoothing, reduction="none"
    )
    (each * torch.tensor(weights)).sum().backward()
    delta = np.empty((M, K))
    cost = network.output.cost(Z.detach().numpy(), y, weights, delta, smoothing)
    assert cost == pytest.approx(float(each.detach().numpy() @ weights), rel=1e-14)
    np.testing.assert_allclose(delta, Z.grad.numpy(), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("many", [False, True])
def test_sigmoids_cost_what_pytorch_says(smoothing, many):
    torch = pytest.importorskip("torch")
    network, _, _, y, weights = problem(output="sigmoid", many=many)
    targets = y if many else y[:, None] == np.arange(K)
    targets = torch.tensor(targets * (1 - smoothing) + smoothing / 2)
    Z = torch.tensor(np.random.default_rng(1).normal(size=(M, K)) * 4, requires_grad=True)
    each = torch.nn.BCEWithLogitsLoss(reduction="none")(Z, targets).sum(axis=1)
    (each * torch.tensor(weights)).sum().backward()
    delta = np.empty((M, K))
    cost = network.output.cost(Z.detach().numpy(), y, weights, delta, smoothing)
    assert cost == pytest.approx(float(each.detach().numpy() @ weights), rel=1e-14)
    np.testing.assert_allclose(delta, Z.grad.numpy(), rtol=1e-12, atol=1e-16)


def test_layer_normalisation_is_pytorchs():
    torch = pytest.importorskip("torch")
    network, theta, X, *_ = problem("tanh", layer_norm=True)
    work = Workspace(network, M, float)
    work.A[0][:] = X
    logits = forward(network, network.layout.split(theta), work)
    A, *rest = torch.tensor(X), *network.layout.split(theta)
    for W, b in rest[:-1]:
        norm = torch.nn.LayerNorm(W.shape[1], elementwise_affine=False, dtype=torch.float64)
        A = torch.tanh(norm(A @ torch.tensor(W)) + torch.tensor(b))
    W, b = rest[-1]
    np.testing.assert_allclose(logits, A.numpy() @ W + b, rtol=1e-12)


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_gauss_newton_product_through_layer_normalisation(activation, output):
    """JᵀHJ v, with J by complex steps and H by a complex step through delta."""
    network, theta, X, y, weights = problem(activation, output, layer_norm=True)
    split = network.layout.split

    def logits(t):
        work = Workspace(network, M, t.dtype)
        work.A[0][:] = X
        return forward(network, split(t), work).copy()

    J = np.array([logits(theta + s).imag / 1e-30 for s in 1e-30j * np.eye(len(theta))])
    v = np.random.default_rng(2).normal(size=len(theta))
    delta = np.empty((M, K), complex)
    network.output.cost(logits(theta) + 1e-30j * np.tensordot(v, J, 1), y, weights, delta)
    truth = np.tensordot(J, delta.imag / 1e-30, 2)
    found, work = np.empty_like(v), Workspace(network, M, float)
    work.A[0][:] = X
    block_curvature(network, split(theta), split(v), work, weights, split(found))
    assert np.linalg.norm(found - truth) <= 1e-12 * np.linalg.norm(truth)


# ---- what is drawn ---------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_units_are_dropped_at_their_rate_and_the_mean_stays(rate):
    options, A = Regularisation((0.0, rate)), np.ones((4000, 50))
    Draws(options, 2, 0, 0, np.arange(4000)).drop(2, A)
    assert set(np.unique(A).tolist()) == {0.0, 1 / (1 - rate)}
    error = np.sqrt(rate * (1 - rate))
    kept = A > 0
    assert abs(kept.mean() - (1 - rate)) < 5 * error / np.sqrt(A.size)
    assert np.abs(kept.mean(axis=0) - (1 - rate)).max() < 5 * error / np.sqrt(4000)
    assert np.abs(kept.mean(axis=1) - (1 - rate)).max() < 6 * error / np.sqrt(50)


def test_units_and_rows_are_dropped_by_themselves():
    """No unit, row, layer, key or seed follows another."""
    options, shape = Regularisation((0.5,), 0.5), (2000, 20)

    def mask(layer, seed=0, key=0):
        A = np.ones(shape)
        Draws(options, 1, seed, key, np.arange(2000)).drop(layer, A)
        return A / 2 - 0.5

    one = mask(1)
    for other in (mask(0), mask(1, key=1), mask(1, seed=1), np.roll(one, 1, 0), np.roll(one, 1, 1)):
        assert abs((one * other).mean()) < 5 * 0.25 / np.sqrt(one.size)


def test_noise_has_its_deviation():
    options, Z = Regularisation(noise=(0.0, 0.7)), np.zeros((4000, 50))
    Draws(options, 1, 0, 0, np.arange(4000)).add_noise(1, Z)
    assert abs(Z.mean()) < 5 * 0.7 / np.sqrt(Z.size)
    assert Z.std() == pytest.approx(0.7, abs=5 * 0.7 / np.sqrt(2 * Z.size))
    beyond = (np.abs(Z) > 1.4).mean()  # two deviations: 4.55 %
    assert beyond == pytest.approx(0.0455, abs=5 * np.sqrt(0.0455 / Z.size))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_keeps_its_draws_wherever_it_stands(dtype):
    options = Regularisation((0.4,), noise=(0.0, 0.7))
    order = np.random.default_rng(0).permutation(100)[:40]

    def drawn(rows):
        A = np.ones((len(rows), 30), dtype)
        draws = Draws(options, 1, 7, 8, rows)
        draws.add_noise(1, A)
        draws.drop(1, A)
        return A

    whole = drawn(np.arange(100))
    np.testing.assert_array_equal(drawn(order), whole[order])
    for row in range(5):
        np.testing.assert_array_equal(drawn(np.array([row]))[0], whole[row])


def test_linear_network_gives_the_clean_logits_on_average():
    """Dropped and noisy inputs through one linear layer: an unbiased estimate of the clean one."""
    options = Regularisation(input_dropout=0.3, noise=(0.5,))
    network, theta, X, *_ = problem(hidden=())
    work = Workspace(network, M, float)
    found = np.zeros((3000, M, K))
    for key in range(3000):
        work.A[0][:] = X
        found[key] = forward(
            network, network.layout.split(theta), work, draws_of(options, network, key=key)
        )
    W, b = network.layout.split(theta)[0]
    error = found.std(axis=0) / np.sqrt(3000)
    assert (np.abs(found.mean(axis=0) - (X @ W + b)) < 5 * error).all()


# ---- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"dropout": (1.0,)}, "dropout"),
        ({"dropout": (-0.1,)}, "dropout"),
        ({"dropout": 0.5}, "dropout"),
        ({"dropout": ("0.5",)}, "dropout"),
        ({"input_dropout": 1.0}, "input_dropout"),
        ({"noise": (-1.0,)}, "noise"),
        ({"noise": (np.inf,)}, "noise"),
        ({"label_smoothing": 1.1}, "label_smoothing"),
        ({"l1": -1}, "l1"),
        ({"l1": np.nan}, "l1"),
    ],
)
def test_values_out_of_range_are_refused_by_name(given, name):
    with pytest.raises(ParameterError, match=f"'{name}' parameter"):
        Regularisation(**given)


def test_values_must_fit_the_layers():
    with pytest.raises(ParameterError, match=r"each of the 2 hidden layers\. Got 1"):
        Regularisation((0.5,)).check(2)
    with pytest.raises(ParameterError, match=r"each of the 3 inputs and hidden layers\. Got 2"):
        Regularisation.build(2, noise=(0.1, 0.1))
    with pytest.raises(ParameterError, match="fewer than 64 hidden layers"):
        Regularisation.build(64, dropout=0.5)


def test_one_number_stands_for_all_layers():
    built = Regularisation.build(2, dropout=0.5, noise=0.1)
    assert built == Regularisation((0.5, 0.5), noise=(0.1, 0.1, 0.1))
    assert Regularisation.build(3) == NONE and not NONE.draws


@pytest.mark.parametrize("layer_norm", [1, "yes", None])
def test_layer_norm_is_a_flag(layer_norm):
    with pytest.raises(ParameterError, match="'layer_norm' parameter"):
        Network.build(2, (3,), 2, layer_norm=layer_norm)
