"""Decoding many images, on every core, answered in their order.

Small images keep Python busy, not the decoder, so threads would stand in each other's way.
The process itself decodes from the first moment, and helper processes join it when they are
up; all take from one queue. Which of them decoded an image cannot be seen in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import joblib

from layerlab.data.image_helper import (
    Decoded,
    Job,
    decode_job,
    pack_jobs,
    read_message,
    unpack_answers,
    write_message,
)
from layerlab.data.image_options import ImageOptions

__all__ = ["Jobs", "decode_in_order"]

_CHUNK = 64  # images sent to a helper at once …
_CHUNK_BYTES = 1 << 20  # … of about so many bytes at most
_SIZES = 256  # files whose size is asked for
_MOST_HELPERS = 15
_IMAGE_SECONDS, _BYTE_SECONDS = 25e-6, 10e-9  # what a small and a large image take, about
_WORTH_SECONDS = 0.15  # a helper needs a third of this to start
_LOOK = 0.2  # seconds between two looks at the queue, so that Ctrl-C is heard on every system

# Packages whose own __init__ is left out, which imports what no helper needs.
_BOOT = """
import json, signal, sys, types
signal.signal(signal.SIGINT, signal.SIG_IGN)
start = json.loads(sys.stdin.buffer.readline())
sys.path[:] = start["path"]
for name, folder in start["packages"]:
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]
from layerlab.data.image_helper import serve
from layerlab.data.image_options import ImageOptions
serve(sys.stdin.buffer, sys.stdout.buffer, ImageOptions.from_dict(start["options"]))
"""


class Jobs(Protocol):
    """Image files to decode."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def size(self, index: int) -> int:
        """Return the bytes of a file, or about so."""
        ...

    def job(self, index: int) -> Job:
        """Return what a process is to be sent."""
        ...


def decode_in_order(
    jobs: Jobs, options: ImageOptions, *, helpers: int | None = None
) -> Iterator[list[Decoded]]:
    """Yield what became of each file, in order, some at a time.

    Parameters
    ----------
    jobs : Jobs
    options : ImageOptions
    helpers : int, optional
        Further processes. By default one for each other core, where that is worth it.

    Yields
    ------
    decoded : list of Decoded
        The same for any number of helpers.
    """
    mean = _mean_size(jobs)
    chunks = _chunks(jobs, mean)
    queue = _Queue(len(chunks))
    n_helpers = _worthwhile(len(jobs), mean, len(chunks)) if helpers is None else helpers
    with _crew(n_helpers, queue, chunks, jobs, options):
        while not queue.finished:
            turn = queue.take()
            if turn is None:
                queue.wait()
            else:
                queue.put(turn, _decode(chunks[turn], jobs, options))
            yield from queue.ready()


def _decode(chunk: range, jobs: Jobs, options: ImageOptions) -> list[Decoded]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of odd files that can be read
        return [decode_job(jobs.job(index), options) for index in chunk]


def _chunks(jobs: Jobs, mean: float) -> list[range]:
    step = max(1, min(_CHUNK, int(_CHUNK_BYTES / max(mean, 1))))
    return [range(start, min(start + step, len(jobs))) for start in range(0, len(jobs), step)]


def _mean_size(jobs: Jobs) -> float:
    """Return about how large a file is; to ask for every size takes its time too."""
    some = range(0, len(jobs), -(-len(jobs) // _SIZES) or 1)
    return sum(map(jobs.size, some)) / max(1, len(some))


def _worthwhile(n: int, mean: float, n_chunks: int) -> int:
    if n * (_IMAGE_SECONDS + mean * _BYTE_SECONDS) < _WORTH_SECONDS:
        return 0
    return min(int(joblib.cpu_count()) - 1, _MOST_HELPERS, n_chunks - 1)


class _Queue:
    """Which chunks are to be done, and what is done but not yet its turn."""

    def __init__(self, n_chunks: int) -> None:
        self._left = deque(range(n_chunks))
        self._done: dict[int, list[Decoded]] = {}
        self._n_chunks, self._next = n_chunks, 0
        self._changed = threading.Condition()

    @property
    def finished(self) -> bool:
        return self._next == self._n_chunks

    def take(self) -> int | None:
        with self._changed:
            return self._left.popleft() if self._left else None

    def put(self, turn: int, decoded: list[Decoded]) -> None:
        with self._changed:
            self._done[turn] = decoded
            self._changed.notify()

    def give_back(self, turn: int) -> None:
        with self._changed:
            self._left.appendleft(turn)
            self._changed.notify()

    def wait(self) -> None:
        with self._changed:
            if not self._left and self._next not in self._done:
                self._changed.wait(_LOOK)

    def ready(self) -> Iterator[list[Decoded]]:
        while self._next in self._done:
            yield self._done.pop(self._next)
            self._next += 1


@contextmanager
def _crew(
    n_helpers: int, queue: _Queue, chunks: Sequence[range], jobs: Jobs, options: ImageOptions
) -> Iterator[None]:
    """Have helpers take from the queue, each led by a thread; none is left behind."""
    with ExitStack() as stack:
        for _ in range(n_helpers if sys.executable and not getattr(sys, "frozen", False) else 0):
            try:
                helper = _Helper(options)
            except OSError:  # the system starts no more; those there are do the work
                break
            stack.callback(helper.end)
            thread = threading.Thread(target=_lead, args=(helper, queue, chunks, jobs), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(helper.kill)
        yield


def _lead(helper: _Helper, queue: _Queue, chunks: Sequence[range], jobs: Jobs) -> None:
    while (turn := queue.take()) is not None:
        try:
            queue.put(turn, helper.ask([jobs.job(index) for index in chunks[turn]]))
        except Exception:  # whatever it is, the process itself does that chunk, and may say it
            queue.give_back(turn)
            return


class _Helper:
    """A process that decodes."""

    def __init__(self, options: ImageOptions) -> None:
        self._process = subprocess.Popen(
            # Its path is ours, and -S spares it the search for one.
            [sys.executable, "-I", "-S", "-c", _BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._pipes = [pipe for pipe in (self._process.stdin, self._process.stdout) if pipe]
        self._greeting = _greeting(options)

    def ask(self, jobs: Sequence[Job]) -> list[Decoded]:
        requests, answers = self._pipes
        requests.write(self._greeting)
        self._greeting = b""
        write_message(requests, pack_jobs(jobs))
        answer = read_message(answers)
        if answer is None:
            raise EOFError("the helper ended")
        return unpack_answers(answer)

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        for pipe in self._pipes:
            with suppress(OSError):  # what was not sent yet to a helper that is no more
                pipe.close()
        self._process.wait()


def _greeting(options: ImageOptions) -> bytes:
    data = Path(__file__).parent
    packages = [("layerlab", str(data.parent)), ("layerlab.data", str(data))]
    start = {"path": sys.path, "packages": packages, "options": options.to_dict()}
    return json.dumps(start).encode() + b"\n"
