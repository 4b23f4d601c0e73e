"""What the health check must say of odd data: at explore, and of new rows at predict."""

import numpy as np
import pytest

import layerlab
from layerlab import load_data, load_model, load_rows, save_model
from layerlab.api.scoring import model_takes, predict_rows
from layerlab.exploration import Configuration, plan

M = 240


def table(tmp_path, change):
    """Write a CSV file of noise in four columns, changed."""
    random = np.random.default_rng(0)
    X, y = np.round(random.random((M, 4)), 5), np.array(["u", "v"])[np.arange(M) % 2]
    X[np.arange(M), np.arange(M) % 2] += 1
    X, y = change(X, y)
    rows = [",".join([*map(str, row), label]) for row, label in zip(X.tolist(), y, strict=True)]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["a,b,c,d,label", *rows]) + "\n")
    return path


def pictures(tmp_path, change):
    """Write an NPZ file of small pictures, light on dark, changed."""
    random = np.random.default_rng(0)
    X, y = np.zeros((M, 5, 5)), np.arange(M) % 2
    for i, picture in enumerate(X):
        picture[1:3, 1 + i % 2 : 3 + i % 2] = random.integers(100, 256, (2, 2))
    X, y = change(X.astype(np.uint8), y)
    np.savez(tmp_path / "pictures.npz", X=X, y=y)
    return tmp_path / "pictures.npz"


def same(X, y):
    return X, y


def constant(X, y):
    X[:, 2] = 7
    return X, y


def repeated_column(X, y):
    X[:, 3] = X[:, 1]
    return X, y


def copies(X, y):
    X[60:80], y[60:80] = X[:20], y[:20]
    return X, y


def torn(X, y):
    X[1:40] = X[0]
    return X, y


def leak(X, y):
    X[:, 1] = np.where(y == "u", 3, 8)
    return X, y


def one_class(X, y):
    return X, np.full_like(y, "u")


def tiny_class(X, y):
    y[y == "v"] = "u"
    y[5] = "v"
    return X, y


def few_of_a_class(X, y):
    kept = np.r_[:60, 61:76:2]
    kept = kept[(y[kept] == "u") | (kept < 18)]
    return X[kept], y[kept]


def by_writer(X, y):
    return np.round(X * 0.1 + np.repeat(np.random.default_rng(1).random((M // 8, 4)), 8, 0), 5), y


def blank(X, y):
    X[[3, 4, 5, 6]] = 0
    return X, y


def turned(X, y):
    X[[3, 4, 5, 6]] = 255 - X[[3, 4, 5, 6]]
    return X, y


CASES = [
    ("plain rows", table, same, "OK", ()),
    ("plain pictures", pictures, same, "OK", ()),
    ("constant column", table, constant, "W", ("rows.csv", "'c'", "Leave them out")),
    ("repeated column", table, repeated_column, "W", ("'d'", "Leave one of each out")),
    ("copies of rows", table, copies, "W", ("equal to an earlier one", "Keep one of each")),
    ("one row, two labels", table, torn, "W", ("more than one label", "Correct the labels")),
    ("a column that is the label", table, leak, "W", ("'b'", "equal to the label")),
    ("one class", table, one_class, "E", ("rows.csv", "one class")),
    ("a class too small to split", table, tiny_class, "E", ("rows.csv", "'v'", "1 row")),
    ("few rows of a class", table, few_of_a_class, "W", ("fewer than 10 rows",)),
    ("rows by writer", table, by_writer, "W", ("neighbouring rows are alike", "groups=")),
    ("blank pictures", pictures, blank, "W", ("of one value all over", "Leave them out")),
    ("pictures turned over", pictures, turned, "W", ("turned over", "largest value less value")),
]


@pytest.mark.parametrize(
    ("write", "change", "expected", "mentions"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_at_explore(judged, tmp_path, monkeypatch, write, change, expected, mentions):
    monkeypatch.setattr(plan, "default_grid", lambda: (Configuration((), 0.1),))
    path = write(tmp_path, change)
    judged(lambda: layerlab.explore(str(path), out=tmp_path / "run"), expected, mentions)


@pytest.fixture
def model(tmp_path):
    """A model trained on pictures of 0 to 1."""
    data = load_data(pictures(tmp_path, lambda X, y: (X / 255, y)))
    fitted = layerlab.FeedforwardClassifier((), random_state=0).fit(data.rows, data.y)
    path = tmp_path / "m.layerlab"
    save_model(fitted, path, image_shape=data.image_shape, value_range=data.value_range)
    return load_model(path)


NEW = [
    ("as in training", lambda X, y: (X / 255, y), "OK", ()),
    ("0 to 255 where training had 0 to 1", same, "W", ("0 to 255", "same scale")),
    ("far too small", lambda X, y: (X / 255**2, y), "W", ("same scale",)),
    ("turned over", lambda X, y: (1 - X / 255, y), "W", ("turned over",)),
]


@pytest.mark.parametrize(
    ("change", "expected", "mentions"), [c[1:] for c in NEW], ids=[c[0] for c in NEW]
)
@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_at_predict(judged, tmp_path, model, command, change, expected, mentions):
    path = pictures(tmp_path, change)

    def act():
        if command == "evaluate":
            return layerlab.evaluate(model, load_data(path))
        return predict_rows(model, load_rows(path, **model_takes(model)))

    judged(act, expected, (*mentions, "pictures.npz") if mentions else ())
