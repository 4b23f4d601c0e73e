from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

from layerlab.data import Deformation
from layerlab.errors import ModelFileError
from layerlab.models import FeedforwardClassifier
from layerlab.storage import (
    StoredModel,
    load_model,
    models,
    read_record,
    save_model,
    write_record,
)

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])

short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(hidden=(5,), activation="tanh", X=X, y=Y, **options):
    options = {"max_iter": 20, "tol": 1.0, "random_state": 0, **options}
    return FeedforwardClassifier(hidden, activation, **options).fit(X, y)


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize(
    ("hidden", "activation"), [((), "tanh"), ((5,), "gelu"), ((4, 3), ("relu", "sigmoid"))]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loaded_model_answers_with_the_same_bits(tmp_path, hidden, activation, output, dtype):
    model = fitted(hidden, activation, output=output, dtype=dtype, y=NAMES[Y])
    save_model(model, tmp_path / "m.layerlab")
    loaded = load_model(tmp_path / "m.layerlab")
    assert loaded.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    assert (loaded.predict(X) == model.predict(X)).all()
    assert loaded.theta_.dtype == dtype
    assert loaded.get_params()["output"] == output


@pytest.mark.parametrize("y", [Y, NAMES[Y], Y > 0, Y - 5, Y.astype(float)])
def test_classes_keep_their_type(tmp_path, y):
    save_model(fitted(y=y), tmp_path / "m")
    loaded = load_model(tmp_path / "m").classes_
    assert loaded.dtype.kind == y.dtype.kind
    assert (loaded == np.unique(y)).all()


def test_what_describes_the_rows_is_kept_also_when_saved_again(tmp_path):
    D, d = load_digits(return_X_y=True)
    save_model(
        fitted(X=D[:200], y=d[:200]),
        tmp_path / "a",
        image_shape=(8, 8),
        value_range=(0, 16),
        name="digits",
    )
    loaded = load_model(tmp_path / "a")
    assert (loaded.image_shape_, loaded.value_range_, loaded.data_name_) == (
        (8, 8),
        (0.0, 16.0),
        "digits",
    )
    save_model(loaded, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_column_names_are_kept_and_checked(tmp_path):
    frame = load_iris(as_frame=True).data
    save_model(fitted(X=frame), tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert list(loaded.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame[frame.columns[::-1]])


def test_weights_as_views_or_in_fortran_order_are_saved_as_they_are(tmp_path):
    model = fitted()
    model.set_theta(np.repeat(model.theta_, 2)[::2])
    assert not model.theta_.flags.c_contiguous
    save_model(model, tmp_path / "m")
    assert load_model(tmp_path / "m").theta_.tobytes() == model.theta_.tobytes()


def test_no_training_row_leaves_in_a_model_file(tmp_path):
    save_model(fitted(), tmp_path / "m")
    references = read_record(tmp_path / "m").reference_inputs
    assert not (references[:, None] == X[None]).all(axis=2).any()


def test_a_model_that_answers_otherwise_is_refused(tmp_path, monkeypatch):
    save_model(fitted(), tmp_path / "m")
    stored = read_record(tmp_path / "m")
    turned = StoredModel(
        stored.record, stored.reference_inputs, stored.reference_outputs[:, [1, 2, 0]]
    )
    monkeypatch.setattr(models, "read_record", lambda _: turned)
    with pytest.raises(ModelFileError, match="reference rows"):
        load_model(tmp_path / "m")


def test_an_unfitted_model_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        save_model(FeedforwardClassifier(), tmp_path / "m")
    assert not list(tmp_path.iterdir())


OPTIONS = {"resize": [2, 2], "fit": "crop", "grey": True, "background": "black"}


def test_how_images_were_brought_to_rows_is_kept_and_otherwise_not_mentioned(tmp_path):
    save_model(fitted(), tmp_path / "plain")
    assert b"image_options" not in (tmp_path / "plain").read_bytes()
    assert load_model(tmp_path / "plain").image_options_ is None
    save_model(fitted(), tmp_path / "m", image_options=OPTIONS, image_shape=(2, 2))
    loaded = load_model(tmp_path / "m")
    assert loaded.image_options_ == OPTIONS
    save_model(loaded, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


def test_options_that_are_none_of_images_are_refused(tmp_path):
    with pytest.raises(ModelFileError, match="image_options are not ours"):
        save_model(fitted(), tmp_path / "m", image_options={"hook": 1})


def test_colour_images_keep_their_shape(tmp_path):
    save_model(fitted(), tmp_path / "m", image_shape=(1, 2, 2))
    assert load_model(tmp_path / "m").image_shape_ == (1, 2, 2)
    with pytest.raises(ModelFileError, match="does not make 4 features"):
        save_model(fitted(), tmp_path / "n", image_shape=(1, 2, 3))


D, LABELS = load_digits(return_X_y=True)
VIEWS = {"augment": "digits", "image_shape": (8, 8), "views": 4, "solver": "adam"}


def answers_alike(loaded, model, rows):
    assert loaded.predictor()(rows).tobytes() == model.predictor()(rows).tobytes()
    for method in ("predict_proba", "predict_log_proba", "decision_function", "predict"):
        ours, theirs = getattr(loaded, method)(rows), getattr(model, method)(rows)
        assert ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes(), method
    return True


@short
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("options", [{}, {"layer_norm": True}, VIEWS, VIEWS | {"layer_norm": True}])
def test_layer_norm_several_labels_and_views_are_kept(tmp_path, dtype, several, options):
    y = np.eye(3, dtype=int)[LABELS % 3] | np.eye(3, dtype=int)[LABELS // 4] if several else LABELS
    model = fitted(X=D[:300], y=y[:300], dtype=dtype, **{"max_iter": 5} | options)
    save_model(model, tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert answers_alike(loaded, model, D[300:500].astype(dtype))
    assert loaded.score(D, y) == model.score(D, y)
    assert (loaded.multilabel_, loaded.network_) == (several, model.network_)
    assert (loaded.views, loaded.augmentation_ is None) == (model.views, model.views == 1)
    save_model(loaded, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


@short
def test_views_of_white_paper_and_of_colour(tmp_path):
    rows = np.repeat(16 - D[:300], 3, axis=1)
    clothing = Deformation(rotation=5, noise=0.1, flip="horizontal", width=8)
    model = fitted(
        X=rows, y=LABELS[:300], **VIEWS | {"augment": clothing, "image_shape": (8, 8, 3)}
    )
    save_model(model, tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert answers_alike(loaded, model, rows[:50])
    assert loaded.augmentation_.background == 16
    assert (loaded.augment, loaded.image_shape_) == (clothing, (8, 8, 3))


@short
def test_how_many_views_may_be_set_anew(tmp_path):
    model = fitted(X=D[:300], y=LABELS[:300], **VIEWS)
    save_model(model, tmp_path / "m")
    loaded = load_model(tmp_path / "m").set_params(views=1)
    assert answers_alike(loaded, model.set_params(views=1), D)
    save_model(model, tmp_path / "one")
    header = (tmp_path / "one").read_bytes()
    assert not any(word in header for word in (b"views", b"layer_norm", b"multilabel"))


@short
def test_more_views_than_a_file_may_ask_for(tmp_path):
    model = fitted(X=D[:300], y=LABELS[:300], **VIEWS).set_params(views=1025)
    with pytest.raises(ModelFileError, match="from 2 to 1024: 1025"):
        save_model(model, tmp_path / "m")
    assert not list(tmp_path.iterdir())


@short
def test_a_model_whose_answers_are_not_finite_is_refused(tmp_path):
    """Deformed by noise of an endless range: a file of someone else's."""
    noisy = Deformation(noise=10)
    model = fitted(X=D[:300], y=LABELS[:300], **VIEWS | {"augment": noisy})
    save_model(model, tmp_path / "m")
    stored = read_record(tmp_path / "m")
    endless = replace(stored.record.views, value_range=(-1e300, 1e300))
    record = replace(stored.record, views=endless)
    write_record(tmp_path / "m", record, stored.reference_inputs, stored.reference_outputs)
    with pytest.raises(ModelFileError, match="does not answer its reference rows"):
        load_model(tmp_path / "m")
