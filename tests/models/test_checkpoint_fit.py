"""A fit that is broken off and given again: the same bits, or a word on what differs."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from layerlab._checkpoint import Checkpoint
from layerlab._checkpoint.folder import CheckpointFolder
from layerlab.callbacks import LogToJSONL
from layerlab.errors import DataError, ParameterError
from layerlab.models import EarlyStopping, FeedforwardClassifier
from layerlab.solvers import LBFGS, Adam, AdamW, NonlinearCG, WarmUp

X, Y = load_digits(return_X_y=True)
X, Y = X[:200], Y[:200]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class BreakOff:
    """Stands for a kill: after so many iterations, in the middle of everything."""

    class Now(BaseException):
        pass

    def __init__(self, after):
        self.after = after

    def __call__(self, iteration):
        if iteration.n_iter >= self.after:
            raise self.Now


def small(folder=None, **options):
    known = {"random_state": 0, "max_iter": 8, "n_threads": 1}
    checkpoint = None if folder is None else Checkpoint(folder, every=0)
    return FeedforwardClassifier((8,), checkpoint=checkpoint, **known | options)


def broken_off(folder, after, *rows, **options):
    with pytest.raises(BreakOff.Now):
        small(folder, callback=BreakOff(after), **options).fit(*(rows or (X, Y)))


KINDS = {
    "lbfgs": {"solver": "lbfgs"},
    "in legs": {"solver": LBFGS(), "dropout": 0.2, "max_iter": 25},
    "cg": {"solver": NonlinearCG()},
    "batches": {"solver": Adam(0.01, batch_size=32)},
    "all at once": {
        "solver": AdamW(0.01, batch_size=32, schedule=WarmUp(0.2), average=0.9),
        "augment": "digits",
        "image_shape": (8, 8),
        "noise": 0.1,
        "l1": 0.01,
        "layer_norm": True,
        "early_stopping": EarlyStopping("loss", patience=6),
        "validation_fraction": 0.3,
    },
    "hybrid": {"solver": "hybrid", "max_iter": 12},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", [1, 3, 7])
def test_a_fit_that_goes_on_ends_with_the_same_bits(kind, after, tmp_path):
    options = KINDS[kind]
    broken_off(tmp_path / "c", after, **options)
    on, whole = small(tmp_path / "c", **options).fit(X, Y), small(**options).fit(X, Y)
    np.testing.assert_array_equal(on.theta_, whole.theta_)
    for name in ("loss_", "loss_curve_", "n_iter_", "best_iteration_", "validation_scores_"):
        assert getattr(on, name) == getattr(whole, name), name
    assert on.validation_loss_curve_ == whole.validation_loss_curve_


@pytest.mark.parametrize("kind", ["lbfgs", "all at once"])
def test_a_fit_that_is_done_is_not_done_again(kind, tmp_path):
    first = small(tmp_path / "c", **KINDS[kind]).fit(X, Y)
    told = []
    again = small(tmp_path / "c", callback=told.append, n_threads=2, views=2, **KINDS[kind])
    again.fit(X, Y)
    assert not told
    np.testing.assert_array_equal(again.theta_, first.theta_)
    assert again.loss_curve_ == first.loss_curve_
    assert again.validation_scores_ == first.validation_scores_
    assert again.best_iteration_ == first.best_iteration_


def test_a_path_will_do(tmp_path):
    model = FeedforwardClassifier((8,), checkpoint=tmp_path / "c", random_state=0, max_iter=3)
    again = FeedforwardClassifier((8,), checkpoint=str(tmp_path / "c"), random_state=0, max_iter=3)
    assert not np.shares_memory(model.fit(X, Y).theta_, again.fit(X, Y).theta_)
    np.testing.assert_array_equal(model.theta_, again.theta_)


def test_weights_kept_are_those_of_the_best_figure(tmp_path):
    """The rule's metric decides, not the cost."""
    rule = EarlyStopping("accuracy", patience=50)
    model = small(tmp_path / "c", early_stopping=rule, max_iter=40, alpha=0.0).fit(X, Y)
    assert 1 < model.best_iteration_ < 40
    assert any(Path(tmp_path / "c").glob("*best*"))


class OwnFigure:
    """Finds the third iteration best."""

    score = 0.0

    def __call__(self, iteration):
        self.score = abs(iteration.n_iter - 3)


def test_a_callback_s_own_figure_decides_on_the_best_weights(tmp_path):
    small(tmp_path / "c", callback=OwnFigure()).fit(X, Y)
    best = CheckpointFolder(tmp_path / "c", 2).best()
    assert (best.state["n_iter"], best.state["score"]) == (3, 0.0)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"alpha": 0.5}, "'alpha' was 0.0001 and is now 0.5"),
        ({"max_iter": 9}, "'max_iter' was 8 and is now 9"),
        ({"random_state": 1}, "'random_state' was 0 and is now 1"),
        ({"dropout": 0.1}, "'dropout' was 0.0 and is now 0.1"),
        ({"early_stopping": "loss"}, "'early_stopping"),
        ({"solver": Adam(0.02)}, "'solver"),
        ({"label_smoothing": 0.1, "l1": 1.0}, "'l1' was 0.0 and is now 1.0, 'label_smoothing'"),
    ],
)
def test_other_settings_are_named(changed, says, tmp_path):
    broken_off(tmp_path / "c", 2)
    with pytest.raises(ParameterError, match=says) as raised:
        small(tmp_path / "c", **changed).fit(X, Y)
    assert "begun with other settings" in str(raised.value) and "\n" not in str(raised.value)


def test_an_option_of_the_solver_is_named(tmp_path):
    broken_off(tmp_path / "c", 2, solver=Adam(0.01))
    with pytest.raises(ParameterError, match=r"'solver\.learning_rate' was 0\.01 and is now 0\.02"):
        small(tmp_path / "c", solver=Adam(0.02)).fit(X, Y)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ((X + 1, Y), "data.training.rows"),
        ((X, (Y + 1) % 10), "data.training.labels"),
        ((X, Y, np.arange(1.0, 201)), "data.training.weights"),
    ],
)
def test_other_rows_are_named(rows, says, tmp_path):
    broken_off(tmp_path / "c", 2)
    with pytest.raises(DataError, match=rf"begun with other data: .*{says}"):
        small(tmp_path / "c").fit(*rows)


def test_other_validation_rows_and_another_start_are_named(tmp_path):
    small(tmp_path / "c").fit(X, Y, X_val=X[:50], y_val=Y[:50])
    with pytest.raises(DataError, match=r"data\.validation\.rows"):
        small(tmp_path / "c").fit(X, Y, X_val=X[50:100] + 1, y_val=Y[:50])
    with pytest.raises(DataError, match=r"data\.validation"):
        small(tmp_path / "c").fit(X, Y)
    small(tmp_path / "d", warm_start=True).fit(X, Y)
    model = small(tmp_path / "d", warm_start=True).fit(X, Y)
    with pytest.raises(DataError, match=r"data\.start"):
        model.fit(X, Y)


def test_other_names_of_the_classes_are_named(tmp_path):
    broken_off(tmp_path / "c", 2, X, np.array(list("abcdefghij"))[Y])
    with pytest.raises(DataError, match=r"data\.training\.classes"):
        small(tmp_path / "c").fit(X, np.array(list("abcdefghix"))[Y])


def test_a_users_callback_goes_on_too(tmp_path):
    """The log of a fit in two parts is the log of one."""
    whole, parts = LogToJSONL(tmp_path / "whole"), tmp_path / "parts"
    small(callback=whole).fit(X, Y)

    class LogAndBreakOff(LogToJSONL):
        def __call__(self, iteration):
            super().__call__(iteration)
            if iteration.n_iter == 4:
                raise BreakOff.Now

    with pytest.raises(BreakOff.Now):
        small(tmp_path / "c", callback=LogAndBreakOff(parts)).fit(X, Y)
    small(tmp_path / "c", callback=LogToJSONL(parts)).fit(X, Y)
    lines = [path.read_text().splitlines() for path in (tmp_path / "whole", parts)]
    costs = [[line.split('"gradient_norm"')[0] for line in log] for log in lines]
    assert costs[0] == costs[1] and len(costs[0]) == 8
