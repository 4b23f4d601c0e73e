"""Bytes that grow: in memory while they are few, then in a file that no one else sees."""

from __future__ import annotations

import io
import mmap
import tempfile
from typing import IO

import numpy as np

from layerlab._typing import Array
from layerlab.data.rows import seal

__all__ = ["Spool"]

_IN_MEMORY = 1 << 28  # bytes


class Spool:
    """Bytes written one after another and read as one array.

    Parameters
    ----------
    in_memory : int
        Bytes beyond which they go to a temporary file, which is mapped when read.
    """

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._file: IO[bytes] = io.BytesIO()
        self._in_memory = in_memory
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._length += len(data)
        if self._length > self._in_memory and isinstance(self._file, io.BytesIO):
            held, self._file = self._file, tempfile.TemporaryFile()  # noqa: SIM115
            self._file.write(held.getbuffer())
        self._file.write(data)

    def array(self) -> Array:
        """Return all of the bytes, read-only; nothing can be written after.

        Returns
        -------
        array : ndarray of shape (n,) of uint8
        """
        if isinstance(self._file, io.BytesIO):
            return seal(np.frombuffer(self._file.getbuffer(), np.uint8))
        self._file.flush()
        mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self._file.close()  # the mapping holds it; with the last array it is gone
        return np.frombuffer(mapped, np.uint8)
