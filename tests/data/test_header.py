import pytest

from layerlab.data.header import check_header, has_header, has_header_without_labels
from layerlab.errors import DataError, DataWarning


def header(*lines, label=None, group=None, comma=False):
    return has_header([line.split(",") for line in lines], label, group, comma, "f")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a,b,label", "1,2,x"], True),
        (["0,1,2,label", "1,2,3,x"], True),  # as pandas writes unnamed columns
        (["1,2,x", "3,4,y"], False),
        (["1,2,y", "3,4,n", "5,6,y"], False),  # a class called y
        (["1,2,Y", "3,4,N", "5,6,Y"], False),
        (["1,2,3", "4,5,6"], False),
        (["height,width,label", "1,2,label"], True),
        (["2019,2020,name,target", "1,2,3,x"], True),
        (["x,y", "1,2"], True),
        (["1,x", "2,z"], False),
        (["label,y", "1,2"], True),
    ],
)
def test_header_or_data(lines, expected):
    assert header(*lines) is expected


@pytest.mark.parametrize(
    ("lines", "options", "expected"),
    [
        (["a,b,c", "1,2,x"], {"label": 2}, True),
        (["1,2,c", "1,2,x"], {"label": 2}, False),
        (["x,1,2", "z,1,2"], {"label": 0}, False),
        (["1,2,kind", "1,2,x"], {"label": "kind"}, True),
        (["w,1,2,x", "v,1,2,z"], {"group": 0}, False),
        (["1,w,x", "2,v,z"], {"label": "2", "group": "1"}, False),
    ],
)
def test_header_beside_what_the_user_says(lines, options, expected):
    assert header(*lines, **options) is expected


def test_decimal_commas_are_numbers():
    assert has_header([["1,5", "a"], ["2,5", "b"]], None, None, True, "f") is False


@pytest.mark.parametrize("start", [0, 1])
def test_column_numbers_are_a_header_with_a_warning(start):
    numbers = ",".join(str(j + start) for j in range(5))
    with pytest.warns(DataWarning, match="counts the columns"):
        assert header(numbers, "5,5,5,5,5", label=4)
    assert not header("0,1,2", "5,5,5")  # too few to be sure


@pytest.mark.parametrize(
    "lines",
    [
        ["1,?,3,x", "1,2,3,x"],
        ["1,,3,x", "1,2,3,x"],
        ["nan,1,x", "1,2,y"],
        ["1,?,y", "1,2,n", "1,2,y"],
    ],
)
def test_a_row_that_may_be_either_is_refused_and_never_dropped(lines):
    with pytest.raises(DataError, match=r"f, row 1, column .*may be a header or faulty data"):
        header(*lines)


def test_a_first_row_of_nan_is_refused_and_not_taken_for_names():
    with pytest.raises(DataError, match="f, row 1, column 1: 'NaN' is no finite number and no"):
        header("NaN,x", "1,y")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(["1,2", "3,4"], False), (["a,b", "3,4"], True), (["x,y", "3,4"], True), (["y", "3"], True)],
)
def test_header_where_all_columns_are_features(lines, expected):
    records = [line.split(",") for line in lines]
    assert has_header_without_labels(records, False, "f") is expected


def test_without_labels_the_last_cell_counts_too():
    with pytest.raises(DataError, match="may be a header or faulty data"):
        has_header_without_labels([["?", "2"], ["3", "4"]], False, "f")


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(DataError, match=r"f: there is no column 'kynd'.*Did you mean 'kind'\?"):
        header("a,kind", "1,x", label="kynd")


@pytest.mark.parametrize(
    ("names", "said"),
    [(["", "a"], "column 1 has no name"), (["a", "b", "a"], "columns 1 and 3 are both named 'a'")],
)
def test_names_must_be_there_and_differ(names, said):
    with pytest.raises(DataError, match=f"f, row 1: {said}"):
        check_header(names, "f")
