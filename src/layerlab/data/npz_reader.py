"""NPZ archives: plain arrays by name, never pickles, sizes checked before reading."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

from numpy.lib import format as npy

from layerlab._typing import Array
from layerlab.data.array_names import (
    LABELS,
    ROWS,
    label_names,
    name_of_test,
    training_names,
)
from layerlab.data.mapped import LARGE
from layerlab.data.npy_header import DAMAGE, Claim, damaged, read_claim
from layerlab.data.rows import seal
from layerlab.data.source import RawData
from layerlab.errors import DataError, DataWarning, did_you_mean

__all__ = ["is_npz", "read_npz", "read_npz_rows"]

_L = "labels"  # what messages call them
_GROUPS = "groups"
_BOMB_BYTES = 1 << 30  # an array this large that was packed …
_BOMB_RATIO = 100  # … this tightly is refused
_NAME_LENGTH = 26  # where a member's header has the lengths of its name and of what is added
_CHUNK = 1 << 20


def is_npz(path: Path) -> bool:
    """Return whether a ZIP archive is one of arrays, or is so damaged that nobody can tell.

    Parameters
    ----------
    path : Path

    Returns
    -------
    npz : bool

    Raises
    ------
    DataError
        If it is a workbook of Excel or another office document, which is a ZIP archive too.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except DAMAGE:
        return True
    if "[Content_Types].xml" in names or "META-INF/manifest.xml" in names:
        raise DataError(f"{path}: this is a workbook or document. Save its table as CSV.")
    return not names or any(name.endswith(".npy") for name in names)


def read_npz(
    content: bytes | Path,
    where: str,
    *,
    label: str | int | None = None,
    groups: str | int | None = None,
) -> RawData:
    """Return the rows and labels of an NPZ archive.

    Parameters
    ----------
    content : bytes or Path
        What ``numpy.savez`` or ``savez_compressed`` wrote, or where it lies: rows under
        one of X, x, data, rows, images; labels under one of y, labels, target; groups,
        where there are any, under groups. With ``_train`` behind or ``train_`` before
        them, what has ``test`` there instead is the test part.
    where : str
        The file's path, with which messages begin.
    label, groups : str, optional
        Other names of the labels and groups.

    Returns
    -------
    raw : RawData
        Large arrays that are not packed are mapped, if the archive is given by its path.

    Raises
    ------
    DataError
        If an array is missing, ambiguous, damaged, or holds Python objects.
    """
    with _open(content, where) as archive:
        keys = _keys(archive, where)
        rows = _rows_key(keys, label, where)
        labels = _key(keys, _usual_labels(rows) if label is None else (str(label),), _L, where)
        group = _group_key(keys, groups, where)
        test = _test_keys(keys, rows, labels)
        _warn_of_others(keys, {rows, labels, group, *(test or ())}, where)
        return RawData(
            rows=_array(archive, rows, where),
            y=_array(archive, labels, where),
            label_name=labels,
            groups=None if group is None else _array(archive, group, where),
            test=None if test is None else _labelled(archive, *test, where),
        )


def read_npz_rows(content: bytes | Path, where: str, *, label: str | int | None = None) -> RawData:
    """Return the rows of an NPZ archive that may have no labels.

    Parameters
    ----------
    content : bytes or Path
        As for `read_npz`; all arrays but the rows are left unread.
    where : str
        The file's path, with which messages begin.
    label : str, optional
        The name of the labels, which must then be there.

    Returns
    -------
    raw : RawData
        Without labels.

    Raises
    ------
    DataError
        If an array is missing, ambiguous, damaged, or holds Python objects.
    """
    with _open(content, where) as archive:
        keys = _keys(archive, where)
        if label is not None:
            _key(keys, (str(label),), _L, where)
        rows = _rows_key(keys, label, where)
        others = tuple(key for key in keys if key != rows)
        return RawData(_array(archive, rows, where), None, ignored=others)


def _open(content: bytes | Path, where: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content)
    except DAMAGE as error:
        raise damaged(where, error) from error


def _rows_key(keys: Sequence[str], label: str | int | None, where: str) -> str:
    others = [key for key in keys if key != str(label)]
    training = training_names(ROWS)
    in_parts = not set(ROWS) & set(others) and set(training) & set(others)
    return _key(others, training if in_parts else ROWS, "rows", where)


def _usual_labels(rows: str) -> tuple[str, ...]:
    return LABELS if name_of_test(rows) is None else label_names(rows)


def _test_keys(keys: Sequence[str], rows: str, labels: str) -> tuple[str, str] | None:
    """Return the names of the test part's rows and labels, if it is there."""
    x, y = name_of_test(rows), name_of_test(labels)
    return None if x is None or y is None or not {x, y} <= set(keys) else (x, y)


def _labelled(archive: zipfile.ZipFile, rows: str, labels: str, where: str) -> RawData:
    x, y = _array(archive, rows, where), _array(archive, labels, where)
    return RawData(x, y, label_name=labels)


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
            claim = read_claim(member, place)
            _check_size(info, claim, place)
        if _can_be_mapped(archive, info, claim):
            return _mapped(archive, info, claim)
        with archive.open(info) as member:
            return seal(npy.read_array(member, allow_pickle=False))
    except DataError:
        raise
    except DAMAGE as error:
        raise damaged(place, error) from error


def _can_be_mapped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, claim: Claim) -> bool:
    packed = info.compress_type != zipfile.ZIP_STORED
    return claim.n_bytes >= LARGE and not packed and archive.filename is not None


def _mapped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, claim: Claim) -> Array:
    with archive.open(info) as member:  # to its end, where its checksum is compared
        while member.read(_CHUNK):
            pass
    with open(str(archive.filename), "rb") as file:
        file.seek(info.header_offset + _NAME_LENGTH)
        behind = sum(struct.unpack("<HH", file.read(4)))  # the name and what is added to it
    start = info.header_offset + _NAME_LENGTH + 4 + behind + claim.start
    return claim.mapped(str(archive.filename), start)


def _check_size(info: zipfile.ZipInfo, claim: Claim, place: str) -> None:
    claim.check_held(info.file_size, place)
    claimed = claim.n_bytes
    if claimed > _BOMB_BYTES and claimed > _BOMB_RATIO * info.compress_size:
        raise DataError(
            f"{place}: {info.compress_size} bytes would grow to {claimed}. "
            "If it is meant, save it with numpy.savez, uncompressed."
        )
