import numpy as np
import pytest

from layerlab.data.checks import part as part_module
from layerlab.data.checks.columns import check_columns

NAMES = ("a", "b", "c", "d", "e", "f")


@pytest.fixture
def rows(noise):
    rows = noise(50, 6)
    rows[:, 1] = 7.0
    rows[:, 4] = rows[:, 0]
    rows[:, 5] = rows[:, 0][::-1]  # the same values, of other rows
    return rows


def test_constant_and_repeated_columns_of_a_table_are_warnings(part, rows):
    constant, repeated = check_columns(part(rows, feature_names=NAMES))
    assert (constant.level, constant.kind) == ("warning", "constant-columns")
    assert constant.features == ("b",)
    assert (repeated.level, repeated.kind) == ("warning", "duplicate-columns")
    assert repeated.features == ("e",)
    assert repeated.detail == "'e' = 'a'"


def test_of_images_they_are_notes(part, rows):
    found = list(check_columns(part(rows, image_shape=(2, 3))))
    assert [f.level for f in found] == ["note", "note"]


def test_blocks_do_not_matter(part, rows, monkeypatch):
    whole = list(check_columns(part(rows)))
    monkeypatch.setattr(part_module, "BLOCK_BYTES", 6 * 8 * 7)
    assert list(check_columns(part(rows))) == whole


def test_only_the_part_s_rows_count(part, noise):
    rows = noise(20, 3)
    rows[:10, 2] = 0
    (found,) = check_columns(part(rows, numbers=range(10)))
    assert found.features == ("x2",)
    assert not list(check_columns(part(rows)))


def test_booleans_and_one_row(part):
    rows = np.array([[True, False], [True, True]])
    (found,) = check_columns(part(rows))
    assert found.features == ("x0",)
    assert not list(check_columns(part(rows, numbers=[0])))
