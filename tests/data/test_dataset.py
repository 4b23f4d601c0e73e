import copy
import hashlib
import pickle
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from layerlab.data import Dataset
from layerlab.errors import DataError, DataWarning, MissingExtraError, ParameterError

ROWS = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.5]])
Y = ["b", "a", "b", "c"]


def make(**changes):
    return Dataset.from_arrays(changes.pop("rows", ROWS), changes.pop("y", Y), **changes)


def test_what_a_dataset_knows():
    data = make(name="four", groups=[7, 7, 2, 2])
    assert len(data) == data.n_rows == 4
    assert data.n_features == 2
    assert data.n_classes == 3
    assert data.classes.tolist() == ["a", "b", "c"]
    assert data.labels.tolist() == [1, 0, 1, 2]
    assert data.labels.dtype == np.intp
    assert data.y.tolist() == Y
    assert data.class_counts.tolist() == [1, 2, 1]
    assert data.value_range == (0.0, 7.5)
    assert data.feature_names == ("x0", "x1")
    assert data.groups.tolist() == [1, 1, 0, 0]
    assert data.group_names == ("2", "7")
    assert data.image_shape is None
    assert repr(data) == "Dataset('four', 4 rows, 2 features, 3 classes)"


def test_without_groups():
    assert make().groups is None
    assert make().group_names == ()


def test_integer_classes_sort_as_numbers_and_text_as_text():
    assert make(y=[10, 9, 10, 2]).classes.tolist() == [2, 9, 10]
    assert make(y=["10", "9", "10", "2"]).classes.tolist() == ["10", "2", "9"]


def test_nothing_can_be_written_to_nor_changed_from_outside():
    rows, groups = ROWS.copy(), np.array([0, 0, 1, 1])
    data = make(rows=rows, groups=groups)
    rows[:] = -1
    groups[:] = 0
    assert data.rows.tolist() == ROWS.tolist()
    assert data.groups.tolist() == [0, 0, 1, 1]
    for array in (data.rows, data.labels, data.classes, data.groups):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    for name in ("name", "options", "stated_range", "value_range"):
        with pytest.raises(FrozenInstanceError):
            setattr(data, name, ())


def test_read_only_rows_are_not_copied():
    rows = ROWS.copy()
    rows.flags.writeable = False
    assert np.shares_memory(make(rows=rows).rows, rows)


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_copies_are_read_only_too(twin):
    data = make(groups=Y)
    again = twin(data)
    assert again.fingerprint == data.fingerprint
    assert not any(
        a.flags.writeable for a in (again.rows, again.labels, again.classes, again.groups)
    )


def test_images_have_a_shape_and_pixel_names():
    data = make(rows=np.arange(16, dtype=np.uint8).reshape(4, 2, 2))
    assert data.image_shape == (2, 2)
    assert data.rows.dtype == np.uint8
    assert data.rows[1].tolist() == [4, 5, 6, 7]
    assert data.feature_names == ("pixel_0_0", "pixel_0_1", "pixel_1_0", "pixel_1_1")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"y": Y[:3]}, "4 rows and 3 labels"),
        ({"y": [1.5] * 4}, "no whole number"),
        ({"groups": [1, 2]}, "4 rows and 2 groups"),
        ({"groups": [1, 2, None, 3]}, "the group of row 2 .*missing"),
        ({"rows": ROWS * np.nan}, r"row 0, column 0 \('x0'\).*nan: no finite"),
        ({"rows": ROWS * 1e300}, r"row 0, column 1 .*too large for float32"),
        ({"feature_names": ("a", "a")}, "different feature names"),
        ({"feature_names": ("a",)}, "2 different feature names"),
        ({"value_range": (0.0, 7.0)}, "outside the stated range 0 to 7"),
        ({"image_shape": (8, 8)}, "8×8 needs 64"),
    ],
)
def test_refusals_say_where(changes, said):
    with pytest.raises(DataError, match=f"^table: .*{said}") as refusal:
        make(source="table", **changes)
    assert "\n" not in str(refusal.value)


def test_integers_that_floats_cannot_tell_apart_are_warned_of():
    with pytest.warns(DataWarning, match=r"2\^53"):
        make(rows=np.array([[2**53 + 1], [0], [0], [0]]))
    make(rows=np.array([[2**53 - 1], [0], [0], [0]]))


def test_a_stated_range_is_kept():
    assert make(value_range=(0, 16)).value_range == (0.0, 16.0)


def test_subset_keeps_classes_names_and_range():
    data = make(groups=["u", "v", "u", "v"], value_range=(0, 16))
    part = data.subset([3, 1])
    assert part.rows.tolist() == [[6.0, 7.5], [2.0, 3.0]]
    assert part.y.tolist() == ["c", "a"]
    assert part.classes.tolist() == ["a", "b", "c"]
    assert part.class_counts.tolist() == [1, 0, 1]
    assert part.groups.tolist() == [1, 1]
    assert part.group_names == ("u", "v")
    assert part.value_range == (0.0, 16.0)
    assert not part.rows.flags.writeable
    assert part.fingerprint != data.fingerprint


def test_a_range_that_is_not_stated_is_that_of_the_rows():
    data = make()
    assert data.value_range == (0.0, 7.5)
    assert data.subset([1, 2]).value_range == (2.0, 5.0)
    assert make(rows=ROWS > 2).value_range == (0.0, 1.0)


@pytest.mark.parametrize(
    ("indices", "rows"),
    [([True, False, True, False], [0, 2]), (slice(1, 3), [1, 2]), ([-1], [3]), (np.int64(2), [2])],
)
def test_subset_takes_masks_slices_and_rows_from_the_end(indices, rows):
    assert make().subset(indices).rows.tolist() == ROWS[rows].tolist()


@pytest.mark.parametrize("indices", [[4], [-5], [0.5], [], [True], [[0, 1]], slice(4, 9), ["a"]])
def test_subset_refuses_rows_that_are_not_there(indices):
    with pytest.raises(ParameterError, match="'indices'"):
        make().subset(indices)


def test_fingerprint_is_of_the_content_only():
    data = make(groups=[1, 1, 2, 2])
    same = make(
        rows=np.asfortranarray(ROWS).astype(">f8"), groups=[1, 1, 2, 2], name="n", source="s"
    )
    assert data.fingerprint == same.fingerprint
    assert len(data.fingerprint) == 64
    assert data.fingerprint is data.fingerprint  # computed once


def test_fingerprint_of_a_worked_case():
    header = (
        b'{"classes": [3, 5], "dtype": "|u1", "feature_names": ["x0", "x1"], "form": "layerlab '
        b'data 1", "group_names": [], "grouped": false, "image_shape": null, "shape": [2, 2]}\n'
    )
    labels = b"\1\0\0\0\0\0\0\0" + b"\0\0\0\0\0\0\0\0"
    expected = hashlib.sha256(header + labels + b"\1\2\3\4").hexdigest()
    data = make(rows=np.array([[1, 2], [3, 4]], dtype=np.uint8), y=[5, 3])
    assert data.fingerprint == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": np.nextafter(ROWS, 9)},
        {"rows": ROWS.astype(np.float32)},
        {"y": ["b", "a", "b", "d"]},
        {"y": ["b", "a", "c", "b"]},
        {"feature_names": ("x0", "x2")},
        {"groups": [1, 1, 1, 1]},
        {"image_shape": (1, 2), "feature_names": ("x0", "x1")},
    ],
)
def test_fingerprint_tells_contents_apart(changes):
    assert make(**changes).fingerprint != make().fingerprint


def test_fingerprint_tells_types_of_classes_apart():
    prints = {make(y=y).fingerprint for y in ([1, 0, 1, 0], list("1010"), [True, False] * 2)}
    assert len(prints) == 3


def test_fingerprint_reads_all_blocks(monkeypatch):
    monkeypatch.setattr("layerlab.data.fingerprint._BLOCK_BYTES", 20)
    in_blocks = make().fingerprint
    monkeypatch.undo()
    assert in_blocks == make().fingerprint


def test_to_frame_gives_features_and_labels():
    features, labels = make(label_name="kind").to_frame()
    pd.testing.assert_frame_equal(features, pd.DataFrame({"x0": ROWS[:, 0], "x1": ROWS[:, 1]}))
    assert labels.tolist() == Y
    assert labels.name == "kind"
    features.loc[0, "x0"] = 9.0  # a copy, so allowed


def test_to_frame_says_how_to_get_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"pandas.*pip install 'layerlab\[data\]'"):
        make().to_frame()


def test_head_is_a_small_table_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert make(label_name="kind").head(2) == ("   kind  x0  x1\n0     b   0   1\n1     a   2   3")


def test_head_leaves_the_middle_of_many_features_out():
    data = make(rows=np.arange(40).reshape(4, 10))
    assert data.head(1).splitlines()[0].split() == [
        "label",
        *(f"x{j}" for j in range(4)),
        "…",
        *(f"x{j}" for j in range(6, 10)),
    ]
    assert data.head(1).splitlines()[1].split() == list("0b0123…6789")
    assert len(data.head().splitlines()) == 5
