"""A folder of images: a sub-folder for each class, or one folder with a table of labels."""

from __future__ import annotations

import os
from collections.abc import Iterator

from layerlab._callbacks import ProgressSink
from layerlab.data.image_helper import Job, JobKind, read_job
from layerlab.data.image_options import ImageOptions
from layerlab.data.image_rows import read_images
from layerlab.data.source import RawData
from layerlab.errors import DataError

__all__ = ["read_image_folder"]

_DEPTH = 7  # folders within each other; images of classes lie less deep


def read_image_folder(
    path: str,
    options: ImageOptions,
    progress: ProgressSink | None = None,
    *,
    label: str | int | None = None,
    groups: str | int | None = None,
) -> RawData:
    """Return the images of a folder as rows.

    Parameters
    ----------
    path : str
        A folder with a sub-folder for each class (folders around them are seen through, and
        a folder ``test`` of the same classes is the test part), or one of images with a CSV
        file that names the class of each.
    options : ImageOptions
    progress : ProgressSink, optional
    label, groups : str or int, optional
        Columns of that CSV file.

    Returns
    -------
    raw : RawData

    Raises
    ------
    DataError
        If there are no images, or they cannot be brought to rows.
    """
    return read_images(_FolderStore(path), options, progress, label=label, groups=groups)


class _FolderStore:
    """A folder on disk."""

    def __init__(self, path: str) -> None:
        self.where = path.rstrip("/" + os.sep) or path
        self._root = os.path.join(path, "")
        try:
            self.names = tuple(_walk(path, "", _DEPTH))
        except OSError as error:
            raise DataError(
                f"{path}: the folder cannot be read ({error.strerror}). Check the path and "
                "its permissions."
            ) from error

    def size(self, name: str) -> int:
        try:
            return os.path.getsize(self._root + name)
        except OSError:
            return 0  # the process that decodes it says why

    def content(self, name: str) -> bytes:
        try:
            return read_job(self.job(name))
        except OSError as error:
            raise DataError(
                f"{self.where}/{name}: the file cannot be read ({error.strerror}). "
                "Check its permissions."
            ) from error

    def job(self, name: str) -> Job:
        return Job(JobKind.PATH, os.fsencode(self._root + name))


def _walk(folder: str, prefix: str, depth: int) -> Iterator[str]:
    """Yield the relative names of files, and of folders with a stroke behind."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir():
                yield f"{name}/"
                if depth and not entry.name.startswith("."):
                    yield from _walk(entry.path, f"{name}/", depth - 1)
            elif entry.is_file():
                yield name
