"""NPZ archives: plain arrays by name, never pickles, sizes checked before reading."""

from __future__ import annotations

import io
import lzma
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

from numpy.lib import format as npy

from layerlab._typing import Array
from layerlab.data.rows import seal
from layerlab.data.source import RawData
from layerlab.errors import DataError, DataWarning, did_you_mean

__all__ = ["read_npz", "read_npz_rows"]

_ROWS = ("X", "x", "data", "rows", "images")
_LABELS = ("y", "labels", "target")
_GROUPS = "groups"
_BOMB_BYTES = 1 << 30  # an array this large that was packed …
_BOMB_RATIO = 100  # … this tightly is refused
# What damaged or hostile archives were seen to raise inside zipfile, zlib and NumPy.
# RuntimeError is RecursionError too, LookupError IndexError, ArithmeticError OverflowError.
_DAMAGE = (
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


def read_npz(
    content: bytes, where: str, *, label: str | int | None = None, groups: str | int | None = None
) -> RawData:
    """Return the rows and labels of an NPZ archive.

    Parameters
    ----------
    content : bytes
        What ``numpy.savez`` or ``savez_compressed`` wrote: rows under one of
        X, x, data, rows, images; labels under one of y, labels, target; groups,
        where there are any, under groups.
    where : str
        The file's path, with which messages begin.
    label, groups : str, optional
        Other names of the labels and groups.

    Returns
    -------
    raw : RawData

    Raises
    ------
    DataError
        If an array is missing, ambiguous, damaged, or holds Python objects.
    """
    with _open(content, where) as archive:
        keys = _keys(archive, where)
        rows = _key([key for key in keys if key != str(label)], _ROWS, "rows", where)
        labels = _key(keys, _LABELS if label is None else (str(label),), "labels", where)
        group = _group_key(keys, groups, where)
        _warn_of_others(keys, {rows, labels, group}, where)
        return RawData(
            rows=_array(archive, rows, where),
            y=_array(archive, labels, where),
            label_name=labels,
            groups=None if group is None else _array(archive, group, where),
        )


def read_npz_rows(
    content: bytes, where: str, *, label: str | int | None = None
) -> tuple[Array, tuple[str, ...]]:
    """Return the rows of an NPZ archive that may have no labels.

    Parameters
    ----------
    content : bytes
        As for `read_npz`; all arrays but the rows are left unread.
    where : str
        The file's path, with which messages begin.
    label : str, optional
        The name of the labels, which must then be there.

    Returns
    -------
    rows : ndarray of shape (m, d) or (m, h, w)
    ignored : tuple of str
        The names of the other arrays.

    Raises
    ------
    DataError
        If an array is missing, ambiguous, damaged, or holds Python objects.
    """
    with _open(content, where) as archive:
        keys = _keys(archive, where)
        if label is not None:
            _key(keys, (str(label),), "labels", where)
        rows = _key([key for key in keys if key != str(label)], _ROWS, "rows", where)
        return _array(archive, rows, where), tuple(key for key in keys if key != rows)


def _open(content: bytes, where: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except _DAMAGE as error:
        raise _damaged(where, error) from error


def _keys(archive: zipfile.ZipFile, where: str) -> list[str]:
    members = [info.filename for info in archive.infolist()]
    strangers = [name for name in members if not name.endswith(".npy")]
    if strangers or len(set(members)) < len(members):
        what = repr(strangers[0]) if strangers else "the same name twice"
        raise DataError(
            f"{where}: a ZIP file, but no NPZ archive of arrays: it holds {what}. "
            "Write the data with numpy.savez(path, X=rows, y=labels)."
        )
    return [name.removesuffix(".npy") for name in members]


def _key(keys: Sequence[str], wanted: Sequence[str], what: str, where: str) -> str:
    found = [key for key in wanted if key in keys]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(
            f"{where}: the arrays {' and '.join(map(repr, found))} could all be the {what}. "
            "Keep one."
        )
    hint = next(filter(None, (did_you_mean(name, keys) for name in wanted)), "")
    raise DataError(
        f"{where}: no array of {what} is named {' or '.join(map(repr, wanted))}.{hint} "
        f"It holds {', '.join(map(repr, keys)) or 'nothing'}. "
        "Write the data with numpy.savez(path, X=rows, y=labels)."
    )


def _group_key(keys: Sequence[str], groups: str | int | None, where: str) -> str | None:
    if groups is not None:
        return _key(keys, (str(groups),), "groups", where)
    return _GROUPS if _GROUPS in keys else None


def _warn_of_others(keys: Sequence[str], used: set[str | None], where: str) -> None:
    others = [key for key in keys if key not in used]
    if others:
        warnings.warn(
            f"{where}: the arrays {', '.join(map(repr, others))} are not read. "
            "Remove them to say so.",
            DataWarning,
            stacklevel=2,
        )


def _array(archive: zipfile.ZipFile, key: str, where: str) -> Array:
    info = archive.getinfo(f"{key}.npy")
    place = f"{where}, array {key!r}"
    try:
        with archive.open(info) as member:
            # Sizes are compared first: NumPy allocates what a header claims.
            _check_size(info, _claimed_bytes(member, place), member.tell(), place)
        with archive.open(info) as member:
            return seal(npy.read_array(member, allow_pickle=False))
    except DataError:
        raise
    except _DAMAGE as error:
        raise _damaged(place, error) from error


def _claimed_bytes(member: Any, place: str) -> int:
    version = npy.read_magic(member)
    _refuse_divided_time(member, 2 if version == (1, 0) else 4)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(member)
    if dtype.hasobject:
        raise DataError(
            f"{place}: it holds Python objects, which are never unpickled. Save plain numbers, "
            "and labels as text or integers."
        )
    count = 1
    for side in shape:
        count *= int(side)  # Python's integers do not overflow
    return count * dtype.itemsize


def _refuse_divided_time(member: Any, prefix: int) -> None:
    """Refuse what NumPy 2 dies of without an exception: a type such as ``M8[D/0]``.

    No array of numbers or text has a slash in its header, or a backslash to write one by.
    """
    start = member.tell()
    header = member.read(int.from_bytes(member.read(prefix), "little"))
    member.seek(start)
    if b"/" in header or b"\\" in header:
        raise ValueError("its header is not that of numbers or text")


def _check_size(info: zipfile.ZipInfo, claimed: int, start: int, place: str) -> None:
    held = info.file_size - start
    if claimed != held:
        raise DataError(
            f"{place}: its header claims {claimed} bytes and the archive holds {held}. "
            "Write the file again."
        )
    if claimed > _BOMB_BYTES and claimed > _BOMB_RATIO * info.compress_size:
        raise DataError(
            f"{place}: {info.compress_size} bytes would grow to {claimed}. "
            "If it is meant, save it with numpy.savez, uncompressed."
        )


def _damaged(place: str, error: BaseException) -> DataError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"{place}: the archive is damaged ({reason}). Write or copy it again.")
