from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.data.names import check_names, names_from_text
from layerlab.errors import DataError, DataWarning


def names(values):
    return check_names(values, "here")


@pytest.mark.parametrize(
    ("values", "expected", "kind"),
    [
        (np.array([3, 1, 2], dtype=np.uint8), [3, 1, 2], "u"),
        (np.array([3, 1], dtype=">i4"), [3, 1], "i"),
        ([3, 1, 2], [3, 1, 2], "i"),
        ([1.0, 2.0], [1, 2], "i"),
        (np.array([1.0, -0.0], dtype=np.float32), [1, 0], "i"),
        ([1, 2.0], [1, 2], "i"),
        ([True, False], [True, False], "b"),
        (["b", "a"], ["b", "a"], "U"),
        (np.array(["b", "NA"]), ["b", "NA"], "U"),
        (np.array(["b", "a"], dtype=np.dtypes.StringDType()), ["b", "a"], "U"),
        (np.array(["b", "a"], dtype=object), ["b", "a"], "U"),
        (np.ma.masked_array([1, 2], mask=[0, 0]), [1, 2], "i"),
        (("x",), ["x"], "U"),
        (range(3), [0, 1, 2], "i"),
        (pd.Series([1, 2], dtype="Int64"), [1, 2], "i"),
        (pd.Series(["a", "b"], dtype="category"), ["a", "b"], "U"),
        (pd.Series([5, 7], dtype="category"), [5, 7], "i"),
        (pd.Series([True, False]), [True, False], "b"),
        (pl.Series([1.0, 2.0]), [1, 2], "i"),
        (pl.Series(["a", "b"]), ["a", "b"], "U"),
        (pl.Series(["a", "b"], dtype=pl.Categorical), ["a", "b"], "U"),
    ],
)
def test_takes_text_integers_booleans_and_whole_floats(values, expected, kind):
    result = names(values)
    assert result.tolist() == expected
    assert result.dtype.kind == kind
    assert result.dtype.isnative


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.5, 2.0], "row 0 .*1.5.*no whole number"),
        ([1.0, float("inf")], "row 1 .*inf.*no whole number"),
        ([1.0, float("nan")], "row 1 .*missing"),
        (np.array([1.0, np.nan]), "row 1 .*missing"),
        ([2.0**60], "no whole number"),
        (["a", None], "row 1 .*missing"),
        (["a", ""], "row 1 .*missing"),
        (["a", float("nan")], "row 1 .*missing"),
        (pd.Series(["a", None]), "row 1 .*missing"),
        (pd.Series([1, None], dtype="Int64"), "row 1 .*missing"),
        (pl.Series([1, None]), "row 1 .*missing"),
        (["a", 1], r"mix types: text \(row 0\) and int \(row 1\)"),
        ([True, 1], "mix types: bool"),
        ([1, 2**63], "row 1 .*64-bit"),
        ([1 + 2j], "complex"),
        (np.array([1 + 2j]), "complex"),
        ([Decimal(1)], "Decimal"),
        ([b"a"], "bytes"),
        (np.array([b"a"]), "type |S1"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "datetime64"),
        (["a\0", "b"], "NUL"),
        (np.eye(3), "argmax"),
        ([[1, 2], [3]], "list"),
        ([np.array([1, 2]), np.array([1])], "ndarray|lists"),
        ("label", "for each row"),
        (5, "for each row"),
        (np.ma.masked_array([1, 2], mask=[0, 1]), "masked"),
        (np.array(3), r"shape \(\)"),
    ],
)
def test_refuses_what_is_no_label(values, said):
    with pytest.raises(DataError, match=said) as refusal:
        names(values)
    assert "\n" not in str(refusal.value)


def test_other_exact_numbers_are_judged_by_value():
    assert names([Fraction(4, 2), 1]).tolist() == [2, 1]


def test_a_single_column_is_taken_with_a_warning():
    with pytest.warns(DataWarning, match="ravel"):
        assert names(np.array([[1], [2]])).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["7", "-3", "0"], [7, -3, 0]),
        (["7", "007"], ["7", "007"]),
        (["7", "7.0"], ["7", "7.0"]),
        (["7", "NA"], ["7", "NA"]),
        (["-0", "1"], ["-0", "1"]),
        (["+1"], ["+1"]),
        (["1_0"], ["1_0"]),
        (["٣"], ["٣"]),
        ([str(2**63 - 1), str(-(2**63))], [2**63 - 1, -(2**63)]),
        ([str(2**63)], [str(2**63)]),
        (["9" * 5000], ["9" * 5000]),
    ],
)
def test_text_becomes_integers_only_if_all_are_written_so(cells, expected):
    assert names_from_text(cells).tolist() == expected


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_every_integer_comes_back_from_its_text(numbers):
    assert names_from_text([str(n) for n in numbers]).tolist() == numbers


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1)
)
def test_text_is_never_changed(cells):
    assert [str(name) for name in names_from_text(cells).tolist()] == cells
    assert names(cells).tolist() == cells


@pytest.mark.parametrize(
    "values",
    [
        np.array([0, 2**63 - 1, 2**63, 2**64 - 1], dtype=np.uint64),
        [0, 1, 2**63],
        [np.uint64(0), np.uint64(1), np.uint64(2**63)],
    ],
)
def test_integers_beyond_signed_64_bits_are_refused(values):
    with pytest.raises(
        DataError, match=r"here: the label of row 2 .*9223372036854775808, .*signed 64-bit"
    ):
        names(values)


def test_the_largest_integers_are_taken():
    assert names(np.array([2**63 - 1], dtype=np.uint64)).tolist() == [2**63 - 1]
    assert names([np.int64(-(2**63)), 2**63 - 1]).tolist() == [-(2**63), 2**63 - 1]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_infinite_labels_of_any_float_are_refused(dtype):
    with pytest.raises(DataError, match=r"row 1 .*inf, which is no whole number"):
        names(np.array([1, np.inf], dtype=dtype))
