"""Random numbers by counting: a function of seed, key, row and unit, of nothing else.

What is drawn for a row is the same wherever the row stands in a batch, a block
or a thread, and is never stored. The compiled kernel has the same functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from layerlab._typing import Array, IndexArray

__all__ = ["normal", "row_words", "uniform", "unit_words"]

GOLDEN = 0x9E3779B9


def row_words(seed: int, key: int, rows: IndexArray) -> Array:
    """Return one word of 64 bits a row.

    Parameters
    ----------
    seed : int
        Of the fit.
    key : int
        Of the call: which epoch, say.
    rows : ndarray of int, of shape (n,)
        Row numbers in the data.

    Returns
    -------
    words : ndarray of uint64, of shape (n,)
    """
    with np.errstate(over="ignore"):
        of_call = _mix(_mix(_word(seed)) + _word(key))
        return _mix(of_call + np.asarray(rows).astype(np.uint64))


def unit_words(words: Array, layer: int, n_units: int) -> Array:
    """Return one word of 32 bits a row and unit.

    Parameters
    ----------
    words : ndarray of uint64, of shape (n,)
        What `row_words` returned.
    layer : int
        Below 256; tells uses apart.
    n_units : int
        At most 2²⁴.

    Returns
    -------
    words : ndarray of uint32, of shape (n, n_units)
    """
    low, high = words.astype(np.uint32), (words >> np.uint64(32)).astype(np.uint32)
    unit = np.arange(n_units, dtype=np.uint32) + np.uint32((layer << 24) & 0xFFFFFFFF)
    with np.errstate(over="ignore"):
        return _scramble(_scramble(high[:, None] ^ (unit + np.uint32(GOLDEN))) ^ low[:, None])


def uniform(words: Array, dtype: Any = np.float64) -> Array:
    """Return numbers in (0, 1), of 23 bits, from words of 32: exact in either precision."""
    return np.asarray(((words >> np.uint32(9)).astype(dtype) + dtype(0.5)) * dtype(2.0**-23))


def normal(words: Array, dtype: Any = np.float64) -> Array:
    """Return normal numbers of variance 1, by the inverse of their distribution function."""
    return np.asarray(ndtri(uniform(words)).astype(dtype))


def _word(number: int) -> Any:
    return np.array([number & 0xFFFFFFFFFFFFFFFF], np.uint64)


def _mix(x: Array) -> Array:
    """SplitMix64: Steele, Lea & Flood (2014), "Fast splittable pseudorandom number generators"."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def _scramble(x: Array) -> Array:
    """Wellons (2018), "Prospecting for hash functions": lowbias32, every bit moves every other."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return np.asarray(x ^ (x >> np.uint32(16)))
