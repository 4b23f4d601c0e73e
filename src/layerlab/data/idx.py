"""IDX files, as MNIST's: a magic number, sizes, then the values, big-endian; often in gzip.

References
----------
LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from layerlab._typing import Array
from layerlab.data.gzip_file import GZIP, gunzip, gunzip_head
from layerlab.data.mapped import LARGE
from layerlab.data.polarity import polarity_note
from layerlab.data.rows import seal
from layerlab.data.source import RawData
from layerlab.errors import DataError

__all__ = ["is_idx", "is_idx_folder", "read_idx", "read_idx_folder"]

_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_MOST_SIDES = 4  # images, height, width, channels
_HEAD = 4 + 4 * _MOST_SIDES
_LOOK = 4096  # bytes of a packed file by which it is told
_IMAGES = re.compile(r"images", re.IGNORECASE)
_SIDES = re.compile(r"idx(\d)", re.IGNORECASE)
_TEST = re.compile(r"(?<![a-z])(t10k|test)(?![a-z])", re.IGNORECASE)
_TRAINING = re.compile(r"(?<![a-z])train(ing)?(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class _Header:
    """What an IDX file claims of itself."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def start(self) -> int:
        return 4 + 4 * len(self.shape)

    @property
    def size(self) -> int:
        return self.start + prod(self.shape) * self.dtype.itemsize


def is_idx(head: bytes) -> bool:
    """Return whether a file's first bytes are those of an IDX file, packed with gzip or not.

    Parameters
    ----------
    head : bytes
        At least 100, where the file has them.

    Returns
    -------
    idx : bool
    """
    start = gunzip_head(head, 4) if head.startswith(GZIP) else head
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in _TYPES and 0 < start[3] < 16


def is_idx_folder(path: str) -> bool:
    """Return whether a folder holds IDX files.

    Parameters
    ----------
    path : str

    Returns
    -------
    idx : bool
    """
    return bool(_idx_files(Path(path)))


def read_idx(path: str) -> RawData:
    """Return the images of an IDX file, with the labels in the file of its name beside it.

    Parameters
    ----------
    path : str
        A file of images, or of rows of numbers; packed with gzip or not. Its labels are in
        the file whose name has ``labels`` for ``images``. Beside ``train`` files the ``t10k``
        or ``test`` files are the test part.

    Returns
    -------
    raw : RawData
        Without labels where there are none beside it. Large unpacked files are mapped.

    Raises
    ------
    DataError
        If the files are damaged, hold something else, or disagree.
    """
    raw = _pair(Path(path))
    partner = _test_partner(Path(path))
    if partner is None:
        return raw
    notes = (*raw.notes, f"{partner.name} beside it is the test part.")
    return replace(raw, test=_pair(partner), notes=notes)


def read_idx_folder(path: str) -> RawData:
    """Return the images of a folder of IDX files, ``train-…`` and, as test part, ``t10k-…``.

    Parameters
    ----------
    path : str

    Returns
    -------
    raw : RawData

    Raises
    ------
    DataError
        If there are several files of images that could be meant, or none; see `read_idx`.
    """
    files = _idx_files(Path(path))
    images = [file for file in files if not _is_labels(file)]
    if not images:
        raise DataError(f"{path}: there are labels, but no images. Add the file of images.")
    training = [file for file in images if _TRAINING.search(file.name)]
    chosen = training or [file for file in images if not _TEST.search(file.name)] or images
    if len(chosen) > 1:
        names = ", ".join(file.name for file in chosen[:4])
        raise DataError(f"{path}: several files of images are there: {names}. Give one of them.")
    return read_idx(str(chosen[0]))


def _idx_files(folder: Path) -> list[Path]:
    """Return the IDX files of a folder; of one that lies there packed as well, the unpacked."""
    try:
        files = sorted(file for file in folder.iterdir() if file.is_file())
    except OSError:
        return []
    found = {file.name: file for file in files if is_idx(_start(file))}
    return [
        file
        for name, file in found.items()
        if name.removesuffix(".gz") not in found or not name.endswith(".gz")
    ]


def _start(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LOOK)
    except OSError:
        return b""


def _is_labels(file: Path) -> bool:
    start = _start(file)
    return (gunzip_head(start, 4) if start.startswith(GZIP) else start)[3] == 1


def _test_partner(path: Path) -> Path | None:
    """Return the test images beside training images."""
    if not _TRAINING.search(path.name):
        return None
    others = [file for file in _idx_files(path.parent) if not _is_labels(file)]
    for name in (_TRAINING.sub("t10k", path.name), _TRAINING.sub("test", path.name)):
        for file in others:
            if _plain(file.name) == _plain(name):
                return file
    return None


def _plain(name: str) -> str:
    return name.lower().removesuffix(".gz").replace(".", "-")


def _pair(path: Path) -> RawData:
    rows = _read(path)
    if rows.ndim == 1:
        raise DataError(
            f"{path}: these are labels (a list of {len(rows)} values), not images. "
            "Give the file of images; its labels are found beside it."
        )
    beside = _labels_beside(path)
    y = None if beside is None else _labels(beside, path, len(rows))
    return RawData(
        rows=rows,
        y=y,
        value_range=(0, 255) if rows.dtype == np.uint8 else None,
        notes=_notes(rows),
    )


def _notes(rows: Array) -> tuple[str, ...]:
    if rows.ndim == 2:
        return ()
    some = rows[:: -(-len(rows) // 1000)]
    return (polarity_note(some.reshape(len(some), -1), rows.shape[1:]),)


def _labels_beside(path: Path) -> Path | None:
    wanted = {_plain(name) for name in _label_names(path.name)}
    files = [file for file in path.parent.iterdir() if _plain(file.name) in wanted]
    return next((file for file in sorted(files) if file != path), None)


def _label_names(name: str) -> Sequence[str]:
    labels = _IMAGES.sub("labels", name)
    return [other for other in (labels, _SIDES.sub("idx1", labels)) if other != name]


def _labels(path: Path, images: Path, n_images: int) -> Array:
    labels = _read(path)
    if labels.ndim != 1:
        raise DataError(
            f"{path}: these are no labels, but values of the shape {labels.shape}. "
            f"They should be the labels of {images.name}: are the two files swapped?"
        )
    if len(labels) != n_images:
        raise DataError(
            f"{path}: there are {len(labels)} labels, and {images.name} has {n_images} images. "
            "Give two files that belong together."
        )
    return labels


def _read(path: Path) -> Array:
    """Return the array of a file, of which no size is believed before the bytes bear it out."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP
            file.seek(0)
            array = _unpacked(file, path) if packed else _plain_array(file, path)
    except OSError as error:
        raise DataError(
            f"{path}: the file cannot be read ({error.strerror}). Check the path."
        ) from error
    return seal(array.astype(array.dtype.newbyteorder("="), copy=False))


def _unpacked(file: IO[bytes], path: Path) -> Array:
    header = _header(gunzip_head(file.read(_LOOK), _HEAD), path)
    file.seek(0)
    data = gunzip(file, os.fstat(file.fileno()).st_size, header.size, str(path))
    return data[header.start :].view(header.dtype).reshape(header.shape)


def _plain_array(file: IO[bytes], path: Path) -> Array:
    header = _header(file.read(_HEAD), path)
    held = os.fstat(file.fileno()).st_size
    if held != header.size:
        raise DataError(
            f"{path}: its header claims {header.size} bytes "
            f"({'×'.join(map(str, header.shape))} values), and the file has {held}. "
            "It is damaged or cut short: copy or download it again."
        )
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if held >= LARGE else _bytes(file)
    count = prod(header.shape)
    return np.frombuffer(data, header.dtype, count, header.start).reshape(header.shape)


def _bytes(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _header(head: bytes, path: Path) -> _Header:
    if not is_idx(head):
        raise DataError(
            f"{path}: its first bytes, 0x{head[:4].hex()}, are not those of an IDX file "
            "(0x00000803 for images of bytes, 0x00000801 for labels). Is it another kind of file?"
        )
    n_sides = head[3]
    if n_sides > _MOST_SIDES or len(head) < 4 + 4 * n_sides:
        raise DataError(
            f"{path}: its header claims {n_sides} sides, and images have 3, or 4 in colour, "
            "labels 1. The file is damaged: copy or download it again."
        )
    sides = np.frombuffer(head, ">u4", n_sides, 4)
    return _Header(_TYPES[head[2]], tuple(map(int, sides)))
