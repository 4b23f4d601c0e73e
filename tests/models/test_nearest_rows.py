import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from layerlab.data import Dataset, load_data
from layerlab.data.checks import Part
from layerlab.models import nearest_rows
from layerlab.models.nearest_rows import NearSearch


def part_of(rows, numbers=None):
    return Part.of(Dataset.from_arrays(rows, np.arange(len(rows)) % 2), numbers)


@pytest.fixture
def rows():
    """Pixels: columns of one range."""
    return np.random.default_rng(0).integers(0, 256, (300, 12)).astype(np.uint8)


def by_hand(rows, queries, searched, k):
    """Return the nearest by sorting all distances, in units of the range."""
    points = rows.astype(float) / 255
    gaps = points[queries][:, None] - points[searched][None]
    distances = np.sqrt((gaps**2).sum(axis=2))
    distances[np.asarray(queries)[:, None] == np.asarray(searched)] = np.inf
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.asarray(searched)[order], np.take_along_axis(distances, order, axis=1)


def test_nearest_of_its_own_rows(rows):
    found = NearSearch(part_of(rows)).nearest()
    neighbours, distances = by_hand(rows, np.arange(300), np.arange(300), 8)
    np.testing.assert_array_equal(found.queries, np.arange(300))
    np.testing.assert_allclose(found.distances, distances, rtol=1e-12)
    np.testing.assert_array_equal(found.neighbours, neighbours)


def test_nearest_of_other_rows(rows):
    data = part_of(rows).data
    search = NearSearch(Part(data, np.arange(0, 200, 2)))
    found = search.nearest(Part(data, np.arange(200, 300)))
    neighbours, _ = by_hand(rows, np.arange(200, 300), np.arange(0, 200, 2), 8)
    np.testing.assert_array_equal(found.neighbours, neighbours)
    assert (found.n_queries, found.n_searched) == (100, 100)


def test_some_rows_are_drawn_where_there_are_many(rows, monkeypatch):
    monkeypatch.setattr(nearest_rows, "DISTANCES", 300 * 20)
    found = NearSearch(part_of(rows)).nearest()
    assert (len(found.queries), found.n_queries) == (20, 300)
    neighbours, _ = by_hand(rows, found.queries, np.arange(300), 8)
    np.testing.assert_array_equal(found.neighbours, neighbours)


def test_runs_and_few_rows_at_once(rows, monkeypatch):
    whole = NearSearch(part_of(rows)).nearest()
    for name, value in (("QUERIES", 7), ("FIRST_RUN", 16), ("LAST_RUN", 50)):
        monkeypatch.setattr(nearest_rows, name, value)
    pieces = NearSearch(part_of(rows)).nearest()
    np.testing.assert_array_equal(pieces.neighbours, whole.neighbours)
    np.testing.assert_array_equal(pieces.distances, whole.distances)


def test_as_many_are_searched_as_memory_holds(rows, monkeypatch):
    monkeypatch.setattr(nearest_rows, "AT_MOST", 12 * 100)
    found = NearSearch(part_of(rows)).nearest()
    assert found.n_searched == 100
    assert len(found.queries) == 300
    assert (found.neighbours != found.queries[:, None]).all()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_rows(rows, n):
    found = NearSearch(part_of(rows[:n])).nearest()
    assert found.distances.shape == (n, n - 1)
    assert np.isfinite(found.distances).all()
    assert all(len({*row, i}) == n for i, row in enumerate(found.neighbours.tolist()))


@pytest.mark.parametrize("shape", [(400, 200), (120, 300)])
def test_of_many_columns_nearly_equal_rows_are_found(shape):
    random = np.random.default_rng(0)
    rows = random.random(shape)
    rows[100] = rows[17] + 0.02 * random.random(shape[1])
    found = NearSearch(part_of(rows)).nearest()
    assert found.neighbours[100, 0] == 17
    assert found.distances[100, 0] < 0.1 * found.spread
    assert found.neighbours[17, 0] == 100


def test_of_many_columns_most_neighbours_are_found():
    rng = np.random.default_rng(0)
    rows = rng.random((2000, 20)) @ rng.random((20, 200)) + 0.5 * rng.random((2000, 200))
    found = NearSearch(part_of(rows)).nearest()
    exact = (rows**2).sum(axis=1) - 2 * rows @ rows.T
    np.fill_diagonal(exact, np.inf)
    nearest = np.argsort(exact, axis=1)[:, :8]
    shared = [len(set(a) & set(b)) for a, b in zip(found.neighbours.tolist(), nearest, strict=True)]
    assert np.mean(shared) > 0.9 * 8


def test_columns_of_different_units_are_made_comparable():
    rows = np.random.default_rng(0).normal(size=(200, 3))
    found = NearSearch(part_of(rows * [1, 1e3, 1e-3] + [0, 1e4, 0])).nearest()
    points = rows / rows.std(axis=0)
    distances = np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_allclose(found.distances[:, 0], distances.min(axis=1), rtol=1e-9)


def test_constant_rows_and_huge_values():
    found = NearSearch(part_of(np.full((20, 3), 7.0))).nearest()
    assert (found.distances == 0).all()
    rows = np.random.default_rng(0).random((50, 4)) * 1e37
    assert np.isfinite(NearSearch(part_of(rows)).nearest().distances).all()


def test_the_same_bits_for_any_number_of_threads():
    part = Part.of(load_data("digits"), None)
    found = []
    for n in (1, 2):
        with threadpool_limits(n):
            found.append(NearSearch(part, seed=3).nearest())
    np.testing.assert_array_equal(found[0].distances, found[1].distances)
    np.testing.assert_array_equal(found[0].neighbours, found[1].neighbours)
