"""A process that decodes images for another: what it is sent, what it answers.

It is no copy of the process it helps: nothing of the user's script is run again (no
``if __name__ == "__main__"`` is needed), no threads are forked, notebooks are as good.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from enum import IntEnum
from hashlib import blake2b
from struct import Struct
from typing import IO, NamedTuple

from layerlab.data.image_decode import Pixels, decode
from layerlab.data.image_options import ImageOptions
from layerlab.errors import DataError

__all__ = [
    "Decoded",
    "Job",
    "JobKind",
    "decode_job",
    "digest_job",
    "pack_answers",
    "pack_jobs",
    "read_job",
    "read_message",
    "serve",
    "unpack_answers",
    "write_message",
]

MAX_FILE = 1 << 29  # bytes; a packed image is not larger than its pixels at their limit

_FIRST_READ, _NEXT_READ = 1 << 16, 1 << 22

_LENGTH = Struct("<Q")
_JOB = Struct("<BQ")  # kind; length of what follows
_ANSWER = Struct("<?IIBBI16sQ")  # whether pixels follow; Pixels but the data; digest; length


class JobKind(IntEnum):
    """What the data of a job are."""

    PATH = 0  # as the system has it
    CONTENT = 1
    PROBLEM = 2  # why there is no content, in UTF-8


class Job(NamedTuple):
    """An image file to decode."""

    kind: int
    data: bytes


class Decoded(NamedTuple):
    """What became of an image file: pixels, or the reason why not; and its content's digest."""

    pixels: Pixels | None
    reason: str
    digest: bytes


def decode_job(job: Job, options: ImageOptions) -> Decoded:
    """Return what became of an image file.

    Parameters
    ----------
    job : Job
    options : ImageOptions

    Returns
    -------
    decoded : Decoded
    """
    if job.kind == JobKind.PROBLEM:
        return Decoded(None, job.data.decode(), bytes(16))
    try:
        content = read_job(job)
    except OSError as error:
        return Decoded(None, f"the file cannot be read ({error.strerror}).", bytes(16))
    digest = _digest(content)
    try:
        return Decoded(decode(content, options), "", digest)
    except DataError as error:
        return Decoded(None, str(error), digest)


def digest_job(job: Job) -> bytes:
    """Return the digest of an image file's content; zeros where it cannot be read.

    Parameters
    ----------
    job : Job

    Returns
    -------
    digest : bytes of length 16
    """
    try:
        return bytes(16) if job.kind == JobKind.PROBLEM else _digest(read_job(job))
    except OSError:
        return bytes(16)


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def read_job(job: Job) -> bytes:
    """Return an image file's content; OSError where it cannot be read."""
    return _read(job.data) if job.kind == JobKind.PATH else job.data


def _read(path: bytes) -> bytes:
    """Return a file's content; in a folder of thousands of small ones a file object costs more."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        parts = [os.read(descriptor, _FIRST_READ)]
        if len(parts[0]) == _FIRST_READ:  # a file gives less only at its end
            parts += _rest(descriptor)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _rest(descriptor: int) -> Iterator[bytes]:
    left = MAX_FILE
    while left > 0 and (part := os.read(descriptor, _NEXT_READ)):
        left -= len(part)
        yield part


def serve(requests: IO[bytes], answers: IO[bytes], options: ImageOptions) -> None:
    """Decode what is sent until nothing more comes.

    Parameters
    ----------
    requests, answers : binary files
    options : ImageOptions
    """
    warnings.simplefilter("ignore")  # Pillow's, of odd files that can be read
    while (message := read_message(requests)) is not None:
        decoded = [decode_job(job, options) for job in unpack_jobs(message)]
        write_message(answers, pack_answers(decoded))


def read_message(file: IO[bytes]) -> bytes | None:
    """Return the next message, or None where there is no whole one."""
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    message = file.read(length)
    return message if len(message) == length else None


def write_message(file: IO[bytes], message: bytes) -> None:
    """Send a message."""
    file.write(_LENGTH.pack(len(message)))
    file.write(message)
    file.flush()


def pack_jobs(jobs: Iterable[Job]) -> bytes:
    """Return jobs as one message."""
    return b"".join(_JOB.pack(job.kind, len(job.data)) + job.data for job in jobs)


def unpack_jobs(message: bytes) -> list[Job]:
    """Return the jobs of a message."""
    jobs, at = [], 0
    while at < len(message):
        kind, length = _JOB.unpack_from(message, at)
        at += _JOB.size + length
        jobs.append(Job(kind, message[at - length : at]))
    return jobs


def pack_answers(answers: Iterable[Decoded]) -> bytes:
    """Return answers as one message."""
    return b"".join(part for answer in answers for part in _answer(answer))


def _answer(answer: Decoded) -> tuple[bytes, bytes]:
    pixels = answer.pixels
    data = answer.reason.encode() if pixels is None else pixels.data
    stated = (0, 0, 0, 0, 0) if pixels is None else pixels[:5]
    return _ANSWER.pack(pixels is not None, *stated, answer.digest, len(data)), data


def unpack_answers(message: bytes) -> list[Decoded]:
    """Return the answers of a message."""
    answers, at = [], 0
    while at < len(message):
        good, height, width, channels, depth, marks, digest, length = _ANSWER.unpack_from(
            message, at
        )
        at += _ANSWER.size + length
        data = message[at - length : at]
        pixels = Pixels(height, width, channels, depth, marks, data) if good else None
        answers.append(Decoded(pixels, "" if good else data.decode(), digest))
    return answers
