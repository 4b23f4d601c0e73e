import gzip
import io
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

from layerlab.data import load_data
from layerlab.errors import DataError, InputError, ParameterError

ROWS = np.arange(12.0).reshape(3, 4)
Y = ["u", "v", "u"]
CSV = b"a,b,label\n1,2,u\n3,4,v\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name, content):
        (tmp_path / name).write_bytes(content)
        return name

    return write


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_a_csv_file(write, tmp_path):
    name = write("small.csv", CSV)
    data = load_data(name)
    assert (data.name, data.source) == ("small", "small.csv")
    assert data.rows.tolist() == [[1, 2], [3, 4]]
    assert load_data(tmp_path / name).fingerprint == data.fingerprint


def test_content_decides_and_not_the_name(write):
    assert load_data(write("a.npz", CSV)).y.tolist() == ["u", "v"]
    assert load_data(write("b.csv", npz(X=ROWS, y=Y))).y.tolist() == Y
    assert load_data(write("c", npz(images=ROWS.reshape(3, 2, 2), y=Y))).image_shape == (2, 2)


def test_options_reach_the_readers(write):
    name = write("f.csv", b"who,kind,a\n1,u,5\n2,v,6\n")
    data = load_data(name, label="kind", groups="who", image_shape=(1, 1))
    assert (data.label_name, data.group_names, data.image_shape) == ("kind", ("1", "2"), (1, 1))
    data = load_data(write("f.npz", npz(X=ROWS, y=Y)), groups=["p", "q", "q"], image_shape=(2, 2))
    assert (data.group_names, data.image_shape) == (("p", "q"), (2, 2))


def test_what_was_asked_for_is_kept(write):
    name = write("f.csv", b"who,kind,a\n1,u,5\n2,v,6\n")
    data = load_data(name, label="kind", groups=0, image_shape=[1, 1])
    assert data.options == (("label", "kind"), ("groups", 0), ("image_shape", (1, 1)))
    assert data.subset([0]).options == data.options
    assert load_data("digits").options == ()
    plain = load_data(name, label=np.str_("kind"), groups="who").options
    assert repr(plain) == "(('label', 'kind'), ('groups', 'who'))"


def test_of_arrays_only_that_they_were_given_is_kept(write):
    arrays = load_data(ROWS, Y, groups=("p", "q", "q"))
    assert arrays.options == (("y", ...), ("groups", ...))
    assert load_data(write("f.csv", CSV), groups=np.arange(2)).options == (("groups", ...),)


def test_options_are_no_part_of_the_fingerprint(write):
    name = write("small.csv", CSV)
    assert load_data(name).fingerprint == load_data(name, label="label").fingerprint


def test_groups_of_a_file_can_be_replaced(write):
    name = write("f.npz", npz(X=ROWS, y=Y, groups=[1, 1, 2]))
    assert load_data(name).group_names == ("1", "2")
    assert load_data(name, groups=[3, 4, 5]).group_names == ("3", "4", "5")


def test_a_file_called_as_the_built_in_data_is_reached_by_a_path(write):
    write("digits", CSV)
    assert len(load_data("digits")) == 1797
    assert len(load_data("./digits")) == 2


def test_colour_arrays():
    images = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    data = load_data(images, [0, 1])
    assert (data.image_shape, data.n_features, data.rows.dtype) == ((2, 2, 3), 12, np.uint8)
    assert data.feature_names[:4] == ("pixel_0_0_0", "pixel_0_0_1", "pixel_0_0_2", "pixel_0_1_0")
    laid_out = load_data(images.reshape(2, 12), [0, 1], image_shape=(2, 2, 3))
    assert laid_out.fingerprint == data.fingerprint


def test_arrays():
    assert load_data(ROWS, Y).source == "arrays"
    assert load_data(ROWS.reshape(3, 2, 2), Y).image_shape == (2, 2)
    assert load_data(ROWS, Y, image_shape=(2, 2), groups=[1, 2, 1]).group_names == ("1", "2")
    assert load_data(ROWS.tolist(), Y).rows.tolist() == ROWS.tolist()
    assert load_data(sparse.csr_array(ROWS), Y).rows.tolist() == ROWS.tolist()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty.csv: the file is empty"),
        ("ragged.csv", CSV + b"5,6\n", "ragged.csv, row 4: 2 cells, where row 1 has 3"),
        ("nan.npz", npz(X=ROWS * np.nan, y=Y), r"nan.npz: row 0, column 0 \('x0'\).*nan"),
        ("few.npz", npz(X=ROWS, y=Y[:2]), "few.npz: there are 3 rows and 2 labels"),
        ("text.npz", npz(X=np.array([["a"]]), y=["u"]), "text.npz: the features are of type <U1"),
        ("one.npy", b"\x93NUMPY\1\0", "the file is damaged"),
        ("a.csv.gz", gzip.compress(CSV, mtime=0), "packed with gzip. Unpack"),
        ("a.parquet", b"PAR1....", "the file is damaged"),
        ("a.arrow", b"ARROW1..", "the file is damaged"),
        ("a.pdf", b"%PDF-1.7", "PDF document"),
        ("a.svg", b"\n<svg xmlns='...'/>", "an SVG drawing. Give images as PNG"),
        ("a.h5", b"\x89HDF\r\n", "HDF5"),
        ("a.pkl", pickle.dumps([1]), "is a pickle, which is never opened"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "image"),
        ("a.bin", b"\1\2\0\0\n", "NUL byte"),
    ],
)
def test_bad_files_give_one_line_that_names_them(write, name, content, said):
    with pytest.raises(DataError, match=said) as refusal:
        load_data(write(name, content))
    assert str(refusal.value).startswith(name)
    assert "\n" not in str(refusal.value)


def test_missing_files(write, tmp_path):
    write("flowers.csv", CSV)
    with pytest.raises(
        DataError, match=r"^flower.csv: there is no such.*Did you mean 'flowers.csv'"
    ):
        load_data("flower.csv")
    with pytest.raises(DataError, match="Did you mean 'digits'"):
        load_data("digit")
    with pytest.raises(DataError, match="no such file"):
        load_data(tmp_path / "nowhere" / "f.csv")
    with pytest.raises(DataError, match="cannot be read"):
        load_data("a\0b")


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((ROWS,), {}, r"load_data\(rows, y\)"),
        ((ROWS, Y), {"label": "u"}, "'label' names a column"),
        ((ROWS, Y), {"groups": "u"}, "'groups' names a column"),
        (("digits", Y), {}, "'y' goes with arrays"),
        (("digits",), {"label": "u"}, "'label' names a column, and the built-in digits"),
        (("digits",), {"groups": "writer"}, "'groups' names a column"),
        (({"rows": ROWS},), {}, r"load_data\(bunch.data, bunch.target\)"),
        ((load_digits(), Y), {}, "'Bunch' brings its own labels"),
        ((load_digits(),), {"label": "u"}, "'label' names a column, and bunches have none"),
        ((ROWS, Y), {"resize": (8, 8), "grey": True}, "'resize' and 'grey' is for image files"),
        ((ROWS, Y), {"fit": "cut"}, "'fit' parameter must be one of"),
        ((ROWS, "label"), {}, "label for each row"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, options, said):
    with pytest.raises(InputError, match=said):
        load_data(*arguments, **options)


def test_label_and_y_exclude_each_other():
    pd = pytest.importorskip("pandas")
    with pytest.raises(ParameterError, match="not both"):
        load_data(pd.DataFrame({"a": [1]}), [0], label="a")


@pytest.mark.parametrize("label", [1.0, True, np.True_, ["a"], b"a", (0,), {}])
def test_a_label_column_of_a_wrong_type_is_refused(write, label):
    name = write("f.csv", b"a,b,c\n1,2,u\n3,4,v\n")
    for source in (name, "digits", ROWS):
        with pytest.raises(ParameterError, match=r"^The 'label' parameter must be the name"):
            load_data(source, label=label)


@pytest.mark.parametrize("groups", [1.0, True, np.True_, object()])
def test_groups_of_a_wrong_type_are_refused(write, groups):
    with pytest.raises(ParameterError, match=r"'groups' .*or a group for each row"):
        load_data(write("f.csv", CSV), groups=groups)


def test_numpys_integers_are_positions(write):
    name = write("f.csv", b"a,who,kind\n1,5,u\n3,6,v\n")
    data = load_data(name, label=np.int64(2), groups=np.uint8(1))
    assert (data.label_name, data.group_names) == ("kind", ("5", "6"))
    assert repr(data.options) == "(('label', 2), ('groups', 1))"
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1, 3], "who": [5, 6], "kind": ["u", "v"]})
    data = load_data(frame, label=np.int64(-1), groups=np.int64(1))
    assert (data.label_name, data.group_names) == ("kind", ("5", "6"))


def test_labels_beyond_signed_64_bits_are_refused_at_loading(write):
    y = np.array([1, 2**63, 1], dtype=np.uint64)
    with pytest.raises(DataError, match=r"^f.npz: the label of row 1 .*signed 64-bit integers"):
        load_data(write("f.npz", npz(X=ROWS, y=y)))
    with pytest.raises(DataError, match=r"^arrays: the label of row 1 .*signed 64-bit integers"):
        load_data(ROWS, y)
