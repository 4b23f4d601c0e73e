"""The fingerprint of a data set: what is in it, not where or how it is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from layerlab._typing import Array, IndexArray

__all__ = ["fingerprint"]

_BLOCK_BYTES = 1 << 20


def fingerprint(
    rows: Array, labels: IndexArray, groups: IndexArray | None, facts: dict[str, Any]
) -> str:
    """Return the SHA-256, in hex, of rows, labels, groups and facts about them.

    Parameters
    ----------
    rows : ndarray of shape (m, d)
    labels : ndarray of shape (m,)
    groups : ndarray of shape (m,) or None
    facts : dict
        What JSON can hold: names, image shape.

    Returns
    -------
    digest : str of 64 hex digits
        The same for C and Fortran order, for any byte order, and on 32-bit machines.
    """
    # Shapes and types stand in front, so no two contents give one stream of bytes.
    header = {
        **facts,
        "form": "layerlab data 1",
        "dtype": rows.dtype.newbyteorder("<").str,
        "shape": rows.shape,
        "grouped": groups is not None,
    }
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode() + b"\n")
    indices = labels if groups is None else np.concatenate([labels, groups])
    digest.update(indices.astype("<i8").tobytes())
    for block in _blocks(rows):
        digest.update(block.astype(block.dtype.newbyteorder("<"), copy=False).tobytes(order="C"))
    return digest.hexdigest()


def _blocks(rows: Array) -> Iterator[Array]:
    """Yield runs of rows of about a megabyte, so that no second copy of the data is made."""
    step = max(1, _BLOCK_BYTES // max(1, rows.shape[1] * rows.itemsize))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]
