"""Images deformed in training, and views of them at prediction."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from layerlab.data import DEFORMATIONS, Deformation, warp
from layerlab.models import FeedforwardClassifier
from layerlab.models.augmentation import Augmentation, augmentation_for
from layerlab.solvers import LBFGS, Adam, Redrawing, Status

X, Y = load_digits(return_X_y=True)
SOLVER = Adam(0.01, batch_size=64)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**options):
    known = {"augment": "digits", "image_shape": (8, 8), "solver": SOLVER, "max_iter": 4}
    return FeedforwardClassifier((16,), **known | {"random_state": 0} | options)


@pytest.mark.parametrize("solver", [SOLVER, "lbfgs"], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_bits_for_any_number_of_threads(solver, dtype, monkeypatch):
    for path in ("compiled", "numpy_sums"):
        monkeypatch.setattr(f"layerlab.engine.{path}.THREAD_WORTH", 0)
    found = set()
    for n in (1, 2, 3):
        model = small(solver=solver, dtype=dtype, n_threads=n, views=3, dropout=0.1, noise=0.1)
        model.fit(X[:400], Y[:400])
        found.add((model.theta_.tobytes(), model.predict_proba(X).tobytes()))
    assert len(found) == 1


def test_each_epoch_sees_other_images_and_each_seed():
    one, two = small(max_iter=1).fit(X, Y), small(max_iter=1, random_state=1).fit(X, Y)
    plain = small(max_iter=1, augment=None).fit(X, Y)
    assert not np.array_equal(one.theta_, two.theta_)
    assert not np.array_equal(one.theta_, plain.theta_)
    np.testing.assert_array_equal(
        small(augment="none").fit(X, Y).theta_, small(augment=None).fit(X, Y).theta_
    )
    np.testing.assert_array_equal(
        small(augment=DEFORMATIONS["digits"]).fit(X, Y).theta_, small().fit(X, Y).theta_
    )


def test_deformed_rows_reach_the_objective_as_seed_epoch_and_row_say():
    """One epoch on rows that are deformed by hand is the epoch of a fit that deforms them."""
    seen = []

    class Looking(Adam):
        def accept(self, objective):
            seen.append(objective.seed)
            return super().accept(objective)

    model = small(
        solver=Looking(0.01, batch_size=64), max_iter=1, init=np.zeros(64 * 16 + 16 + 170)
    )
    model.fit(X, Y)
    known = {"value_range": (0, 16), "background": 0.0}
    rows = warp(X, DEFORMATIONS["digits"], (8, 8), seen[0], 0, np.arange(len(X)), **known)
    by_hand = small(augment=None, max_iter=1, init=model.init, scaling=None)
    mapped = model.input_map_
    by_hand.fit((rows - mapped.shift) * mapped.scale, Y)
    np.testing.assert_allclose(by_hand.theta_, model.theta_, rtol=1e-6, atol=1e-9)


def test_a_minimiser_by_all_rows_goes_by_legs():
    """Each on images of its own: as with `Redrawing` by name."""
    short, long = small(solver="lbfgs", max_iter=10), small(solver="lbfgs", max_iter=25)
    legs = small(solver=Redrawing(LBFGS(), every=10), max_iter=25)
    long.fit(X, Y)
    np.testing.assert_array_equal(long.theta_, legs.fit(X, Y).theta_)
    assert long.n_iter_ == 25 and long.solution_.status is Status.MAX_ITER
    assert long.loss_curve_[:10] == short.fit(X, Y).loss_curve_
    one_leg = small(solver=Redrawing(LBFGS(), every=25), max_iter=25).fit(X, Y)
    assert one_leg.loss_curve_[:10] == long.loss_curve_[:10]
    assert one_leg.loss_curve_[10] != long.loss_curve_[10]
    assert small(augment=None, solver="lbfgs", max_iter=2000).fit(X, Y).solution_.status.converged
    assert small(augment=None, solver="lbfgs", noise=0.1, max_iter=12).fit(X, Y).n_iter_ == 12


def test_one_view_is_the_plain_answer():
    model = small(views=1).fit(X, Y)
    plain = model.predict_proba(X)
    model.set_params(augment=None)
    np.testing.assert_array_equal(model.predict_proba(X), plain)
    many = small(views=6).fit(X, Y)
    np.testing.assert_array_equal(many.theta_, model.theta_)
    assert np.abs(many.predict_proba(X) - plain).max() > 0.01
    not_deformed = small(views=6, augment=None).fit(X, Y)
    once = clone(not_deformed).set_params(views=1).fit(X, Y)
    np.testing.assert_array_equal(not_deformed.predict_proba(X), once.predict_proba(X))


def test_views_are_a_mean_over_mild_deformations():
    """By hand: the row, and what the deformation at half its strength makes of it."""
    model = small(views=4).fit(X, Y)
    total = model.set_params(views=1).predict_proba(X)
    half = DEFORMATIONS["digits"].scaled(0.5)
    known = {"value_range": (0, 16), "background": 0.0}
    for view in (1, 2, 3):
        rows = warp(X, half, (8, 8), 0, view, np.zeros(len(X), int), **known)
        total = total + model.predict_proba(rows)
    model.set_params(views=4)
    np.testing.assert_allclose(model.predict_proba(X), total / 4, rtol=1e-12)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(total / 4), rtol=1e-9)
    np.testing.assert_array_equal(model.predict(X), total.argmax(axis=1))
    np.testing.assert_array_equal(model.decision_function(X).argmax(axis=1), total.argmax(axis=1))
    np.testing.assert_array_equal(model.predictor()(X), model.predict_proba(X))


@pytest.mark.parametrize("deformation", ["digits", "clothing", Deformation(noise=0.1, erase=0.5)])
def test_the_answer_to_a_row_does_not_depend_on_the_rows_beside_it(deformation):
    model = small(views=5, augment=deformation).fit(X, Y)
    together = model.predict_proba(X[:50])
    alone = np.vstack([model.predict_proba(X[i : i + 1]) for i in range(50)])
    np.testing.assert_allclose(alone, together, rtol=1e-9, atol=1e-12)
    turned = model.predict_proba(X[:50][::-1])[::-1]
    np.testing.assert_allclose(turned, together, rtol=1e-9, atol=1e-12)


def test_two_classes_and_views():
    model = small(views=3).fit(X, Y > 4)
    P = model.predict_proba(X)
    np.testing.assert_allclose(model.decision_function(X), np.log(P[:, 1] / P[:, 0]), rtol=1e-9)


def test_the_ground_is_what_lies_at_the_border():
    """Dark ink on white paper is deformed as the same in negative is."""
    made = augmentation_for("digits", (8, 8), X, 1)
    assert made == Augmentation(DEFORMATIONS["digits"], (8, 8), (0.0, 16.0), 0.0, 1)
    white = augmentation_for("digits", (8, 8), 16 - X, 1)
    assert white.background == 16
    rows = np.arange(len(X))
    np.testing.assert_allclose(16 - white(16 - X, 1, 2, rows), made(X, 1, 2, rows), atol=1e-5)
    grey = np.where(np.arange(len(X))[:, None] % 3 == 0, 16 - X, X)  # most have the ground 0
    assert augmentation_for("digits", (8, 8), grey, 1).background == 0
    colour = augmentation_for("digits", (8, 8, 3), np.repeat(X, 3, axis=1), 1)
    assert (colour.image_shape, colour.background) == ((8, 8, 3), 0)


def test_one_column_wide():
    made = augmentation_for("digits", (64, 1), X, 1)
    assert np.isfinite(made(X, 0, 0, np.arange(len(X)))).all()


def test_bytes_and_pickles():
    model = small(views=3).fit(X.astype(np.uint8), Y)
    back = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(model.predict_proba(X.astype(np.uint8)), model.predict_proba(X))
