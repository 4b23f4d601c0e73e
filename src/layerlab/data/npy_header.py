"""What the header of a NumPy array claims, read without trust: nothing unpickled or allocated."""

from __future__ import annotations

import lzma
import re
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from layerlab._typing import Array
from layerlab.errors import DataError

__all__ = ["DAMAGE", "Claim", "damaged", "is_npy", "read_claim"]

# RuntimeError is RecursionError too, LookupError IndexError, ArithmeticError OverflowError.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    UnicodeError,
    ValueError,
)
"""What damaged or hostile arrays were seen to raise inside zipfile, zlib and NumPy."""

_LONGEST = 10_000  # bytes of a header; NumPy's own limit, which it looks at after reading
_SHOWN = 200  # characters of a library's message
_ADDRESS = re.compile(r": <[^>]* at 0x[0-9a-f]+>")


@dataclass(frozen=True)
class Claim:
    """What a header says.

    Attributes
    ----------
    shape : tuple of int
    fortran : bool
        Whether columns lie together.
    dtype : dtype
    start : int
        Where the values begin, in bytes.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    start: int

    @property
    def n_bytes(self) -> int:
        """Bytes of all values."""
        count = 1
        for side in self.shape:
            count *= int(side)  # Python's integers do not overflow
        return count * self.dtype.itemsize

    def check_held(self, size: int, place: str) -> None:
        """Refuse a header that claims more or less than there is.

        Parameters
        ----------
        size : int
            Bytes there are, the header's included.
        place : str
            What the message begins with.

        Raises
        ------
        DataError
            If the two differ.
        """
        if self.n_bytes != size - self.start:
            raise DataError(
                f"{place}: its header claims {self.n_bytes} bytes and the file holds "
                f"{size - self.start}. Write the file again."
            )

    def mapped(self, path: str | Path, start: int | None = None) -> Array:
        """Return the array of a file, mapped.

        Parameters
        ----------
        path : str or Path
        start : int, optional
            Where the values begin, if elsewhere than the header says: inside an archive.

        Returns
        -------
        array : ndarray
            Read-only.
        """
        offset = self.start if start is None else start
        return np.memmap(path, self.dtype, "r", offset, self.shape, "F" if self.fortran else "C")


def is_npy(head: bytes) -> bool:
    """Return whether a file is one NumPy array.

    Parameters
    ----------
    head : bytes
        Its beginning.

    Returns
    -------
    npy : bool
    """
    return head.startswith(npy.MAGIC_PREFIX)


def read_claim(member: Any, place: str) -> Claim:
    """Return what the header at the beginning of a file says.

    Parameters
    ----------
    member : file
        Left where the values begin.
    place : str
        What messages begin with.

    Returns
    -------
    claim : Claim

    Raises
    ------
    DataError
        If the values are Python objects.
    Exception
        One of `DAMAGE`, if it is no header.
    """
    version = npy.read_magic(member)
    _refuse_hostile(member, 2 if version == (1, 0) else 4)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(member)
    if dtype.hasobject:
        raise DataError(
            f"{place}: it holds Python objects, which are never unpickled. Save plain numbers, "
            "and labels as text or integers."
        )
    if min(shape, default=0) < 0:
        raise ValueError("a side of the array is negative")
    if not dtype.itemsize:  # any number of them takes no room
        raise ValueError(f"its values are of type {dtype}, which holds nothing")
    return Claim(shape, fortran, dtype, member.tell())


def _refuse_hostile(member: Any, prefix: int) -> None:
    """Refuse a header that is read whole however long it is, and what NumPy 2 dies of.

    The latter, without an exception, is a type such as ``M8[D/0]``.

    No array of numbers or text has a slash in its header, or a backslash to write one by.
    """
    start = member.tell()
    length = int.from_bytes(member.read(prefix), "little")
    if length > _LONGEST:
        raise ValueError(f"its header claims {length} bytes")
    header = member.read(length)
    member.seek(start)
    if b"/" in header or b"\\" in header:
        raise ValueError("its header is not that of numbers or text")


def damaged(place: str, error: BaseException, what: str = "the archive") -> DataError:
    """Return the error for a file that raised one of `DAMAGE`.

    Parameters
    ----------
    place : str
        What the message begins with.
    error : Exception
    what : str, default="the archive"
        What is damaged.

    Returns
    -------
    error : DataError
    """
    reason = _ADDRESS.sub("", " ".join(str(error).split()))[:_SHOWN] or type(error).__name__
    return DataError(f"{place}: {what} is damaged ({reason}). Write or copy it again.")
