"""Bad input in CSV text: what must happen, and what must be said."""

import os
import sys
import threading

import pytest

from layerlab.data import load_data, load_labelled_rows, load_rows
from layerlab.errors import InputError

GOOD = "a,b,label\n1,2,u\n3,4,v\n"
PLAIN = "no thousands separator"

CASES = [
    # name, content, options, expected, mentions
    ("good", GOOD, {}, "OK", []),
    ("short row", GOOD + "5,6\n", {}, "E", ["row 4: 2 cells", "row 1 has 3"]),
    ("long row", GOOD + "5,6,u,7\n", {}, "E", ["row 4: 4 cells", "Give every row as many"]),
    ("semicolons", GOOD.replace(",", ";"), {}, "OK", []),
    ("tabs", GOOD.replace(",", "\t"), {}, "OK", []),
    ("decimal commas", "a;b;label\n1,5;2;u\n3;4,25;v\n", {}, "OK", []),
    ("commas and points", "a;b;label\n1,5;2.5;u\n", {}, "E", ["row 2, column 2 ('b')", PLAIN]),
    ("mixed separators", GOOD + "5;6;u\n", {}, "E", ["row 4: 1 cells"]),
    ("header repeated", GOOD + "a,b,label\n", {}, "E", ["row 4: the header is repeated"]),
    ("no header", "1,2,u\n3,4,v\n", {}, "W", ["no header", "the last", "--label"]),
    ("no header, label said", "1,2,u\n3,4,v\n", {"label": -1}, "OK", []),
    ("column numbers", "0,1,2,3,4\n5,6,7,8,u\n", {"label": -1}, "W", ["counts the columns"]),
    ("duplicate column", "a,a,label\n1,2,u\n", {}, "E", ["columns 1 and 2", "'a'"]),
    ("nameless column", "a,,label\n1,2,u\n", {}, "E", ["column 2 has no name", "Name it"]),
    ("label NA", "a,label\n1,NA\n2,u\n", {}, "OK", []),
    ("label 007", "a,label\n1,007\n2,7\n", {}, "OK", []),
    ("blank label", "a,label\n1,u\n2,\n", {}, "E", ["row 3, column 2 ('label')", "blank"]),
    ("byte order mark", "\ufeff" + GOOD, {}, "OK", []),
    ("NUL byte", GOOD + "5,\0,u\n", {}, "E", ["row 4", "NUL byte"]),
    ("header only", "a,b,label\n", {}, "E", ["a header and no row"]),
    ("empty", "", {}, "E", ["the file is empty"]),
    ("blank lines", "\n\n \n", {}, "E", ["the file is empty"]),
    ("thousands", 'a,b,label\n"1,000",2,u\n', {}, "E", ["row 2, column 1 ('a')", PLAIN]),
    ("a thousand or a decimal", "a;b;label\n1,000;2;u\n", {}, "E", ["'1,000'", "decimal point"]),
    ("beyond 2^53", "a,label\n9007199254740993,u\n1,v\n", {}, "W", ["2^53", "identifier"]),
    ("Latin-1", "a,label\n1,\xe9\n".encode("latin-1"), {}, "E", ["row 2", "0xe9", "UTF-8"]),
    ("UTF-16", GOOD.encode("utf-16"), {}, "E", ["UTF-16", "Save it as UTF-8"]),
    ("no label", "a,b,kind\n1,2,u\n", {}, "E", ["no column is named label", "'kind'"]),
    ("label almost", "a,b,lable\n1,2,u\n", {}, "E", ["Did you mean 'lable'"]),
    ("label misspelt", GOOD, {"label": "labl"}, "E", ["'labl'", "Did you mean 'label'"]),
    ("label beyond", GOOD, {"label": 3}, "E", ["no column 3", "from 0 to 2"]),
    ("groups misspelt", GOOD, {"groups": "c"}, "E", ["no column 'c' for the groups"]),
    ("two labels", "a,class,label\n1,u,v\n", {}, "E", ["both 'class' and 'label'"]),
    ("NaN", "a,label\nnan,u\n", {}, "E", ["row 2, column 1 ('a')", "no finite number"]),
    ("blank cell", "a,label\n,u\n", {}, "E", ["row 2, column 1 ('a')", "blank", "not filled in"]),
    ("over float32", "a,label\n1e39,u\n", {}, "E", ["row 2, column 1 ('a')", "float32"]),
    ("text", "a,b,label\n1,q,u\n", {}, "E", ["row 2, column 2 ('b')", "'q' is no number"]),
    ("a quote not closed", 'a,label\n1,"u\n', {}, "E", ["Close every quoted cell"]),
    ("one cell a row", "a\n1\n", {}, "E", ["one cell only", "Put a comma"]),
    ("labels given apart", GOOD, {"y": ["u", "v"]}, "E", ["brings its own labels"]),
    ("a label of a page", f"a,label\n1,u\n2,{'x' * 9999}\n", {}, "E", ["row 1", "9999 characters"]),
    ("options of images", GOOD, {"grey": True}, "E", ["'grey' is for image files"]),
]


@pytest.mark.parametrize(
    ("content", "options", "expected", "mentions"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_load_data(judged, tmp_path, content, options, expected, mentions):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    mentions = [*mentions, "table.csv"] if expected != "OK" else mentions
    judged(lambda: load_data(path, **options), expected, mentions)


def test_a_message_quotes_the_beginning_of_a_long_cell(judged, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,label\n" + "x" * 9999 + ",u\n")
    with pytest.raises(InputError) as raised:
        load_data(path)
    assert "is no number" in str(raised.value)
    assert len(str(raised.value)) < 500


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_a_pipe(judged, tmp_path):
    for content, expected, mentions in PIPED:
        path = tmp_path / f"pipe{len(content)}"
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(content,))
        writer.start()
        judged(lambda path=path: load_data(path), expected, mentions)
        writer.join()


PIPED = [
    (GOOD.encode(), "OK", []),
    (b"", "E", ["the file is empty"]),
    (b"\x93NUMPY\1\0", "E", ["through a pipe only CSV text is read"]),
    (b"\x1f\x8b\x08", "E", ["packed with gzip"]),
]


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such device")
def test_a_device_without_end(judged):
    judged(lambda: load_data("/dev/zero"), "E", ["/dev/zero", "NUL byte"])


def test_a_name_no_file_can_have(judged):
    judged(lambda: load_data("a" * 5000), "E", ["cannot be read", "Check the path"])


def test_what_is_ok_is_read_as_written(judged, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a;label\n1,5;007\n2;NA\n", encoding="utf-8-sig")
    data = judged(lambda: load_data(path), "OK")
    assert data.rows.tolist() == [[1.5], [2.0]]
    assert data.y.tolist() == ["007", "NA"]


PREDICTED = [
    ("reordered", "b,a\n2,1\n", "OK", []),
    ("missing", "a,c\n1,2\n", "E", ["1 is missing: 'b'"]),
    ("too many", "1,2,3,4\n", "E", ["takes 2 features", "4 columns"]),
    ("bad cell", "a,b\n1,?\n", "E", ["row 2, column 2 ('b')"]),
]


@pytest.mark.parametrize(
    ("text", "expected", "mentions"),
    [case[1:] for case in PREDICTED],
    ids=[case[0] for case in PREDICTED],
)
def test_predict(judged, tmp_path, text, expected, mentions):
    path = tmp_path / "table.csv"
    path.write_text(text)
    takes = {"n_features": 2, "feature_names": ("a", "b")}
    judged(lambda: load_rows(path, **takes), expected, mentions)


def test_evaluate_without_labels(judged, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    takes = {"n_features": 2, "feature_names": ("a", "b")}
    said = ["table.csv", "every column", "Add a column named label"]
    judged(lambda: load_labelled_rows(path, **takes), "E", said)
