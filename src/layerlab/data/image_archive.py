"""A zip or tar of a folder of images, read without unpacking it to disk, trusted in nothing."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import IO, Any

from layerlab._callbacks import ProgressSink
from layerlab.data.gzip_file import GZIP, gunzip_head
from layerlab.data.image_helper import Job, JobKind
from layerlab.data.image_options import ImageOptions
from layerlab.data.image_rows import Store, read_images
from layerlab.data.source import RawData
from layerlab.errors import DataError, one_line

__all__ = ["is_archive", "read_image_archive"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BZ2, _XZ = b"BZh", b"\xfd7zXZ\0"
_TAR, _TAR_AT = b"ustar", 257
_MOST_RATIO = 100  # unpacked to packed; images are packed already
_SMALL = 1 << 20  # bytes of which any ratio is harmless, and of tar mostly padding
_SMALL_ZIP = 1 << 16
_IN_MEMORY = 1 << 28
_BLOCK = 1 << 20
# What damaged archives were seen to raise; RuntimeError is what zipfile says of passwords.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    ArithmeticError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


def is_archive(head: bytes) -> bool:
    """Return whether a file's first bytes are those of a zip or tar, packed or not.

    Parameters
    ----------
    head : bytes
        At least 4096, where the file has them.

    Returns
    -------
    archive : bool
        Also true of an NPZ file, which is a zip.
    """
    if head.startswith((*_ZIP, _BZ2)):  # of bz2 nothing can be unpacked before its block ends
        return True
    if head.startswith(GZIP):
        head = gunzip_head(head, 512)
    if head.startswith(_XZ):
        head = _unxz_head(head)
    return head.startswith(_TAR, _TAR_AT)


def _unxz_head(head: bytes) -> bytes:
    try:
        return lzma.LZMADecompressor().decompress(head, 512)
    except lzma.LZMAError:
        return b""


def read_image_archive(
    path: str,
    options: ImageOptions,
    progress: ProgressSink | None = None,
    *,
    label: str | int | None = None,
    groups: str | int | None = None,
) -> RawData:
    """Return the images of a zip or tar as rows; see `read_image_folder`.

    Parameters
    ----------
    path : str
        A zip, or a tar, packed with gzip, bzip2, xz or not.
    options : ImageOptions
    progress : ProgressSink, optional
    label, groups : str or int, optional
        Columns of a CSV file beside a flat folder of images.

    Returns
    -------
    raw : RawData

    Raises
    ------
    DataError
        If the archive is damaged, holds links or names that lead out of it, or would unpack
        to more than a hundred times its size; or if the images cannot be brought to rows.
    """
    with ExitStack() as stack:
        store = _opened(path, stack)
        return read_images(store, options, progress, label=label, groups=groups)


def _opened(path: str, stack: ExitStack) -> Store:
    try:
        file = stack.enter_context(open(path, "rb"))  # noqa: SIM115
        zipped = file.read(4) in _ZIP
        return _zip_store(file, path, stack) if zipped else _tar_store(file, path, stack)
    except DataError:
        raise
    except _DAMAGE as error:
        raise _damaged(path, error) from error


class _Archive:
    """An archive whose members were found harmless."""

    def __init__(self, where: str, members: Iterable[tuple[str, int, Callable[[], bytes]]]) -> None:
        self.where = where
        self._members: dict[str, tuple[int, Callable[[], bytes]]] = {}
        for name, size, read in members:
            clean = _clean_name(name, where)
            if clean in self._members and not clean.endswith("/"):
                raise DataError(f"{where}: it holds {clean!r} twice. Keep one.")
            self._members[clean] = size, read
        self.names = tuple(filter(None, self._members))

    def size(self, name: str) -> int:
        return self._members[name][0]

    def content(self, name: str) -> bytes:
        try:
            return self._members[name][1]()
        except _DAMAGE as error:
            raise _damaged(f"{self.where}/{name}", error) from error

    def job(self, name: str) -> Job:
        try:
            return Job(JobKind.CONTENT, self._members[name][1]())
        except _DAMAGE as error:
            said = f"it cannot be unpacked ({one_line(error)}). Write or copy the archive again."
            return Job(JobKind.PROBLEM, said.encode())


def _clean_name(name: str, where: str) -> str:
    """Return a member's name, relative and divided by ``/``; refuse what leads elsewhere."""
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or ":" in parts[0]:
        raise DataError(
            f"{where}: it holds {name!r}, a name that leads out of the archive. It was made to do "
            "harm, or by a faulty program: pack the folder again."
        )
    kept = [part for part in parts[:-1] if part not in ("", ".")]
    return "/".join([*kept, parts[-1] if parts[-1] != "." else ""])


# --- Zip ------------------------------------------------------------------------------------


def _zip_store(file: IO[bytes], path: str, stack: ExitStack) -> _Archive:
    archive = stack.enter_context(zipfile.ZipFile(file))
    infos = archive.infolist()
    packed = os.fstat(file.fileno()).st_size
    if sum(info.compress_size for info in infos) > packed:
        raise _bomb(path, "its parts overlap")
    if (total := sum(info.file_size for info in infos)) > max(_MOST_RATIO * packed, _SMALL_ZIP):
        raise _bomb(path, f"{packed} bytes would grow to {total}")
    for info in infos:
        _check_zipped(info, path)
    return _Archive(path, [(i.filename, i.file_size, _zip_reader(archive, i)) for i in infos])


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    return lambda: archive.read(info)


def _check_zipped(info: zipfile.ZipInfo, path: str) -> None:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _link(path, info.filename)
    if info.flag_bits & 1:
        raise DataError(f"{path}: it is encrypted. Pack the folder without a password.")
    if info.file_size > max(_MOST_RATIO * info.compress_size, _SMALL):
        raise _bomb(
            f"{path}/{info.filename}", f"{info.compress_size} bytes would grow to {info.file_size}"
        )


# --- Tar ------------------------------------------------------------------------------------


def _tar_store(file: IO[bytes], path: str, stack: ExitStack) -> _Archive:
    flat = _flat_tar(file, path, stack)
    archive = stack.enter_context(tarfile.open(fileobj=flat, mode="r:"))  # noqa: SIM115
    lock = threading.Lock()
    members = []
    for member in archive:
        _check_in_tar(member, path)
        name = f"{member.name}/" if member.isdir() else member.name
        members.append((name, member.size, _tar_reader(flat, member, lock)))
    return _Archive(path, members)


def _tar_reader(
    file: IO[bytes], member: tarfile.TarInfo, lock: threading.Lock
) -> Callable[[], bytes]:
    def read() -> bytes:
        with lock:  # threads that lead helpers read as well
            file.seek(member.offset_data)
            content = file.read(member.size)
        if len(content) < member.size:
            raise EOFError("it is cut short")
        return content

    return read


def _check_in_tar(member: tarfile.TarInfo, path: str) -> None:
    if member.issym() or member.islnk():
        raise _link(path, member.name)
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise DataError(
            f"{path}: it holds {member.name!r}, which is neither a plain file nor a folder. "
            "Pack the folder of images again."
        )


def _flat_tar(file: IO[bytes], path: str, stack: ExitStack) -> IO[bytes]:
    """Return the tar itself, unpacked as a whole, for its members cannot be found otherwise."""
    file.seek(0)
    start = file.read(len(_XZ))
    file.seek(0)
    openers: dict[bytes, Callable[..., Any]] = {GZIP: gzip.open, _BZ2: bz2.open, _XZ: lzma.open}
    opener = next((opener for sign, opener in openers.items() if start.startswith(sign)), None)
    if opener is None:
        return file
    most = max(_MOST_RATIO * os.fstat(file.fileno()).st_size, _SMALL)
    flat = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115
    with opener(file) as packed:
        while block := packed.read(_BLOCK):
            flat.write(block)
            if flat.tell() > most:
                raise _bomb(path, f"it would grow to more than {most} bytes")
    flat.seek(0)
    return flat


# --- What is said ---------------------------------------------------------------------------


def _bomb(where: str, what: str) -> DataError:
    return DataError(
        f"{where}: {what}, and images are packed already: more than {_MOST_RATIO} times is "
        "refused. Unpack it, if it is meant, and give the folder."
    )


def _link(where: str, name: str) -> DataError:
    return DataError(
        f"{where}: it holds the link {name!r}, and links are not followed. Pack the files "
        "themselves."
    )


def _damaged(where: str, error: BaseException) -> DataError:
    return DataError(
        f"{where}: the archive is damaged ({one_line(error)}). Write or copy it again."
    )
