import sys

import numpy as np
import pytest

from layerlab.data import load_data, load_labelled_rows, load_rows
from layerlab.errors import DataError, MissingExtraError

pa = pytest.importorskip("pyarrow")

DIGITS = load_data("digits")


@pytest.fixture
def table():
    columns = {name: DIGITS.rows[:, j] for j, name in enumerate(DIGITS.feature_names)}
    return pa.table({"target": DIGITS.y, **columns})


def write_parquet(table, path):
    from pyarrow import parquet

    parquet.write_table(table, path)


def write_feather(table, path):
    from pyarrow import feather

    feather.write_feather(table, path)


def write_stream(table, path):
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


WRITERS = [write_parquet, write_feather, write_stream]


@pytest.mark.parametrize("write", WRITERS)
def test_digits_come_back(table, write, tmp_path):
    path = tmp_path / "digits.any"
    write(table, path)
    data = load_data(path, image_shape=(8, 8), groups=DIGITS.groups + 1)
    assert data.fingerprint == load_data("digits", groups=DIGITS.groups + 1).fingerprint
    assert (data.name, data.source) == ("digits", str(path))
    takes = {"n_features": 64, "feature_names": DIGITS.feature_names}
    np.testing.assert_array_equal(load_labelled_rows(path, **takes).rows, DIGITS.rows)
    assert load_rows(path, **takes).ignored == ("target",)


@pytest.mark.parametrize("write", WRITERS)
def test_damaged_files(table, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(table, tmp_path / "f")
    content = (tmp_path / "f").read_bytes()
    (tmp_path / "f").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"^f: the file is damaged") as refusal:
        load_data("f")
    assert "\n" not in str(refusal.value)


def test_text_categories_and_missing_values(tmp_path):
    path = tmp_path / "f.parquet"
    kind = pa.array(["u", "NA", "u"]).dictionary_encode()
    write_parquet(pa.table({"a": [1, 2, 3], "kind": kind, "who": ["p", "q", "q"]}), path)
    data = load_data(path, label="kind", groups="who")
    assert data.y.tolist() == ["u", "NA", "u"]
    assert data.group_names == ("p", "q")
    write_parquet(pa.table({"a": [1, None, 3], "label": ["u", "v", "u"]}), path)
    with pytest.raises(DataError, match=r"f.parquet: row 1 \(counted from 0\), column 'a' is mis"):
        load_data(path)
    write_parquet(pa.table({"a": [1, 2], "label": ["u", None]}), path)
    with pytest.raises(DataError, match=r"f.parquet: the label of row 1 .* is missing"):
        load_data(path)
    write_parquet(pa.table({"a": ["1", "2"], "label": ["u", "v"]}), path)
    with pytest.raises(DataError, match=r"f.parquet: column 'a' holds String"):
        load_data(path)


def test_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "f.arrow"
    write_stream(pa.table([[1], [2], ["u"]], names=["a", "a", "label"]), path)
    with pytest.raises(DataError, match="several columns are named 'a'"):
        load_data(path)


def test_without_pyarrow_it_says_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "f.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pyarrow.*pip install 'layerlab\[data\]'"):
        load_data(tmp_path / "f.parquet")


def test_arrow_tables_in_memory(table):
    assert load_data(table).rows.tolist() == DIGITS.rows.tolist()
