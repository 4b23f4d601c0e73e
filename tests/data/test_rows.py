import numpy as np
import pytest
from scipy import sparse

from layerlab.data.rows import check_rows, sealed, value_range
from layerlab.errors import DataError


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_keeps_the_type_and_does_not_copy(dtype):
    rows = np.ones((3, 2), dtype=dtype)
    assert np.shares_memory(check_rows(rows, "here"), rows)


def test_makes_byte_order_native():
    rows = np.array([[1.5, 2.0]], dtype=">f4")
    checked = check_rows(rows, "here")
    assert checked.dtype == np.float32
    assert checked.dtype.isnative
    assert checked.tolist() == [[1.5, 2.0]]


def test_takes_sparse_rows_lists_and_masks_that_hide_nothing():
    expected = [[0.0, 2.0], [1.0, 0.0]]
    assert check_rows(sparse.csr_matrix(expected), "here").tolist() == expected
    assert check_rows(expected, "here").tolist() == expected
    assert check_rows(np.ma.masked_array(expected), "here").tolist() == expected


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.array([["a"]]), "type <U1"),
        (np.array([[None]]), "type object"),
        (np.array([[1j]]), "type complex128"),
        (np.array([["2020"]], dtype="datetime64[Y]"), "type datetime64"),
        ([[1, 2], [3]], "rectangular"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((2, 3, 4, 5)), "1 to 4 channels.*moveaxis"),
        (np.ones((2, 2, 2, 3, 1)), r"shape \(2, 2, 2, 3, 1\)"),
        (np.ones((0, 3)), "no rows"),
        (np.ones((3, 0)), "no features"),
        (np.ma.masked_array([[1.0]], mask=[[1]]), "masked"),
        (object(), r"type object|shape \(\)"),
    ],
)
def test_refuses_what_is_no_row_of_numbers(rows, said):
    with pytest.raises(DataError, match=f"^here: .*({said})") as refusal:
        check_rows(rows, "here")
    assert "\n" not in str(refusal.value)


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is a double here")
def test_refuses_long_double():
    with pytest.raises(DataError, match="64 bits"):
        check_rows(np.ones((1, 1), dtype=np.longdouble), "here")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e39, -1e39])
@pytest.mark.parametrize("where", [(0, 0), (4999, 1), (5000, 2)])
def test_names_the_first_bad_value(bad, where):
    rows = np.zeros((5001, 3))
    rows[where] = bad
    rows[5000, 2] = bad  # the last value: never before the one asked for
    with pytest.raises(
        DataError, match=f"row {where[0]}, column {where[1]} \\('{'abc'[where[1]]}'"
    ):
        value_range(rows, ("a", "b", "c"), "here")


def test_range_of_good_rows():
    assert value_range(np.array([[3, -1], [0, 2]]), ("a", "b"), "here") == (-1.0, 3.0)
    assert value_range(np.array([[True, False]]), ("a", "b"), "here") == (0.0, 1.0)


def test_sealing_copies_what_others_can_write_to_and_nothing_else():
    mine = np.zeros(3)
    copy = sealed(mine)
    assert not copy.flags.writeable
    assert not np.shares_memory(copy, mine)
    assert mine.flags.writeable
    assert sealed(copy) is copy
    view = mine[:]
    view.flags.writeable = False
    assert not np.shares_memory(sealed(view), mine)  # `mine` could still change it
    assert sealed(np.frombuffer(b"abc", dtype=np.uint8)).base is not None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_names_the_first_bad_value_of_any_float(dtype, bad):
    rows = np.zeros((3, 2), dtype=dtype)
    rows[1:] = bad
    with pytest.raises(DataError, match=f"row 1, column 0 .* is {bad}: no finite number"):
        value_range(rows, ("a", "b"), "here")
