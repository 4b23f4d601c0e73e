"""How much work a stage is, in multiplications, and how many rows fit into so much.

Counts, unlike seconds, are the same everywhere: what is left out because of them is left out on
every machine. They were fitted to times: a core did about 40 thousand million a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Any

from layerlab.data import Dataset
from layerlab.exploration.configuration import MAX_ITER, SEARCH_ITER, Configuration
from layerlab.exploration.subsample import FEWEST

__all__ = [
    "FEWEST_EPOCHS",
    "Cost",
    "affordable",
    "affordable_epochs",
    "distance_cost",
    "fit_cost",
    "rows_for_curve",
    "search_cost",
]

# What an iteration takes beside its products, in the same unit: a row's features are mapped, and
# L-BFGS goes through its pairs.
MAPPED, PAIRS = 22, 1400
# The same of a row in a mini-batch: products and the minimiser's work by weight, a deformed pixel;
# and what a step takes however small the network is.
BATCHED, DEFORMED, STEP = 2.6, 600, 2e6
# A preset is tried with no fewer epochs: it would not show what it can do.
FEWEST_EPOCHS = 20
# A distance's products are in double precision; and it is compared with the nearest so far.
DOUBLE, COMPARED = 1.5, 45


@dataclass(frozen=True)
class Cost:
    """Work that grows with the number of rows.

    Attributes
    ----------
    a_row, fixed : float
        Multiplications for each row, and whatever their number.
    """

    a_row: float
    fixed: float = 0.0

    def of(self, n_rows: float) -> float:
        """Return the work for so many rows."""
        return self.a_row * n_rows + self.fixed

    def rows_within(self, work: float) -> int:
        """Return how many rows so much work allows; 0 or fewer where it allows none."""
        return int((work - self.fixed) / self.a_row)


def fit_cost(
    configuration: Configuration, data: Dataset, n_iter: int = MAX_ITER, watched: float = 0.0
) -> Cost:
    """Return the work of one fit, by its rows.

    Parameters
    ----------
    configuration : Configuration
    data : Dataset
        Gives the number of features and classes.
    n_iter : int
        Not used of a preset's network, which has its own number.
    watched : float, default=0
        Rows that are watched after each iteration, for each that is fitted: a third of the work.
    """
    if configuration.preset is not None:
        return _preset_cost(configuration, data, watched)
    return _cost(configuration, data, n_iter, watched)


def _cost(configuration: Configuration, data: Dataset, n_iter: int, watched: float) -> Cost:
    weights = configuration.n_weights(data)
    a_row = (weights + MAPPED * data.n_features) * (1 + watched / 3)
    return Cost(n_iter * a_row, n_iter * float(PAIRS * weights))


def _preset_cost(configuration: Configuration, data: Dataset, watched: float) -> Cost:
    """Return the work of a recipe's fit: rows × epochs where it goes by mini-batches."""
    model: Any = configuration.classifier(0)
    if not hasattr(model, "partial_fit"):
        return _cost(configuration, data, model.max_iter, watched)
    weights = configuration.n_weights(data)
    deformed = 0 if model.augment is None else DEFORMED
    a_row = BATCHED * weights + (MAPPED + deformed) * data.n_features
    return Cost(model.max_iter * (a_row * (1 + watched / 3) + STEP / model.solver.batch_size))


def affordable_epochs(
    configuration: Configuration, data: Dataset, n_rows: int, work: float, watched: float = 0.0
) -> tuple[Configuration, int] | None:
    """Return a preset's network with the epochs, and the rows, that so much work allows.

    Epochs first, to no fewer than `FEWEST_EPOCHS`; then rows; None where even `FEWEST`
    rows are too much.

    Parameters
    ----------
    configuration : Configuration
        Of a preset, with its own number of epochs.
    data : Dataset
    n_rows : int
        Rows there are.
    work : float
    watched : float, default=0
        As for `fit_cost`.
    """
    own = configuration.epochs or 1
    if work == inf:
        return configuration, n_rows
    one = fit_cost(replace(configuration, epochs=1), data, watched=watched).of(n_rows)
    epochs = min(own, max(int(work / one), FEWEST_EPOCHS))
    fewer = replace(configuration, epochs=epochs)
    rows = min(n_rows, fit_cost(fewer, data, watched=watched).rows_within(work))
    return None if rows < min(n_rows, FEWEST) else (fewer, rows)


def search_cost(grid: Iterable[Configuration], data: Dataset, n_folds: int) -> Cost:
    """Return the work of cross-validating a list of networks, by the rows of all folds."""
    fits = [fit_cost(configuration, data, SEARCH_ITER) for configuration in grid]
    # Each row is fitted in all folds but one.
    a_row = (n_folds - 1) * sum(fit.a_row for fit in fits)
    return Cost(a_row, n_folds * sum(fit.fixed for fit in fits))


def affordable(
    grid: Sequence[Configuration], data: Dataset, n_folds: int, work: float
) -> tuple[tuple[Configuration, ...], tuple[Configuration, ...]]:
    """Return the networks that can be cross-validated on a few rows, and those left out for that.

    With very many features the largest networks take minutes a fit whatever the rows. Those
    without a hidden layer are kept, as a baseline is one of them, and the smallest others.
    """
    n_rows, weights = min(data.n_rows, FEWEST), {c: c.n_weights(data) for c in grid}
    sizes = sorted({weights[c] for c in grid if c.depth})
    kept = tuple(grid)
    while len(sizes) > 1 and search_cost(kept, data, n_folds).of(n_rows) > work:
        sizes.pop()
        kept = tuple(c for c in kept if not c.depth or weights[c] <= sizes[-1])
    return kept, tuple(c for c in grid if c not in kept)


def distance_cost(data: Dataset) -> float:
    """Return the work of one distance between two rows."""
    return DOUBLE * (data.n_features + COMPARED)


def rows_for_curve(work: float, data: Dataset, n_kinds: int, n_folds: int) -> int:
    """Return how many rows a curve of nearest neighbours may have: its work grows as their square.

    Parameters
    ----------
    work : float
    data : Dataset
    n_kinds, n_folds : int
        Kinds of folds, and folds of each: a row is compared with those of the other folds.
    """
    distances = work / distance_cost(data)
    return int(sqrt(distances * n_folds / ((n_folds - 1) * n_kinds)))
