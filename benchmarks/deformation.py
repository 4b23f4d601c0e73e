"""Deformed images: the time of one on a core, compiled and by NumPy.

Run with ``python -m benchmarks deformation``; it takes about half a minute.

Two thousand images of random bytes, deformed in one call as a preset says; the
time is that of the call over their number. What an image shows does not matter.
SciPy's way, one `gaussian_filter` of both fields and one `map_coordinates` a channel
in a loop over images, is spared the drawing of maps: one matrix serves all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from benchmarks.race import Entrant, Lap, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, of_problem, standing
from layerlab._typing import Array
from layerlab.data import DEFORMATIONS, warp

__all__ = ["Problem", "Settings", "run"]

Work = Callable[[], list[float]]  # how many images, and the mean of what became of some


@dataclass(frozen=True)
class Problem:
    """A preset and the shape of its images."""

    preset: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.preset}, {'×'.join(map(str, self.shape))}"


PROBLEMS = (
    Problem("digits", (8, 8)),
    Problem("digits", (28, 28)),
    Problem("clothing", (28, 28)),
    Problem("digits", (8, 8, 3)),
    Problem("digits", (28, 28, 3)),
)


@dataclass(frozen=True)
class Settings:
    """What is measured."""

    problems: tuple[Problem, ...] = PROBLEMS
    n: int = 2000
    scipy_n: int = 50
    rounds: int = 9
    seconds: float = 0.05


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    laps, lines = [], []
    with runners(entrants(settings)) as line_up:
        for problem in settings.problems:
            asked = asdict(problem)
            run = race(line_up, [asked] * settings.rounds, settings.seconds, warm=asked)
            laps += laps_of(str(problem), run)
            lines += lines_of(str(problem), run, an_image)
    tables = [standing(f"{p}, an image", of_problem(lines, str(p))) for p in settings.problems]
    return BenchmarkResult("deformation", asdict(settings), laps, lines, "\n\n".join(tables))


def an_image(lap: Lap) -> float:
    """Return the time of one image."""
    n: float = lap.value[0]
    return lap.seconds / n


def entrants(settings: Settings) -> list[Entrant]:
    """Return both paths of ours, and SciPy."""
    many, few = {"n": settings.n}, {"n": settings.scipy_n}
    off = {"LAYERLAB_KERNEL": "off"}
    return [
        Entrant("layerlab", ours, options=many, ours=True),
        Entrant("layerlab", ours, 2, 2, options=many, ours=True),
        Entrant("layerlab, NumPy", ours, options=many, environment=off, by="layerlab"),
        Entrant("SciPy", scipys, options=few),
    ]


def ours(preset: str, shape: list[int], n: int, threads: int | None) -> Work:
    """Return one call for all images."""
    X, rows, chosen = _images(shape, n), np.arange(n), DEFORMATIONS[preset]
    options: dict[str, Any] = {"value_range": (0.0, 255.0), "n_threads": threads or 1}
    of_shape: Any = tuple(shape)
    return lambda: [n, float(warp(X, chosen, of_shape, 0, 1, rows, **options)[:9].mean())]


def scipys(preset: str, shape: list[int], n: int, threads: int | None) -> Work:
    """Return a loop over images."""
    del threads
    height, width = shape[:2]
    X = _images(shape, n).reshape(n, height, width, -1)
    own = DEFORMATIONS[preset].in_pixels((height, width))
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"))
    matrix, random = np.array([[0.99, 0.1], [-0.1, 0.99]]), np.random.default_rng(0)

    def work() -> list[float]:
        total = 0.0
        for image in X:
            at = np.tensordot(matrix, grid, 1)
            if own.elastic:
                raw = random.uniform(-1, 1, at.shape)
                at += own.elastic * gaussian_filter(raw, (0, own.elastic_blur, own.elastic_blur))
            for k in range(image.shape[2]):
                total += float(map_coordinates(image[..., k], at, np.float32, order=1)[0, 0])
        return [n, total / n]

    return work


def _images(shape: list[int], n: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (n, prod(shape)), dtype=np.uint8)
