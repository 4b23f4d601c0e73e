"""What an exploration found, in figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from layerlab._random import Purpose, draw_seed, stream
from layerlab._validation import check_integer
from layerlab.data import Dataset
from layerlab.errors import DataError
from layerlab.exploration import Exploration, NeighbourStudy
from layerlab.exploration.neighbour_study import N_FOLDS
from layerlab.reporting.confusion import confusion_matrix
from layerlab.reporting.content import FigureContent
from layerlab.reporting.curves import learning_curve, neighbour_lines
from layerlab.reporting.depth import DepthPoint, depth_width
from layerlab.reporting.pictures import mistakes, picture_grid, weight_pictures
from layerlab.reporting.sentences import group_noun
from layerlab.reporting.svg import svg

__all__ = ["draw_figures", "draw_knn_curve", "draw_rows"]

N_SAMPLES = 16
N_MISTAKES = 20

Drawing = tuple[str, str, str, Figure]
"""Name, title, caption, figure."""


def draw_figures(e: Exploration) -> list[FigureContent]:
    """Return every figure of a report, as SVG.

    Rows that are no images have no sample pictures and no pictures of mistakes.
    """
    parts: tuple[Callable[[Exploration], Iterator[Drawing]], ...] = (
        _samples,
        _neighbours,
        _depth,
        _learning,
        _confusion,
        _mistakes,
        _weights,
    )
    return [
        FigureContent(name, caption, svg(figure, title), title)
        for name, title, caption, figure in chain.from_iterable(part(e) for part in parts)
    ]


def draw_rows(
    data: Dataset, rows: ArrayLike | None = None, *, n: int = N_SAMPLES, random_state: Any = 0
) -> Figure:
    """Draw rows as pictures in a grid, dark on white, with their labels below.

    Parameters
    ----------
    data : Dataset
        With an image shape.
    rows : array-like of int, optional
        Which rows; by default ``n`` at random, in their order.
    n : int, default=16
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    figure : matplotlib.figure.Figure
        ``figure.savefig("rows.png")`` keeps it; a notebook shows it by itself.

    Raises
    ------
    DataError
        If the rows are no images.
    ParameterError
        If there is no such row.
    """
    if data.image_shape is None:
        raise DataError(
            f"{data.source}: the rows are not known to be images. Load them with "
            "image_shape=(height, width)."
        )
    if rows is None:
        random = stream(draw_seed(random_state), Purpose.PICTURES)
        count = min(check_integer("n", n, 1), data.n_rows)
        rows = np.sort(random.choice(data.n_rows, count, replace=False))
    chosen = data.subset(rows)
    names = [str(name) for name in chosen.y]
    return picture_grid(chosen.rows, data.image_shape, names, value_range=data.value_range)


def draw_knn_curve(study: NeighbourStudy, noun: str = "group") -> Figure:
    """Draw the accuracy of k-nearest neighbours against k: a line a kind of folds, with a band.

    Parameters
    ----------
    study : NeighbourStudy
        As `layerlab.knn_curve` returns it.
    noun : str, default="group"
        What the groups are: a writer, a patient.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    kinds = {"group": f"by {noun}"}
    curves = {kinds.get(kind, kind): curve for kind, curve in study.curves.items()}
    return neighbour_lines(curves, study.ks, n_rows=study.rows)


def _samples(e: Exploration) -> Iterator[Drawing]:
    if e.data.image_shape is None:
        return
    development = e.split.development
    n = min(N_SAMPLES, len(development))
    random = stream(draw_seed(e.seed), Purpose.PICTURES)
    shown = np.sort(random.choice(len(development), n, replace=False))
    figure = draw_rows(e.data, development[shown])
    yield "samples", "Some of the rows", f"{n} development rows drawn at random.", figure


def _neighbours(e: Exploration) -> Iterator[Drawing]:
    caption = (
        f"Mean accuracy over {N_FOLDS} folds of the development rows"
        f"{_drawn(e, 'curve')}; the band is one standard "
        "error. "
        "Shuffled folds ask about rows like those already seen, the others about new ones."
    )
    figure = draw_knn_curve(e.neighbours, group_noun(e))
    yield "knn-curve", "Nearest neighbours, by k", caption, figure


def _drawn(e: Exploration, stage: str) -> str:
    used = e.used[stage]
    return "" if used.all else f" ({used.rows} of {used.of}, drawn at random)"


def _depth(e: Exploration) -> Iterator[Drawing]:
    chosen = e.preset.searched.configuration
    points = [
        DepthPoint(c.configuration, c.accuracy, c.error, c.configuration == chosen)
        for c in e.candidates
    ]
    n_folds = len(e.candidates[0].accuracies)
    figure = depth_width(points, n_rows=e.used["search"].rows, n_folds=n_folds)
    caption = (
        "Every network of the search at every value of α, with one standard error. Ringed is what "
        "the search chose."
    )
    yield "depth-width", "Accuracy by depth and width", caption, figure


def _learning(e: Exploration) -> Iterator[Drawing]:
    model, by_preset = e.chosen.model, e.chosen.configuration.preset is not None
    figure = learning_curve(
        model.loss_curve_,
        model.validation_loss_curve_,
        model.validation_scores_,
        n_train=e.used["preset" if by_preset else "choice"].rows,
        n_validation=e.used["preset_watched" if by_preset else "watched"].rows,
        unit="epoch" if hasattr(model, "partial_fit") else "iteration",
    )
    cost = (
        "mean over each epoch, of rows as the preset changes them and of single rows as they are"
        if by_preset
        else "penalty included on training rows"
    )
    caption = (
        f"The chosen network, fitted on training rows: cost ({cost}), and accuracy on validation "
        "rows."
    )
    yield "learning-curve", "Learning", caption, figure


def _confusion(e: Exploration) -> Iterator[Drawing]:
    figure = confusion_matrix(e.opening.confusion, [str(name) for name in e.data.classes])
    caption = f"The shipped network on {len(e.opening.labels)} test rows."
    yield "confusion-matrix", "What is taken for what", caption, figure


def _mistakes(e: Exploration) -> Iterator[Drawing]:
    if e.data.image_shape is None:
        return
    wrong = np.flatnonzero(e.opening.predictions != e.opening.labels)
    worst = wrong[np.argsort(-e.opening.probabilities[wrong], kind="stable")][:N_MISTAKES]
    names = [str(name) for name in e.data.classes]
    figure = mistakes(
        e.data.rows[e.split.test[worst]],
        e.data.image_shape,
        [names[i] for i in e.opening.labels[worst]],
        [names[i] for i in e.opening.predictions[worst]],
        e.opening.probabilities[worst],
        value_range=e.data.value_range,
    )
    caption = (
        f"{len(worst)} of {len(wrong)} mistakes on the test rows, the surest first, with the "
        "probability given to the wrong class."
    )
    yield "mistakes", "Worst mistakes", caption, figure


def _weights(e: Exploration) -> Iterator[Drawing]:
    figure = weight_pictures(e.model.coefs_[0], e.data.image_shape)
    caption = "Weights of first-layer units, those of largest norm first."
    yield "weights", "What the first layer looks for", caption, figure
