"""Rows, weights and mistakes as small grey or coloured pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from layerlab._typing import ImageShape
from layerlab._validation import check_integer
from layerlab.data.polarity import find_polarity
from layerlab.errors import ParameterError
from layerlab.reporting.style import (
    DIVERGING,
    FIGURE_WIDTH,
    INK,
    LABEL_COLOURS,
    MUTED,
    SMALL,
    styled,
)
from layerlab.reporting.text import columns as columns_of
from layerlab.reporting.text import printable, shorten

__all__ = ["mistakes", "picture_grid", "weight_pictures"]

Pictures = NDArray[np.float64]  # (n, height, width), or (n, height, width, 3 or 4) in colour

Limits = tuple[float, float]  # the values drawn in the first and the last colour

MARGIN, GAP = 0.08, 0.12  # inches
LINE, LETTER = 0.16, 0.064  # inches: a line of text, and a letter's width on the average
SMALLEST_TILE, LARGEST_TILE, LARGEST_ALONE = 0.15, 0.95, 1.9  # inches
TALLEST = 3.0  # times its width: pictures taller than this are drawn squeezed
LARGEST_SIDE = 64  # pixels: larger pictures are averaged down
SHORT_NAME = 3  # letters: with such names a mistake is told in two lines


@styled()
def picture_grid(
    rows: ArrayLike,
    image_shape: ImageShape,
    titles: Sequence[Any] | None = None,
    columns: int | None = None,
    *,
    value_range: tuple[float, float] | None = None,
) -> Figure:
    """Draw rows as pictures in a grid, dark on white, without axes.

    Parameters
    ----------
    rows : array-like of shape (n_pictures, height · width), · channels in colour
    image_shape : (int, int) or (int, int, int)
        Height and width in pixels, and channels; those of two (grey and alpha) are shown by
        the first, of three and four in their colours.
    titles : sequence of length n_pictures, or None
        What to write below each picture, of any type; long ones are cut in their middle.
    columns : int or None
        By default as near to a square as may be, and at most 8, or 5 with titles.
    value_range : (float, float) or None
        The values drawn white and black (black and white where the pictures' ground, seen at
        their border, is of large values), in colour black and full; by default the smallest
        and largest of ``rows``.

    Returns
    -------
    figure : matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        If a row has not height · width values, there is none, or the titles' number differs.

    Notes
    -----
    Pictures with a side over 64 pixels are averaged down to that.
    """
    pictures = _as_pictures(rows, image_shape)
    lines = [] if titles is None else [titles]
    return _labelled_tiles(pictures, lines, columns, value_range)


@styled()
def mistakes(
    rows: ArrayLike,
    image_shape: ImageShape,
    true: Sequence[Any],
    predicted: Sequence[Any],
    probability: ArrayLike,
    *,
    columns: int | None = None,
    value_range: tuple[float, float] | None = None,
) -> Figure:
    """Draw rows that were taken for another class, with both names below each.

    Parameters
    ----------
    rows : array-like of shape (n_mistakes, height · width), · channels in colour
        In the order to be shown, the most confident first; none of them is fine as well.
    image_shape : (int, int) or (int, int, int)
        As for `picture_grid`.
    true, predicted : sequence of length n_mistakes
        Names of the classes.
    probability : array-like of shape (n_mistakes,)
        What the network gave the predicted class, in 0–1.
    columns : int or None
    value_range : (float, float) or None
        As for `picture_grid`.

    Returns
    -------
    figure : matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        If the sizes do not agree.
    """
    if len(np.asarray(rows)) == 0:
        return _sentence("No mistakes on these rows.")
    pictures = _as_pictures(rows, image_shape)
    return _labelled_tiles(pictures, _said(true, predicted, probability), columns, value_range)


@styled()
def weight_pictures(
    W: ArrayLike, image_shape: ImageShape | None = None, *, max_units: int = 32
) -> Figure:
    """Draw what each unit of the first hidden layer looks at.

    Parameters
    ----------
    W : array-like of shape (n_in, n_units)
        The first layer's weights, without biases.
    image_shape : (int, int), (int, int, int) or None
        Height and width in pixels, with height · width = n_in, and channels, whose weights
        are averaged. None for rows that are no images: the matrix is drawn whole, a row a
        feature and a column a unit.
    max_units : int
        With more units than this, those of the largest weights (root of the sum of squares).

    Returns
    -------
    figure : matplotlib.figure.Figure
        Weights below zero blue, above it orange, white at zero, all on one symmetric scale,
        which stands below. Units with the largest weights come first.

    Raises
    ------
    ParameterError
        If ``W`` is not a matrix with height · width rows.
    """
    weights = np.asarray(W, dtype=np.float64)
    if weights.ndim != 2 or not weights.size:
        raise ParameterError(f"'W' must have the shape (n_in, n_units). Got {weights.shape}.")
    check_integer("max_units", max_units, 1)
    order = np.argsort(-np.linalg.norm(weights, axis=0), kind="stable")[:max_units]
    shown = weights[:, order].T  # (n_shown, n_in)
    limit = float(np.abs(shown).max()) or 1.0
    if image_shape is None:
        layout = _Layout(shown.shape[::-1], 1, 1, width=FIGURE_WIDTH, tallest=1.0)
        pictures, said = shown.T[np.newaxis], "features down, {} units across"
    else:
        pictures, said = _one_channel(shown, image_shape), "weights of {} units"
        limit = limit if len(image_shape) == 2 else float(np.abs(pictures).max()) or 1.0
        layout = _Layout(pictures.shape[1:], len(pictures), min(8, len(pictures)))
    figure, ax = _tiles(pictures, layout, DIVERGING, (-limit, limit), below=2.6 * LINE)
    _write_scale(ax, figure, limit, said.format(f"{len(order)} of {weights.shape[1]}"))
    return figure


@dataclass(frozen=True)
class _Layout:
    """Where pictures of one shape and their captions lie, in inches from the upper left."""

    shape: tuple[int, ...]  # height and width in pixels
    n: int
    columns: int
    n_lines: int = 0
    width: float = 0.0  # of a picture that stands alone; 0 for the usual
    tallest: float = TALLEST

    @property
    def tile(self) -> float:
        room = max((FIGURE_WIDTH - 2 * MARGIN + GAP) / self.columns - GAP, SMALLEST_TILE)
        largest = LARGEST_TILE if self.n > 1 else self.width or LARGEST_ALONE
        return min(room, largest)

    @property
    def tall(self) -> float:
        return self.tile * min(self.shape[0] / self.shape[1], self.tallest)

    @property
    def letters(self) -> int:
        """How many letters fit below a picture."""
        return max(4, int((self.tile + 0.6 * GAP) / LETTER))

    @property
    def size(self) -> tuple[float, float]:
        n_rows = -(-self.n // self.columns)
        across = self.columns * (self.tile + GAP) - GAP
        return across + 2 * MARGIN, n_rows * self._step - GAP + 2 * MARGIN

    @property
    def _step(self) -> float:
        return self.tall + self.n_lines * LINE + GAP

    def corner(self, i: int) -> tuple[float, float]:
        """Return the upper left corner of a picture."""
        row, column = divmod(i, self.columns)
        return MARGIN + column * (self.tile + GAP), MARGIN + row * self._step


def _as_pictures(rows: ArrayLike, image_shape: ImageShape) -> Pictures:
    """Return pictures as they are drawn: in grey, or with three or four channels of colour."""
    pictures = _laid_out(rows, image_shape)
    if pictures.ndim == 4 and pictures.shape[3] == 2:
        pictures = pictures[..., 0]
    return _averaged(pictures)


def _one_channel(rows: ArrayLike, image_shape: ImageShape) -> Pictures:
    pictures = _laid_out(rows, image_shape)
    return _averaged(pictures if pictures.ndim == 3 else pictures.mean(axis=3))


def _laid_out(rows: ArrayLike, image_shape: ImageShape) -> Pictures:
    values = np.asarray(rows, dtype=np.float64)
    flat = values.reshape(len(values), prod(values.shape[1:]))
    if flat.shape[1] != prod(image_shape) or not flat.size:
        raise ParameterError(
            f"Rows drawn as pictures of {' × '.join(map(str, image_shape))} pixels must hold "
            f"{prod(image_shape)} values each. Got an array of shape {values.shape} instead."
        )
    return flat.reshape(-1, *image_shape)


def _averaged(pictures: Pictures) -> Pictures:
    """Average blocks of pixels, so that no side is longer than LARGEST_SIDE."""
    for axis in (1, 2):
        size = pictures.shape[axis]
        starts = np.arange(0, size, -(-size // LARGEST_SIDE))
        shape = np.ones(pictures.ndim, dtype=int)
        shape[axis] = -1
        counts = np.diff(np.append(starts, size)).reshape(shape)
        pictures = np.add.reduceat(pictures, starts, axis=axis) / counts
    return pictures


def _said(true: Sequence[Any], predicted: Sequence[Any], probability: ArrayLike) -> list[list[str]]:
    """Return the lines below the mistakes, each for all of them: two where the names allow."""
    right, said = [[printable(name) for name in names] for names in (true, predicted)]
    sure = [f"{100 * p:.0f}\N{NO-BREAK SPACE}%" for p in np.asarray(probability, dtype=np.float64)]
    _check_lengths(len(right), [said, sure])
    longest = max(map(columns_of, right + said), default=0)
    first = [f"is {name}" for name in right]
    if longest <= SHORT_NAME:
        return [first, [f"said {name}, {p}" for name, p in zip(said, sure, strict=True)]]
    return [first, [f"said {name}" for name in said], [f"{p} sure" for p in sure]]


def _check_lengths(n: int, lines: Sequence[Sequence[Any]]) -> None:
    lengths = [len(line) for line in lines]
    if any(length != n for length in lengths):
        raise ParameterError(f"There are {n} pictures, but the words below are for {lengths}.")


def _labelled_tiles(
    pictures: Pictures,
    lines: Sequence[Sequence[Any]],
    columns: int | None,
    value_range: Limits | None,
) -> Figure:
    """Draw pictures, grey ones dark on white, with the lines below, each of them for all."""
    n = len(pictures)
    _check_lengths(n, lines)
    usual = min(int(np.ceil(np.sqrt(n))), 5 if lines else 8)
    across = usual if columns is None else check_integer("columns", columns, 1)
    layout = _Layout(pictures.shape[1:3], n, across, len(lines))
    limits = value_range or (float(pictures.min()), float(pictures.max()))
    figure, ax = _tiles(pictures, layout, _greys(pictures), limits)
    for i, words in enumerate(zip(*lines, strict=True)):
        _write(ax, layout, i, words)
    return figure


def _greys(pictures: Pictures) -> str:
    """Return the colours that show ink dark: those of the source where its ground is light."""
    flat = pictures.reshape(len(pictures), -1)
    on_light = find_polarity(flat, pictures.shape[1:]) == "dark on light"
    return "gray" if on_light else "gray_r"


def _tiles(
    pictures: Pictures,
    layout: _Layout,
    colours: str | Colormap,
    limits: Limits,
    below: float = 0.0,
) -> tuple[Figure, Axes]:
    width, height = layout.size
    figure, ax = _canvas(width, height + below)
    for i, picture in enumerate(pictures):
        x, y = layout.corner(i)
        _draw(ax, picture, (x, x + layout.tile, y + layout.tall, y), colours, limits)
    return figure, ax


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty figure and axes all over it, in inches, y downwards."""
    figure = Figure(figsize=(width, height))
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_axis_off()
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    return figure, ax


def _draw(
    ax: Axes,
    picture: NDArray[np.float64],
    extent: tuple[float, float, float, float],
    colours: str | Colormap,
    limits: Limits,
) -> None:
    low, high = limits if limits[1] > limits[0] else (limits[0], limits[0] + 1)
    if picture.ndim == 3:  # colours are shown as they are, 0 to 1
        picture = np.clip((picture - low) / (high - low), 0, 1)
    ax.imshow(
        picture, cmap=colours, vmin=low, vmax=high, extent=extent, aspect="auto",
        interpolation="none", origin="upper",
    )  # fmt: skip


def _write(ax: Axes, layout: _Layout, i: int, words: Iterable[Any]) -> None:
    x, y = layout.corner(i)
    for number, word in enumerate(words):
        ax.text(
            x + layout.tile / 2, y + layout.tall + (number + 0.65) * LINE,
            shorten(word, layout.letters), ha="center", va="center", size=SMALL,
            color=LABEL_COLOURS[1] if number else INK,
        )  # fmt: skip


def _write_scale(ax: Axes, figure: Figure, limit: float, said: str) -> None:
    """Draw the colours with their weights below the pictures."""
    width, height = figure.get_size_inches()
    top, bar = height - 2 * LINE - MARGIN / 2, 0.36 * width
    ramp = np.linspace(-limit, limit, 65)[np.newaxis]
    _draw(ax, ramp, (MARGIN, MARGIN + bar, top + 0.1, top), DIVERGING, (-limit, limit))
    for share, text, side in ((0, -limit, "left"), (0.5, 0.0, "center"), (1, limit, "right")):
        ax.text(
            MARGIN + share * bar, top + 0.1 + 0.6 * LINE, f"{text:.2g}".replace("-", "−"),
            ha=side, va="center", size=SMALL, color=MUTED,
        )  # fmt: skip
    ax.text(width - MARGIN, top + 0.05, said, ha="right", va="center", size=SMALL, color=MUTED)


def _sentence(text: str) -> Figure:
    figure, ax = _canvas(FIGURE_WIDTH, 0.8)
    ax.text(FIGURE_WIDTH / 2, 0.4, text, ha="center", va="center", color=MUTED)
    return figure
