import numpy as np
import pytest

from layerlab.data.checks.pictures import border, check_pictures
from layerlab.data.checks.row_facts import row_facts


@pytest.fixture
def pictures(noise):
    """A light blot on black, of varying strength."""
    pictures = np.zeros((80, 6, 6))
    pictures[:, 2:4, 2:4] = 0.6 + 0.4 * noise(80, 2, 2)
    return pictures


def found_in(part, pictures, **options):
    return list(check_pictures(row_facts(part(pictures, value_range=(0, 1))), **options))


def test_like_pictures_are_nothing_to_tell(part, pictures):
    assert not found_in(part, pictures)


def test_blank_pictures(part, pictures):
    pictures[3], pictures[9] = 0, 1
    (found,) = found_in(part, pictures)
    assert (found.level, found.kind, found.rows) == ("warning", "blank-pictures", (3, 9))


def test_turned_pictures(part, pictures):
    pictures[[5, 6]] = 1 - pictures[[5, 6]]
    (found,) = found_in(part, pictures)
    assert (found.level, found.kind, found.rows) == ("warning", "turned-over", (5, 6))


def test_far_more_ink(part, pictures):
    pictures[8, 1:5, 1:5] = 1
    (found,) = found_in(part, pictures, sealed=True)
    assert (found.level, found.kind, found.rows, found.part) == (
        "note",
        "ink-outliers",
        (8,),
        "test",
    )


def test_photographs_are_not_called_turned_over(part, noise):
    light = noise(80, 1, 1) * np.ones((80, 6, 6)) * 0.9 + 0.1 * noise(80, 6, 6)
    assert "turned-over" not in [f.kind for f in found_in(part, light)]


def test_rows_that_are_no_images_are_left_alone(part):
    assert not list(check_pictures(row_facts(part(np.ones((9, 4))))))


def test_border():
    assert border((3, 4)).tolist() == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
    assert len(border((3, 4, 3))) == 30
    assert len(border((2, 2))) == 4
