"""Accuracy against depth and width."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.exploration import Configuration
from layerlab.reporting import DepthPoint, depth_width, svg


def point(sizes, *found, **options):
    return DepthPoint(Configuration(sizes, 1.0), *found, **options)


GRID = [point((w,) * d, 0.9 + 0.01 * d, 0.005) for d in (1, 2) for w in (8, 16)]


def words(figure):
    return [a.get_text() for a in figure.findobj(lambda a: hasattr(a, "get_text"))]


def test_a_point_knows_its_depth_and_width():
    assert (point((32, 64), 0.9).depth, point((32, 64), 0.9).width) == (2, 64)
    assert (point((), 0.9).depth, point((), 0.9).width) == (0, 0)


def test_a_line_a_depth_with_its_label():
    shown = words(depth_width([*GRID, point((), 0.8)], n_rows=99, n_folds=3))
    assert {"no hidden layer", "1 hidden layer", "2 hidden layers"} <= set(shown)
    assert any("n = 99 rows, 3 folds." in word for word in shown)


def test_the_line_goes_through_the_best_of_each_width():
    twice = [
        point((8,), 0.9),
        point((8,), 0.8),
        point((16,), 0.7),
        point((16,), 0.95),
    ]
    lines = [line.get_ydata() for line in depth_width(twice).axes[0].lines]
    assert any(len(y) == 2 and np.allclose(y, [0.9, 0.95]) for y in lines)


def test_the_chosen_one_is_named():
    shown = words(depth_width([*GRID, point((64, 32), 0.97, 0.01, chosen=True)]))
    assert any("Ring: the chosen network, 64-32." in word for word in shown)


@pytest.mark.parametrize("sizes", [(), (1,), (1000, 1), (2,) * 40])
@pytest.mark.parametrize("chosen", [False, True])
def test_one_candidate(sizes, chosen):
    assert svg(depth_width([point(sizes, 1.0, 0.0, chosen)]))


def test_many_depths():
    many = [point((w,) * d, 0.5, 0.1) for d in range(9) for w in (7, 8, 9, 4096)]
    assert svg(depth_width(many)) == svg(depth_width(many))


def test_no_candidate_is_refused():
    with pytest.raises(ParameterError, match="at least one"):
        depth_width([])
