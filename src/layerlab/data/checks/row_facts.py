"""What most checks ask of each row: a hash, its extremes and its mean, from one reading."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from layerlab._typing import Array, IndexArray, Vector
from layerlab.data.checks.part import Part

__all__ = ["RowFacts", "row_facts", "row_keys"]

KEY_BYTES = 8


@dataclass(frozen=True, eq=False)
class RowFacts:
    """Numbers that stand for the rows of a part.

    Attributes
    ----------
    part : Part
    keys : ndarray of shape (m,) of int64
        Equal for equal rows, and for others but by a chance of m² in 2^65.
    low, high, mean : ndarray of shape (m,)
        Of each row's values.
    """

    part: Part
    keys: Array
    low: Vector
    high: Vector
    mean: Vector

    @property
    def numbers(self) -> IndexArray:
        """Row numbers within the data set."""
        return self.part.numbers


def row_facts(part: Part) -> RowFacts:
    """Read a part once.

    Parameters
    ----------
    part : Part

    Returns
    -------
    facts : RowFacts
    """
    keys = np.empty(len(part), np.int64)
    low, high, mean = (np.empty(len(part)) for _ in range(3))
    for start, block in part.blocks():
        run = slice(start, start + len(block))
        keys[run] = row_keys(block)
        low[run], high[run] = block.min(axis=1), block.max(axis=1)
        mean[run] = block.mean(axis=1, dtype=np.float64)
    return RowFacts(part, keys, low, high, mean)


def row_keys(rows: Array) -> Array:
    """Return a 64-bit hash of each row.

    Parameters
    ----------
    rows : ndarray of shape (m, d)

    Returns
    -------
    keys : ndarray of shape (m,) of int64
        BLAKE2b of the bytes, in which zero has no sign.
    """
    plain = rows + rows.dtype.type(0) if rows.dtype.kind == "f" else rows  # -0.0 + 0.0 is 0.0
    texts = np.ascontiguousarray(plain).view(np.uint8).reshape(len(rows), -1)
    digests = b"".join(blake2b(text.data, digest_size=KEY_BYTES).digest() for text in texts)
    return np.frombuffer(digests, dtype="<i8").astype(np.int64)
