"""Every parameter that is not allowed: who, what is allowed, what came, what was meant."""

import numpy as np
import pytest

from layerlab.errors import DataError, ParameterError
from layerlab.models import EarlyStopping, FeedforwardClassifier

X = np.random.default_rng(0).normal(size=(12, 4))
Y = np.arange(12) % 3

REFUSED = [
    ("hidden_layer_sizes", (8, 0), r"an integer from 1 upwards\. Got 0 instead"),
    ("hidden_layer_sizes", None, "Got None instead"),
    ("hidden_layer_sizes", 8.0, r"Got 8\.0 instead"),
    ("activation", "rleu", r"one of 'identity', .*Got 'rleu' instead\. Did you mean 'relu'"),
    ("activation", None, "a name, or a sequence"),
    ("activation", ["tanh", "tanh"], r"each of the 1 hidden layers\. Got 2 names"),
    ("output", "softmx", "Did you mean 'softmax'"),
    ("solver", "lbfg", "Did you mean 'lbfgs'"),
    ("solver", 3, "or a solver object. Got 3 instead"),
    ("solver", dict, "or a solver object"),
    ("alpha", -1, r"a number in the range \[0, inf\)\. Got -1 instead"),
    ("alpha", float("nan"), "Got nan instead"),
    ("alpha", "1", "Got '1' instead"),
    ("alpha", True, "Got True instead"),
    ("scaling", "standart", "Did you mean 'standard'"),
    ("scaling", 3, "Got 3 instead"),
    ("init", "glort", "Did you mean 'glorot'"),
    ("init", np.zeros(3), r"must have shape \(515,\).*Got \(3,\)"),
    ("max_iter", 0, "an integer from 1 upwards. Got 0"),
    ("max_iter", 1.5, "Got 1.5"),
    ("tol", -1e-9, r"range \[0, inf\)"),
    ("class_weight", "balancd", "Did you mean 'balanced'"),
    ("warm_start", "yes", "True or False. Got 'yes'"),
    ("verbose", 2, "True or False. Got 2"),
    ("dtype", "flaot32", "Did you mean 'float32'"),
    ("dtype", "float16", "one of 'float32', 'float64'. Got 'float16'"),
    ("dtype", 3, "Got 3 instead"),
    ("n_threads", 0, "an integer from 1 upwards. Got 0"),
    ("callback", 3, "callable or None. Got 3"),
    ("dropout", 1.0, r"a number in the range \[0, 1\)\. Got 1\.0 instead"),
    ("dropout", (0.1, 0.2), "each of the 1 hidden layers. Got 2 values"),
    ("dropout", "0.1", "Got '0.1' instead"),
    ("input_dropout", -0.1, r"range \[0, 1\)"),
    ("noise", -1, r"range \[0, inf\)\. Got -1"),
    ("noise", (0.1,), "each of the 2 inputs and hidden layers. Got 1 values"),
    ("label_smoothing", 1.1, r"range \[0, 1\]"),
    ("l1", -1e-9, r"range \[0, inf\)"),
    ("layer_norm", 1, "True or False. Got 1"),
    ("augment", "digit", "Did you mean 'digits'"),
    ("augment", "digits", r"augment deforms images.*Give image_shape=\(height, width\)"),
    ("augment", 3, "Got 3 instead"),
    ("image_shape", (2, 3), r"\(height, width\) or .* of 4 values together. Got \(2, 3\)"),
    ("image_shape", (4,), r"Got \(4,\)"),
    ("image_shape", (-2, -2), r"Got \(-2, -2\)"),
    ("image_shape", (2.5, 2), r"Got \(2.5, 2\)"),
    ("image_shape", (float("inf"), 2), r"Got \(inf, 2\)"),
    ("image_shape", 2, "Got 2 instead"),
    ("image_shape", "2x2", "Got '2x2' instead"),
    ("views", 0, "an integer from 1 upwards. Got 0"),
    ("views", 2.0, "Got 2.0"),
    ("early_stopping", "acuracy", "Did you mean 'accuracy'"),
    ("early_stopping", 3, "a metric's name, an EarlyStopping, a bool or None. Got 3"),
    ("validation_fraction", 0, r"range \(0, 1\)\. Got 0"),
    ("validation_fraction", 1.0, r"range \(0, 1\)"),
    ("checkpoint", 3, "must be a path. Got 3"),
    ("checkpoint", "", "must be a path. Got ''"),
]


@pytest.mark.parametrize(("name", "value", "says"), REFUSED)
def test_refused_in_one_line_and_nothing_is_left_behind(name, value, says):
    model = FeedforwardClassifier(random_state=0).set_params(**{name: value})
    with pytest.raises(ParameterError, match=says) as raised:
        model.fit(X, Y)
    assert "\n" not in str(raised.value)
    assert not hasattr(model, "theta_") and not hasattr(model, "network_")


def test_every_parameter_is_checked():
    """random_state is scikit-learn's own to check."""
    known = set(FeedforwardClassifier().get_params(deep=False))
    assert known == {name for name, *_ in REFUSED} | {"random_state"}


def test_a_refusal_leaves_the_last_fit_as_it_was():
    model = FeedforwardClassifier((5,), random_state=0).fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(ParameterError):
        model.set_params(scaling="rnge", hidden_layer_sizes=(3,)).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"y": np.zeros(12)}, DataError, "at least 2 classes. Got 1 class, 0"),
        ({"sample_weight": (Y == 1) * 1.0}, DataError, "Got 1 class, 1"),
        ({"sample_weight": -np.ones(12)}, DataError, "must not be negative. Got -1.0 in row 0"),
        (
            {"sample_weight": np.zeros(12)},
            ValueError,
            "positive for at least|at least one non-zero",
        ),
        ({"sample_weight": np.ones(11)}, ValueError, "sample_weight"),
        ({"X": np.where(np.arange(48).reshape(12, 4) == 5, np.nan, X)}, ValueError, "NaN"),
        ({"y": Y[:-1]}, ValueError, "inconsistent"),
        ({"X_val": X}, ParameterError, "must be given together"),
        ({"y_val": Y}, ParameterError, "must be given together"),
        ({"sample_weight_val": np.ones(12)}, ParameterError, "only with them"),
        ({"X_val": X[:, :3], "y_val": Y}, ValueError, "3 features"),
        ({"X_val": X, "y_val": Y + 1}, DataError, r"seen in training, \[0, 1, 2\]. Got 3 in row 2"),
        ({"X_val": X, "y_val": Y.astype(str)}, DataError, "Got '0' in row 0"),
    ],
)
def test_rows_that_cannot_be_used(arguments, error, says):
    with pytest.raises(error, match=says):
        FeedforwardClassifier(random_state=0).fit(**{"X": X, "y": Y, **arguments})


def test_labels_never_seen_name_the_nearest():
    names = np.array(["ant", "bee", "wasp"])[Y]
    with pytest.raises(DataError, match=r"Got 'wsap' in row 3\. Did you mean 'wasp'"):
        FeedforwardClassifier().fit(X, names, X_val=X[:4], y_val=["ant", "bee", "bee", "wsap"])


def test_weights_too_large_to_begin_with():
    model = FeedforwardClassifier((5,), "identity", init=np.full(5 * 5 + 6 * 3, 1e200))
    with pytest.raises(DataError, match=r"Training could not begin\..*starting weights"):
        model.fit(X, Y)
    assert not hasattr(model, "theta_")


def test_a_rule_for_stopping_is_checked_when_it_is_made():
    with pytest.raises(ParameterError, match=r"'patience'.*from 1 upwards\. Got 0"):
        EarlyStopping(patience=0)
    with pytest.raises(ParameterError, match=r"'min_delta'.*Got -1"):
        EarlyStopping(min_delta=-1)
    with pytest.raises(ParameterError, match=r"'metric'.*a name or a function. Got 3"):
        EarlyStopping(metric=3)
    with pytest.raises(ParameterError, match="Did you mean 'roc_auc_ovr'"):
        EarlyStopping(metric="roc_auc_ov")


@pytest.mark.parametrize("state", [None, True, np.random.RandomState(0)])
def test_what_is_kept_must_begin_with_a_seed_that_can_be_given_again(tmp_path, state):
    model = FeedforwardClassifier(checkpoint=tmp_path / "c", random_state=state)
    with pytest.raises(ParameterError, match="checkpoint needs random_state to be an integer"):
        model.fit(X, Y)
    assert not (tmp_path / "c").exists()


def test_views_are_checked_also_where_they_are_set_after_the_fit():
    model = FeedforwardClassifier((3,), random_state=0).fit(X, Y).set_params(views="many")
    with pytest.raises(ParameterError, match=r"'views'.*Got 'many'"):
        model.predict(X)
