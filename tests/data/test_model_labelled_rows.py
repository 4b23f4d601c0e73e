import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.data import load_data, load_labelled_rows, load_rows
from layerlab.errors import DataError, DataWarning, ParameterError

ROWS = np.arange(12.0).reshape(3, 4)
Y = np.array([7, 8, 7])
AB = ("a", "b")
DIGITS = load_data("digits")


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(content, name="f.csv"):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return write


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def seen(data):
    return data.rows.tolist(), data.y.tolist(), data.label_name, data.feature_names


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("a,b,label\n1,2,u\n3,4,v\n", None, ([[1, 2], [3, 4]], ["u", "v"], "label", AB)),
        ("Class,b,a\nu,1,2\nv,3,4\n", None, ([[2, 1], [4, 3]], ["u", "v"], "Class", AB)),
        ("who,b,y,a,note\np,1,7,2,\nq,3,8,4,!\n", None, ([[2, 1], [4, 3]], [7, 8], "y", AB)),
        ("b,y,a,target\n1,0,2,u\n", None, ([[2, 1]], ["u"], "target", AB)),
        ("b,label,a,kind\n1,0,2,u\n", "kind", ([[2, 1]], ["u"], "kind", AB)),
        ("b,label,a,kind\n1,0,2,u\n", -1, ([[2, 1]], ["u"], "kind", AB)),
        ("b,label,a,kind\n1,0,2,u\n", "0", "column 'b' is a feature the model takes"),
        # Where there is no header, columns are the model's in their order.
        ("1,2,u\n3,4,v\n", None, ([[1, 2], [3, 4]], ["u", "v"], "column 3", AB)),
        ("1;2;7\n3;4;8\n", None, ([[1, 2], [3, 4]], [7, 8], "column 3", AB)),
        ("u,1,2\nv,3,4\n", 0, ([[1, 2], [3, 4]], ["u", "v"], "column 1", AB)),
    ],
)
def test_a_model_that_knows_its_names(write, text, label, expected):
    name = write(text)
    if isinstance(expected, str):
        with pytest.raises(DataError, match=expected):
            load_labelled_rows(name, n_features=2, feature_names=AB, label=label)
    else:
        data = load_labelled_rows(name, n_features=2, feature_names=AB, label=label)
        assert seen(data) == expected
        assert (data.name, data.source) == ("f", "f.csv")


@pytest.mark.parametrize("names", [None, ("x0", "x1")])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p,class,q\n1,u,2\n", ([[1, 2]], ["u"], "class", ("p", "q"))),
        ("x,y,label\n1,2,u\n", ([[1, 2]], ["u"], "label", ("x", "y"))),
        ("p,q,y\n1,2,u\n", ([[1, 2]], ["u"], "y", ("p", "q"))),
        ("1,2,u\n", ([[1, 2]], ["u"], "column 3", ("x0", "x1"))),
    ],
)
def test_a_model_that_knows_no_names(write, names, text, expected):
    data = load_labelled_rows(write(text), n_features=2, feature_names=names)
    assert seen(data) == expected


def test_a_feature_may_be_called_as_labels_are(write):
    name = write("class,x,label\n1,2,u\n")
    data = load_labelled_rows(name, n_features=2, feature_names=("x", "class"))
    assert seen(data) == ([[2, 1]], ["u"], "label", ("x", "class"))
    with pytest.raises(DataError, match=r"the model takes every column \('class', 'x'\), so none"):
        load_labelled_rows(write("class,x\n1,2\n"), n_features=2, feature_names=("x", "class"))


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        ("b,kind,a,who\n1,u,2,p\n", None, r"no column is named label.*'kind', 'who'\.$"),
        ("b,kind,a,who\n1,u,2,p\n", None, r"Name the one .* label= \(--label on the command line"),
        ("b,Labels,a\n1,u,2\n", None, "Did you mean 'Labels'"),
        ("b,label,a,class\n1,u,2,p\n", None, "both 'label' and 'class' could hold the labels"),
        ("a,b\n1,2\n", None, "takes every column.*Add a column named label"),
        ("1,2\n3,4\n", None, "takes every column.*Add a column named label"),
        ("a,b,kind\n1,2,u\n", "knd", "no column 'knd' for the label. Did you mean 'kind'"),
        ("a,c,label\n1,2,u\n", None, "1 is missing: 'b'"),
        ("a,b,label\n1,2,\n", None, r"row 2, column 3 \('label'\): the label is blank"),
        ("a,b,label\n1,?,u\n", None, r"row 2, column 2 \('b'\): '\?' is no number"),
        ("1,2,3,u\n", None, "takes 2 features, and there are 4 columns"),
    ],
)
def test_bad_files(write, text, label, said):
    with pytest.raises(DataError, match=said) as refusal:
        load_labelled_rows(write(text), n_features=2, feature_names=AB, label=label)
    assert str(refusal.value).startswith("f.csv")
    assert "\n" not in str(refusal.value)


def test_a_file_of_images(write):
    text = "9,2,3,4,u\n5,6,7,8,v\n"
    data = load_labelled_rows(write(text), n_features=4, image_shape=(2, 2))
    assert (data.image_shape, data.feature_names[-1]) == ((2, 2), "pixel_1_1")


def test_digits():
    names = DIGITS.feature_names
    data = load_labelled_rows("digits", n_features=64, feature_names=names, image_shape=(8, 8))
    assert data.fingerprint == DIGITS.fingerprint
    data = load_labelled_rows("digits", n_features=2, feature_names=("pixel_1_0", "pixel_0_3"))
    np.testing.assert_array_equal(data.rows, DIGITS.rows[:, [8, 3]])
    np.testing.assert_array_equal(data.y, DIGITS.y)
    assert (data.feature_names, data.image_shape) == (("pixel_1_0", "pixel_0_3"), None)
    with pytest.raises(DataError, match="digits: the model takes images of 4×16 = 64 values"):
        load_labelled_rows("digits", n_features=64, image_shape=(4, 16))


def test_npz(write):
    content = npz(images=ROWS.reshape(3, 2, 2).astype(np.uint8), y=Y, groups=[1, 1, 2])
    name = write(content, "f.npz")
    data = load_labelled_rows(name, n_features=4, image_shape=(2, 2))
    assert data.fingerprint == load_data(name).fingerprint
    data = load_labelled_rows(name, n_features=4, feature_names=("p", "q", "r", "s"))
    assert seen(data) == (ROWS.tolist(), Y.tolist(), "y", ("p", "q", "r", "s"))
    name = write(npz(X=ROWS, x=Y), "f.npz")
    assert load_labelled_rows(name, n_features=4, label="x").y.tolist() == Y.tolist()
    assert load_data(name, label="x").y.tolist() == Y.tolist()
    with pytest.warns(DataWarning, match="'z' are not read"):
        load_labelled_rows(write(npz(X=ROWS, y=Y, z=Y), "f.npz"), n_features=4)


@pytest.mark.parametrize(
    ("arrays", "options", "said"),
    [
        ({"X": ROWS}, {}, "no array of labels is named 'y'"),
        ({"X": ROWS, "kind": Y}, {"label": "kid"}, "named 'kid'. Did you mean 'kind'"),
        ({"X": ROWS[:, :3], "y": Y}, {}, r"images of 2×2 = 4 values, and the rows have 3\."),
        ({"X": ROWS.reshape(3, 1, 4), "y": Y}, {}, "images are 1×4 = 4 values"),
        ({"X": ROWS, "y": Y[:2]}, {}, "3 rows and 2 labels"),
        ({"X": ROWS * np.nan, "y": Y}, {}, r"row 0, column 0 \('pixel_0_0'\)"),
    ],
)
def test_bad_npz(write, arrays, options, said):
    name = write(npz(**arrays), "f.npz")
    with pytest.raises(DataError, match=said) as refusal:
        load_labelled_rows(name, n_features=4, image_shape=(2, 2), **options)
    assert str(refusal.value).startswith("f.npz")


def test_arrays():
    data = load_labelled_rows(ROWS, Y, n_features=4)
    assert data.fingerprint == load_data(ROWS, Y).fingerprint
    data = load_labelled_rows(ROWS.reshape(3, 2, 2), Y, n_features=4, image_shape=(2, 2))
    assert data.fingerprint == load_data(ROWS.reshape(3, 2, 2), Y).fingerprint
    with pytest.raises(DataError, match="arrays: the model takes 5 features, and the rows have 4"):
        load_labelled_rows(ROWS, Y, n_features=5)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"who": ["u", "v"], "b": [1, 2], "a": [0.5, 1.5], "y": [7, 8]})
    expected = [[0.5, 1.0], [1.5, 2.0]]
    data = load_labelled_rows(frame, n_features=2, feature_names=AB)
    assert seen(data) == (expected, [7, 8], "y", AB)
    data = load_labelled_rows(frame, n_features=2, feature_names=AB, label="who")
    assert seen(data) == (expected, ["u", "v"], "who", AB)
    data = load_labelled_rows(frame, ["p", "q"], n_features=2, feature_names=AB)
    assert seen(data) == (expected, ["p", "q"], "label", AB)
    data = load_labelled_rows(frame[["b", "y"]], frame["who"], n_features=2)
    assert seen(data) == ([[1, 7], [2, 8]], ["u", "v"], "who", ("b", "y"))
    with pytest.raises(DataError, match=r"data frame: no column is named label.*'who', 'b'"):
        load_labelled_rows(frame[["who", "b", "a"]], n_features=1, feature_names=["a"])
    with pytest.raises(DataError, match="data frame: there are no rows"):
        load_labelled_rows(frame[:0], n_features=2, feature_names=AB)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((ROWS,), {}, r"need their labels: load_labelled_rows\(rows, y\)"),
        ((ROWS, Y), {"label": -1}, "'label' names a column, and arrays have none"),
        (("digits", Y), {}, "'digits' brings its own labels"),
        (("digits",), {"label": "target"}, "the built-in digits have none"),
        (({"data": ROWS},), {}, r"load_labelled_rows\(bunch.data, bunch.target\)"),
        ((ROWS, Y), {"feature_names": AB}, "'feature_names' parameter must hold 4"),
        ((ROWS, Y), {"image_shape": (2, 3)}, "'image_shape' parameter must make 4 values"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, options, said):
    with pytest.raises(ParameterError, match=said):
        load_labelled_rows(*arguments, n_features=4, **options)


@given(st.permutations(["a", "b", "c", "label", "who"]), st.integers(1, 3), st.data())
def test_neither_order_nor_other_columns_matter(tmp_path_factory, order, d, data):
    names = data.draw(st.permutations(["a", "b", "c"]))[:d]
    value = {"a": 1.0, "b": 2.0, "c": 3.0, "label": "u", "who": "w"}
    path = tmp_path_factory.mktemp("rows") / "f.csv"
    path.write_text(",".join(order) + "\n" + ",".join(str(value[name]) for name in order))
    loaded = load_labelled_rows(path, n_features=d, feature_names=names)
    assert seen(loaded) == ([[value[n] for n in names]], ["u"], "label", tuple(names))
    rows = load_rows(path, n_features=d, feature_names=names)
    assert rows.rows.tolist() == loaded.rows.tolist()


@pytest.mark.parametrize("label", [1.0, True, ["a"], b"a"])
def test_a_label_column_of_a_wrong_type_is_refused(tmp_path, label):
    (tmp_path / "f.csv").write_bytes(b"a,b,y\n1,2,3\n")
    for source in (tmp_path / "f.csv", ROWS):
        with pytest.raises(ParameterError, match=r"^The 'label' parameter must be the name"):
            load_labelled_rows(source, n_features=2, label=label)


def test_numpys_integers_are_positions_of_the_label(tmp_path):
    (tmp_path / "f.csv").write_bytes(b"a,b,c\n1,2,3\n")
    loaded = load_labelled_rows(tmp_path / "f.csv", n_features=2, label=np.int64(1))
    assert loaded.rows.tolist() == [[1, 3]]
