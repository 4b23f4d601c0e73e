"""What a source is, by its content: a table with named columns, or something like an array."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np

from layerlab._callbacks import ProgressSink
from layerlab._typing import ImageShape
from layerlab.data.arguments import refuse_columns, refuse_two_labels, refuse_y
from layerlab.data.bunch import is_bunch, read_bunch
from layerlab.data.data_file import BUILT_IN, read_head, read_pipe, read_whole, refuse_foreign
from layerlab.data.digits import digits_raw
from layerlab.data.frames import as_frame
from layerlab.data.image_options import ImageOptions
from layerlab.data.npy_header import is_npy
from layerlab.data.npy_reader import read_npy
from layerlab.data.npz_reader import is_npz, read_npz, read_npz_rows
from layerlab.data.source import RawData
from layerlab.errors import DataError

__all__ = ["Content", "Found", "Request", "in_colour", "recognise"]

_COLOURS = 3

Content: TypeAlias = RawData | bytes | nw.DataFrame[Any]
"""Rows like an array, the bytes of CSV text, or a frame."""


@dataclass(frozen=True)
class Request:
    """What a caller wants of a source.

    Attributes
    ----------
    y : array-like of shape (m,) or None
        Labels the user gave.
    label, groups : str, int or None
        The columns of labels and groups, or what stands for a column.
    images : ImageOptions
    progress : ProgressSink or None
    labelled : bool
        Whether labels are wanted; otherwise they are left unread where they lie apart.
    """

    y: Any = None
    label: str | int | None = None
    groups: str | int | None = None
    images: ImageOptions = field(default_factory=ImageOptions)
    progress: ProgressSink | None = None
    labelled: bool = True


@dataclass(frozen=True)
class Found:
    """What a source turned out to be.

    Attributes
    ----------
    name : str
        A short name of the data.
    where : str
        What messages begin with.
    content : RawData, bytes or narwhals.DataFrame
    y : array-like of shape (m,) or None
        The labels of a frame that does not hold them.
    columnless : str or None
        What messages call the source, where it has no columns that could be named.
    are_images : bool
        Whether options of images were made use of.
    """

    name: str
    where: str
    content: Content
    y: Any = None
    columnless: str | None = None
    are_images: bool = False


def recognise(source: Any, request: Request) -> Found:
    """Return what a source is, with what a reader makes of it.

    Parameters
    ----------
    source : str, path, sequence of paths, array-like, mapping or data frame
        What `load_data` takes.
    request : Request

    Returns
    -------
    found : Found

    Raises
    ------
    InputError
        If there is no such file, it is of a kind that is not read, it is damaged, or it
        does not go with what is asked.
    """
    if isinstance(source, str | os.PathLike):
        return _named(os.fsdecode(source), request)
    if _are_paths(source):
        return _image_files(list(map(os.fsdecode, source)), request)
    frame = as_frame(source)
    if frame is not None:
        return _framed(frame, "data", "data frame", request)
    if is_bunch(source):
        return _bunch(source, request)
    return Found("data", "arrays", RawData(source, request.y), columnless="arrays")


def in_colour(found: Found, shape: ImageShape | None) -> Found:
    """Return grey image files as the colour images a model takes: red, green and blue alike.

    Parameters
    ----------
    found : Found
    shape : (int, int), (int, int, int) or None
        What the model takes.

    Returns
    -------
    found : Found
        The one given, where it is something else.
    """
    raw = found.content
    if not found.are_images or not isinstance(raw, RawData) or shape is None:
        return found
    if shape != (*raw.rows.shape[1:], _COLOURS):
        return found
    rows = np.repeat(raw.rows[..., None], _COLOURS, axis=-1)  # (m, h, w, 3)
    return replace(found, content=replace(raw, rows=rows))


def _named(name: str, request: Request) -> Found:
    if name == BUILT_IN:
        refuse_y(request.y, name)
        return Found(name, name, digits_raw(), columnless="the built-in digits")
    if os.path.isdir(name):  # Path.is_dir raises where a name is too long
        return _folder(name, request)
    if os.path.exists(name) and not os.path.isfile(name):
        return _pipe(name, request)
    head = read_head(name)
    for is_kind, read in _KINDS:
        if is_kind(head):
            return read(name, request)
    refuse_foreign(head, name)
    refuse_y(request.y, name)
    return Found(Path(name).stem, name, read_whole(name))


def _pipe(name: str, request: Request) -> Found:
    """Return the text that another program writes: a pipe can be read only once."""
    content = read_pipe(name, _refuse_other)
    refuse_y(request.y, name)
    return Found(Path(name).stem, name, content)


def _refuse_other(head: bytes, name: str) -> None:
    if any(is_kind(head) for is_kind, _ in _KINDS):
        raise DataError(
            f"{name}: through a pipe only CSV text is read. Write the data to a file and give that."
        )
    refuse_foreign(head, name)


def _framed(frame: nw.DataFrame[Any], name: str, where: str, request: Request) -> Found:
    refuse_two_labels(request.y, request.label)
    return Found(name, where, frame, y=request.y)


def _bunch(source: Mapping[str, Any], request: Request) -> Found:
    refuse_y(request.y, type(source).__name__)
    content, y = read_bunch(source)
    if isinstance(content, RawData):
        return Found("data", "bunch", content, columnless="bunches")
    refuse_two_labels(y, request.label)
    return Found("data", "bunch", content, y=y)


def _npy(name: str, request: Request) -> Found:
    refuse_columns(request.label if isinstance(request.label, int) else None, None, "NPY files")
    refuse_columns(None, request.groups, "NPY files")
    labelled = request.labelled and request.y is None
    raw = read_npy(name, label=request.label, labelled=labelled)
    return Found(Path(name).stem, name, _with_y(raw, request.y, name))


def _zip(name: str, request: Request) -> Found:
    if not is_npz(Path(name)):
        return _archive(name, request)
    refuse_y(request.y, name)
    if request.labelled:
        raw = read_npz(Path(name), name, label=request.label, groups=request.groups)
    else:
        raw = read_npz_rows(Path(name), name, label=request.label)
    return Found(Path(name).stem, name, raw)


def _arrow(name: str, request: Request) -> Found:
    from layerlab.data.arrow_reader import read_arrow

    return _framed(read_arrow(name), Path(name).stem, name, request)


def _idx(name: str, request: Request) -> Found:
    from layerlab.data.idx import read_idx

    return _columnless(name, read_idx(name), "IDX files", request)


def _folder(name: str, request: Request) -> Found:
    from layerlab.data.idx import is_idx_folder, read_idx_folder
    from layerlab.data.image_folder import read_image_folder

    if is_idx_folder(name):
        return _columnless(name, read_idx_folder(name), "IDX files", request)
    columns = {"label": request.label, "groups": request.groups}
    raw = read_image_folder(name, request.images, request.progress, **columns)
    return _images(name, raw, request)


def _archive(name: str, request: Request) -> Found:
    from layerlab.data.image_archive import read_image_archive

    columns = {"label": request.label, "groups": request.groups}
    raw = read_image_archive(name, request.images, request.progress, **columns)
    return _images(name, raw, request)


def _image(name: str, request: Request) -> Found:
    return _image_files([name], request)


def _image_files(names: Sequence[str], request: Request) -> Found:
    from layerlab.data.image_file import read_image_files

    name = names[0] if len(names) == 1 else "images"
    raw = read_image_files(names, request.images)
    return replace(_images(name, raw, request), columnless="images")


def _images(name: str, raw: RawData, request: Request) -> Found:
    raw = _with_y(raw, request.y, name)
    return Found(_short_name(Path(name)), name, raw, are_images=True)


def _columnless(name: str, raw: RawData, what: str, request: Request) -> Found:
    raw = _with_y(raw, request.y, name)
    return Found(_short_name(Path(name)), name, raw, columnless=what)


def _short_name(path: Path) -> str:
    return path.resolve().name if path.is_dir() else path.stem


def _with_y(raw: RawData, y: Any, name: str) -> RawData:
    if raw.y is not None:
        refuse_y(y, name)
    return raw if y is None else replace(raw, y=y)


def _are_paths(source: Any) -> bool:
    if not isinstance(source, list | tuple) or not source:
        return False
    return all(isinstance(name, str | os.PathLike) for name in source)


def _is_zip(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _is_arrow(head: bytes) -> bool:
    return head.startswith((b"PAR1", b"ARROW1", b"FEA1", b"\xff\xff\xff\xff"))


def _is_idx(head: bytes) -> bool:
    from layerlab.data.idx import is_idx

    return is_idx(head)


def _is_archive(head: bytes) -> bool:
    from layerlab.data.image_archive import is_archive

    return is_archive(head)


def _is_image(head: bytes) -> bool:
    from layerlab.data.image_file import is_image

    return is_image(head)


_KINDS: tuple[tuple[Callable[[bytes], bool], Callable[[str, Request], Found]], ...] = (
    (is_npy, _npy),
    (_is_zip, _zip),
    (_is_arrow, _arrow),
    (_is_idx, _idx),
    (_is_archive, _archive),
    (_is_image, _image),
)
