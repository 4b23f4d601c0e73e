"""Every way to ask a model gives the answer that the model gives: views, several labels."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from layerlab import FeedforwardClassifier, evaluate, load_data
from layerlab.api.scoring import predict_rows
from layerlab.data import Rows
from layerlab.errors import ParameterError

X, Y = load_digits(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_an_evaluation_is_of_the_mean_over_views():
    options = {"augment": "digits", "image_shape": (8, 8), "views": 5, "random_state": 0}
    model = FeedforwardClassifier((8,), max_iter=15, **options).fit(X[:500], Y[:500])
    found = evaluate(model, load_data(X[500:], Y[500:]))
    assert found.score.accuracy == model.score(X[500:], Y[500:])
    P = model.predict_proba(X[500:])
    assert found.log_loss == pytest.approx(-np.log(P[np.arange(len(P)), Y[500:]]).mean(), rel=1e-9)
    one = evaluate(model.set_params(views=1), load_data(X[500:], Y[500:]))
    assert one.log_loss != found.log_loss


def test_rows_of_several_labels_are_named_together():
    traits = np.column_stack([Y % 2 == 0, Y >= 5, Y == 8]).astype(int)
    model = FeedforwardClassifier((32,), random_state=0).fit(X, traits)
    labels, P = predict_rows(model, Rows(X[:10], source="here"))
    assert labels.tolist() == ["0", "", "0", "", "0", "1", "0 1", "1", "0 1 2", "1"]
    np.testing.assert_array_equal(P, model.predict_proba(X[:10]))
    with pytest.raises(ParameterError, match="a classifier with one label a row"):
        evaluate(model, load_data(X, Y))
