"""Training that stops by validation rows: when it does, what it keeps, and which rows those are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from layerlab._callbacks import Iteration
from layerlab._random import draw_seed
from layerlab.errors import DataError
from layerlab.models import EarlyStopping, FeedforwardClassifier
from layerlab.models.early_stopping import BestWeights
from layerlab.models.held_out import held_out
from layerlab.models.targets import TrainingRows
from layerlab.solvers import Adam, Status

DIGITS, LABELS = load_digits(return_X_y=True)
RNG = np.random.default_rng(0)
# A tenth of the labels are wrong, so that a network which learns them by heart does worse.
NOISY = np.where(RNG.random(300) < 0.1, RNG.integers(0, 10, 300), LABELS[:300])
TRAIN, VAL = (DIGITS[:300], NOISY), (DIGITS[300:600], LABELS[300:600])
ADAM = Adam(learning_rate=0.01, batch_size=32)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(early_stopping, train=TRAIN, val=VAL, **options):
    options = {"alpha": 0.0, "random_state": 0, "n_threads": 1, "max_iter": 60} | options
    model = FeedforwardClassifier((16,), early_stopping=early_stopping, **options)
    return model.fit(*train, X_val=val[0], y_val=val[1]) if val else model.fit(*train)


def worse_auc(model, X, y):
    return roc_auc_score(y, model.predict_proba(X), multi_class="ovr")


RULES = {
    "accuracy": EarlyStopping(patience=4),
    "loss": EarlyStopping("loss", patience=4),
    "a scorer's name": EarlyStopping("balanced_accuracy", patience=4),
    "a scorer of probabilities": EarlyStopping("neg_log_loss", patience=4),
    "a function": EarlyStopping(worse_auc, patience=4),
}


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "scg", "scipy-lbfgs", ADAM, "hybrid"], ids=str)
@pytest.mark.parametrize("rule", RULES)
def test_the_weights_kept_are_those_of_the_best_iteration(rule, solver):
    """As a fit has them that is stopped there, bit for bit."""
    model = fitted(RULES[rule], solver=solver)
    assert model.n_iter_ == model.best_iteration_ + 4 < 60
    assert model.solution_.status is Status.CALLBACK
    assert len(model.validation_scores_) == model.n_iter_

    def there(iteration):
        return iteration.n_iter == model.best_iteration_

    stopped = fitted(None, solver=solver, callback=there)
    assert stopped.n_iter_ == model.best_iteration_
    np.testing.assert_array_equal(model.theta_, stopped.theta_)
    assert model.loss_ == stopped.loss_ == model.loss_curve_[model.best_iteration_ - 1]


def test_the_best_iteration_is_that_of_the_figure_asked_for():
    """Each figure worked a second way, from the model that is kept."""
    by_accuracy, by_loss = fitted(RULES["accuracy"]), fitted(RULES["loss"])
    assert by_accuracy.best_iteration_ == 1 + np.argmax(by_accuracy.validation_scores_)
    assert max(by_accuracy.validation_scores_) == pytest.approx(by_accuracy.score(*VAL))
    assert by_loss.best_iteration_ == 1 + np.argmin(by_loss.validation_loss_curve_)
    log_p = by_loss.predict_log_proba(VAL[0])[np.arange(300), VAL[1]]
    assert min(by_loss.validation_loss_curve_) == pytest.approx(-log_p.mean(), rel=1e-9)
    seen = []

    def balanced(model, X, y):
        seen.append(balanced_accuracy_score(y, model.predict(X)))
        return seen[-1]

    own, named = fitted(EarlyStopping(balanced, 4)), fitted(RULES["a scorer's name"])
    assert own.best_iteration_ == named.best_iteration_ == 1 + np.argmax(seen)
    np.testing.assert_array_equal(own.theta_, named.theta_)


def test_names_and_true_stand_for_rules():
    by_name = fitted("loss")
    assert by_name.n_iter_ == by_name.best_iteration_ + 10
    np.testing.assert_array_equal(by_name.theta_, fitted(EarlyStopping("loss")).theta_)
    np.testing.assert_array_equal(fitted(True).theta_, fitted("accuracy").theta_)
    np.testing.assert_array_equal(fitted(False).theta_, fitted(None).theta_)


def iteration(n_iter, theta):
    return Iteration(n_iter, theta, 1 / n_iter, 0.0, n_iter, 0.0)


def test_patience_and_how_much_better_is_better():
    """Figures by hand: (figure, whether patience is at its end)."""
    best = BestWeights(EarlyStopping(patience=2, min_delta=0.1))
    theta = np.zeros(1)
    told = []
    for n_iter, figure in enumerate([0.5, 0.55, 0.65, 0.7, 0.75, 0.9], start=1):
        theta[0] = n_iter
        told.append(best.see(iteration(n_iter, theta), figure))
    assert told == [False, False, False, False, True, False]
    assert (best.n_iter, best.theta.tolist()) == (6, [6.0])
    best = BestWeights(EarlyStopping("loss", patience=1))
    told = [best.see(iteration(i, theta), f) for i, f in enumerate([3.0, 2.0, 2.0, np.nan], 1)]
    assert told == [False, False, True, True]
    assert (best.n_iter, best.cost) == (2, 0.5)


def test_a_figure_that_is_never_a_number_keeps_the_last_weights():
    model = fitted(EarlyStopping(lambda *_: float("nan"), patience=3))
    assert model.n_iter_ == 3 and model.best_iteration_ == 0
    np.testing.assert_array_equal(model.theta_, fitted(None, max_iter=3).theta_)


def test_a_fit_that_converges_first_keeps_the_best_too():
    model = fitted(EarlyStopping("loss", patience=1000), max_iter=2000)
    assert model.solution_.status.converged
    assert model.best_iteration_ == 1 + np.argmin(model.validation_loss_curve_) < model.n_iter_
    assert min(model.validation_loss_curve_) < model.validation_loss_curve_[-1]
    log_p = model.predict_log_proba(VAL[0])[np.arange(300), VAL[1]]
    assert -log_p.mean() == pytest.approx(min(model.validation_loss_curve_), rel=1e-9)


def rows(labels, several=False):
    labels = np.asarray(labels)
    X = np.arange(2.0 * len(labels)).reshape(-1, 2)
    K = labels.shape[1] if several else labels.max() + 1
    return TrainingRows(X, labels, np.arange(K), np.arange(1.0, len(labels) + 1))


def test_rows_are_cut_off_class_by_class_and_by_seed():
    labels = np.repeat([0, 1, 2], [40, 25, 9])
    train, val = held_out(rows(labels), 0.1, 0)
    assert np.bincount(val.labels, minlength=3).tolist() == [4, 2, 0]
    together = np.concatenate([train.X, val.X])
    assert sorted(map(tuple, together)) == sorted(map(tuple, rows(labels).X))
    for part in (train, val):  # rows, labels and weights stay together, in their order
        numbers = part.X[:, 0] / 2
        np.testing.assert_array_equal(part.weights, numbers + 1)
        np.testing.assert_array_equal(part.labels, labels[numbers.astype(int)])
        assert (np.diff(numbers) > 0).all()
    again, other = held_out(rows(labels), 0.1, 0)[1], held_out(rows(labels), 0.1, 1)[1]
    np.testing.assert_array_equal(val.X, again.X)
    assert not np.array_equal(val.X, other.X)


def test_rows_with_several_labels_are_cut_off_as_they_come():
    train, val = held_out(rows(np.eye(4, dtype=int)[np.arange(40) % 4], several=True), 0.2, 0)
    assert (len(train.X), len(val.X)) == (32, 8)


def test_a_fit_cuts_validation_rows_off_where_none_are_given():
    """It learns from the others alone: as a fit that is given both parts."""
    model = fitted(RULES["loss"], val=None, validation_fraction=0.25)
    labels = np.unique(NOISY, return_inverse=True)[1]
    whole = TrainingRows(DIGITS[:300], labels, np.arange(10), None)
    train, val = held_out(whole, 0.25, draw_seed(0))
    given = fitted(RULES["loss"], (train.X, train.labels), (val.X, val.labels))
    np.testing.assert_array_equal(model.theta_, given.theta_)
    assert model.validation_loss_curve_ == given.validation_loss_curve_
    assert not np.array_equal(model.theta_, fitted(RULES["loss"], val=None).theta_)


def test_no_row_is_left_for_validation():
    few = DIGITS[:20], LABELS[:20]
    with pytest.raises(DataError, match=r"cannot cut 0\.1 of 20 rows off.*X_val and y_val"):
        fitted(True, few, None)


def test_weights_of_validation_rows_count():
    """A row of weight 2 is two rows, for names of scikit-learn's too."""
    counts = np.random.default_rng(1).integers(1, 4, 300)
    for metric in ("accuracy", "loss", "balanced_accuracy", "neg_log_loss"):
        model = FeedforwardClassifier(
            (16,), early_stopping=EarlyStopping(metric, 3), random_state=0, max_iter=60
        )
        model.fit(*TRAIN, X_val=VAL[0], y_val=VAL[1], sample_weight_val=counts)
        repeated = fitted(
            EarlyStopping(metric, 3), val=[a.repeat(counts, axis=0) for a in VAL], alpha=1e-4
        )
        assert model.best_iteration_ == repeated.best_iteration_
        np.testing.assert_array_equal(model.theta_, repeated.theta_)


def test_a_scorer_of_a_frame_and_of_names():
    """No word about column names, and the labels as they were given."""
    names = np.array([f"class {k}" for k in range(10)])
    frame = pd.DataFrame(DIGITS, columns=[f"p{i}" for i in range(64)])
    model = FeedforwardClassifier((8,), early_stopping="f1_macro", random_state=0)
    model.fit(frame[:600], names[LABELS[:600]])
    assert model.score(frame[600:], names[LABELS[600:]]) > 0.7
    assert model.feature_names_in_[0] == "p0"


def test_the_users_callback_is_told_and_may_stop_first():
    costs = []
    model = fitted(RULES["loss"], callback=lambda it: costs.append(it.cost) or len(costs) == 2)
    assert len(costs) == model.n_iter_ == 2
