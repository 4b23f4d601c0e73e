import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.data.text_file import find_separator, read_text, records
from layerlab.errors import DataError


def test_reads_utf8_with_and_without_a_mark():
    assert read_text("é,1".encode(), "f") == "é,1"
    assert read_text("é,1".encode("utf-8-sig"), "f") == "é,1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "f: the file is empty"),
        (b" \n\n", "f: the file is empty"),
        (b"\xef\xbb\xbf", "f: the file is empty"),
        ("1,é\n".encode("latin-1"), "f, row 1: byte 0xe9 is not UTF-8"),
        (b"1,2\n3,\xff", "f, row 2: byte 0xff"),
        ("1,2".encode("utf-16"), "UTF-16"),
        (b"1,2\n3,\0", "f, row 2: there is a NUL byte"),
    ],
)
def test_refuses_what_is_no_text(content, said):
    with pytest.raises(DataError, match=said):
        read_text(content, "f")


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("1,2,a\n3,4,b", ","),
        ("1;2;a\n3;4;b", ";"),
        ("1\t2\ta\n3\t4\tb", "\t"),
        ("1,5;2,5;a\n3,5;4,5;b", ";"),
        ("1,5;a\n2,5;b", ";"),
        ('1,2,"a;b"\n3,4,"c;d"', ","),
        ("1,2,a;b\n3,4,c;d", ","),
        ("1,2,a b\n3,4,c\td", ","),
        ("1,2,3\n4,5", ","),
        ('"a, b"; 1; 2\n"c, d"; 3; 4', ";"),
    ],
)
def test_finds_the_separator(text, separator):
    assert find_separator(text, "f") == separator


@pytest.mark.parametrize("text", ["1\n2\n", "1 2 3\n4 5 6", '""'])
def test_says_that_no_separator_is_there(text):
    with pytest.raises(DataError, match="f: the rows have one cell only"):
        find_separator(text, "f")


def test_records_are_numbered_as_in_a_spreadsheet():
    text = 'a,b\r\n\r\n 1 , "x\ny"\r\n  \n2,z'
    assert list(records(text, ",", "f")) == [(1, ["a", "b"]), (3, ["1", "x\ny"]), (5, ["2", "z"])]


def test_old_line_ends_are_read():
    assert [cells for _, cells in records("1,2\r3,4", ",", "f")] == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("text", ['1,2\n3,"4', '1,2\n3,"4"5'])
def test_says_where_quotes_go_wrong(text):
    with pytest.raises(DataError, match=r"f, row 2: .*quote"):
        list(records(text, ",", "f"))


CELL = st.text(st.sampled_from('ab,;"\n é\t'), max_size=5).map(str.strip)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1), st.sampled_from(",;\t"))
def test_what_csv_wrote_is_read(rows, separator):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator).writerows(rows)
    assert [cells for _, cells in records(buffer.getvalue(), separator, "f")] == rows
