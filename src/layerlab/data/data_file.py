"""Files that may hold data: what lies on disk, and what is refused before it is read."""

from __future__ import annotations

from pathlib import Path

from layerlab.errors import DataError, did_you_mean

__all__ = ["BUILT_IN", "is_npz", "read_data_file"]

BUILT_IN = "digits"
"""The name that stands for bundled data and for no file."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# First bytes of files that people give and that are not read, with what to do instead.
_FOREIGN = {
    b"\x93NUMPY": "is one NumPy array without labels. Write numpy.savez(path, X=rows, y=labels)",
    b"\x1f\x8b": "is packed with gzip. Unpack it",
    b"PAR1": "is a Parquet file. Read it into a frame and pass that",
    b"ARROW1": "is an Arrow file. Read it into a frame and pass that",
    b"\x89PNG": "is an image. Give a CSV or NPZ file",
    b"\xff\xd8\xff": "is an image. Give a CSV or NPZ file",
    b"%PDF": "is a PDF document. Give a CSV or NPZ file",
}


def read_data_file(name: str) -> bytes:
    """Return the content of a file that may be data.

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
        If there is no such file, it cannot be read, or is of a kind that is not read.
    """
    path = Path(name)
    if path.is_dir():
        raise DataError(f"{name}: this is a folder. Give a CSV or NPZ file in it.")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{name}: there is no such file or built-in data set.{_near_files(path)}"
            " Give 'digits' or the path of a CSV or NPZ file."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{name!r}: the file cannot be read ({reason}). Check the path.") from error
    _refuse_foreign(content, name)
    return content


def is_npz(content: bytes) -> bool:
    """Return whether a file's content is an NPZ archive; otherwise it is taken for CSV text.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    npz : bool
    """
    return content.startswith(_ZIP)


def _near_files(path: Path) -> str:
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(path.name, [BUILT_IN, *beside])


def _refuse_foreign(content: bytes, name: str) -> None:
    for start, remedy in _FOREIGN.items():
        if content.startswith(start):
            raise DataError(f"{name}: the file {remedy}.")
