"""Rows with several labels: scikit-learn's shapes, and probabilities that are never 0 or 1."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    f1_score,
    hamming_loss,
    label_ranking_average_precision_score,
    log_loss,
    roc_auc_score,
)
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier

from layerlab.errors import DataError, ParameterError
from layerlab.models import EarlyStopping, FeedforwardClassifier, check_gradient
from layerlab.solvers import Adam

X, Y = make_multilabel_classification(200, 12, n_classes=4, n_labels=2, random_state=0)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**options):
    known = {"hidden_layer_sizes": (8,), "random_state": 0, "alpha": 0.5}
    return FeedforwardClassifier(**known | options)


def test_shapes_and_types_are_those_of_mlpclassifier():
    model, theirs = small().fit(X, Y), MLPClassifier((8,), random_state=0, max_iter=20).fit(X, Y)
    for method in ("predict", "predict_proba", "predict_log_proba"):
        ours, other = getattr(model, method)(X), getattr(theirs, method)(X)
        assert (ours.shape, ours.dtype) == (other.shape, other.dtype), method
    assert model.decision_function(X).shape == Y.shape
    assert model.classes_.tolist() == np.arange(4).tolist() == list(theirs.classes_)
    assert model.out_activation_ == theirs.out_activation_ == "logistic"
    assert model.n_outputs_ == 4 and model.multilabel_
    assert model.score(X, Y) == accuracy_score(Y, model.predict(X)) > 0.5


def test_the_minimum_is_that_of_one_regression_a_label():
    """Without a hidden layer the labels have nothing to do with each other."""
    together = small(hidden_layer_sizes=(), tol=1e-9, max_iter=2000).fit(X, Y)
    for k in range(4):
        alone = FeedforwardClassifier(
            (), output="sigmoid", alpha=0.5, tol=1e-9, max_iter=2000, random_state=0
        ).fit(X, Y[:, k])
        # Its two sigmoid units mirror each other: the second is the label's.
        W, b = alone.coefs_[0][:, 1], alone.intercepts_[0][1]
        np.testing.assert_allclose(together.coefs_[0][:, k], W, atol=1e-5)
        np.testing.assert_allclose(together.intercepts_[0][k], b, atol=1e-5)


def test_the_cost_is_the_sum_of_binary_cross_entropies():
    model = small(alpha=0.0, max_iter=20).fit(X, Y)
    P = model.predict_proba(X)
    by_hand = -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum(axis=1).mean()
    assert model.loss_ == pytest.approx(by_hand, rel=1e-9)
    assert check_gradient(model, X, Y).cost == pytest.approx(by_hand, rel=1e-9)


def test_answers_belong_together():
    model = small().fit(X, Y)
    Z, P = model.decision_function(X), model.predict_proba(X)
    np.testing.assert_allclose(P, 1 / (1 + np.exp(-Z)), rtol=1e-12)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(P), rtol=1e-9)
    np.testing.assert_array_equal(model.predict(X), P > 0.5)
    np.testing.assert_array_equal(model.predictor()(X), P)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("views", [1, 2, 5, 9])
def test_probabilities_are_strictly_inside_for_huge_logits(dtype, views):
    images = np.random.default_rng(0).random((6, 16))
    y = np.eye(3, dtype=int)[[0, 1, 2, 0, 1, 2]]
    options = {"augment": "digits", "image_shape": (4, 4), "views": views, "max_iter": 2}
    model = FeedforwardClassifier((), dtype=dtype, random_state=0, **options).fit(images, y)
    for size in (1e2, 1e4, 1e30):
        theta = np.zeros_like(model.theta_)
        theta[-3:] = [size, -size, 0]  # the biases
        model.set_theta(theta)
        P = model.predict_proba(images)
        assert P.dtype == dtype
        assert ((P > 0) & (P < 1)).all()
        np.testing.assert_array_equal(P[:, 2], 0.5)
        for answer in (model.predict_log_proba(images), model.decision_function(images)):
            assert np.isfinite(answer).all()
        np.testing.assert_array_equal(model.predict(images), [[1, 0, 0]] * 6)
        np.testing.assert_array_equal(model.predictor()(images), P)
    log_p = model.set_params(views=1).predict_log_proba(images)
    np.testing.assert_allclose(log_p[0], [0, -1e30, np.log(0.5)], rtol=1e-6)


def test_scikit_learns_metrics_and_cross_validation():
    model = small().fit(X, Y)
    P, predictions = model.predict_proba(X), model.predict(X)
    assert roc_auc_score(Y, P) > 0.9
    assert f1_score(Y, predictions, average="micro") > 0.8
    assert hamming_loss(Y, predictions) < 0.15
    assert label_ranking_average_precision_score(Y, P) > 0.9
    assert log_loss(Y[:, 0], P[:, 0]) < 0.5
    assert "samples avg" in classification_report(Y, predictions, zero_division=0)
    assert cross_val_score(small(), X, Y, cv=3, scoring="f1_micro").mean() > 0.7


@pytest.mark.parametrize("solver", ["lbfgs", Adam(0.01, batch_size=32)], ids=str)
@pytest.mark.parametrize("metric", ["accuracy", "loss", "f1_micro"])
def test_early_stopping(solver, metric):
    """Accuracy counts rows of which every label is right."""
    rule = EarlyStopping(metric, patience=5)
    options = {"solver": solver, "alpha": 0.0, "max_iter": 100}
    model = small(early_stopping=rule, **options).fit(
        X[:120], Y[:120], X_val=X[120:], y_val=Y[120:]
    )
    assert model.n_iter_ == model.best_iteration_ + 5
    assert model.validation_scores_[model.best_iteration_ - 1] == model.score(X[120:], Y[120:])
    stopped = small(callback=lambda it: it.n_iter == model.best_iteration_, **options)
    np.testing.assert_array_equal(stopped.fit(X[:120], Y[:120]).theta_, model.theta_)
    cut = small(early_stopping=rule, **options).fit(X, Y)
    assert cut.best_iteration_ >= 1 and not np.array_equal(cut.theta_, model.theta_)


def test_ways_to_say_the_same():
    plain = small().fit(X, Y).theta_
    for y in (Y.tolist(), Y.astype(bool), Y.astype(float), csr_array(Y)):
        np.testing.assert_array_equal(small().fit(X, y).theta_, plain)
    np.testing.assert_array_equal(small(output="sigmoid").fit(X, Y).theta_, plain)


def test_weights_are_repeated_rows_and_classes_have_none():
    counts = np.random.default_rng(1).integers(0, 4, 200)
    weighted = small(tol=1e-8).fit(X, Y, counts)
    repeated = small(tol=1e-8).fit(X.repeat(counts, axis=0), Y.repeat(counts, axis=0))
    assert weighted.loss_ == pytest.approx(repeated.loss_, rel=1e-9)
    with pytest.raises(DataError, match="class_weight is for rows with one label each"):
        small(class_weight="balanced").fit(X, Y)


def test_partial_fit():
    options = {"solver": Adam(0.01, batch_size=32), "max_iter": 3}
    model = small(**options)
    for _ in range(3):
        model.partial_fit(X, Y, classes=range(4))
    np.testing.assert_array_equal(model.theta_, small(**options).fit(X, Y).theta_)
    with pytest.raises(DataError, match=r"y must have 4 columns, one a label.*shape \(200,\)"):
        model.partial_fit(X, Y[:, 0])


def test_what_is_refused():
    with pytest.raises(DataError, match=r"0 or 1 for each label. Got 2 in row 3, column 1"):
        small().fit(X, np.where(np.arange(800).reshape(200, 4) == 13, 2, Y))
    with pytest.raises(DataError, match="Got 'a' in row 0, column 0"):
        small().fit(X, np.full((200, 2), "a"))
    with pytest.raises(DataError, match=r"y_val must have 4 columns.*shape \(200, 3\)"):
        small().fit(X, Y, X_val=X, y_val=Y[:, :3])
    with pytest.raises(DataError, match=r"y_val must have one label a row"):
        small().fit(X, Y[:, 0], X_val=X, y_val=Y)
    with pytest.raises(DataError, match="y_val with several columns must hold 0 or 1 for each"):
        small().fit(X, Y, X_val=X, y_val=Y + 1)
    model = small(warm_start=True).fit(X, Y)
    with pytest.raises(ParameterError, match=r"\[0, 1, 2, 3\] \(several a row\). Got .* instead"):
        model.fit(X, np.arange(200) % 4)
    with pytest.raises(DataError, match=r"X must have shape \(n, 12\)"):
        model.predictor()(X[:, :3])
