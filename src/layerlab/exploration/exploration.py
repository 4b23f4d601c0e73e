"""One exploration: from data and a split to a network that can be shipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import numpy as np

from layerlab._callbacks import ProgressSink
from layerlab._guard import single_threaded_openmp
from layerlab._random import Purpose, stream
from layerlab._typing import IndexArray
from layerlab.data import Dataset, Split, make_folds, require_groups
from layerlab.engine import effective_threads
from layerlab.errors import DataError
from layerlab.exploration.choice import (
    DepthVerdict,
    Finalist,
    choose,
    compare_depth,
    depth_rivals,
    validate,
)
from layerlab.exploration.configuration import Configuration, default_grid
from layerlab.exploration.crew import Budget, Crew
from layerlab.exploration.groups import GroupStudy, leave_groups_out
from layerlab.exploration.neighbour_study import NeighbourStudy, knn_curve
from layerlab.exploration.opening import NetworkPredictor, Opening, open_test_rows
from layerlab.exploration.search import Candidate, cross_validate, shortlist
from layerlab.models import (
    FeedforwardClassifier,
    IndexPredictor,
    MajorityClass,
    NearestNeighbours,
)

__all__ = ["Exploration", "Explorer"]

T = TypeVar("T")

SEARCH_FOLDS = 3
FURTHER_SEEDS = 4
REPLICATE_SHARE = 0.7  # of a budget
# Which folds ask the same question as a split that does not deal rows out at random.
FOLDS_OF_SPLIT = {"contiguous": "contiguous", "group": "group"}


@dataclass(frozen=True, eq=False)
class Exploration:
    """What an exploration found.

    Attributes
    ----------
    data : Dataset
    split : Split
    seed : int
    neighbours : NeighbourStudy
        On development rows.
    k : int
        Neighbours of the k-NN baseline.
    candidates : tuple of Candidate
        Cross-validated on training rows.
    planned : int
        Networks on the list; more than candidates where a budget ended the search.
    finalists : tuple of Finalist
        The shortlisted, scored on validation rows.
    chosen : Finalist
    replicates : tuple of Finalist
        The chosen network from every seed, the first among them.
    depth : DepthVerdict or None
    groups : GroupStudy or None
    model : FeedforwardClassifier
        The chosen network, fitted on training and validation rows: what ships.
    opening : Opening
    seconds : mapping of str to float
        Time of each stage.
    """

    data: Dataset
    split: Split
    seed: int
    neighbours: NeighbourStudy
    k: int
    candidates: tuple[Candidate, ...]
    planned: int
    finalists: tuple[Finalist, ...]
    chosen: Finalist
    replicates: tuple[Finalist, ...]
    depth: DepthVerdict | None
    groups: GroupStudy | None
    model: FeedforwardClassifier
    opening: Opening
    seconds: Mapping[str, float]

    @property
    def complete(self) -> bool:
        """Whether every planned network was tried."""
        return len(self.candidates) == self.planned


class Explorer:
    """Searches, chooses, refits, and opens the test rows once.

    Making one checks that data and split allow it; nothing is fitted yet.

    Parameters
    ----------
    data : Dataset
    split : Split
    seed : int, default=0
    n_threads : int or None
        Fits side by side; results are the same for any number.

    Raises
    ------
    DataError
        If the training rows cannot be cut into folds, or those of a fold are of one class.
    ParameterError
        If the split keeps groups together and the data names none.
    """

    def __init__(
        self, data: Dataset, split: Split, *, seed: int = 0, n_threads: int | None = None
    ) -> None:
        if split.kind == "group":  # read from a file, it may be of data that names groups
            require_groups(data)
        self.data, self.split, self.seed = data, split, seed
        self.n_threads = effective_threads(n_threads)
        self.train, self.validation = data.subset(split.train), data.subset(split.validation)
        self.development = data.subset(split.development)
        self.folds = self._search_folds()
        self.seeds = [_fit_seed(seed, i) for i in range(1 + FURTHER_SEEDS)]

    def explore(
        self,
        *,
        budget: float | None = None,
        progress: ProgressSink | None = None,
        log: Callable[..., None] | None = None,
    ) -> Exploration:
        """Do it all.

        Parameters
        ----------
        budget : float or None
            Seconds. None: the fixed list of work, whatever it takes.
        progress : ProgressSink, optional
        log : callable (event, **fields), optional
            Told of every stage when it is done.

        Returns
        -------
        exploration : Exploration
        """
        crew = Crew(self.n_threads, progress)
        run = _Run(self, Budget(budget), crew, log or (lambda *_, **__: None))
        with single_threaded_openmp():  # also so that neighbours' ties fall alike everywhere
            return run.explore()

    def _search_folds(self) -> list[tuple[IndexArray, IndexArray]]:
        try:
            folds = self._cut()
        except DataError as error:
            reason = str(error).split(". ")[0]
            raise DataError(
                f"{self.data.source}: the search cuts the {len(self.train)} training rows of the "
                f"{self.split.kind} split into {SEARCH_FOLDS} folds, and cannot: {reason}. Give "
                "more rows or groups, or a larger share of training rows."
            ) from error
        for train, _ in folds:
            self._require_two_classes(train)
        return folds

    def _cut(self) -> list[tuple[IndexArray, IndexArray]]:
        return make_folds(
            FOLDS_OF_SPLIT.get(self.split.kind, "stratified"),
            self.train.y,
            n_splits=SEARCH_FOLDS,
            groups=self.train.groups,
            random_state=self.seed,
        )

    def _require_two_classes(self, rows: IndexArray) -> None:
        """Refuse a fold, given by its rows within the training rows, that cannot be learnt."""
        found = np.unique(self.train.y[rows])
        if len(found) < 2:
            raise DataError(
                f"{self.data.source}: cross-validation needs at least 2 classes in the training "
                f"rows of every fold. Got only class {found[0].item()!r} in {len(rows)} of the "
                f"{len(self.train)} training rows of the {self.split.kind} split. "
                "Use a stratified split, or put the rows in another order."
            )


class _Run:
    """The stages of one exploration, in their order."""

    def __init__(
        self, explorer: Explorer, budget: Budget, crew: Crew, log: Callable[..., None]
    ) -> None:
        self.explorer, self.budget, self.crew, self.log = explorer, budget, crew, log
        self.data, self.split, self.seeds = explorer.data, explorer.split, explorer.seeds
        self.development = explorer.development
        self.seconds: dict[str, float] = {}

    def explore(self) -> Exploration:
        neighbours, k = self.timed("neighbours", self.study_neighbours)
        candidates = self.timed("search", self.search)
        finalists, depth = self.timed("choice", lambda: self.finals(candidates))
        chosen = choose(finalists)
        self.log("chosen", **chosen.to_dict())
        replicates = self.timed("replicates", lambda: self.replicate(chosen))
        groups = self.timed("groups", lambda: self.leave_groups_out(chosen, k))
        model = self.timed("refit", lambda: self.refit(chosen.configuration, "refitting"))
        baselines = self.timed("baselines", lambda: self.baselines(candidates, k, chosen, model))
        opening = self.timed("opening", lambda: self.open(model, baselines))
        return Exploration(
            data=self.data,
            split=self.split,
            seed=self.explorer.seed,
            neighbours=neighbours,
            k=k,
            candidates=tuple(candidates),
            planned=len(default_grid()),
            finalists=tuple(finalists),
            chosen=chosen,
            replicates=tuple(replicates),
            depth=depth,
            groups=groups,
            model=model,
            opening=opening,
            seconds=self.seconds,
        )

    def timed(self, stage: str, work: Callable[[], T]) -> T:
        began = perf_counter()
        result = work()
        self.seconds[stage] = perf_counter() - began
        self.log(stage, seconds=self.seconds[stage])
        return result

    def study_neighbours(self) -> tuple[NeighbourStudy, int]:
        """Draw the curve on development rows, and take the k that suits the kind of split."""
        study = knn_curve(self.development, random_state=self.explorer.seed)
        wanted = FOLDS_OF_SPLIT.get(self.split.kind, "shuffled")
        return study, study.best(wanted if wanted in study.curves else "shuffled")[0]

    def search(self) -> list[Candidate]:
        e = self.explorer
        return cross_validate(
            e.train, default_grid(), e.folds, self.seeds[0], self.crew, self.budget
        )

    def finals(self, candidates: list[Candidate]) -> tuple[list[Finalist], DepthVerdict | None]:
        """Score the shortlist, and with it the rivals that tell whether depth helped."""
        listed = [c.configuration for c in shortlist(candidates)]
        rivals = depth_rivals(candidates)
        wanted = list(dict.fromkeys([*listed, *(rivals or ())]))
        scored = self.validate([(c, self.seeds[0]) for c in wanted], "validating")
        by_name = {f.configuration: f for f in scored}
        depth = compare_depth(by_name[rivals[0]], by_name[rivals[1]]) if rivals else None
        return [by_name[c] for c in listed], depth

    def replicate(self, chosen: Finalist) -> list[Finalist]:
        """Fit the chosen network from further seeds, as far as the budget goes."""
        if not self.budget.left(REPLICATE_SHARE):
            return [chosen]
        again = [(chosen.configuration, seed) for seed in self.seeds[1:]]
        return [chosen, *self.validate(again, "further seeds")]

    def validate(self, wanted: list[tuple[Configuration, int]], title: str) -> list[Finalist]:
        return validate(wanted, self.explorer.train, self.explorer.validation, self.crew, title)

    def leave_groups_out(self, chosen: Finalist, k: int) -> GroupStudy | None:
        return leave_groups_out(
            self.development, chosen.configuration, k, self.seeds[0], self.crew, self.budget
        )

    def refit(self, configuration: Configuration, title: str) -> FeedforwardClassifier:
        """Fit what ships: on training and validation rows, from the first seed."""

        def fit() -> FeedforwardClassifier:
            model = configuration.classifier(
                self.seeds[0], n_threads=self.explorer.n_threads, callback=self.crew.stopped
            )
            return model.fit(self.development.rows, self.development.y)

        model = self.crew.run_one(title, fit)
        model.set_params(callback=None, n_threads=None)
        return model

    def baselines(
        self,
        candidates: list[Candidate],
        k: int,
        chosen: Finalist,
        model: FeedforwardClassifier,
    ) -> dict[str, IndexPredictor]:
        """Fit the baselines on the rows that the shipped network was fitted on."""
        rows, labels = self.development.rows, self.development.labels
        linear = [c for c in candidates if c.configuration.depth == 0]
        best = max(linear, key=lambda c: c.accuracy).configuration
        shipped = best == chosen.configuration
        softmax = model if shipped else self.refit(best, "softmax regression")
        return {
            "majority": MajorityClass.fit(labels),
            "knn": NearestNeighbours.fit(rows, labels, k),
            "softmax": NetworkPredictor(softmax, self.data.classes),
        }

    def open(
        self, model: FeedforwardClassifier, baselines: Mapping[str, IndexPredictor]
    ) -> Opening:
        test = self.data.subset(self.split.test)
        return open_test_rows(test, NetworkPredictor(model, self.data.classes), baselines)


def _fit_seed(seed: int, index: int) -> int:
    """Return the ``random_state`` of the fits that begin from the index-th seed."""
    return int(stream(seed, Purpose.REPLICATES, index).integers(0, np.iinfo(np.int32).max))
