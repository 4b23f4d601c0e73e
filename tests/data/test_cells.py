import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.data.cells import is_number, is_usable, number_reader
from layerlab.errors import DataError


def reader(*cells, separator=";"):
    return number_reader("\n".join(cells), separator, cells, "here")


@pytest.mark.parametrize("cell", ["0", "-1", "+1.5", ".5", "5.", "1e3", "1.5E-3"])
def test_numbers(cell):
    assert is_number(cell)
    assert reader(cell)(cell) == float(cell)


@pytest.mark.parametrize(
    "cell", ["", "a", "nan", "inf", "1_0", "1,5", "0x1", "1 2", "٣", "1e", "."]
)
def test_no_numbers(cell):
    assert not is_number(cell)


@pytest.mark.parametrize("cell", ["1_000", "٣", "", "a", "1,000", "0x1"])
def test_what_python_takes_and_people_do_not_mean_is_refused(cell):
    read = reader(cell, separator=",")
    with pytest.raises(ValueError):
        read(cell)


def test_decimal_comma_throughout():
    read = reader("1,5", "2", "-0,25", "1e3")
    assert [read(cell) for cell in ("1,5", "2", "-0,25", "1,5e3")] == [1.5, 2.0, -0.25, 1500.0]


def test_point_and_comma_do_not_mix():
    read = reader("1,5", "2.5")
    with pytest.raises(ValueError, match=r"2\.5"):
        read("2.5")


def test_thousands_are_not_taken_for_decimals():
    with pytest.raises(DataError, match="'1,000' may mean a thousand or a decimal comma"):
        reader("1,000", "20,500", "7")
    assert reader("1,000", "1,5")("1,000") == 1.0
    assert reader("0,125")("0,125") == 0.125


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back(value):
    assert reader(repr(value))(repr(value)) == value
    assert is_number(repr(value))


@given(st.text(max_size=6))
def test_strict_reading_takes_numbers_only(cell):
    read = reader(cell, "_", separator=",")
    try:
        value = read(cell)
    except ValueError:
        assert not is_number(cell)
    else:
        assert is_number(cell) and not math.isnan(value)


@pytest.mark.parametrize(
    ("value", "usable"),
    [
        (0.0, True),
        (3.4e38, True),
        (3.5e38, False),
        (math.inf, False),
        (-math.inf, False),
        (math.nan, False),
    ],
)
def test_usable(value, usable):
    assert is_usable(value) is usable
