"""Reading: MNIST's form from gzip, and ten thousand PNG files, beside the plain ways.

Run with ``python -m benchmarks reading``; it takes about two minutes on two cores.

The images are MNIST's training part, where the environment variable LAYERLAB_DATA
names a folder that holds it, else ``digits`` enlarged, shifted and noisy. Ours is
`load_data` with all it checks and states. *gzip, frombuffer* unpacks with Python's
own module and looks at no value. *Pillow* is one loop over the sorted paths,
``numpy.stack`` of what ``Image.open`` gives. What others keep from another run
nobody has; what ours keeps is a line of its own.
"""

from __future__ import annotations

import atexit
import gzip
import os
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.race import Entrant, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, standing
from layerlab._typing import Array
from layerlab.data import load_data

__all__ = ["Settings", "run"]

Work = Callable[[], list[int]]

SIDE = 28
IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"


@dataclass(frozen=True)
class Settings:
    """What is measured."""

    rows: int = 60_000
    files: int = 10_000
    rounds: int = 9
    seconds: float = 0.0


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    cases = {
        f"{settings.rows} images in one IDX file, gzip": (idx_entrants(), settings.rows),
        f"{settings.files} PNG files": (png_entrants(), settings.files),
    }
    laps, lines, tables = [], [], []
    for title, (entrants, n) in cases.items():
        problem = {"n": n}
        with runners(entrants) as line_up:
            run = race(line_up, [problem] * settings.rounds, settings.seconds, warm=problem)
        laps += laps_of(title, run)
        lines += lines_of(title, run)
        tables.append(standing(title, lines_of(title, run)))
    return BenchmarkResult("reading", asdict(settings), laps, lines, "\n\n".join(tables))


def idx_entrants() -> list[Entrant]:
    """Return who reads the IDX file."""
    return [
        Entrant("layerlab", ours_idx, 2, None, ours=True),
        Entrant("gzip, frombuffer", plain_idx, 2, None, by="Python"),
    ]


def png_entrants() -> list[Entrant]:
    """Return who reads the PNG files."""
    off = {"LAYERLAB_CACHE": "off"}
    return [
        Entrant("layerlab", ours_png, 2, None, environment=off, ours=True),
        Entrant("layerlab", ours_png, 1, None, environment=off, ours=True),
        Entrant("layerlab, kept", kept_png, 2, None, by="layerlab"),
        Entrant("Pillow", plain_png, 2, None),
        Entrant("Pillow", plain_png, 1, None),
    ]


def ours_idx(n: int, threads: int | None) -> Work:
    """Return the reading of an IDX folder as it comes."""
    del threads
    folder = _idx_folder(n)
    return lambda: _told(load_data(folder).rows)


def plain_idx(n: int, threads: int | None) -> Work:
    """Return the unpacking of both files, and nothing else."""
    del threads
    folder = _idx_folder(n)

    def work() -> list[int]:
        with gzip.open(folder / LABELS) as file:
            np.frombuffer(file.read(), np.uint8, offset=8)
        with gzip.open(folder / IMAGES) as file:
            rows = np.frombuffer(file.read(), np.uint8, offset=16)
        return _told(rows.reshape(-1, SIDE * SIDE))

    return work


def ours_png(n: int, threads: int | None) -> Work:
    """Return the reading of a folder as if for the first time."""
    del threads
    folder = _png_folder(n)
    return lambda: _told(load_data(folder).rows)


def kept_png(n: int, threads: int | None) -> Work:
    """Return the reading of a folder that was read before."""
    kept = _folder("kept")
    os.environ["LAYERLAB_CACHE"] = str(kept)
    work = ours_png(n, threads)
    work()
    return work


def plain_png(n: int, threads: int | None) -> Work:
    """Return one loop with Pillow."""
    del threads
    folder = _png_folder(n)

    def work() -> list[int]:
        paths = sorted(folder.glob("*/*.png"))
        return _told(np.stack([np.asarray(Image.open(path)) for path in paths]))

    return work


def _told(rows: Array) -> list[int]:
    """Return what must agree; to add up every pixel would take its time."""
    return [len(rows), int(rows[:: max(1, len(rows) // 100)].sum())]


@cache
def _holder() -> TemporaryDirectory[str]:
    holder: TemporaryDirectory[str] = TemporaryDirectory()
    atexit.register(holder.cleanup)
    return holder


def _folder(name: str) -> Path:
    folder = Path(_holder().name) / name
    folder.mkdir(exist_ok=True)
    return folder


@cache
def _idx_folder(n: int) -> Path:
    data = _mnist()
    if data is not None and n == Settings.rows:
        return data
    images, labels = _images(n)
    folder = _folder("idx")
    head = struct.pack(">4I", 0x803, *images.shape)
    (folder / IMAGES).write_bytes(gzip.compress(head + images.tobytes(), 6))
    head = struct.pack(">2I", 0x801, len(labels))
    (folder / LABELS).write_bytes(gzip.compress(head + labels.tobytes(), 6))
    return folder


@cache
def _png_folder(n: int) -> Path:
    folder = _folder("png")
    for i, (image, label) in enumerate(zip(*_images(n), strict=True)):
        path = folder / str(label) / f"{i:05}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


def _mnist() -> Path | None:
    folder = Path(os.environ.get("LAYERLAB_DATA", "")) / "mnist"
    return folder if (folder / IMAGES).is_file() else None


def _images(n: int) -> tuple[Array, Array]:
    """Return images of shape (n, 28, 28) and their labels."""
    folder = _mnist()
    data = load_data("digits" if folder is None else folder)
    if folder is not None:
        return data.rows[:n].reshape(-1, SIDE, SIDE), data.labels[:n].astype(np.uint8)
    chosen = np.arange(n) % len(data)
    large = np.kron(data.rows.reshape(-1, 8, 8) * 15, np.ones((3, 3)))  # (1797, 24, 24)
    images = np.zeros((n, SIDE, SIDE), np.uint8)
    images[:, 2:26, 2:26] = large[chosen]
    noise = np.random.default_rng(0).integers(0, 15, images.shape, dtype=np.uint8)
    return images + noise * (images > 0), data.labels[chosen].astype(np.uint8)
