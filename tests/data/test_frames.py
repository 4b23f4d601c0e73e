import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from layerlab.data import load_data
from layerlab.data.frames import as_frame
from layerlab.errors import DataError, DataWarning

COLUMNS = {"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "label": ["u", "v", "u"], "who": [7, 7, 8]}
FRAMES = [pd.DataFrame, pl.DataFrame, pa.table]


@pytest.mark.parametrize("frame", FRAMES)
def test_frames_of_all_kinds_give_the_same(frame):
    data = load_data(frame(COLUMNS), groups="who")
    assert data.rows.tolist() == [[1.0, 0.5], [2.0, 1.5], [3.0, 2.5]]
    assert data.feature_names == ("a", "b")
    assert data.y.tolist() == ["u", "v", "u"]
    assert data.label_name == "label"
    assert data.group_names == ("7", "8")
    assert data.name == "data"
    assert not data.rows.flags.writeable


@pytest.mark.parametrize("frame", FRAMES)
def test_labels_beside_the_frame(frame):
    data = load_data(frame({"a": [1, 2], "y": [3, 4]}), [0, 1])
    assert data.rows.tolist() == [[1, 3], [2, 4]]
    assert data.feature_names == ("a", "y")


def test_labels_as_a_series_beside_the_frame_and_groups():
    data = load_data(
        pd.DataFrame({"a": [1, 2], "who": [5, 6]}),
        pd.Series(["p", "q"], name="kind"),
        groups="who",
    )
    assert data.rows.tolist() == [[1], [2]]
    assert data.label_name == "kind"
    assert data.group_names == ("5", "6")


def test_an_index_that_is_out_of_order_does_not_move_rows():
    frame = pd.DataFrame(COLUMNS, index=[2, 0, 1])
    assert load_data(frame, groups="who").y.tolist() == ["u", "v", "u"]


@pytest.mark.parametrize(
    ("columns", "dtype"),
    [
        ({"a": np.array([1], np.uint8), "b": np.array([2], np.uint8)}, np.uint8),
        ({"a": np.array([1], np.uint8), "b": np.array([2], np.float32)}, np.float32),
        ({"a": np.array([True]), "b": np.array([False])}, np.bool_),
        ({"a": np.array([True]), "b": np.array([2], np.int16)}, np.int16),
        ({"a": pd.array([1], "Int64")}, np.int64),
        ({"a": pd.array([True], "boolean")}, np.bool_),
    ],
)
def test_rows_have_the_type_that_holds_all_columns(columns, dtype):
    assert load_data(pd.DataFrame(columns), [0]).rows.dtype == dtype


def test_columns_named_by_numbers():
    frame = pd.DataFrame([[1, 2, 0], [3, 4, 1]])
    data = load_data(frame, label=2)
    assert data.feature_names == ("0", "1")
    assert data.y.tolist() == [0, 1]
    assert load_data(frame, label=-1).y.tolist() == [0, 1]


def test_floating_labels_become_integers():
    assert load_data(pd.DataFrame({"a": [1, 2], "y": [1.0, 0.0]})).classes.tolist() == [0, 1]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        ({"a": ["p", "q"], "y": [0, 1]}, {}, "column 'a' holds .*tring.*numbers or booleans"),
        ({"a": [1, None], "y": [0, 1]}, {}, r"row 1 \(counted from 0\), column 'a' is missing"),
        ({"a": [1.0, float("inf")], "y": [0, 1]}, {}, r"row 1, column 0 \('a'\).*inf"),
        ({"a": [1.0, float("nan")], "y": [0, 1]}, {}, "row 1.*column.*'a'"),
        ({"a": [datetime.date(2020, 1, 1)], "y": [0]}, {}, "column 'a' holds"),
        ({"a": [1, 2], "b": [0, 1]}, {}, "no column is named label, class, target or y"),
        ({"a": [1, 2], "kind": [0, 1]}, {"label": "kynd"}, "Did you mean 'kind'"),
        ({"a": [1, 2], "y": ["u", None]}, {}, "label of row 1 .*missing"),
        ({"a": [1, 2], "y": [0.5, 1.0]}, {}, "no whole number"),
        ({"a": [1, 2], "y": [0, 1]}, {"groups": "who"}, "no column 'who' for the groups"),
        ({"a": [1, 2], "y": [0, 1]}, {"groups": [1, 2, 3]}, "2 rows and 3 groups"),
        ({"a": [], "y": []}, {}, "has no rows"),
    ],
)
def test_refusals_name_row_and_column(frame, columns, options, said):
    with pytest.raises(DataError, match=f"^data frame: .*{said}") as refusal:
        load_data(frame(columns), **options)
    assert "\n" not in str(refusal.value)


def test_repeated_columns_are_refused():
    frame = pd.DataFrame([[1, 2, 0]], columns=["a", "a", "y"])
    with pytest.raises(DataError, match="several columns are named 'a'"):
        load_data(frame)


def test_column_names_that_read_alike_are_refused():
    frame = pd.DataFrame([[1, 2, 0]], columns=[1, "1", "y"])
    with pytest.raises(DataError, match="different feature names"):
        load_data(frame)


def test_lazy_frames_are_refused():
    with pytest.raises(DataError, match=r"lazy.*collect\(\)"):
        load_data(pl.LazyFrame(COLUMNS))


@pytest.mark.parametrize("source", [np.eye(2), [[1.0]], None, pd.Series([1]), pl.Series([1])])
def test_other_things_are_no_frame(source):
    assert as_frame(source) is None


def test_large_integers_are_warned_of():
    with pytest.warns(DataWarning, match=r"2\^53"):
        load_data(pl.DataFrame({"a": [2**60, 1], "y": [0, 1]}))
