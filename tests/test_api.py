import numpy as np
import pytest

from layerlab import FeedforwardClassifier, api, evaluate, load_data, load_model, save_model
from layerlab.data import Dataset
from layerlab.errors import DataError

NAMES = ("width", "height", "depth", "weight")


def blobs(m=90):
    random = np.random.default_rng(0)
    y = np.arange(m) % 3
    X = random.normal(size=(m, 4))
    X[np.arange(m), y] += 5.0
    return X, np.array(["a", "b", "c"])[y]


@pytest.fixture
def trained(tmp_path):
    """Return a function that fits a model, saves it with what it knows, and loads it."""

    def trained(**options):
        model = FeedforwardClassifier((), random_state=0).fit(*blobs())
        save_model(model, tmp_path / "m.layerlab", **options)
        return load_model(tmp_path / "m.layerlab")

    return trained


def dataset(columns=(0, 1, 2, 3), **options):
    X, y = blobs()
    return Dataset.from_arrays(X[:, columns], y, source="here", **options)


def test_features_are_taken_by_name(trained):
    model = trained(feature_names=NAMES)
    order = (2, 3, 1, 0)
    given = evaluate(model, dataset(feature_names=NAMES))
    turned = evaluate(model, dataset(order, feature_names=tuple(NAMES[j] for j in order)))
    assert given.score.accuracy > 0.9
    assert turned == given
    # Without names nothing tells that the columns are turned, and the score shows what that costs.
    assert evaluate(trained(), dataset(order)).score.accuracy < 0.9


def test_a_feature_too_many_is_left_out(trained):
    X, y = blobs()
    wider = Dataset.from_arrays(
        np.column_stack([np.arange(len(X)), X]), y, feature_names=("id", *NAMES)
    )
    model = trained(feature_names=NAMES)
    assert evaluate(model, wider) == evaluate(model, dataset(feature_names=NAMES))


@pytest.mark.parametrize("known", [None, ("x0", "x1", "x2", "x3")])
def test_by_order_where_the_model_knows_no_names(trained, known):
    model = trained(feature_names=known)
    assert evaluate(model, dataset(feature_names=NAMES)) == evaluate(model, dataset())


@pytest.mark.parametrize(
    ("known", "data", "said"),
    [
        ({"feature_names": NAMES}, dataset(), "4 features by name, and 4 are missing"),
        (
            {"feature_names": NAMES},
            dataset(feature_names=("width", "height", "depht", "weight")),
            "1 is missing: 'depth'.*Did you mean 'depht'",
        ),
        ({}, dataset((0, 1, 2)), "takes 4 features, and there are 3 columns"),
        (
            {"image_shape": (2, 2)},
            dataset(image_shape=(1, 4)),
            "images of 2×2 = 4 values, and the images are 1×4",
        ),
    ],
)
def test_rows_that_do_not_fit_the_model_are_refused(trained, known, data, said):
    with pytest.raises(DataError, match=f"^here: the model .*{said}"):
        evaluate(trained(**known), data)


def test_what_a_model_takes(trained):
    assert api.model_takes(trained(feature_names=NAMES, image_shape=(2, 2))) == {
        "n_features": 4,
        "feature_names": NAMES,
        "image_shape": (2, 2),
    }
    bare = FeedforwardClassifier(()).fit(*blobs())
    assert set(api.model_takes(bare).values()) == {4, None}


def test_a_model_of_the_digits_takes_them():
    data = load_data("digits").subset(slice(0, 300))
    model = FeedforwardClassifier((), max_iter=200, tol=1e-2).fit(data.rows, data.y)
    assert evaluate(model, data).score.correct == (model.predict(data.rows) == data.y).sum()
