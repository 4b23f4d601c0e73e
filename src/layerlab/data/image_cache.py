"""Decoded images kept between runs: found by content, mapped when large, never trusted blindly.

An entry is a file of pixels with a description behind them. Its name says what it was made
of: a sketch (options, versions, the files' names), which costs nothing to work out, and a
digest of every file's content, which is only worked out where the sketch is known.
"""

from __future__ import annotations

import json
import mmap
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import IO, Any
from zlib import crc32

import numpy as np
import PIL

from layerlab._files import canonical_json
from layerlab._typing import Array
from layerlab.data.image_options import ImageOptions
from layerlab.data.image_stack import Stack
from layerlab.data.mapped import LARGE

__all__ = ["cache_folder", "content_key", "find_entry", "has_sketch", "keep_entry", "sketch_of"]

FORMAT = 1
"""To be raised whenever the same files would give other pixels."""

LIMIT = 2 << 30  # bytes of all entries; the oldest are dropped beyond it, the newest never

_VARIABLE = "LAYERLAB_CACHE"
_SUFFIX = ".images"
_TYPES: dict[str, np.dtype[Any]] = {"uint8": np.dtype("u1"), "uint16": np.dtype("<u2")}
_BLOCK = 1 << 24
_FOOT = 16 << 20  # bytes; a longer description is none of ours
_DAY = 86400.0  # seconds; a temporary file as old was left by a kill


def cache_folder() -> Path | None:
    """Return the folder of the entries, or None where there is to be none.

    Returns
    -------
    folder : Path or None
        The environment variable LAYERLAB_CACHE, which may be "off"; by default ``layerlab``
        in the folder that the system has for such files. It need not exist.
    """
    asked = os.environ.get(_VARIABLE, "")
    if asked:
        return None if asked.lower() == "off" else Path(asked)
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home) / "layerlab" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "layerlab"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "layerlab"


def sketch_of(names: Sequence[str], options: ImageOptions) -> str:
    """Return the part of an entry's name that costs nothing to work out.

    Parameters
    ----------
    names : sequence of str
        Of the files.
    options : ImageOptions

    Returns
    -------
    sketch : str
    """
    stated = [FORMAT, PIL.__version__, options.to_dict(), list(names)]
    return sha256(canonical_json(stated).encode(errors="surrogatepass")).hexdigest()[:32]


def content_key(digests: Sequence[bytes]) -> str:
    """Return the part of an entry's name that stands for the files' content.

    Parameters
    ----------
    digests : sequence of bytes
        Of each file.

    Returns
    -------
    key : str
    """
    return sha256(b"".join(digests)).hexdigest()[:32]


def has_sketch(folder: Path, sketch: str) -> bool:
    """Return whether there is an entry whose content may be the files'."""
    return any(folder.glob(f"{sketch}-*{_SUFFIX}"))


def find_entry(folder: Path, sketch: str, key: str) -> Stack | None:
    """Return the images of an entry; None where there is none, or it is damaged.

    Parameters
    ----------
    folder : Path
    sketch, key : str

    Returns
    -------
    stack : Stack or None
        Mapped from the file where it is large.
    """
    path = _path(folder, sketch, key)
    try:
        with path.open("rb") as file:
            stack = _read(file)
        os.utime(path)  # it is the newest now
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return stack


def keep_entry(folder: Path, sketch: str, stack: Stack) -> None:
    """Write an entry, whole or not at all, and drop old ones; a full disk is no error.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    sketch : str
    stack : Stack
    """
    path = _path(folder, sketch, content_key(stack.digests))
    temporary = folder / f"{secrets.token_hex(8)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            _write(file, stack)
        os.replace(temporary, path)
        _drop_old(folder, path)
    except OSError:
        pass  # the images are there, only the next run takes as long
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _path(folder: Path, sketch: str, key: str) -> Path:
    return folder / f"{sketch}-{key}{_SUFFIX}"


def _write(file: IO[bytes], stack: Stack) -> None:
    check = 0
    for block in _blocks(stack.rows.reshape(-1).view(np.uint8)):
        check = crc32(block, check)
        file.write(block)
    foot = {
        "format": FORMAT,
        "shape": list(stack.rows.shape),
        "type": stack.rows.dtype.name,
        "check": check,
        "bad": {str(index): reason for index, reason in stack.bad.items()},
        "marks": stack.marks,
    }
    packed = canonical_json(foot).encode()
    file.write(packed + len(packed).to_bytes(8, "little"))


def _read(file: IO[bytes]) -> Stack:
    """Return an entry's images; raises one of many errors where it is damaged."""
    foot, length = _foot(file)
    shape, dtype = tuple(map(int, foot["shape"])), _TYPES[foot["type"]]
    if foot["format"] != FORMAT or prod(shape) * dtype.itemsize != length:
        raise ValueError("its sizes disagree")
    data = _pixels(file, length)
    check = 0
    for block in _blocks(data):
        check = crc32(block, check)
    if check != foot["check"]:
        raise ValueError("its checksum is wrong")
    bad = {int(index): str(reason) for index, reason in foot["bad"].items()}
    return Stack(data.view(dtype).reshape(shape), bad, dict(foot["marks"]))


def _foot(file: IO[bytes]) -> tuple[Any, int]:
    """Return the description, and how many bytes are before it."""
    end = file.seek(-8, os.SEEK_END)
    length = int.from_bytes(file.read(8), "little")
    if length > min(end, _FOOT):
        raise ValueError("it is cut short")
    file.seek(end - length)
    return json.loads(file.read(length)), end - length


def _pixels(file: IO[bytes], length: int) -> Array:
    if length >= LARGE:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, np.uint8, count=length)
    file.seek(0)
    return np.frombuffer(file.read(length), np.uint8)


def _blocks(data: Array) -> Iterator[memoryview]:
    for start in range(0, len(data), _BLOCK):
        yield data[start : start + _BLOCK].data


def _drop_old(folder: Path, newest: Path) -> None:
    for path in folder.glob("*.tmp"):
        if path.stat().st_mtime < time.time() - _DAY:
            path.unlink()
    others = [path for path in folder.glob(f"*{_SUFFIX}") if path != newest]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    room = LIMIT - newest.stat().st_size
    for path in others:
        room -= path.stat().st_size
        if room < 0:
            path.unlink()
