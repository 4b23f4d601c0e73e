"""What an exploration will work on; making it checks that data and split allow one."""

from __future__ import annotations

import numpy as np

from layerlab._random import Purpose, stream
from layerlab._typing import IndexArray
from layerlab.data import Dataset, Split, make_folds, require_groups
from layerlab.engine import effective_threads
from layerlab.errors import DataError
from layerlab.exploration.configuration import default_grid
from layerlab.exploration.pace import LIMITS
from layerlab.exploration.presets import AUTO, check_preset, pick_preset
from layerlab.exploration.subsample import (
    Stage,
    in_one_piece,
    stratified_rows,
)
from layerlab.exploration.work import (
    affordable,
    search_cost,
)

__all__ = ["FOLDS_OF_SPLIT", "FURTHER_SEEDS", "SEARCH_FOLDS", "Plan"]

SEARCH_FOLDS = 3
FURTHER_SEEDS = 4
# Which folds ask the same question as a split that does not deal rows out at random.
FOLDS_OF_SPLIT = {"contiguous": "contiguous", "group": "group"}


class Plan:
    """Data, split and seeds of an exploration, and the rows that each stage is given.

    Parameters and errors are those of `Explorer`, which adds the work.
    """

    def __init__(
        self,
        data: Dataset,
        split: Split,
        *,
        seed: int = 0,
        n_threads: int | None = None,
        preset: str | None = AUTO,
    ) -> None:
        if split.kind == "group":  # read from a file, it may be of data that names groups
            require_groups(data)
        self.data, self.split, self.seed = data, split, seed
        self.n_threads = effective_threads(n_threads)
        self.seeds = [_fit_seed(seed, i) for i in range(1 + FURTHER_SEEDS)]
        self.grid, self.left_out = affordable(default_grid(), data, SEARCH_FOLDS, LIMITS.search)
        self.preset = pick_preset(check_preset(preset), data, len(split.train))
        self.own_preset = self.preset.configuration(data.image_shape)
        self.searched, self.folds = self.search_part(LIMITS.search)

    @property
    def search_work(self) -> float:
        """The work of the search if it had all training rows."""
        return search_cost(self.grid, self.data, SEARCH_FOLDS).of(len(self.split.train))

    def part(self, of: IndexArray, rows: IndexArray) -> Dataset:
        """Return some of the rows of a part of the split, by their places in it."""
        return self.data.subset(in_one_piece(of[rows]))

    def drawn(self, of: IndexArray, n: int, stage: Stage) -> IndexArray:
        """Return n places within a part of the split, at random class by class."""
        return stratified_rows(self.data.labels[of], n, self.seed, stage)

    def search_part(self, work: float) -> tuple[Dataset, list[tuple[IndexArray, IndexArray]]]:
        """Return the training rows that so much work allows the search, and their folds."""
        cost = search_cost(self.grid, self.data, SEARCH_FOLDS)
        rows = self.drawn(self.split.train, cost.rows_within(work), Stage.SEARCH)
        part = self.part(self.split.train, rows)
        folds = self._folds(part)
        for train, _ in folds:
            self._require_two_classes(part, train)
        return part, folds

    def _folds(self, part: Dataset) -> list[tuple[IndexArray, IndexArray]]:
        try:
            return make_folds(
                FOLDS_OF_SPLIT.get(self.split.kind, "stratified"),
                part.y,
                n_splits=SEARCH_FOLDS,
                groups=part.groups,
                random_state=self.seed,
            )
        except DataError as error:
            reason = str(error).split(". ")[0]
            raise DataError(
                f"{self.data.source}: the search cuts the {len(part)} training rows of the "
                f"{self.split.kind} split into {SEARCH_FOLDS} folds, and cannot: {reason}. Give "
                "more rows or groups, or a larger share of training rows."
            ) from error

    def _require_two_classes(self, part: Dataset, rows: IndexArray) -> None:
        """Refuse a fold, given by its rows within those of the search, that cannot be learnt."""
        found = np.unique(part.labels[rows])
        if len(found) < 2:
            raise DataError(
                f"{self.data.source}: cross-validation needs at least 2 classes in the training "
                f"rows of every fold. Got only class {part.classes[found[0]].item()!r} in "
                f"{len(rows)} of the {len(part)} training rows of the {self.split.kind} split. "
                "Use a stratified split, or put the rows in another order."
            )


def _fit_seed(seed: int, index: int) -> int:
    """Return the ``random_state`` of the fits that begin from the index-th seed."""
    return int(stream(seed, Purpose.REPLICATES, index).integers(0, np.iinfo(np.int32).max))
