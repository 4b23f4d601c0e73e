"""Some rows of a data set, read block by block: it may be a map of a file larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from layerlab._random import Purpose, stream
from layerlab._typing import Array, IndexArray
from layerlab.data.dataset import Dataset

__all__ = ["Part"]

BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, eq=False)
class Part:
    """The development rows, or the test rows, of a data set.

    Attributes
    ----------
    data : Dataset
    numbers : ndarray of shape (m,)
        Row numbers, ascending.
    """

    data: Dataset
    numbers: IndexArray

    @classmethod
    def of(cls, data: Dataset, numbers: IndexArray | None) -> Part:
        """Return the part of these rows; None: all of them."""
        return cls(data, np.arange(data.n_rows) if numbers is None else numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def labels(self) -> IndexArray:
        """Class indices of the rows, an ndarray of shape (m,)."""
        return self.data.labels[self.numbers]

    def blocks(self, columns: IndexArray | slice = slice(None)) -> Iterator[tuple[int, Array]]:
        """Yield runs of rows of some megabytes, each with the position of its first row."""
        width = max(1, self.data.n_features * self.data.rows.itemsize)
        step = max(1, BLOCK_BYTES // width)
        for start in range(0, len(self), step):
            yield start, self._rows(start, start + step)[:, columns]

    def take(self, positions: IndexArray) -> Array:
        """Return some rows by their positions within the part, an ndarray of shape (n, d)."""
        return self.data.rows[self.numbers[positions]]

    def sample(self, n: int, seed: int, *key: int) -> IndexArray:
        """Return the positions of ``n`` rows drawn at random, ascending; all if there are fewer."""
        if n >= len(self):
            return np.arange(len(self))
        random = stream(seed, Purpose.SUBSAMPLE, *key)
        return np.sort(random.choice(len(self), n, replace=False))

    def _rows(self, start: int, stop: int) -> Array:
        numbers = self.numbers[start:stop]
        if numbers[-1] - numbers[0] == len(numbers) - 1:  # a run: no copy
            return self.data.rows[numbers[0] : numbers[-1] + 1]
        return self.data.rows[numbers]
