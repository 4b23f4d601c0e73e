"""Gzip, unpacked into memory of a known size: nothing more is ever allocated."""

from __future__ import annotations

import zlib
from typing import IO

import numpy as np

from layerlab._typing import Array
from layerlab.data.rows import seal
from layerlab.errors import DataError

__all__ = ["GZIP", "gunzip", "gunzip_head"]

GZIP = b"\x1f\x8b"
"""The first bytes of a gzip file."""

_WRAPPED = 31  # zlib's window bits for gzip with its header and checksum
_READ, _WRITE = 1 << 20, 1 << 22  # bytes packed and unpacked in one go
_BEST_RATIO = 1040  # deflate packs no tighter than 1032 to 1


def gunzip_head(head: bytes, length: int) -> bytes:
    """Return the first bytes that a gzip file unpacks to.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.
    length : int
        How many are wanted.

    Returns
    -------
    start : bytes
        Fewer where the head has no more, or is damaged.
    """
    try:
        return zlib.decompressobj(_WRAPPED).decompress(head, length)
    except zlib.error:
        return b""


def gunzip(file: IO[bytes], packed: int, expected: int, where: str) -> Array:
    """Return what a gzip file unpacks to, which must be exactly so long.

    Parameters
    ----------
    file : binary file
        At its beginning. Of several members, one is read after another.
    packed : int
        Its size.
    expected : int
        Bytes unpacked, by what the beginning of the content claims.
    where : str
        The file's path, with which messages begin.

    Returns
    -------
    data : ndarray of shape (expected,) of uint8
        Read-only.

    Raises
    ------
    DataError
        If it is longer or shorter, before anything is allocated where it cannot be as long;
        if it is damaged, cut short, or something stands behind it.
    """
    if expected > _BEST_RATIO * packed + _READ:
        raise _disagree(where, f"{packed} packed bytes cannot hold", expected)
    data, at = np.empty(expected, np.uint8), 0
    for part in _parts(file, where):
        if at + len(part) > expected:
            raise _disagree(where, "it holds more than", expected)
        data[at : at + len(part)] = np.frombuffer(part, np.uint8)
        at += len(part)
    if at < expected:
        raise _disagree(where, f"it holds {at} bytes instead of", expected)
    return seal(data)


def _parts(file: IO[bytes], where: str):  # type: ignore[no-untyped-def]
    """Yield what a file unpacks to, some at a time."""
    unpacker, packed = zlib.decompressobj(_WRAPPED), file.read(_READ)
    while packed:
        try:
            yield unpacker.decompress(packed, _WRITE)
        except zlib.error as error:
            raise _damaged(where, str(error)) from error
        packed = unpacker.unconsumed_tail or unpacker.unused_data or file.read(_READ)
        if unpacker.eof:
            packed = packed.lstrip(b"\0")  # padding between members, as tapes have
            if packed and not packed.startswith(GZIP):
                raise _damaged(where, "something stands behind its end")
            unpacker = zlib.decompressobj(_WRAPPED) if packed else unpacker
    if not unpacker.eof:
        raise _damaged(where, "it is cut short")


def _disagree(where: str, what: str, expected: int) -> DataError:
    return DataError(
        f"{where}: its header claims {expected} bytes, and {what} that. "
        "The file is damaged or cut short: copy or download it again."
    )


def _damaged(where: str, reason: str) -> DataError:
    return DataError(f"{where}: the gzip file is damaged ({reason}). Copy or download it again.")
