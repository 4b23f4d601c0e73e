"""What an exploration found, in figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np
from matplotlib.figure import Figure

from layerlab._random import Purpose, stream
from layerlab.exploration import Exploration
from layerlab.reporting.confusion import confusion_matrix
from layerlab.reporting.content import FigureContent
from layerlab.reporting.curves import knn_curve, learning_curve
from layerlab.reporting.depth import Candidate, depth_width
from layerlab.reporting.pictures import mistakes, picture_grid, weight_pictures
from layerlab.reporting.sentences import group_noun
from layerlab.reporting.svg import svg

__all__ = ["draw_figures"]

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


def _samples(e: Exploration) -> Iterator[Drawing]:
    if e.data.image_shape is None:
        return
    n = min(N_SAMPLES, len(e.split.development))
    random = stream(e.seed, Purpose.PICTURES)
    rows = np.sort(random.choice(e.split.development, n, replace=False))
    figure = picture_grid(
        e.data.rows[rows],
        e.data.image_shape,
        [str(name) for name in e.data.y[rows]],
        value_range=e.data.value_range,
    )
    yield "samples", "Some of the rows", f"{n} development rows drawn at random.", figure


def _neighbours(e: Exploration) -> Iterator[Drawing]:
    kinds = {"group": f"by {group_noun(e)}"}
    curves = {kinds.get(kind, kind): curve for kind, curve in e.neighbours.curves.items()}
    figure = knn_curve(curves, e.neighbours.ks, n_rows=e.neighbours.rows)
    caption = (
        "Mean accuracy over four folds of the development rows; the band is one standard error. "
        "Shuffled folds ask about rows like those already seen, the others about new ones."
    )
    yield "knn-curve", "Nearest neighbours, by k", caption, figure


def _depth(e: Exploration) -> Iterator[Drawing]:
    candidates = [
        Candidate(
            c.configuration.hidden_layer_sizes,
            c.accuracy,
            c.error,
            c.configuration == e.chosen.configuration,
        )
        for c in e.candidates
    ]
    figure = depth_width(candidates, n_rows=len(e.split.train), n_folds=3)
    caption = "Every network of the search at both values of α, with one standard error."
    yield "depth-width", "Accuracy by depth and width", caption, figure


def _learning(e: Exploration) -> Iterator[Drawing]:
    model = e.chosen.model
    figure = learning_curve(
        model.loss_curve_,
        model.validation_loss_curve_,
        model.validation_scores_,
        n_train=len(e.split.train),
        n_validation=len(e.split.validation),
    )
    caption = (
        "The chosen network, fitted on training rows: cost (penalty included on training rows), "
        "and accuracy on validation rows."
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
