"""Rows that lie in a mapped file: looked at and chosen from block by block, never read whole."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab.errors import DataError

__all__ = ["LARGE", "chosen_columns", "chosen_rows", "gathered", "is_mapped"]

LARGE = 256 << 20
"""Bytes from which a file is mapped, and what is chosen from a mapped file goes to a file."""

_BLOCK_BYTES = 1 << 22


def is_mapped(array: Array) -> bool:
    """Return whether an array, or one that it looks into, lies in a mapped file.

    Parameters
    ----------
    array : ndarray

    Returns
    -------
    mapped : bool
    """
    owner: Any = array
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.obj if isinstance(owner, memoryview) else owner.base
    return isinstance(owner, mmap.mmap)


def chosen_rows(rows: Array, chosen: IndexArray, where: str) -> Array:
    """Return some rows; of a mapped file a view if they follow each other.

    Parameters
    ----------
    rows : ndarray of shape (m, d)
    chosen : ndarray of shape (n,)
        Which, in which order; at least one.
    where : str
        What messages begin with.

    Returns
    -------
    rows : ndarray of shape (n, d)
        Not always read-only.
    """
    if not is_mapped(rows):
        return rows[chosen]
    first = int(chosen[0])
    if np.array_equal(chosen, np.arange(first, first + len(chosen))):
        return rows[first : first + len(chosen)]
    shape = (len(chosen), *rows.shape[1:])
    return gathered(shape, rows.dtype, lambda block: rows[chosen[block]], where)


def chosen_columns(rows: Array, columns: Sequence[int], where: str) -> Array:
    """Return some columns.

    Parameters
    ----------
    rows : ndarray of shape (m, d)
    columns : sequence of n int
    where : str
        What messages begin with.

    Returns
    -------
    rows : ndarray of shape (m, n)
        Not always read-only.
    """
    which, shape = list(columns), (len(rows), len(columns))
    if not is_mapped(rows):
        return rows[:, which]
    return gathered(shape, rows.dtype, lambda block: rows[block][:, which], where)


def _blocks(m: int, row_bytes: int) -> Iterator[slice]:
    """Yield runs of rows of a few megabytes each."""
    step = max(1, _BLOCK_BYTES // max(1, row_bytes))
    for start in range(0, m, step):
        yield slice(start, min(start + step, m))


def gathered(
    shape: tuple[int, ...], dtype: Any, take: Callable[[slice], Array], where: str
) -> Array:
    """Return rows that are made block by block: in a mapped file where they are large.

    Parameters
    ----------
    shape : tuple of int
        Of all rows.
    dtype : dtype
    take : callable
        Given a run of rows, returns these rows.
    where : str
        What messages begin with.

    Returns
    -------
    rows : ndarray
        Read-only. The file has no name and goes with its last user.

    Raises
    ------
    DataError
        If the disk has no room for the file.
    """
    row_bytes = prod(shape[1:]) * np.dtype(dtype).itemsize
    runs = _blocks(shape[0], row_bytes)
    if shape[0] * row_bytes >= LARGE:
        return _in_a_file(shape, dtype, take, runs, where)
    rows = np.empty(shape, dtype)
    for block in runs:
        rows[block] = take(block)
    rows.flags.writeable = False
    return rows


def _in_a_file(
    shape: tuple[int, ...],
    dtype: Any,
    take: Callable[[slice], Array],
    runs: Iterator[slice],
    where: str,
) -> Array:
    try:
        with tempfile.TemporaryFile(prefix="layerlab-") as file:
            for block in runs:
                file.write(np.ascontiguousarray(take(block), dtype).data)
            file.flush()
            return np.memmap(file, dtype, "r", shape=shape)
    except OSError as error:
        raise DataError(
            f"{where}: {error.strerror or error}, while rows were written to "
            f"{tempfile.gettempdir()}. Make room there, or set TMPDIR to a folder that has some."
        ) from error
