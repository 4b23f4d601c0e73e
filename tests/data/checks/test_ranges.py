import numpy as np
import pytest

from layerlab.data.checks import Part, check_range, check_turned
from layerlab.data.checks.ranges import check_test_range
from layerlab.data.checks.row_facts import row_facts


def told_of(trained, new, shared=True):
    low, high = (np.full(3, value) for value in new)
    return list(check_range(trained, low, high, shared=shared, what="rows"))


@pytest.mark.parametrize(
    ("trained", "new", "told"),
    [
        ((0, 1), (0, 255), True),
        ((0, 255), (0, 1), True),
        ((0, 16), (0, 1), True),
        ((0, 255), (0, 65535), True),
        ((0, 255), (0, 255), False),
        ((0, 255), (12, 180), False),
        ((0, 255), (0, 0), False),  # blank
        ((0, 1), (-0.2, 1.3), False),
        ((-1, 1), (0, 255), True),
        ((3, 3), (0, 9), False),
    ],
)
def test_pixels_of_another_scale(trained, new, told):
    found = told_of(trained, new)
    assert bool(found) == told
    assert not found or (found[0].level, found[0].kind) == ("warning", "other-range")


def test_small_values_in_columns_of_different_units_are_no_sign():
    assert not told_of((0, 1000), (0, 3), shared=False)
    assert told_of((0, 1000), (0, 5000), shared=False)


def test_one_row_far_out_is_no_other_scale():
    low, high = np.zeros(5), np.array([1.0, 1.0, 1.0, 900.0, 1.0])
    assert not list(check_range((0, 1), low, high, shared=True, what="rows"))


def test_turned_over(noise):
    usual = np.zeros(16)
    usual[5:11] = 0.8
    new = usual + 0.1 * noise(16)
    assert not list(check_turned((0, 1), usual, new, what="rows"))
    (found,) = check_turned((0, 1), usual, 1 - new, what="rows")
    assert (found.level, found.kind) == ("warning", "other-polarity")


def test_test_rows(part, noise):
    pictures = np.zeros((30, 4, 4))
    pictures[:, 1:3, 1:3] = 0.5 + 0.5 * noise(30, 2, 2)

    def kinds(test):
        development = part(np.concatenate([pictures, test]), numbers=range(30))
        sealed = Part(development.data, np.arange(30, 60))
        facts = row_facts(development), row_facts(sealed)
        return [f.kind for f in check_test_range(*facts)]

    assert kinds(pictures) == []
    assert kinds(255 * pictures) == ["other-range"]
    assert kinds(1 - pictures) == ["other-polarity"]
