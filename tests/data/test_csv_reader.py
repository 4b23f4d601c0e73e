import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from layerlab.data import load_data
from layerlab.data.csv_reader import read_csv
from layerlab.errors import DataError, DataWarning


def read(text, **options):
    return read_csv(text.encode(), "f.csv", **options)


def test_with_a_header():
    raw = read("height,kind,width,label\n1,2,3.5,cat\n-4,5,1e2,dog\n")
    assert raw.rows.tolist() == [[1.0, 2.0, 3.5], [-4.0, 5.0, 100.0]]
    assert raw.rows.dtype == np.float64
    assert raw.y.tolist() == ["cat", "dog"]
    assert raw.feature_names == ("height", "kind", "width")
    assert raw.label_name == "label"
    assert raw.groups is None


def test_without_a_header_the_last_column_is_the_label():
    with pytest.warns(DataWarning, match=r"^f.csv: no header .*label= \(--label .*and -1"):
        raw = read("1,2,0\n3,4,1")
    assert raw.rows.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert raw.y.tolist() == [0, 1]
    assert raw.feature_names is None
    assert raw.label_name == "column 3"


def test_class_names_in_the_first_row_are_no_header():
    raw = read("1,2,y\n3,4,n\n5,6,y\n", label=-1)
    assert raw.y.tolist() == ["y", "n", "y"]
    assert len(raw.rows) == 3


def test_label_and_groups_of_choice():
    raw = read("who,species,a\nu,007,1\nv,7,2\n", label="species", groups="who")
    assert raw.rows.tolist() == [[1.0], [2.0]]
    assert raw.y.tolist() == ["007", "7"]
    assert raw.groups.tolist() == ["u", "v"]
    raw = read("5,u,1\n6,v,2\n", label=0, groups=1)
    assert (raw.rows.tolist(), raw.y.tolist(), raw.groups.tolist()) == (
        [[1], [2]],
        [5, 6],
        ["u", "v"],
    )


def test_labels_na_and_empty_looking_words_stay_text():
    assert read("a,label\n1,NA\n2,nan\n3,None\n").y.tolist() == ["NA", "nan", "None"]


def test_decimal_commas_marks_tabs_and_quotes():
    assert read("a;b;label\n1,5;2;x\n0,25;3;z").rows.tolist() == [[1.5, 2.0], [0.25, 3.0]]
    assert read("\ufeffa\tlabel\n1\tx\n").feature_names == ("a",)
    raw = read('"a, b", "label"\n"1", "x, ""z"""\n')
    assert (raw.feature_names, raw.rows.tolist(), raw.y.tolist()) == (
        ("a, b",),
        [[1.0]],
        ['x, "z"'],
    )


def test_rounded_integers_are_warned_of():
    with pytest.warns(DataWarning, match=r"f.csv: .*2\^53"):
        read("id,label\n12345678901234567,x\n")


HEADER = "a,b,label\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "f.csv: the file is empty"),
        (HEADER, "f.csv: there is a header and no row"),
        (HEADER + "1,2,x\n1,2\n", "f.csv, row 3: 2 cells, where row 1 has 3"),
        (HEADER + "1,2,x\n1,2,x,\n", "f.csv, row 3: 4 cells, where row 1 has 3"),
        (HEADER + "1,2,x\n\n1,q,x", r"f.csv, row 4, column 2 \('b'\): 'q' is no number"),
        (HEADER + "1,,x\n", r"f.csv, row 2, column 2 \('b'\): the cell is blank"),
        (HEADER + "NaN,2,x\n", r"row 2, column 1 \('a'\): 'NaN' is no finite number"),
        (HEADER + "1,-inf,x\n", r"row 2, column 2 \('b'\): '-inf' is no finite"),
        (HEADER + "1,1e999,x\n", "'1e999' is no finite number that float32 holds"),
        (HEADER + "1,1e39,x\n", "'1e39' is no finite number that float32 holds"),
        (HEADER + "1e308,1e308,x\n", r"column 1 \('a'\): '1e308' is no finite"),
        (HEADER + "1,NA,x\n", "'NA' is no number"),
        (HEADER + "1_0,2,x\n", "'1_0' is no number"),
        (HEADER + "1,٣,x\n", "'٣' is no number"),
        (HEADER + '1,"1,000",x\n', "'1,000' is no number.*thousands"),
        (HEADER + "1,2,\n", r"row 2, column 3 \('label'\): the label is blank"),
        (HEADER + "1,2,x\na,b,label\n", "f.csv, row 3: the header is repeated"),
        ("1,2,x\n3,4,x\n5,q,x\n", "f.csv, row 3, column 2: 'q' is no number"),
        ("a;label\n1,5;x\n2.5;x", r"row 3, column 1 \('a'\): '2.5' is no number.*one decimal sign"),
        ("a;label\n1,500;x\n2;x", "f.csv: '1,500' may mean a thousand"),
        ("a,a,label\n1,2,x", "columns 1 and 2 are both named 'a'"),
        (",a,label\n0,2,x", "column 1 has no name"),
        ("a,b,labl\n1,2,x", "Did you mean 'labl'"),
        ("5.1,?,x\n1,2,x", "may be a header or faulty data"),
        ("1\n2\n", "one cell only"),
        ('a,label\n1,"x\n2,z\n', "row 2: .*quoted cell"),
        ("a,label\n" + "1" * 200_000 + ",x", "field larger"),
    ],
)
@pytest.mark.filterwarnings("ignore:f.csv. no header")
def test_bad_files_give_one_clear_line(text, said):
    with pytest.raises(DataError, match=said) as refusal:
        read(text)
    assert str(refusal.value).startswith("f.csv")
    assert "\n" not in str(refusal.value)


def test_blank_groups_are_refused():
    with pytest.raises(DataError, match=r"row 3, column 1 \('who'\): the group is blank"):
        read("who,a,label\nu,1,x\n,2,x\n", groups="who")


FINITE = st.floats(-3e38, 3e38, allow_nan=False)
WORD = st.text(st.sampled_from("abc7,; \"é'"), min_size=1, max_size=5).map(str.strip).filter(bool)


@given(
    st.lists(st.tuples(FINITE, FINITE, WORD), min_size=1, max_size=30),
    st.sampled_from(",\t;"),
    st.sampled_from(["\n", "\r\n"]),
)
@pytest.mark.filterwarnings("ignore::layerlab.errors.DataWarning")
def test_written_rows_come_back_exactly(rows, separator, end):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=separator, lineterminator=end)
    writer.writerow(["first", "second", "label"])
    writer.writerows([repr(a), repr(b), word] for a, b, word in rows)
    raw = read(buffer.getvalue())
    assert raw.rows.tolist() == [[a, b] for a, b, _ in rows]
    assert [str(name) for name in raw.y.tolist()] == [word for _, _, word in rows]


@given(st.binary(max_size=60) | st.text(st.sampled_from('1,;y\n".a '), max_size=40).map(str.encode))
@pytest.mark.filterwarnings("ignore::layerlab.errors.DataWarning")
def test_any_bytes_give_rows_or_one_clear_line(content):
    try:
        raw = read_csv(content, "f.csv")
    except DataError as error:
        assert str(error).startswith("f.csv")  # noqa: PT017
    else:
        assert len(raw.rows) == len(raw.y) > 0
        assert np.isfinite(raw.rows).all()


def test_digits_survive_the_way_through_a_file(tmp_path):
    bunch = load_digits()
    path = tmp_path / "digits.csv"
    bunch_rows = np.column_stack([bunch.data, bunch.target])
    np.savetxt(path, bunch_rows, fmt="%d", delimiter=",")
    data = load_data(path, label=-1)
    np.testing.assert_array_equal(data.rows, bunch.data)
    np.testing.assert_array_equal(data.y, bunch.target)


@pytest.mark.skipif("LAYERLAB_DATA" not in os.environ, reason="LAYERLAB_DATA is not set")
def test_optdigits_as_uci_publishes_it():
    path = Path(os.environ["LAYERLAB_DATA"]) / "optdigits" / "optdigits.tra"
    data = load_data(path, label=-1)
    assert data.rows.shape == (3823, 64)
    assert data.value_range == (0.0, 16.0)
    # Counts as the data set's own description lists them.
    assert data.class_counts.tolist() == [376, 389, 380, 389, 387, 376, 377, 387, 380, 382]
