import io
import pickle

import numpy as np
import pytest

from layerlab.data import load_data, load_labelled_rows, load_parts, load_rows
from layerlab.data import npy_reader as module
from layerlab.data.array_names import label_names, name_of_test
from layerlab.data.mapped import is_mapped
from layerlab.data.npy_reader import read_array, read_npy
from layerlab.errors import DataError, DataWarning, InputError, ParameterError

ROWS = np.arange(12, dtype=np.uint8).reshape(3, 4)
Y = np.array(["u", "v", "u"])


@pytest.fixture
def save(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def save(**arrays):
        for name, array in arrays.items():
            np.save(f"{name}.npy", array)

    return save


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        ("X", "y"),
        ("X", "labels"),
        ("X_train", "y_train"),
        ("train_images", "train_labels"),
        ("flowers", "flowers_labels"),
        ("flowers", "y"),
    ],
)
def test_labels_beside_are_found(save, rows, labels):
    save(**{rows: ROWS, labels: Y})
    data = load_data(f"{rows}.npy")
    assert data.rows.tolist() == ROWS.tolist()
    assert data.y.tolist() == Y.tolist()
    assert (data.name, data.source, data.label_name) == (rows, f"{rows}.npy", labels)
    assert data.notes == (f"Labels: those of {labels}.npy.",)


def test_labels_named_or_given(save, tmp_path):
    save(X=ROWS, kinds=Y)
    assert load_data(tmp_path / "X.npy", label="kinds.npy").y.tolist() == Y.tolist()
    assert load_data("X.npy", Y).y.tolist() == Y.tolist()
    named = load_labelled_rows("X.npy", n_features=4, label="kinds.npy")
    assert named.y.tolist() == Y.tolist()
    assert load_rows("X.npy", n_features=4).rows.tolist() == ROWS.tolist()


def test_images_of_any_shape(save):
    save(X=np.arange(36, dtype=np.uint8).reshape(3, 2, 2, 3), y=Y)
    assert load_data("X.npy").image_shape == (2, 2, 3)


def test_a_test_part_beside_is_found(save):
    save(X_train=ROWS, y_train=Y, X_test=ROWS[:2], y_test=Y[:2])
    parts = load_parts("X_train.npy")
    assert (parts.development.n_rows, parts.test.n_rows) == (3, 2)
    assert parts.test.source == "X_train.npy (test part)"
    assert load_data("X_train.npy").notes[-1].endswith("(2 rows) is left out.")
    with pytest.warns(DataWarning, match="the 3 rows of the training part are taken"):
        load_labelled_rows("X_train.npy", n_features=4)


def test_large_files_are_mapped(save, monkeypatch):
    save(X=ROWS, F=np.asfortranarray(ROWS))
    assert not is_mapped(read_array("X.npy"))
    monkeypatch.setattr(module, "LARGE", 10)
    for name in ("X.npy", "F.npy"):
        array = read_array(name)
        assert is_mapped(array)
        assert not array.flags.writeable
        assert array.tolist() == ROWS.tolist()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({}, DataError, r"^X.npy: no labels come with the rows\. Give them with y="),
        ({"label": "y.npy"}, DataError, r"^y.npy: there is no such file"),
        ({"label": 2}, ParameterError, "'label' names a column, and NPY files have none"),
        ({"groups": "who"}, ParameterError, "'groups' names a column, and NPY files have none"),
        ({"resize": (8, 8)}, ParameterError, "X.npy: 'resize' is for image files"),
        ({"y": Y[:2]}, DataError, "^X.npy: there are 3 rows and 2 labels"),
    ],
)
def test_what_does_not_go_together(save, options, error, said):
    save(X=ROWS)
    with pytest.raises(error, match=said):
        load_data("X.npy", **options)


def test_several_files_that_may_be_the_labels(save):
    save(X=ROWS, y=Y, labels=Y)
    with pytest.raises(DataError, match=r"both 'y.npy' and 'labels.npy' could hold the labels"):
        load_data("X.npy")


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle was run')",))


def honest():
    buffer = io.BytesIO()
    np.save(buffer, ROWS)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (honest()[:-1], "claims 12 bytes and the file holds 11"),
        (honest() + b"more", "claims 12 bytes and the file holds 16"),
        (honest().replace(b"(3, 4)", b"(3, -4)"), "claims|negative|damaged"),
        (honest().replace(b"(3, 4), }    ", b"(9999999, 99999)}"), "claims|damaged"),
        (b"\x93NUMPY\x01\x00" + pickle.dumps(Bomb()), "the file is damaged"),
        (b"\x93NUMPY", "the file is damaged"),
    ],
)
def test_damaged_files(tmp_path, monkeypatch, content, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "X.npy").write_bytes(content)
    with pytest.raises(DataError, match=f"^X.npy: .*({said})") as refusal:
        read_npy("X.npy")
    assert "\n" not in str(refusal.value)


def test_pickles_are_never_opened(save, tmp_path):
    save(y=Y)
    np.save(tmp_path / "X.npy", np.array([[Bomb()]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"^X.npy: it holds Python objects, which are never"):
        load_data("X.npy")


def test_names():
    assert label_names("X") == ("y", "labels", "target")
    assert label_names("Xenon")[0] == "Xenon_y"
    assert name_of_test("training_images") == "test_images"
    assert name_of_test("trains") is None
