import numpy as np
import pytest

from layerlab.data import Dataset
from layerlab.data.checks import Part


@pytest.fixture
def part():
    """Return a function that makes a part of arrays; ``numbers`` are its rows."""

    def make(rows, labels=None, numbers=None, **options):
        labels = np.arange(len(rows)) % 2 if labels is None else labels
        data = Dataset.from_arrays(np.asarray(rows), labels, source="f.csv", **options)
        return Part.of(data, None if numbers is None else np.asarray(numbers))

    return make


@pytest.fixture
def noise():
    """Return a function that makes an array of uniform noise."""

    def make(*shape, seed=0):
        return np.random.default_rng(seed).random(shape)

    return make
