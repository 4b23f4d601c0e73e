import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from layerlab.data import load_data, load_rows
from layerlab.errors import DataError, DataWarning, ParameterError

ROWS = np.arange(12.0).reshape(3, 4)
AB = ("a", "b")
PIXELS = load_data("digits").feature_names


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


def table(names, rows):
    return "\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)])


@pytest.mark.parametrize(
    ("text", "rows", "ignored"),
    [
        ("a,b\n1,2\n3,4\n", [[1, 2], [3, 4]], ()),
        ("b,a\n1,2\n3,4\n", [[2, 1], [4, 3]], ()),
        ("id,b,label,a,note\nu7,1,x,2,\nu8,3,,4,!\n", [[2, 1], [4, 3]], ("id", "label", "note")),
        ("1,2\n3,4\n", [[1, 2], [3, 4]], ()),
        ("1,2,cat\n3,4,\n", [[1, 2], [3, 4]], ("column 3",)),
        ("1;2;7\n3;4;8\n", [[1, 2], [3, 4]], ("column 3",)),
        ("1,5;2\n3;4\n", [[1.5, 2], [3, 4]], ()),
    ],
)
def test_a_model_that_knows_its_names(write, text, rows, ignored):
    loaded = load_rows(write(text), n_features=2, feature_names=AB)
    assert loaded.rows.tolist() == rows
    assert (loaded.source, loaded.ignored) == ("f.csv", ignored)
    assert not loaded.rows.flags.writeable


@pytest.mark.parametrize("names", [None, ("x0", "x1")])
@pytest.mark.parametrize(
    ("text", "rows", "ignored"),
    [
        ("p,q\n1,2\n", [[1, 2]], ()),
        ("p,class,q\n1,u,2\n", [[1, 2]], ("class",)),
        ("p,q,y\n1,2,u\n", [[1, 2]], ("y",)),
        ("x,y\n1,2\n", [[1, 2]], ()),  # a coordinate
        ("x,y,label\n1,2,u\n", [[1, 2]], ("label",)),
        ("1,2\n", [[1, 2]], ()),
        ("1,2,u\n", [[1, 2]], ("column 3",)),
    ],
)
def test_a_model_that_knows_no_names(write, names, text, rows, ignored):
    loaded = load_rows(write(text), n_features=2, feature_names=names)
    assert loaded.rows.tolist() == rows
    assert loaded.ignored == ignored


def test_a_feature_may_be_called_as_labels_are(write):
    loaded = load_rows(write("y,x,label\n1,2,u\n"), n_features=2, feature_names=("x", "y"))
    assert loaded.rows.tolist() == [[2, 1]]
    loaded = load_rows(write("class,x\n1,2\n"), n_features=2, feature_names=("x", "class"))
    assert loaded.rows.tolist() == [[2, 1]]


def test_names_that_look_like_numbers_are_found_in_a_header(write):
    years = ("2019", "2020")
    loaded = load_rows(write("2020,2019\n1,2\n"), n_features=2, feature_names=years)
    assert loaded.rows.tolist() == [[2, 1]]


@pytest.mark.parametrize(
    ("text", "rows"), [("1\n2\n", [[1], [2]]), ("a\n1\n", [[1]]), ("y\n1\n", [[1]])]
)
def test_a_single_column(write, text, rows):
    assert load_rows(write(text), n_features=1).rows.tolist() == rows
    with pytest.raises(DataError, match="one cell only"):
        load_rows(write('""\n""\n'), n_features=1)


@pytest.mark.parametrize(
    ("text", "label", "rows"),
    [
        ("kind,p,q\nu,1,2\n", "kind", [[1, 2]]),
        ("kind,p,q\nu,1,2\n", 0, [[1, 2]]),
        ("u,1,2\nv,3,4\n", 0, [[1, 2], [3, 4]]),
        ("kind,b,a\nu,1,2\n", "kind", [[2, 1]]),
    ],
)
def test_a_label_column_of_choice(write, text, label, rows):
    names = AB if "b,a" in text else None
    loaded = load_rows(write(text), n_features=2, feature_names=names, label=label)
    assert loaded.rows.tolist() == rows
    assert len(loaded.ignored) == 1


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,bb,zebra\n1,2,3\n", {}, r"2 features by name, and 1 is missing: 'b'.*'b': .*'bb'"),
        ("p,q\n1,2\n", {}, r"and 2 are missing: 'a', 'b'\. The columns are 'p', 'q'\. Name them"),
        ("a,label\n1,2\n", {}, "1 is missing: 'b'. The columns"),
        ("1,2,3,4\n", {}, r"takes 2 features, and there are 4 columns\. Give"),
        ("1,u\n2,v\n", {}, "row 1, column 2: 'u' is no number but other cells"),
        ("1,2,u\n", {"label": 5}, "there is no column 5 for the label"),
        ("1,u\n2,v\n", {"label": 1}, "there is 1 column beside the label 'column 2'"),
        ("a,b,kind\n1,2,u\n", {"label": "kinde"}, "no column 'kinde'.*Did you mean 'kind'"),
        ("a,b,kind\n1,2,u\n", {"label": "b"}, "column 'b' is a feature the model takes"),
        ("a,b\n1,\n", {}, r"row 2, column 2 \('b'\): the cell is blank"),
        ("c,b,a\n0,1,nan\n", {}, r"row 2, column 3 \('a'\): 'nan' is no finite number"),
        ("a,b\n", {}, "there is a header and no row. Add"),
        ("a,b\n1,2\n3\n", {}, "row 3: 1 cells"),
        ("nan,nan\n1,2\n", {}, "row 1, column 1: 'nan' is no finite number and no name"),
        ("?,3\n1,2\n", {}, "may be a header or faulty data"),
        ("", {}, "the file is empty"),
    ],
)
def test_bad_files_for_a_model_that_knows_its_names(write, text, options, said):
    with pytest.raises(DataError, match=said) as refusal:
        load_rows(write(text), n_features=2, feature_names=AB, **options)
    assert str(refusal.value).startswith("f.csv")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p,q,r\n1,2,3\n", "there are 3 columns, and no column is named label.*label= .--label"),
        ("p,q,labels\n1,2,3\n", "Did you mean 'labels'"),
        ("p,label,class\n1,2,3\n", "both 'label' and 'class' could hold the labels"),
        ("p,label\n1,2\n", "there is 1 column beside the label 'label'"),
        ("label,class\n1,2\n", "both 'label' and 'class'"),
        ("p,q,r,label\n1,2,3,u\n", "there are 3 columns beside the label 'label'"),
        ("p\n1\n", "one cell only"),
    ],
)
@pytest.mark.parametrize("names", [None, ("x0", "x1")])
def test_wrong_counts(write, text, said, names):
    with pytest.raises(DataError, match=said):
        load_rows(write(text), n_features=2, feature_names=names)


@pytest.mark.parametrize("names", [None, PIXELS])
@pytest.mark.parametrize("header", [True, False])
def test_images_of_another_size_in_a_file(write, names, header):
    rows = load_digits().data[:2, :60]
    text = table(PIXELS[:60], rows) if header else table(map(str, rows[0]), rows[1:])
    with pytest.raises(DataError, match=r"images of 8×8 = 64 values, and there are 60 columns\."):
        load_rows(write(text), n_features=64, feature_names=names, image_shape=(8, 8))


def test_the_corner_of_a_larger_image_is_not_taken_for_a_small_one(write):
    names = [f"pixel_{i}_{j}" for i in range(9) for j in range(9)]
    text = table([*names, "label"], [range(82)])
    with pytest.raises(DataError, match=r"8×8 = 64 values, and there are 81 such columns"):
        load_rows(write(text), n_features=64, feature_names=PIXELS, image_shape=(8, 8))


def test_some_made_up_names_among_others_are_missing_names(write):
    text = table([*PIXELS[:63], "pixel_7_8"], [range(64)])
    with pytest.raises(DataError, match=r"8×8 = 64 values by name, and 1 is missing: 'pixel_7_7'"):
        load_rows(write(text), n_features=64, feature_names=PIXELS, image_shape=(8, 8))


def test_digits():
    loaded = load_rows("digits", n_features=64, feature_names=PIXELS, image_shape=(8, 8))
    np.testing.assert_array_equal(loaded.rows, load_digits().data)
    assert (loaded.source, loaded.ignored) == ("digits", ("target",))
    assert not loaded.rows.flags.writeable
    loaded = load_rows("digits", n_features=2, feature_names=("pixel_1_0", "pixel_0_3"))
    np.testing.assert_array_equal(loaded.rows, load_digits().data[:, [8, 3]])
    assert len(loaded.ignored) == 63
    with pytest.raises(DataError, match=r"digits: .*28×28 = 784 values, and the images are 8×8"):
        load_rows("digits", n_features=784, image_shape=(28, 28))
    with pytest.raises(DataError, match=r"digits: .*5 features, and there are 64 columns"):
        load_rows("digits", n_features=5)


def test_digits_written_as_csv_come_back(write):
    digits = load_digits()
    text = table([*PIXELS, "label"], np.column_stack([digits.data, digits.target]).astype(int))
    loaded = load_rows(write(text), n_features=64, feature_names=PIXELS, image_shape=(8, 8))
    np.testing.assert_array_equal(loaded.rows, digits.data)
    assert loaded.ignored == ("label",)


def test_npz(write):
    loaded = load_rows(write(npz(X=ROWS), "f.npz"), n_features=4)
    assert (loaded.rows.tolist(), loaded.source, loaded.ignored) == (ROWS.tolist(), "f.npz", ())
    content = npz(images=ROWS.reshape(3, 2, 2).astype(np.uint8), y=[1, 2, 3], groups=[1, 1, 2])
    loaded = load_rows(write(content, "f.npz"), n_features=4, image_shape=(2, 2))
    assert loaded.rows.tolist() == ROWS.tolist()
    assert (loaded.rows.dtype, loaded.ignored) == (np.uint8, ("y", "groups"))
    loaded = load_rows(write(npz(X=ROWS, x=[1, 2]), "f.npz"), n_features=4, label="x")
    assert loaded.ignored == ("x",)


@pytest.mark.parametrize(
    ("arrays", "options", "said"),
    [
        ({"y": [1]}, {}, "no array of rows"),
        ({"X": ROWS}, {"label": "kind"}, "no array of labels is named 'kind'"),
        ({"X": ROWS[:, :3]}, {}, r"images of 2×2 = 4 values, and the rows have 3\."),
        ({"X": ROWS.reshape(3, 1, 4)}, {}, "images are 1×4 = 4 values"),
        ({"X": ROWS * np.nan}, {}, r"row 0, column 0 \('pixel_0_0'\)"),
        ({"X": ROWS[:0]}, {}, "there are no rows. Give at least one"),
        ({"X": np.array([["a"] * 4])}, {}, "the features are of type <U1"),
        ({"X": np.array([[None] * 4])}, {}, "Python objects"),
    ],
)
def test_bad_npz(write, arrays, options, said):
    with pytest.raises(DataError, match=said) as refusal:
        load_rows(write(npz(**arrays), "f.npz"), n_features=4, image_shape=(2, 2), **options)
    assert str(refusal.value).startswith("f.npz")


def test_a_damaged_archive(write):
    with pytest.raises(DataError, match=r"f.npz: the archive is damaged"):
        load_rows(write(npz(X=ROWS)[:60], "f.npz"), n_features=4)


def test_arrays():
    given = ROWS.copy()
    loaded = load_rows(given, n_features=4)
    given[0, 0] = 99
    assert (loaded.rows.tolist(), loaded.source, loaded.ignored) == (ROWS.tolist(), "arrays", ())
    assert not loaded.rows.flags.writeable
    images = ROWS.reshape(3, 2, 2)
    assert load_rows(images, n_features=4, image_shape=(2, 2)).rows.tolist() == ROWS.tolist()
    assert load_rows(images, n_features=4).rows.tolist() == ROWS.tolist()
    assert load_rows(ROWS.tolist(), n_features=4).rows.tolist() == ROWS.tolist()
    with pytest.raises(DataError, match="arrays: the model takes 5 features, and the rows have 4"):
        load_rows(ROWS, n_features=5)
    with pytest.warns(DataWarning, match="2\\^53"):
        load_rows([[2**60]], n_features=1)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"note": ["u", "v"], "b": [1, 2], "a": [0.5, 1.5], "y": [7, 8]})
    loaded = load_rows(frame, n_features=2, feature_names=AB)
    assert loaded.rows.tolist() == [[0.5, 1.0], [1.5, 2.0]]
    assert (loaded.source, loaded.ignored) == ("data frame", ("note", "y"))
    assert not loaded.rows.flags.writeable
    loaded = load_rows(frame[["b", "a", "y"]], n_features=2)
    assert (loaded.rows.tolist(), loaded.ignored) == ([[1, 0.5], [2, 1.5]], ("y",))
    loaded = load_rows(frame[["b", "a", "y"]], n_features=2, label="b")
    assert loaded.ignored == ("b",)
    with pytest.raises(DataError, match=r"data frame: the model takes 1 feature by name.*'c'"):
        load_rows(frame, n_features=1, feature_names=["c"])
    with pytest.raises(DataError, match="data frame: column 'note' holds"):
        load_rows(frame, n_features=1, feature_names=["note"])
    with pytest.raises(DataError, match="data frame: there are no rows"):
        load_rows(frame[:0], n_features=2, feature_names=AB)


def test_names_of_a_frame_may_be_numbers():
    pandas = pytest.importorskip("pandas")
    assert load_rows(pandas.DataFrame(ROWS), n_features=4).rows.tolist() == ROWS.tolist()


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (ROWS, {"n_features": 4, "label": -1}, "'label' names a column to leave out, and arrays"),
        ("digits", {"n_features": 64, "label": "target"}, "the built-in digits have none"),
        (ROWS, {"n_features": 0}, "'n_features' parameter must be an integer from 1"),
        (ROWS, {"n_features": 4, "feature_names": AB}, "'feature_names' parameter must hold 4"),
        (ROWS, {"n_features": 2, "feature_names": "abb"}, "Got 3, 2 of them different"),
        (ROWS, {"n_features": 4, "image_shape": (3, 3)}, "must make 4 values.*Got 3×3"),
    ],
)
def test_arguments_that_do_not_go_together(source, options, said):
    with pytest.raises(ParameterError, match=said):
        load_rows(source, **options)


def test_missing_and_foreign_files(write):
    write("a,b\n1,2\n", "flowers.csv")
    with pytest.raises(DataError, match=r"^flower.csv: there is no such.*'flowers.csv'"):
        load_rows("flower.csv", n_features=2)
    with pytest.raises(DataError, match="image"):
        load_rows(write(b"\x89PNG\r\n\x1a\n", "a.png"), n_features=2)


@given(st.permutations(["a", "b", "c", "label"]), st.integers(1, 3), st.data())
def test_by_name_the_order_of_the_file_does_not_matter(tmp_path_factory, order, d, data):
    names = data.draw(st.permutations(["a", "b", "c"]))[:d]
    value = {"a": 1.0, "b": 2.0, "c": 3.0, "label": 4.0}
    path = tmp_path_factory.mktemp("rows") / "f.csv"
    path.write_text(table(order, [[value[name] for name in order]]))
    loaded = load_rows(path, n_features=d, feature_names=names)
    assert loaded.rows.tolist() == [[value[name] for name in names]]
    assert set(loaded.ignored) == set(order) - set(names)


def test_rows_are_those_of_load_data(write):
    name = write("p,label,q\n1,u,2\n3,v,4\n")
    data = load_data(name)
    loaded = load_rows(name, n_features=2, feature_names=data.feature_names)
    assert loaded.rows.tolist() == data.rows.tolist()


@pytest.mark.parametrize("label", [1.0, True, ["a"], b"a"])
def test_a_label_column_of_a_wrong_type_is_refused(tmp_path, label):
    (tmp_path / "f.csv").write_bytes(b"a,b,y\n1,2,3\n")
    for source in (tmp_path / "f.csv", ROWS):
        with pytest.raises(ParameterError, match=r"^The 'label' parameter must be the name"):
            load_rows(source, n_features=2, label=label)


def test_numpys_integers_are_positions_of_the_label(tmp_path):
    (tmp_path / "f.csv").write_bytes(b"a,b,c\n1,2,3\n")
    loaded = load_rows(tmp_path / "f.csv", n_features=2, label=np.int64(1))
    assert loaded.rows.tolist() == [[1, 3]]
