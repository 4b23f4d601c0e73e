"""Many images as one array: of one size, of one mode, with those that are bad set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod

import numpy as np

from layerlab._callbacks import ProgressSink
from layerlab._typing import Array
from layerlab.data.image_crew import Jobs, decode_in_order
from layerlab.data.image_decode import Mark, Pixels
from layerlab.data.image_helper import Decoded
from layerlab.data.image_options import ImageOptions
from layerlab.data.spool import Spool
from layerlab.errors import DataError

__all__ = ["Stack", "stack_images"]

BAD_SHARE = 0.01  # more bad images than this are no accident

_BLOCK = 1 << 24  # bytes brought to one mode in one go


@dataclass(frozen=True)
class Stack:
    """Images in one array.

    Attributes
    ----------
    rows : ndarray of shape (n, h, w) or (n, h, w, 3), uint8 or uint16
        The good ones, in order.
    bad : dict of int to str
        Index of each other file, and what is wrong with it.
    marks : dict of str to int
        Names of `Mark`, and how many images have it.
    digests : tuple of bytes
        Of each file's content, in order.
    """

    rows: Array
    bad: dict[int, str] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    digests: tuple[bytes, ...] = ()


def stack_images(
    jobs: Jobs,
    options: ImageOptions,
    place: Callable[[int], str],
    progress: ProgressSink | None = None,
    *,
    bad_share: float = BAD_SHARE,
    helpers: int | None = None,
) -> Stack:
    """Decode image files into one array.

    Parameters
    ----------
    jobs : Jobs
        At least one.
    options : ImageOptions
    place : callable
        Gives for an index what messages call that file.
    progress : ProgressSink, optional
        Told of each hundredth of the files.
    bad_share : float
        How many of the files may be bad: at most this share.
    helpers : int, optional
        Further processes; see `decode_in_order`.

    Returns
    -------
    stack : Stack
        Grey where no image has colour; of 16 bits where one has, and then those of 8 bits
        are multiplied by 257.

    Raises
    ------
    DataError
        If the images are of several sizes and ``options.resize`` is None, or if more than
        that share of them cannot be read.
    """
    gathered = _Gathered(len(jobs), place, bad_share)
    told = _Told(progress, len(jobs))
    for some in decode_in_order(jobs, options, helpers=helpers):
        for decoded in some:
            gathered.add(decoded)
        told.advance(len(some))
    return gathered.stack()


class _Told:
    """Progress in hundredths, for there may be a million images."""

    def __init__(self, progress: ProgressSink | None, total: int) -> None:
        self._progress, self._total, self._done, self._said = progress, total, 0, 0
        self._pieces = min(total, 100)
        if progress:
            progress.stage("Reading images", self._pieces)

    def advance(self, n: int) -> None:
        self._done += n
        while self._progress and self._said * self._total < self._done * self._pieces:
            self._progress.advance()
            self._said += 1


class _Gathered:
    """Images as they come, one after another."""

    def __init__(self, total: int, place: Callable[[int], str], bad_share: float) -> None:
        self._total, self._place, self._bad_share = total, place, bad_share
        self._spool = Spool()
        self._forms: list[tuple[int, int]] = []  # channels and depth of each good image
        self._size: tuple[int, int] | None = None
        self._first = 0
        self._bad: dict[int, str] = {}
        self._marks: Counter[str] = Counter()
        self._digests: list[bytes] = []

    def add(self, decoded: Decoded) -> None:
        index = len(self._digests)
        self._digests.append(decoded.digest)
        if decoded.pixels is None:
            self._set_aside(index, decoded.reason)
        else:
            self._take(index, decoded.pixels)

    def _set_aside(self, index: int, reason: str) -> None:
        self._bad[index] = reason
        if len(self._bad) > self._bad_share * self._total:
            raise self._too_many_bad()

    def _too_many_bad(self) -> DataError:
        index, reason = next(iter(self._bad.items()))
        said = f"{self._place(index)}: {reason}"
        if self._bad_share and self._total > 1:
            said += (
                f" More than {self._bad_share:.0%} of the {self._total} images cannot be read; "
                "fewer would be left out."
            )
        return DataError(said)

    def _take(self, index: int, pixels: Pixels) -> None:
        size = pixels.height, pixels.width
        if self._size is None:
            self._size, self._first = size, index
        if size != self._size:
            raise _sizes_differ(self._place(self._first), self._size, self._place(index), size)
        if pixels.marks:
            self._marks.update(str(mark.name) for mark in Mark if mark & pixels.marks)
        self._forms.append((pixels.channels, pixels.depth))
        self._spool.write(pixels.data)

    def stack(self) -> Stack:
        assert self._size is not None  # or one of one is bad, which was refused
        channels = max(channels for channels, _ in self._forms)
        depth = max(depth for _, depth in self._forms)
        shape = (*self._size, channels) if channels > 1 else self._size
        data = _alike(self._spool, self._forms, (channels, depth), prod(self._size))
        rows = data.view(np.uint8 if depth == 8 else np.dtype("<u2"))
        return Stack(rows.reshape(-1, *shape), self._bad, dict(self._marks), tuple(self._digests))


def _alike(
    spool: Spool, forms: list[tuple[int, int]], wanted: tuple[int, int], n_pixels: int
) -> Array:
    """Return all images' bytes, each with the channels and depth that are wanted."""
    if set(forms) == {wanted}:
        return spool.array()
    alike, data = Spool(), spool.array()
    for form, start, stop in _runs(forms, n_pixels):
        for block in _blocks(data[start:stop], form):
            alike.write(_converted(block, form, wanted))
    return alike.array()


def _runs(
    forms: list[tuple[int, int]], n_pixels: int
) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Yield each run of images of one form with the bytes where it begins and ends."""
    changes = [0, *(i for i in range(1, len(forms)) if forms[i] != forms[i - 1]), len(forms)]
    start = 0
    for first, last in pairwise(changes):
        channels, depth = forms[first]
        stop = start + (last - first) * n_pixels * channels * depth // 8
        yield forms[first], start, stop
        start = stop


def _blocks(data: Array, form: tuple[int, int]) -> Iterator[Array]:
    step = _BLOCK // 6 * 6  # whole pixels of every form
    for start in range(0, len(data), step):
        block = data[start : start + step]
        yield block if form[1] == 8 else np.frombuffer(block.tobytes(), "<u2")


def _converted(values: Array, form: tuple[int, int], wanted: tuple[int, int]) -> bytes:
    if form[1] < wanted[1]:
        values = values.astype("<u2") * np.uint16(257)  # 255 becomes 65535
    if form[0] < wanted[0]:
        values = np.repeat(values, wanted[0])
    return values.tobytes()


def _sizes_differ(
    first: str, size: tuple[int, int], other: str, other_size: tuple[int, int]
) -> DataError:
    return DataError(
        f"{other}: the image is {other_size[0]}×{other_size[1]}, and {first} is "
        f"{size[0]}×{size[1]} (height × width). Bring all to one size: "
        f"--resize {size[0]}x{size[1]}, say (resize={size})."
    )
