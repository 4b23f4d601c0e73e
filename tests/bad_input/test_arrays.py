"""Bad input in arrays and labels: what must happen, and what must be said."""

import warnings

import numpy as np
import pytest
from scipy import sparse

from layerlab.data import (
    Dataset,
    check_split,
    join,
    load_data,
    load_labelled_rows,
    load_parts,
    load_rows,
    require_classes,
    split_rows,
)
from layerlab.models import FeedforwardClassifier

ROWS = np.arange(12.0).reshape(3, 4)
Y = ["u", "v", "u"]


def with_value(value, dtype=np.float64):
    rows = ROWS.astype(dtype)
    rows[1, 2] = value
    return rows


def read_only():
    rows = ROWS.copy()
    rows.flags.writeable = False
    return rows


def split_of_a_small_class():
    data = Dataset.from_arrays(np.eye(30), [0] * 29 + [1], source="eye")
    split = split_rows(data, "contiguous")
    check_split(split, data)


def frame(columns):
    polars = pytest.importorskip("polars")
    return polars.DataFrame({name: [1.0, 2.0] for name in columns})


AT = "row 1, column 2 ('x2')"

NO_TEXT = np.array([65, 0x110000, 66], np.uint32).view("U1")
WITH_NAME = {"data": ROWS, "target": [0, 1, 0], "target_names": "digit"}

LOADED = [
    # name, source, y, options, expected, mentions
    ("NaN", with_value(np.nan), Y, {}, "E", [AT, "no finite number", "Replace the value"]),
    ("infinity", with_value(-np.inf), Y, {}, "E", [AT, "no finite number"]),
    ("NaN in float16", with_value(np.nan, np.float16), Y, {}, "E", [AT, "no finite number"]),
    ("over float32", with_value(1e39), Y, {}, "E", [AT, "too large for float32"]),
    ("NaN label", ROWS, [1.0, np.nan, 1.0], {}, "E", ["label of row 1", "missing"]),
    ("None label", ROWS, ["u", None, "v"], {}, "E", ["label of row 1", "missing"]),
    ("mixed labels", ROWS, ["u", 1, "v"], {}, "E", ["mix types", "int (row 1)"]),
    ("lengths differ", ROWS, Y[:2], {}, "E", ["3 rows and 2 labels", "one label for each row"]),
    ("groups differ", ROWS, Y, {"groups": [1]}, "E", ["3 rows and 1 groups"]),
    ("text as features", np.array([["a"], ["b"]]), [0, 1], {}, "E", ["<U1", "Convert"]),
    ("objects as features", np.array([[None]]), [0], {}, "E", ["object", "Convert"]),
    ("dates as features", np.zeros((2, 1), "M8[s]"), [0, 1], {}, "E", ["datetime64"]),
    ("complex", ROWS * 1j, Y, {}, "E", ["complex128", "Convert"]),
    ("no rows", ROWS[:0], [], {}, "E", ["no rows"]),
    ("no features", ROWS[:, :0], Y, {}, "E", ["no features"]),
    ("ragged", [[1, 2], [3]], [0, 1], {}, "E", ["rectangular"]),
    ("one dimension", ROWS[0], Y, {}, "E", ["the shape (4,)"]),
    ("channels first", np.zeros((2, 3, 8, 8)), [0, 1], {}, "E", ["1 to 4 channels", "moveaxis"]),
    ("wrong shape", ROWS, Y, {"image_shape": (3, 3)}, "E", ["3×3 needs 9", "rows have 4"]),
    ("colour shape", ROWS, Y, {"image_shape": (2, 2, 3)}, "E", ["2×2×3 needs 12"]),
    ("masked", np.ma.masked_equal(ROWS, 5.0), Y, {}, "E", ["masked entries", "Fill them"]),
    ("labels (n, 1)", ROWS, np.array([[0], [1], [0]]), {}, "W", ["(3, 1)", "y.ravel()"]),
    ("labels of lists", ROWS, [["u"], ["v"], ["u", "v"]], {}, "E", ["label of row 0", "list"]),
    ("one-hot labels", ROWS, np.eye(3), {}, "E", ["(3, 3)", "argmax(axis=1)"]),
    ("whole float labels", ROWS, [0.0, 1.0, 0.0], {}, "OK", []),
    ("float labels", ROWS, [0.0, 1.5, 0.0], {}, "E", ["label of row 1", "1.5", "whole"]),
    ("labels over 2^53", ROWS, [0.0, 2.0**60, 0.0], {}, "E", ["label of row 1", "whole number"]),
    ("integers over 2^53", [[2**53 + 1], [0]], [0, 1], {}, "W", ["2^53", "identifier"]),
    ("read-only", read_only(), Y, {}, "OK", []),
    ("Fortran order", np.asfortranarray(ROWS), Y, {}, "OK", []),
    ("big-endian", ROWS.astype(">f4"), np.array([1, 2, 1], ">i2"), {}, "OK", []),
    ("sparse", sparse.csr_array(ROWS), Y, {}, "OK", []),
    ("colour with alpha", np.zeros((3, 2, 2, 4), np.uint8), Y, {}, "OK", []),
    ("no labels", ROWS, None, {}, "E", ["load_data(rows, y)"]),
    ("labels in a set", ROWS, {1, 2, 3}, {}, "E", ["a label for each row", "{1, 2, 3}"]),
    ("half a character", ROWS, ["u", "v", "\ud800"], {}, "E", ["label of row 2", "surrogate"]),
    ("no character", ROWS, NO_TEXT, {}, "E", ["label of row 1", "is no text"]),
    ("a label of a page", ROWS, ["u", "v", "x" * 256], {}, "E", ["label of row 2", "short names"]),
    ("sparse and huge", sparse.csr_array((2**30, 2**30)), Y, {}, "E", ["do not fit into memory"]),
    ("sparse by keys", sparse.dok_array(ROWS), Y, {}, "OK", []),
    ("ragged bunch", {"data": [[1], [2, 3]], "target": [0, 1]}, None, {}, "E", ["rectangular"]),
    ("bunch of lists", {"data": ROWS, "target": [[0], [1, 2], [0]]}, None, {}, "E", ["type list"]),
    ("bunch of one name", WITH_NAME, None, {}, "OK", []),
    ("a dictionary", {"rows": ROWS}, None, {}, "E", ["'data' and 'target'", "bunch.data"]),
]


@pytest.mark.parametrize(
    ("source", "y", "options", "expected", "mentions"),
    [case[1:] for case in LOADED],
    ids=[case[0] for case in LOADED],
)
def test_load_data(judged, source, y, options, expected, mentions):
    data = judged(lambda: load_data(source, y, **options), expected, mentions)
    if data is not None and data.n_features == 4:
        assert data.rows.tolist() == ROWS.tolist()


TAKES = {"n_features": 2, "feature_names": ("a", "b")}
OTHERS = [
    (
        "one class",
        lambda: require_classes(load_data(ROWS, ["u"] * 3)),
        "E",
        ["all 3 rows", "'u'", "at least two"],
    ),
    (
        "a class too small to split",
        split_of_a_small_class,
        "E",
        ["eye: class 1 has 1 rows", "Use a stratified split"],
    ),
    (
        "label at test unseen in training",
        lambda: load_parts(ROWS, Y, test=(ROWS, ["u", "v", "V"])),
        "E",
        ["row 2", "'V'", "Did you mean 'v'"],
    ),
    (
        "integer labels written as text at test",
        lambda: load_parts(ROWS, [7, 8, 7], test=(ROWS, ["7", "8", "8"])),
        "OK",
        [],
    ),
    (
        "0 to 255 at test and 0 to 1 at training",
        lambda: load_parts(ROWS / 11, Y, test=(ROWS * 23, Y)),
        "W",
        ["0 to 253", "0 to 1", "one scale"],
    ),
    (
        "wrong feature count at predict",
        lambda: load_rows(ROWS, n_features=5),
        "E",
        ["takes 5 features", "the rows have 4"],
    ),
    (
        "wrong feature count at evaluate",
        lambda: load_labelled_rows(ROWS, Y, n_features=5),
        "E",
        ["takes 5 features", "the rows have 4"],
    ),
    (
        "other names at predict",
        lambda: load_rows(frame("ac"), **TAKES),
        "E",
        ["1 is missing: 'b'", "Name them as the training data did"],
    ),
    ("reordered names at predict, by name", lambda: load_rows(frame("ba"), **TAKES), "OK", []),
    (
        "images of another shape at predict",
        lambda: load_rows(np.zeros((2, 4, 1)), n_features=4, image_shape=(2, 2)),
        "E",
        ["images of 2×2", "4×1"],
    ),
    ("NaN at predict", lambda: load_rows(with_value(np.nan), n_features=4), "E", [AT]),
]


@pytest.mark.parametrize(
    ("action", "expected", "mentions"),
    [case[1:] for case in OTHERS],
    ids=[case[0] for case in OTHERS],
)
def test_later(judged, action, expected, mentions):
    judged(action, expected, mentions)


@pytest.mark.parametrize(
    ("column", "expected", "mentions"),
    [
        ([2**53 + 1, 0], "W", ["2^53", "identifier"]),
        ([2**100, 0], "E", ["column 'b' holds Int128"]),
        ([1, 2], "OK", []),
    ],
)
def test_integers_beside_floats(judged, column, expected, mentions):
    polars = pytest.importorskip("polars")
    b = polars.Series(column, dtype=polars.Int128 if column[0] > 2**64 else polars.Int64)
    source = polars.DataFrame({"a": [0.5, 1.5], "b": b, "label": ["u", "v"]})
    judged(lambda: load_data(source), expected, mentions)


def test_tables_of_pyarrow(judged):
    pyarrow = pytest.importorskip("pyarrow")
    twice = pyarrow.table([[1], [2], ["u"]], names=["a", "a", "label"])
    judged(lambda: load_data(twice), "E", ["several columns have one name"])


def test_a_frame_without_columns(judged):
    pandas = pytest.importorskip("pandas")
    empty = pandas.DataFrame(index=range(3))
    judged(lambda: load_data(empty, Y), "E", ["no column is left"])


@pytest.mark.parametrize("sign", [1, -1])
def test_joined_rows_keep_their_values_where_types_differ_in_sign(sign):
    """200 as int8 comes back as 200 to uint8, but it is -56."""
    rows = [np.array([[-100, 2]], np.int8), np.array([[200, 3]], np.uint8)][::sign]
    data, _ = join(load_parts(rows[0], ["u"], test=(rows[1], ["u"])))
    assert data.rows.tolist() == [*rows[0].tolist(), *rows[1].tolist()]


@pytest.fixture(scope="module")
def estimator():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.random.default_rng(0).random((40, 3)), columns=list("abc"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a few iterations are enough here
        model = FeedforwardClassifier((3,), max_iter=3).fit(X, (X.a > 0.5).astype(int))
    return model, X


@pytest.mark.parametrize(
    ("columns", "said"),
    [("bac", "must be in the same order"), ("ab", "now missing"), ("abcd", "unseen at fit")],
)
def test_the_estimator_refuses_other_names_as_scikit_learn_does(estimator, columns, said):
    model, X = estimator
    X = X.assign(d=0.0)[list(columns)]
    with pytest.raises(ValueError, match=said):
        model.predict(X)
