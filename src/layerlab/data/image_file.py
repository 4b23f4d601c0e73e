"""Image files that are given one by one, to be predicted."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

from layerlab.data.image_helper import Job, JobKind
from layerlab.data.image_kinds import image_kind
from layerlab.data.image_notes import image_notes, image_warnings
from layerlab.data.image_options import ImageOptions
from layerlab.data.image_stack import stack_images
from layerlab.data.source import RawData
from layerlab.errors import DataError, DataWarning

__all__ = ["is_image", "read_image_files"]


def is_image(head: bytes) -> bool:
    """Return whether a file's first bytes are those of an image that is read.

    Parameters
    ----------
    head : bytes
        At least 30, where the file has them.

    Returns
    -------
    image : bool
    """
    return image_kind(head) is not None


def read_image_files(paths: Sequence[str], options: ImageOptions) -> RawData:
    """Return image files as rows, in the order given; every one must be good.

    Parameters
    ----------
    paths : sequence of str
        At least one.
    options : ImageOptions

    Returns
    -------
    raw : RawData
        Without labels.

    Raises
    ------
    DataError
        If one cannot be read, or they are of several sizes and none is asked for.
    """
    files = _Files(paths)
    stack = stack_images(files, options, files.place, bad_share=0.0)
    for text in image_warnings(stack.marks, options):
        warnings.warn(f"{_short(paths)}: {text}", DataWarning, stacklevel=2)
    return RawData(
        rows=stack.rows,
        y=None,
        value_range=(0, 255) if stack.rows.dtype.itemsize == 1 else (0, 65535),
        notes=image_notes(stack.rows, stack.marks, options),
    )


def _short(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


class _Files:
    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def place(self, index: int) -> str:
        return self._paths[index]

    def size(self, index: int) -> int:
        try:
            return os.path.getsize(self._paths[index])
        except OSError as error:
            raise DataError(
                f"{self._paths[index]}: the file cannot be read ({error.strerror}). Check the path."
            ) from error

    def job(self, index: int) -> Job:
        return Job(JobKind.PATH, os.fsencode(self._paths[index]))
