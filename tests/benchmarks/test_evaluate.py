"""One evaluation: everyone finds the same cost, and the limit is that of the products."""

import numpy as np
import pytest
from benchmarks.race import Lap, Runner

from benchmarks import evaluate

TINY = evaluate.Settings(
    problems=(evaluate.Problem((6, 5, 4), 40, rounds=2),), sizes=(16, 32), seconds=0.001
)
ASKED = {"widths": [6, 5, 4, 3], "m": 40, "activation": "tanh", "threads": 1}


@pytest.fixture(scope="module")
def cost():
    return evaluate.ours_evaluation(**ASKED)()


def test_sklearn_finds_our_cost(cost):
    for dtype, accuracy in (("float32", 1e-5), ("float64", 1e-6)):
        theirs = evaluate.sklearn_evaluation(**ASKED, dtype=dtype)()
        assert theirs == pytest.approx(cost, rel=accuracy)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("peer", ["torch", "jax"])
def test_a_peer_finds_our_cost(peer, activation):
    pytest.importorskip(peer)
    asked = ASKED | {"activation": activation}
    work = getattr(evaluate, f"{peer}_evaluation")(**asked)
    assert float(work()) == pytest.approx(evaluate.ours_evaluation(**asked)(), rel=1e-5)


def test_the_cost_is_that_of_the_formula(cost):
    network, theta = evaluate._start(ASKED["widths"], "tanh")
    A, y = evaluate._rows(40, 6, 3)
    *hidden, (W, b) = network.layout.split(theta)
    for weights, biases in hidden:
        A = np.tanh(A @ weights + biases)
    Z = A @ W + b
    chosen = np.exp(Z[np.arange(40), y]) / np.exp(Z).sum(axis=1)
    assert cost == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


def test_operations_by_hand():
    assert evaluate.Problem((64, 8, 10), 1077).operations == 1077 * (4 * 512 + 6 * 80)


def test_the_products_run_at_any_depth():
    assert evaluate.bare_products(**ASKED)() is None
    assert evaluate.square_products(size=8, cores=2, threads=1)() is None


def test_the_stored_file_is_complete(without_torch, monkeypatch, stored):
    everyone, limits = evaluate.entrants(), evaluate._limits(TINY.sizes)
    chosen = [e for e in everyone if e.name in ("layerlab", "PyTorch") and e.cores == 1]
    monkeypatch.setattr(evaluate, "entrants", lambda: chosen)
    monkeypatch.setattr(evaluate, "_limits", lambda _sizes: limits[:1])
    result = evaluate.run(TINY)
    content = stored(result)
    ours, torch = content["summary"]
    assert [len(entry["laps"]) for entry in content["runs"]] == [2, 0, 2]
    assert torch["missing"] == "torch is not installed"
    assert torch["missing"] in result.table
    assert ours["limits"]["NumPy"] / ours["median"] == pytest.approx(ours["shares"]["NumPy"])
    assert set(content["environment"]) >= {"OMP_NUM_THREADS", "LAYERLAB_KERNEL"}
    assert content["versions"]["layerlab --version"]


def test_the_rate_is_the_best_of_all_sizes():
    entrants = [e for e in evaluate._limits((10, 20)) if e.by == "NumPy"]
    seconds = iter((1.0, 1.0, 4.0, 16.0))
    laps = [Runner(e, None, None, [Lap(next(seconds), 1, None)]) for e in entrants]
    assert evaluate._rates(laps) == {
        ("NumPy", 1): 2 * 20**3 / 1.0,
        ("NumPy", 2): 2 * 2 * 20**3 / 16.0,
    }


def test_two_cores_are_compared_with_one():
    one, two = (
        Runner(entrant, None, None, [Lap(seconds, 1, None)])
        for entrant, seconds in zip(evaluate.entrants(), (0.003, 0.002), strict=False)
    )
    line = evaluate._lines(TINY.problems[0], [one, two], [])[1]
    assert line["over_one_core"] == pytest.approx(1.5)
    assert line["shares"] == {}
