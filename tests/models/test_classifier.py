"""The estimator in a user's hands: scikit-learn's tools, labels, weights, dtypes, attributes."""

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from layerlab.errors import ParameterError
from layerlab.models import FeedforwardClassifier
from layerlab.network import feedforward, fit_input_map
from layerlab.solvers import LBFGS, SGD, SOLVERS, Adam, AdamW, Muon, NonlinearCG, Status

IRIS, SPECIES = load_iris(return_X_y=True)
DIGITS, LABELS = load_digits(return_X_y=True)

short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**options):
    return FeedforwardClassifier(**{"hidden_layer_sizes": (6,), "random_state": 0, **options})


def test_learns_digits():
    model = FeedforwardClassifier(random_state=0).fit(DIGITS[:1200], LABELS[:1200])
    assert model.score(DIGITS[:1200], LABELS[:1200]) == 1
    assert model.score(DIGITS[1200:], LABELS[1200:]) > 0.92


BY_BATCHES = {
    "sgd": SGD(learning_rate=0.1, batch_size=16),
    "adam": Adam(learning_rate=0.02, batch_size=16),
    "adamw": AdamW(learning_rate=0.02, batch_size=16),
    "muon": Muon(learning_rate=0.02, batch_size=16),
}


@pytest.mark.parametrize("solver", BY_BATCHES)
def test_every_solver_by_batches_learns(solver):
    model = small(solver=BY_BATCHES[solver], alpha=0.1).fit(IRIS, SPECIES)
    assert model.score(IRIS, SPECIES) > 0.96
    assert model.solution_.status is Status.EPOCHS
    assert model.n_iter_ == 100 == len(model.loss_curve_)


@pytest.mark.parametrize("solver", sorted(SOLVERS.keys() - BY_BATCHES.keys()))
def test_every_solver_learns(solver):
    model = small(solver=solver, alpha=0.1).fit(IRIS, SPECIES)
    assert model.score(IRIS, SPECIES) > 0.97
    assert model.solution_.status.converged


@pytest.mark.parametrize("hidden", [(), (5,), (6, 5), (6, 5, 4)])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_what_a_fit_leaves_behind(hidden, output):
    model = small(hidden_layer_sizes=hidden, output=output, max_iter=5000).fit(IRIS, SPECIES)
    widths = (4, *hidden, 3)
    assert [W.shape for W in model.coefs_] == list(pairwise(widths))
    assert [b.shape for b in model.intercepts_] == [(n,) for n in widths[1:]]
    assert all(np.shares_memory(W, model.theta_) for W in model.coefs_)
    assert model.n_layers_ == len(widths) and model.n_outputs_ == 3
    assert model.n_features_in_ == 4 and model.classes_.tolist() == [0, 1, 2]
    assert model.out_activation_ == {"softmax": "softmax", "sigmoid": "logistic"}[output]
    assert model.loss_ == model.best_loss_ == min(model.loss_curve_)
    assert model.n_iter_ == len(model.loss_curve_)
    assert model.validation_loss_curve_ == model.validation_scores_ == []


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_predictions_belong_together(output):
    model = small(output=output).fit(IRIS, SPECIES)
    p = model.predict_proba(IRIS)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.log(p), model.predict_log_proba(IRIS), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(model.predict(IRIS), p.argmax(axis=1))
    np.testing.assert_array_equal(model.decision_function(IRIS).argmax(axis=1), p.argmax(axis=1))


def test_loss_and_activations_are_those_of_the_plain_functions():
    """On inputs mapped by hand: the whole path from rows to cost, worked a second way."""
    weights = np.random.default_rng(0).integers(1, 4, 150) * 1.0
    model = small(hidden_layer_sizes=(6, 5), alpha=0.5, activation=["tanh", "relu"])
    model.fit(IRIS, SPECIES, weights)
    mapped = (IRIS - model.input_map_.shift) * model.input_map_.scale
    expected = feedforward(
        model.theta_, (6, 5), 3, mapped, SPECIES, 0.5, ["tanh", "relu"], "softmax", weights
    )
    assert model.loss_ == pytest.approx(expected.cost, rel=1e-12)
    layers = model.activations(IRIS)
    assert [A.shape[1] for A in layers] == [4, 6, 5, 3]
    for layer, A in zip(layers, expected.activations, strict=True):
        np.testing.assert_allclose(layer, A, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(model.predict_proba(IRIS), expected.probabilities, rtol=1e-11)


def test_two_classes():
    model = small(alpha=0.1).fit(IRIS[50:], SPECIES[50:])
    decision = model.decision_function(IRIS)
    assert decision.shape == (150,)
    np.testing.assert_array_equal(model.classes_[(decision > 0).astype(int)], model.predict(IRIS))
    p = model.predict_proba(IRIS)
    np.testing.assert_allclose(np.log(p[:, 1] / p[:, 0]), decision, rtol=1e-9)


@pytest.mark.parametrize(
    "names",
    [
        np.array(["setosa", "versicolor", "virginica"]),
        np.array(["setosa", "versicolor", "virginica"], object),
        np.array([7, -3, 40]),
        np.array([0.0, 1.0, 2.0]),
    ],
)
def test_labels_of_any_type_come_back(names):
    y = names[SPECIES]
    model = small().fit(IRIS, y)
    assert model.predict(IRIS).dtype == y.dtype
    assert set(model.predict(IRIS)) <= set(names.tolist())
    assert model.classes_.tolist() == sorted(names.tolist())
    assert model.score(IRIS, y) > 0.97


@short
def test_pipeline_grid_search_and_clone():
    """A solver's options and the layers are searched together."""
    pipeline = make_pipeline(StandardScaler(), small(solver=NonlinearCG(), max_iter=15))
    grid = {
        "feedforwardclassifier__solver__beta": ["fletcher_reeves", "hager_zhang"],
        "feedforwardclassifier__hidden_layer_sizes": [(), (4,)],
    }
    search = GridSearchCV(pipeline, grid, cv=3).fit(IRIS, SPECIES)
    assert search.best_score_ > 0.9
    best = search.best_estimator_[-1]
    assert best.solver.beta == search.best_params_["feedforwardclassifier__solver__beta"]
    copy = clone(best)
    assert copy.solver is not best.solver and copy.get_params()["solver__beta"] == best.solver.beta
    assert not hasattr(copy, "theta_")


@short
@pytest.mark.slow  # starting the workers takes seconds
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_folds_in_parallel_give_the_scores_of_folds_in_sequence():
    scores = [cross_val_score(small(max_iter=20), IRIS, SPECIES, cv=3, n_jobs=n) for n in (1, 2)]
    np.testing.assert_array_equal(*scores)


def test_a_solver_object_is_not_changed():
    solver = LBFGS(memory=3)
    before = vars(solver).copy()
    small(solver=solver).fit(IRIS, SPECIES)
    assert vars(solver) == before


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_in(frame):
    names = ["sepal l", "sepal w", "petal l", "petal w"]
    columns = frame({name: IRIS[:, i] for i, name in enumerate(names)})
    model = small().fit(columns, SPECIES)
    assert model.feature_names_in_.tolist() == names
    np.testing.assert_array_equal(model.theta_, small().fit(IRIS, SPECIES).theta_)
    np.testing.assert_array_equal(model.predict(columns), small().fit(IRIS, SPECIES).predict(IRIS))
    turned = columns[names[::-1]]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(turned)


@pytest.mark.parametrize("series", [pd.Series, pl.Series, list])
def test_labels_of_a_series(series):
    y = np.array(["a", "b", "c"])[SPECIES].tolist()
    model = small().fit(IRIS, series(y))
    assert set(model.predict(IRIS)) == {"a", "b", "c"}


@short
@pytest.mark.parametrize("kind", [np.uint8, ">i4", float, str])
def test_labels_of_any_kind_of_array_are_learnt_alike(kind):
    model, other = small(max_iter=5), small(max_iter=5)
    model.fit(IRIS, SPECIES)
    other.fit(IRIS, SPECIES.astype(kind))
    np.testing.assert_array_equal(other.theta_, model.theta_)
    assert other.predict(IRIS).tolist() == model.predict(IRIS).astype(kind).tolist()


@pytest.mark.parametrize("hidden", [(), (6,)])
def test_sample_weights_are_repeated_rows(hidden):
    """The costs are the same function: after the same few steps the same weights."""
    counts = np.random.default_rng(1).integers(0, 4, 150)
    options = {"hidden_layer_sizes": hidden, "alpha": 0.5, "tol": 1e-8}
    weighted = small(**options).fit(IRIS, SPECIES, counts)
    repeated = small(**options).fit(IRIS.repeat(counts, axis=0), SPECIES.repeat(counts))
    assert weighted.loss_ == pytest.approx(repeated.loss_, rel=1e-9)
    np.testing.assert_allclose(
        weighted.predict_proba(IRIS), repeated.predict_proba(IRIS), atol=1e-6
    )


def test_a_row_of_weight_zero_is_absent():
    """Even one that would be a class of its own, or spoil the scale of the inputs."""
    X = np.vstack([IRIS, np.full((1, 4), 1e6)])
    y, weights = np.append(SPECIES, 9), np.append(np.ones(150), 0.0)
    model, without = small().fit(X, y, weights), small().fit(IRIS, SPECIES, np.ones(150))
    assert model.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(model.theta_, without.theta_)


def test_class_weights_are_sample_weights():
    by_class = small(class_weight={0: 1.0, 1: 2.0, 2: 5.0}).fit(IRIS, SPECIES)
    by_row = small().fit(IRIS, SPECIES, np.array([1.0, 2.0, 5.0])[SPECIES])
    np.testing.assert_array_equal(by_class.theta_, by_row.theta_)
    few = np.r_[0:50, 50:60, 100:130]
    balanced = small(class_weight="balanced", alpha=0.1).fit(IRIS[few], SPECIES[few])
    weights = np.array([30 / 50, 30 / 10, 30 / 30])[SPECIES[few]]  # m / (K · rows of the class)
    np.testing.assert_allclose(
        balanced.loss_, small(alpha=0.1).fit(IRIS[few], SPECIES[few], weights).loss_, rtol=1e-9
    )


def test_class_weights_multiply_sample_weights():
    rows = np.random.default_rng(2).integers(0, 4, 150) * 1.0
    both = small(class_weight={0: 1.0, 1: 2.0, 2: 5.0}).fit(IRIS, SPECIES, rows)
    product = small().fit(IRIS, SPECIES, rows * np.array([1.0, 2.0, 5.0])[SPECIES])
    np.testing.assert_array_equal(both.theta_, product.theta_)


@short
def test_warm_start_goes_on_where_the_last_fit_ended():
    first = small(max_iter=5, warm_start=True).fit(IRIS, SPECIES)
    before = first.loss_
    first.fit(IRIS, SPECIES)
    assert first.loss_curve_[0] < before
    anew = small(max_iter=5).fit(IRIS, SPECIES).fit(IRIS, SPECIES)
    assert anew.loss_ == before
    with pytest.raises(ParameterError, match="warm_start needs the layers and classes of the last"):
        first.set_params(hidden_layer_sizes=(3,)).fit(IRIS, SPECIES)
    with pytest.raises(ParameterError, match="Set warm_start=False"):
        first.set_params(hidden_layer_sizes=(6,)).fit(IRIS, SPECIES + 1)


@short
def test_given_weights_are_the_start():
    theta = np.linspace(-1, 1, 5 * 6 + 7 * 3)
    seen = []
    kept = theta.copy()
    small(init=theta, max_iter=1, tol=0, callback=lambda it: seen.append(it)).fit(IRIS, SPECIES)
    np.testing.assert_array_equal(theta, kept)
    from_one_step = small(init=theta, max_iter=1).fit(IRIS, SPECIES)
    assert from_one_step.loss_ == seen[0].cost


def test_validation_rows_are_watched_and_nothing_is_learnt_from_them():
    train, val = np.arange(0, 150, 2), np.arange(1, 150, 2)
    X_val, y_val = IRIS[val], SPECIES[val]
    model = small(alpha=0.3).fit(IRIS[train], SPECIES[train], X_val=X_val, y_val=y_val)
    alone = small(alpha=0.3).fit(IRIS[train], SPECIES[train])
    np.testing.assert_array_equal(model.theta_, alone.theta_)
    assert len(model.validation_scores_) == len(model.validation_loss_curve_) == model.n_iter_
    assert model.validation_scores_[-1] == pytest.approx(model.score(X_val, y_val))
    log_p = model.predict_log_proba(X_val)[np.arange(75), y_val]
    assert model.validation_loss_curve_[-1] == pytest.approx(-log_p.mean(), rel=1e-9)
    weights = np.arange(75.0)
    model.fit(IRIS[train], SPECIES[train], X_val=X_val, y_val=y_val, sample_weight_val=weights)
    weighted = -np.average(log_p, weights=weights)
    assert model.validation_loss_curve_[-1] == pytest.approx(weighted, rel=1e-9)
    assert model.validation_scores_[-1] == pytest.approx(model.score(X_val, y_val, weights))


def test_dtype_follows_the_rows_and_can_be_set():
    X32 = IRIS.astype(np.float32)
    found = {}
    for name, X, dtype in [
        ("double", IRIS, None),
        ("single", X32, None),
        ("integers", (IRIS * 10).astype(np.uint8), None),
        ("single of double", IRIS, "float32"),
        ("double of single", X32, "float64"),
    ]:
        model = small(dtype=dtype, alpha=0.5).fit(X, SPECIES)
        assert model.predict_proba(X).dtype == model.theta_.dtype == model.coefs_[0].dtype
        assert isinstance(model.loss_, float)
        found[name] = (model.theta_.dtype, model.loss_)
    assert [str(dtype) for dtype, _ in found.values()] == [
        "float64",
        "float32",
        "float64",
        "float32",
        "float64",
    ]
    assert found["single"][1] == pytest.approx(found["double"][1], rel=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_bits_for_any_number_of_threads(dtype, monkeypatch):
    for path in ("compiled", "numpy_sums"):
        monkeypatch.setattr(f"layerlab.engine.{path}.THREAD_WORTH", 0)
    thetas = {
        small(dtype=dtype, n_threads=n, hidden_layer_sizes=(8, 8))
        .fit(DIGITS[:300], LABELS[:300])
        .theta_.tobytes()
        for n in (1, 2, 3, 8)
    }
    assert len(thetas) == 1


def test_random_state():
    same = [small(random_state=s).fit(IRIS, SPECIES).theta_.tobytes() for s in (0, 0, 1)]
    assert same[0] == same[1] != same[2]
    state = np.random.RandomState(0)
    first, second = (small(random_state=state).fit(IRIS, SPECIES).theta_ for _ in range(2))
    assert not np.array_equal(first, second)


def test_pickle():
    model = small().fit(IRIS, SPECIES)
    back = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(back.predict_proba(IRIS), model.predict_proba(IRIS))
    assert back.solution_.status is model.solution_.status
    assert all(np.shares_memory(W, back.theta_) for W in back.coefs_)


def test_callback_and_verbose(capsys):
    costs = []
    model = small(callback=lambda it: costs.append(it.cost) or len(costs) == 3, verbose=True)
    model.fit(IRIS, SPECIES)
    assert model.loss_curve_ == costs and len(costs) == 3
    assert capsys.readouterr().out.count("Iteration") == 3


def test_reaching_max_iter_is_said_with_a_remedy():
    with pytest.warns(ConvergenceWarning, match="Raise max_iter"):
        small(max_iter=2, scaling=None).fit(IRIS, SPECIES)


def test_not_fitted():
    for method in ("predict", "predict_proba", "activations", "decision_function"):
        with pytest.raises(NotFittedError):
            getattr(small(), method)(IRIS)


SETS = {
    "iris": (IRIS, SPECIES),
    "wine": load_wine(return_X_y=True),
    "breast cancer": load_breast_cancer(return_X_y=True),
    "digits": (DIGITS[:600], LABELS[:600]),
    "moons": make_moons(200, noise=0.2, random_state=0),
}
OTHER_NETWORKS = [((64,), "relu"), ((64,), "logistic"), ((32, 32), "tanh")]


@short  # MLPClassifier stops at 200 iterations
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("hidden", "activation"),
    [
        ((), "tanh"),
        ((64,), "tanh"),
        *(pytest.param(*network, marks=pytest.mark.slow) for network in OTHER_NETWORKS),
    ],
)
def test_loss_is_no_higher_than_scikit_learns(name, hidden, activation):
    """The arguments both share, stopping at its default, and the same inputs.

    Rows are mapped beforehand: the penalty weighs more on inputs of a smaller
    range, so that losses on other inputs are values of another function.
    """
    X, y = SETS[name]
    input_map = fit_input_map(X)
    X = (X - input_map.shift) * input_map.scale
    for seed in (0, 1):
        shared = {"hidden_layer_sizes": hidden, "random_state": seed}
        theirs = MLPClassifier(activation=activation, solver="lbfgs", **shared).fit(X, y)
        own_name = "sigmoid" if activation == "logistic" else activation
        ours = FeedforwardClassifier(activation=own_name, scaling=None, **shared).fit(X, y)
        assert ours.loss_ <= theirs.loss_


def test_a_row_of_weight_zero_is_absent_also_where_classes_are_balanced():
    weights = np.ones(len(IRIS))
    weights[:30] = 0
    zero = small(class_weight="balanced").fit(IRIS, SPECIES, weights)
    without = small(class_weight="balanced").fit(IRIS[30:], SPECIES[30:])
    np.testing.assert_array_equal(zero.theta_, without.theta_)


def test_a_refused_fit_leaves_the_last_one_as_it_was():
    model = small().fit(IRIS, SPECIES)
    before = model.predict_proba(IRIS)
    with pytest.raises(ValueError, match="y_val"):
        model.fit(IRIS, SPECIES * 2, X_val=IRIS, y_val=SPECIES + 40)
    np.testing.assert_array_equal(model.predict_proba(IRIS), before)


def stopped(_):
    raise KeyError("by the callback")


@pytest.mark.parametrize(
    ("options", "y", "weight"),
    [
        ({}, SPECIES[:-1], None),
        ({}, SPECIES[:-1].tolist(), None),
        ({}, 0 * SPECIES, None),
        ({}, SPECIES, -np.ones(len(IRIS))),
        ({"warm_start": True}, SPECIES, None),
        ({"init": np.full(7 * 3 + 6 * 4, 1e200), "activation": "identity"}, SPECIES, None),
        ({"callback": stopped}, SPECIES, None),
    ],
)
def test_a_refused_fit_on_other_columns_leaves_those_of_the_last_one(options, y, weight):
    model = small().fit(pd.DataFrame(IRIS, columns=list("abcd")), SPECIES)
    before = model.predict_proba(pd.DataFrame(IRIS, columns=list("abcd")))
    with pytest.raises((ValueError, KeyError)):
        model.set_params(**options).fit(IRIS[:, :3], y, weight)
    assert model.n_features_in_ == 4 and list(model.feature_names_in_) == list("abcd")
    after = model.predict_proba(pd.DataFrame(IRIS, columns=list("abcd")))
    np.testing.assert_array_equal(after, before)


@short
def test_warm_start_keeps_the_input_map_its_weights_belong_to():
    model = small(max_iter=3, warm_start=True).fit(IRIS, SPECIES)
    first = model.input_map_
    assert model.fit(IRIS * 3 + 7, SPECIES).input_map_ is first


def test_a_column_with_a_large_offset_is_not_lost_in_float32():
    rows = IRIS.copy()
    rows[:, 1] += 1e9
    single, double = (small(dtype=dtype, scaling="standard") for dtype in ("float32", "float64"))
    mapped = single.fit(rows, SPECIES).activations(rows)[0]
    np.testing.assert_allclose(mapped, double.fit(rows, SPECIES).activations(rows)[0], atol=1e-5)


def test_no_rows_give_no_probabilities():
    model = small().fit(IRIS, SPECIES)
    assert model.predictor()(IRIS[:0]).shape == (0, 3)


@pytest.mark.parametrize("unit", [1e300, 1e-300, 1e-40])
def test_columns_of_any_scale_are_standardised(unit):
    usual, scaled = (small(scaling="standard").fit(IRIS * u, SPECIES) for u in (1, unit))
    np.testing.assert_allclose(
        scaled.activations(IRIS * unit)[0], usual.activations(IRIS)[0], rtol=1e-9, atol=1e-9
    )


def test_a_dtype_in_another_byte_order_is_computed_in_this_machine_s():
    assert small(dtype=">f4").fit(IRIS, SPECIES).theta_.dtype == np.float32


def test_a_start_that_is_not_finite_is_refused():
    with pytest.raises(ParameterError, match="finite"):
        small(init=np.full(small().fit(IRIS, SPECIES).theta_.size, np.nan)).fit(IRIS, SPECIES)


def test_the_lowest_cost_met_is_not_that_of_the_end():
    model = FeedforwardClassifier((4,), solver=SGD(2.0, batch_size=8), random_state=0, max_iter=20)
    X, y = load_iris(return_X_y=True)
    model.fit(X, y)
    assert model.best_loss_ == min(model.loss_curve_) < model.loss_
