"""What all minimisers by mini-batches owe: the order of rows, averages, clipping, how they end."""

import numpy as np
import pytest

from layerlab.engine import RowObjective
from layerlab.errors import ParameterError
from layerlab.network import Network, start_weights
from layerlab.solvers import SGD, Adam, AdamW, Muon, Status, Stopping

PLAIN = {"momentum": 0.0, "nesterov": False}
EACH = [
    SGD(0.05, batch_size=16, schedule="cosine"),
    Adam(0.01, batch_size=16, average=0.9),
    AdamW(0.01, batch_size=16, clip_norm=0.1),
    Muon(0.01, batch_size=16, schedule="one-cycle"),
]

each = pytest.mark.parametrize("solver", EACH, ids=lambda solver: type(solver).__name__)


def orders(problem, batch_size, n_epochs=3):
    """Return the row numbers of each epoch, in the order in which they were asked for."""
    solver = SGD(0.01, batch_size=batch_size)
    solver.minimize(problem, np.zeros(3), stopping=Stopping(n_epochs))
    return np.concatenate(problem.batches).reshape(n_epochs, problem.n_rows).tolist()


# Rows and their order


@pytest.mark.parametrize("batch_size", [1, 7, 25, 50, 64])
def test_every_row_once_an_epoch(batch_size, least_squares):
    problem = least_squares(50)
    for order in orders(problem, batch_size):
        assert sorted(order) == list(range(50))
    sizes = [len(rows) for rows in problem.batches[: -(-50 // min(batch_size, 50))]]
    assert set(sizes[:-1]) <= {batch_size}
    assert 1 <= sizes[-1] <= batch_size


def test_the_order_is_of_seed_and_epoch_alone(least_squares):
    first = orders(least_squares(seed=1), 7)
    assert first == orders(least_squares(seed=1), 50)
    assert first[0] != first[1]
    assert orders(least_squares(seed=2), 7)[0] not in first


def test_an_epoch_has_its_own_key(least_squares):
    problem = least_squares(50)
    SGD(0.01, batch_size=20).minimize(problem, np.zeros(3), stopping=Stopping(3))
    assert [key for _, _, key in problem.calls] == [0] * 3 + [1] * 3 + [2] * 3 + [None]
    assert len(problem.calls[-1][1]) == len(problem.calls[0][1])  # some rows, at the end


@each
def test_the_same_bits_for_any_number_of_threads(solver, monkeypatch):
    for path in ("compiled", "numpy_sums"):
        monkeypatch.setattr(f"layerlab.engine.{path}.THREAD_WORTH", 0)
    random = np.random.default_rng(0)
    X, y = random.normal(size=(700, 6)), random.integers(3, size=700)
    network = Network.build(6, (8, 7), 3)
    start, solver = start_weights(network, seed=0), type(solver)(batch_size=300)
    ends = []
    for n_threads in (1, 2, 3, 8):
        with RowObjective(network, X, y, n_threads=n_threads) as objective:
            ends.append(solver.minimize(objective, start, stopping=Stopping(3)).theta)
    assert (ends[0] != start).all()
    for end in ends[1:]:
        np.testing.assert_array_equal(end, ends[0])


# Averages and clipping


def test_the_average_by_hand(least_squares, shelf):
    """a ← d a + (1 - d) theta, d the smaller of the decay and (1 + k) / (10 + k)."""
    keeper, start = shelf(), np.ones(3)
    solver = Adam(0.1, batch_size=10, average=0.3)
    solution = solver.minimize(least_squares(50), start, stopping=Stopping(2), keeper=keeper)
    expected, decays = start, [2 / 11, 3 / 12, *[0.3] * 8]  # 4 / 13 is above 0.3
    for decay, kept in zip(decays, keeper.kept, strict=True):
        expected = decay * expected + (1 - decay) * kept["theta"]
        np.testing.assert_allclose(kept["average"], expected, rtol=1e-12)
    np.testing.assert_array_equal(solution.theta, keeper.kept[-1]["average"])
    assert not np.array_equal(solution.theta, keeper.kept[-1]["theta"])


def test_an_average_leaves_the_path_as_it_was(least_squares, shelf):
    paths = []
    for average in (None, 0.99):
        keeper = shelf()
        Adam(0.1, average=average).minimize(
            least_squares(), np.ones(3), stopping=Stopping(5), keeper=keeper
        )
        paths.append([kept["theta"] for kept in keeper.kept])
    np.testing.assert_array_equal(*paths)


@pytest.mark.parametrize("clip_norm", [0.05, 0.5, 100.0])
def test_clipping_as_pytorch_clips(twin, clip_norm):
    """0.05 shortens all of them, 0.5 some, 100 none."""
    torch, found = twin.torch, []

    def clip(parameters):
        found.append(float(torch.nn.utils.clip_grad_norm_(parameters, clip_norm)))

    def optimisers(weights, biases):
        return [torch.optim.SGD([*weights, *biases], lr=0.2)]

    solver = SGD(0.2, **PLAIN, batch_size=32, clip_norm=clip_norm)
    twin.agree(solver, optimisers, before_step=clip)
    shortened = np.mean(np.array(found) > clip_norm)
    assert {0.05: shortened == 1, 0.5: 0 < shortened < 1, 100.0: shortened == 0}[clip_norm]


def test_clipping_does_not_write_into_the_objective_s_array(least_squares):
    fixed = np.array([3.0, 4.0, 0.0])
    fixed.flags.writeable = False
    problem = least_squares(8)
    problem.evaluate = lambda *_: (1.0, fixed)
    solver = SGD(1.0, **PLAIN, clip_norm=0.5)
    theta = solver.minimize(problem, np.zeros(3), stopping=Stopping(1)).theta
    np.testing.assert_allclose(theta, [-0.3, -0.4, 0.0], rtol=1e-6)


# How runs end, and what they tell


@each
def test_all_epochs(solver, least_squares):
    problem = least_squares(50)
    solution = solver.minimize(problem, np.zeros(3), stopping=Stopping(4))
    assert solution.status is Status.EPOCHS
    assert not solution.status.converged
    assert solution.stats.n_iter == 4
    assert solution.stats.evaluations == len(problem.calls) == 4 * 4 + 1
    assert solution.cost == solution.stats.history.cost[-1]
    _, gradient = problem.evaluate(solution.theta, problem.calls[-1][1])
    np.testing.assert_array_equal(solution.gradient, gradient)


def test_least_squares_are_found(least_squares):
    problem = least_squares(200)
    expected = np.linalg.lstsq(problem.X, problem.y)[0]
    for solver in (SGD(0.05), Adam(0.05), Muon(0.05)):
        solver.set_params(schedule="cosine", batch_size=50)
        theta = solver.minimize(problem, np.zeros(3), stopping=Stopping(150)).theta
        np.testing.assert_allclose(theta, expected, atol=2e-3)


def test_history_is_the_mean_of_an_epoch_s_costs(least_squares):
    problem = least_squares(50)
    solver = SGD(0.1, batch_size=20)
    history = solver.minimize(problem, np.ones(3), stopping=Stopping(2)).stats.history
    costs = [problem.evaluate(theta, rows)[0] for theta, rows, _ in problem.calls[:6]]
    means = [np.dot(costs[i : i + 3], [20, 20, 10]) / 50 for i in (0, 3)]
    assert history.cost == pytest.approx([costs[0], *means], rel=1e-14)
    assert history.passes == [0, 1, 2]
    assert history.seconds == sorted(history.seconds)
    assert len(history.gradient_norm) == 3


def test_no_epoch_at_all(least_squares):
    problem = least_squares()
    solution = SGD().minimize(problem, np.ones(3), stopping=Stopping(0))
    assert (solution.status, len(problem.calls)) == (Status.EPOCHS, 1)
    np.testing.assert_array_equal(solution.theta, np.ones(3))


def test_the_callback_contract(least_squares):
    told = []

    def callback(iteration):
        assert not iteration.theta.flags.writeable
        told.append((iteration.n_iter, iteration.evaluations, iteration.cost))
        return iteration.n_iter == 2

    solution = SGD(0.1, batch_size=20).minimize(
        least_squares(50), np.zeros(3), stopping=Stopping(9), callback=callback
    )
    assert solution.status is Status.CALLBACK
    assert [(n, evaluations) for n, evaluations, _ in told] == [(1, 3), (2, 6)]
    assert solution.stats.history.cost[1:] == [cost for _, _, cost in told]


def test_the_callback_sees_the_average(least_squares):
    seen = []
    solution = Adam(0.1, average=0.9).minimize(
        least_squares(),
        np.zeros(3),
        stopping=Stopping(3),
        callback=lambda iteration: seen.append(iteration.theta.copy()),
    )
    np.testing.assert_array_equal(seen[-1], solution.theta)


def test_a_keeper_stops_within_an_epoch(least_squares, shelf):
    keeper = shelf(stop_at=4)
    solution = SGD(0.1, batch_size=20).minimize(least_squares(50), np.zeros(3), keeper=keeper)
    assert solution.status is Status.CALLBACK
    assert (solution.stats.n_iter, keeper.kept[-1]["position"]) == (1, 20)
    np.testing.assert_array_equal(solution.theta, keeper.kept[-1]["theta"])


@pytest.mark.parametrize("at", [1, 2, 5])
def test_ctrl_c_keeps_what_was_reached(at, least_squares):
    problem = least_squares(50, interrupt_at=at)
    solution = SGD(0.1, batch_size=20).minimize(problem, np.ones(3))
    assert solution.status is Status.INTERRUPTED
    np.testing.assert_array_equal(solution.theta, problem.calls[at - 1][0])
    assert np.isfinite(solution.cost)


@pytest.mark.parametrize("solver", [SGD(1e200), AdamW(1e200), Muon(1e200), SGD(30.0, **PLAIN)])
@pytest.mark.parametrize("batch_size", [10, 64])
@pytest.mark.parametrize("max_iter", [1, 2, 400])
def test_a_huge_rate_leaves_what_was_finite(solver, batch_size, max_iter, least_squares):
    solver = type(solver)(**{**solver.get_params(), "batch_size": batch_size})
    problem = least_squares(50)
    solution = solver.minimize(problem, np.ones(3), stopping=Stopping(max_iter))
    assert np.isfinite(solution.theta).all()
    assert np.isfinite(solution.cost)
    assert np.isfinite(solution.gradient).all()
    if solver.learning_rate == 1e200 and max_iter > 1:
        assert solution.status is Status.DIVERGED
        np.testing.assert_array_equal(solution.theta, np.ones(3))
    if max_iter == 400:
        assert solution.status is Status.DIVERGED


def test_diverging_in_the_last_step_is_noticed(least_squares):
    solution = SGD(1e200, **PLAIN).minimize(least_squares(), np.ones(3), stopping=Stopping(1))
    assert solution.status is Status.DIVERGED
    np.testing.assert_array_equal(solution.theta, np.ones(3))


def test_a_theta_that_is_not_finite_is_noticed_whatever_the_cost(least_squares):
    """A network may turn NaN into a cost: what is greater of it and zero may be zero."""
    problem = least_squares()
    problem.evaluate = lambda _, rows=None, *__: (1.0, np.full(3, 0.0 if rows is None else np.nan))
    solution = SGD().minimize(problem, np.ones(3), stopping=Stopping(1))
    assert solution.status is Status.DIVERGED
    np.testing.assert_array_equal(solution.theta, np.ones(3))


def test_what_diverges_later_falls_back_by_an_epoch(least_squares):
    """Costs are finite for two epochs; theta is where the second began."""
    problem = least_squares(50)
    evaluate = problem.evaluate

    def failing(theta, rows=None, key=None):
        cost, gradient = evaluate(theta, rows, key)
        if rows is not None and key == 2:
            return np.nan, gradient
        return cost, gradient

    problem.evaluate = failing
    solution = SGD(0.1, batch_size=25).minimize(problem, np.ones(3), stopping=Stopping(9))
    assert solution.status is Status.DIVERGED
    starts = [theta for theta, rows, key in problem.calls if key == 1]
    np.testing.assert_array_equal(solution.theta, starts[0])
    assert solution.stats.n_iter == 2
    assert solution.stats.evaluations == len(problem.calls)


def test_a_start_that_is_not_finite_says_so(least_squares):
    problem = least_squares()
    problem.X[:] = np.nan
    solution = SGD().minimize(problem, np.ones(3))
    assert (solution.status, solution.stats.n_iter) == (Status.NON_FINITE, 0)
    np.testing.assert_array_equal(solution.theta, np.ones(3))


# What it is given, and going on


@each
def test_the_start_is_not_modified(solver, least_squares):
    start = np.ones(3, np.float32)
    start.flags.writeable = False
    solution = solver.minimize(least_squares(), start, stopping=Stopping(2))
    assert solution.theta.dtype == np.float64
    assert not np.shares_memory(solution.theta, start)


@each
def test_going_on_from_any_step_gives_the_same_bits(solver, twin, shelf):
    options = {"stopping": Stopping(2)}
    whole = shelf()
    expected = solver.minimize(twin.objective, twin.start, keeper=whole, **options)
    assert len(whole.kept) == 2 * 19
    for kept in (whole.kept[0], whole.kept[10], whole.kept[18], whole.kept[-1]):
        for _ in range(2):  # what was kept is not changed by going on from it
            again = solver.minimize(twin.objective, twin.start, keeper=shelf(kept), **options)
            np.testing.assert_array_equal(again.theta, expected.theta)
            assert again.stats.history.cost == expected.stats.history.cost
            assert again.stats.n_iter == 2


@each
def test_an_objective_that_is_no_mean_over_rows_is_refused(solver, counting, quadratic):
    name = type(solver).__name__
    with pytest.raises(ParameterError, match=f"{name} needs an objective that is a mean over rows"):
        solver.minimize(counting(quadratic(3)), np.zeros(3))


@each
@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("learning_rate", 0, r"a number in the range \(0, inf\)"),
        ("learning_rate", "fast", r"a number in the range \(0, inf\)"),
        ("batch_size", 0, "an integer from 1 upwards"),
        ("batch_size", 2.5, "an integer from 1 upwards"),
        ("clip_norm", 0.0, r"a number in the range \(0, inf\)"),
        ("average", 1.0, r"a number in the range \[0, 1\)"),
    ],
)
def test_options_are_checked(solver, name, value, allowed, least_squares):
    solver = type(solver)(**{name: value})
    with pytest.raises(ParameterError, match=f"'{name}' parameter must be {allowed}"):
        solver.minimize(least_squares(), np.zeros(3))
