"""Files that may hold data: what lies on disk, and what is refused before it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from layerlab.errors import DataError, did_you_mean

__all__ = ["BUILT_IN", "read_head", "read_pipe", "read_whole", "refuse_foreign"]

BUILT_IN = "digits"
"""The name that stands for bundled data and for no file."""

_HEAD = 4096  # bytes by which files are told apart
# First bytes of files that people give and that are not read, with what to do instead.
_FOREIGN = {
    b"\x1f\x8b": "is packed with gzip. Unpack it",
    b"%PDF": "is a PDF document. Give images as PNG, or a CSV, NPZ or Parquet file",
    b"\x89HDF": "is an HDF5 file. Write its arrays with numpy.savez(path, X=rows, y=labels)",
    b"MATLAB 5.0": "is a MATLAB file. Write its arrays with numpy.savez(path, X=rows, y=labels)",
    b"SQLite format 3": "is a database. Write its table as CSV or Parquet",
    **{
        bytes([0x80, protocol]): "is a pickle, which is never opened. Write its arrays with "
        "numpy.savez(path, X=rows, y=labels)"
        for protocol in range(2, 6)
    },
    **dict.fromkeys(
        (b"<?xml", b"<svg", b"<html", b"<!doctype"),
        "is XML or HTML text, such as an SVG drawing. Give images as PNG, or a CSV file",
    ),
}


def read_head(name: str) -> bytes:
    """Return the beginning of a file that may be data.

    Parameters
    ----------
    name : str
        Its path.

    Returns
    -------
    head : bytes
        At most 4096.

    Raises
    ------
    DataError
        If there is no such file, or it cannot be read.
    """
    return _read(name, lambda file: file.read(_HEAD))


def read_whole(name: str) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    name : str
        Its path.

    Returns
    -------
    content : bytes

    Raises
    ------
    DataError
        If there is no such file, or it cannot be read.
    """
    return _read(name, lambda file: file.read())


def read_pipe(name: str, check: Callable[[bytes, str], None]) -> bytes:
    """Return what comes through a pipe, or the beginning of what is no text: it may never end.

    Parameters
    ----------
    name : str
        Its path.
    check : callable
        Given the beginning and the path, raises for what is not read.

    Returns
    -------
    content : bytes

    Raises
    ------
    DataError
        If it cannot be read.
    """

    def read(file: BinaryIO) -> bytes:
        head = file.read(_HEAD)
        check(head, name)
        return head if b"\0" in head else head + file.read()

    return _read(name, read)


def _read(name: str, read: Callable[[BinaryIO], bytes]) -> bytes:
    path = Path(name)
    try:
        with path.open("rb") as file:
            return read(file)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(
            f"{name}: there is no such file or built-in data set.{_near_files(path)}"
            " Give 'digits' or the path of a data file, a folder of images, or an image."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{name!r}: the file cannot be read ({reason}). Check the path.") from error


def _near_files(path: Path) -> str:
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(path.name, [BUILT_IN, *beside])


def refuse_foreign(head: bytes, name: str) -> None:
    """Refuse a file of a kind that people give and that is not read.

    Parameters
    ----------
    head : bytes
        Its beginning.
    name : str
        Its path.

    Raises
    ------
    DataError
        If it is one; the message says what to give instead.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for kind, remedy in _FOREIGN.items():
        if head.startswith(kind) or start.startswith(kind):
            raise DataError(f"{name}: the file {remedy}.")
