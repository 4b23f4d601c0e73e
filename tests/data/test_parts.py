import numpy as np
import pytest

from layerlab.data import Dataset, Parts, join, load_data, load_parts
from layerlab.data import mapped as mapped_module
from layerlab.data.mapped import is_mapped
from layerlab.errors import DataError, DataWarning, ParameterError

ROWS = np.arange(12.0).reshape(3, 4)
Y = ["u", "v", "u"]


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        (tmp_path / name).write_text(text)
        return name

    return write


def test_without_a_test_part():
    parts = load_parts(ROWS, Y)
    assert parts.test is None
    data, test = join(parts)
    assert data is parts.development
    assert len(test) == 0


def test_features_are_taken_by_name_and_labels_compared_as_text(write):
    train = write("train.csv", "a,b,label\n1,2,7\n3,4,8\n")
    test = write("test.csv", "label,who,b,a\n8,x,5,6\n007,x,1,1\n".replace("007", "7"))
    parts = load_parts(train, test=test)
    assert parts.test.rows.tolist() == [[6, 5], [1, 1]]
    assert parts.test.y.tolist() == [8, 7]
    frame = {"a": [1], "b": [2], "label": ["8"]}
    polars = pytest.importorskip("polars")
    assert load_parts(train, test=polars.DataFrame(frame)).test.y.tolist() == [8]


def test_anything_may_be_the_test_part(write):
    given = load_data(ROWS[:2], Y[:2])
    for test in (given, (ROWS[:2], Y[:2]), (ROWS[:2].tolist(), np.array(Y[:2]))):
        parts = load_parts(ROWS, Y, test=test)
        assert parts.test.rows.tolist() == ROWS[:2].tolist()
        assert parts.test.y.tolist() == Y[:2]
        assert load_parts(load_data(ROWS, Y), test=test).test.y.tolist() == Y[:2]
    np.savez("two.npz", X=ROWS[:2], y=Y[:2])
    assert load_parts(ROWS, Y, test="two.npz").test.n_rows == 2


def test_a_column_of_the_development_rows_need_not_be_one_of_the_test_rows(write):
    write("train.csv", "a,kind,b\n1,u,2\n3,v,4\n")
    parts = load_parts("train.csv", test=(np.eye(2), ["u", "v"]), label="kind")
    assert parts.test.rows.tolist() == [[1, 0], [0, 1]]
    assert parts.test.feature_names == ("a", "b")


def test_a_test_part_in_the_same_archive(write):
    np.savez("f.npz", x_train=ROWS, y_train=Y, x_test=ROWS[:1], y_test=Y[:1])
    parts = load_parts("f.npz")
    assert (parts.development.n_rows, parts.test.n_rows) == (3, 1)
    assert load_parts("f.npz", test="none").test is None
    assert load_parts("f.npz", test=(ROWS, Y)).test.n_rows == 3


def test_digits_as_the_test_part_of_rows_without_names(write):
    digits = load_data("digits")
    parts = load_parts(digits.rows[:300], digits.y[:300].astype(str), test="digits")
    assert parts.test.feature_names == parts.development.feature_names
    assert parts.test.image_shape is None
    np.testing.assert_array_equal(parts.test.y, digits.y.astype(str))


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ((ROWS, ["u", "v", "U"]), r"arrays: row 2 \(.*'U', which no row of arrays has. Did you m"),
        ((ROWS[:, :3], Y), "arrays: the model takes 4 features, and the rows have 3"),
        ((ROWS, Y[:2]), "3 rows and 2 labels"),
        ("nowhere.csv", "nowhere.csv: there is no such file"),
        (ROWS, r"test=\(rows, y\)"),
        ((ROWS * np.nan, Y), "row 0, column 0"),
    ],
)
def test_bad_test_parts(test, said):
    with pytest.raises((DataError, ParameterError), match=said):
        load_parts(ROWS, Y, test=test)


def test_images_of_another_size():
    with pytest.raises(DataError, match="images of 2×2 = 4 values, and the images are 4×1"):
        load_parts(ROWS.reshape(3, 2, 2), Y, test=(ROWS.reshape(3, 4, 1), Y))


def test_another_range_is_warned_of():
    with pytest.warns(DataWarning, match="values go from 0 to 2805, and .* from 0 to 11. Bring"):
        load_parts(ROWS, Y, test=(ROWS * 255, Y))


def test_join_puts_development_first():
    groups = ["p", "q", "test part"]
    development = Dataset.from_arrays(
        ROWS.astype(np.uint8), Y, groups=groups, value_range=(0, 255), notes=("dark on light",)
    )
    test = load_parts(development, test=(ROWS[:2] + 1, ["v", "v"])).test
    data, rows = join(Parts(development, test))
    assert rows.tolist() == [3, 4]
    assert data.rows.tolist() == [*ROWS.tolist(), *(ROWS[:2] + 1).tolist()]
    assert data.rows.dtype == np.uint8  # which holds the test rows' floats exactly
    assert data.y.tolist() == [*Y, "v", "v"]
    assert data.groups.tolist() == [0, 1, 2, 3, 3]
    assert data.group_names == (*groups, "test part'")
    assert data.value_range == (0.0, 255.0)
    assert data.notes == ("dark on light", "Test part: 2 rows of arrays.")
    halves = load_parts(development, test=(ROWS[:2] + 0.5, ["v", "v"]))
    assert join(halves)[0].rows[3].tolist() == [0.5, 1.5, 2.5, 3.5]


def test_large_parts_are_joined_in_a_file(monkeypatch):
    monkeypatch.setattr(mapped_module, "LARGE", 100)
    monkeypatch.setattr(mapped_module, "_BLOCK_BYTES", 64)
    data, _ = join(load_parts(ROWS, Y, test=(ROWS[::-1], Y)))
    assert is_mapped(data.rows)
    assert data.rows.tolist() == [*ROWS.tolist(), *ROWS[::-1].tolist()]
