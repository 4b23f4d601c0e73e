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
from layerlab.exploration.groups import GroupStudy, leave_groups_out, plan_groups
from layerlab.exploration.neighbour_study import (
    N_FOLDS,
    NeighbourStudy,
    fold_kinds,
    study_neighbours,
)
from layerlab.exploration.opening import NetworkPredictor, Opening, open_test_rows
from layerlab.exploration.pace import LIMITS, Pace
from layerlab.exploration.search import Candidate, cross_validate, shortlist
from layerlab.exploration.subsample import (
    FEWEST,
    Stage,
    Used,
    draw_rows,
    in_one_piece,
    stratified_rows,
)
from layerlab.exploration.work import (
    affordable,
    distance_cost,
    fit_cost,
    rows_for_curve,
    search_cost,
)
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
# However little a budget leaves, nearest neighbours are searched as much: about two seconds.
LEAST_OPENING = 1e11
# Of what a budget leaves when a stage begins.
SHARES = {"curve": 0.1, "search": 0.35, "fit": 0.25, "groups": 0.3, "refit": 0.5, "opening": 0.7}
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
    left_out : tuple of Configuration
        Networks of the documented list that are too large for so many features.
    used : mapping of str to Used
        How many rows each stage used, of how many.
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
    left_out: tuple[Configuration, ...]
    used: Mapping[str, Used]
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
        self.seeds = [_fit_seed(seed, i) for i in range(1 + FURTHER_SEEDS)]
        self.grid, self.left_out = affordable(default_grid(), data, SEARCH_FOLDS, LIMITS.search)
        self.searched, self.folds = self.search_part(LIMITS.search)

    def explore(
        self,
        *,
        budget: float | Budget | None = None,
        progress: ProgressSink | None = None,
        log: Callable[..., None] | None = None,
    ) -> Exploration:
        """Do it all.

        Parameters
        ----------
        budget : float, Budget or None
            Seconds, from now on or as the budget says. None: the fixed list of work.
        progress : ProgressSink, optional
        log : callable (event, **fields), optional
            Told of every stage when it is done.

        Returns
        -------
        exploration : Exploration
        """
        crew = Crew(self.n_threads, progress)
        within = budget if isinstance(budget, Budget) else Budget(budget)
        run = _Run(self, within, crew, log or (lambda *_, **__: None))
        with single_threaded_openmp():  # also so that neighbours' ties fall alike everywhere
            return run.explore()

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


class _Run:
    """The stages of one exploration, in their order."""

    def __init__(
        self, explorer: Explorer, budget: Budget, crew: Crew, log: Callable[..., None]
    ) -> None:
        self.explorer, self.budget, self.crew, self.log = explorer, budget, crew, log
        self.data, self.split, self.seeds = explorer.data, explorer.split, explorer.seeds
        self.development = explorer.split.development
        self.pace = Pace(budget, explorer.n_threads)
        self.seconds: dict[str, float] = {}
        self.used: dict[str, Used] = {}

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
            planned=len(self.explorer.grid),
            left_out=self.explorer.left_out,
            used=self.used,
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

    def allowed(self, stage: str, times: int = 1) -> float:
        """Return the work that a stage may take, or so many of it side by side."""
        return self.pace.allowed(times * getattr(LIMITS, stage), SHARES[stage])

    def drawn(self, of: IndexArray, n: int, stage: Stage) -> Dataset:
        """Return rows of a part of the split at random, and keep in mind how many they are."""
        rows = self.explorer.drawn(of, n, stage)
        self.used[stage.name.lower()] = Used(len(rows), len(of))
        return self.explorer.part(of, rows)

    def study_neighbours(self) -> tuple[NeighbourStudy, int]:
        """Draw the curve on development rows, and take the k that suits the kind of split."""
        n_kinds = len(fold_kinds(self.data))
        n = rows_for_curve(self.allowed("curve"), self.data, n_kinds, N_FOLDS)
        development = self.drawn(self.development, n, Stage.CURVE)
        study = study_neighbours(development, self.explorer.seed, self.crew)
        wanted = FOLDS_OF_SPLIT.get(self.split.kind, "shuffled")
        return study, study.best(wanted if wanted in study.curves else "shuffled")[0]

    def search(self) -> list[Candidate]:
        e = self.explorer
        part, folds = e.searched, e.folds
        if self.allowed("search") < LIMITS.search:
            part, folds = self.smaller_search()
        self.used["search"] = Used(len(part), len(self.split.train))
        found = cross_validate(part, e.grid, folds, self.seeds[0], self.crew, self.budget)
        tried = search_cost([c.configuration for c in found], part, SEARCH_FOLDS)
        self.pace.measured(tried.of(len(part)), sum(c.seconds for c in found))
        return found

    def smaller_search(self) -> tuple[Dataset, list[tuple[IndexArray, IndexArray]]]:
        """Return fewer rows for the search, where they can still be cut into folds."""
        try:
            return self.explorer.search_part(self.allowed("search"))
        except DataError:
            return self.explorer.searched, self.explorer.folds

    def finals(self, candidates: list[Candidate]) -> tuple[list[Finalist], DepthVerdict | None]:
        """Score the shortlist, and with it the rivals that tell whether depth helped."""
        listed = [c.configuration for c in shortlist(candidates)]
        rivals = depth_rivals(candidates)
        wanted = list(dict.fromkeys([*listed, *(rivals or ())]))
        self.take_rows(wanted)
        began = perf_counter()
        scored = self.validate([(c, self.seeds[0]) for c in wanted], "validating")
        self.pace.measured(sum(map(self.work_of, wanted)), self.busy(len(wanted), began))
        by_name = {f.configuration: f for f in scored}
        depth = compare_depth(by_name[rivals[0]], by_name[rivals[1]]) if rivals else None
        return [by_name[c] for c in listed], depth

    def take_rows(self, wanted: list[Configuration]) -> None:
        """Choose the rows of the choice: the same for all that are to be compared."""
        train, validation = self.split.train, self.split.validation
        watched = len(validation) / len(train)
        costs = [fit_cost(c, self.data, watched=watched) for c in wanted]
        largest = max(costs, key=lambda cost: cost.of(len(train)))
        # As if all were as large, and threads idle in the last round.
        times = self.rounds(len(wanted)) * self.explorer.n_threads
        n = largest.rows_within(min(LIMITS.fit, self.allowed("fit", times) / times))
        self.train = self.drawn(train, n, Stage.CHOICE)
        seen = len(validation) * len(self.train) // len(train)
        self.watched = self.drawn(validation, seen, Stage.WATCHED)
        self.validation = self.data.subset(in_one_piece(validation))

    def replicate(self, chosen: Finalist) -> list[Finalist]:
        """Fit the chosen network from further seeds, as far as the budget goes."""
        if self.budget.remaining(REPLICATE_SHARE) <= self.seconds_for_seeds(chosen):
            return [chosen]
        again = [(chosen.configuration, seed) for seed in self.seeds[1:]]
        return [chosen, *self.validate(again, "further seeds")]

    def seconds_for_seeds(self, chosen: Finalist) -> float:
        """Return about how long the further seeds will take."""
        return self.rounds(FURTHER_SEEDS) * self.work_of(chosen.configuration) / self.pace.rate

    def work_of(self, configuration: Configuration) -> float:
        """Return the work of one fit on the rows of the choice."""
        watched = len(self.watched) / len(self.train)
        return fit_cost(configuration, self.data, watched=watched).of(len(self.train))

    def busy(self, n_fits: int, began: float) -> float:
        """Return about how many seconds threads were at work since then."""
        return min(n_fits, self.explorer.n_threads) * (perf_counter() - began)

    def rounds(self, n_fits: int) -> int:
        """Return how many fits a thread has at most."""
        return -(-n_fits // self.explorer.n_threads)

    def validate(self, wanted: list[tuple[Configuration, int]], title: str) -> list[Finalist]:
        return validate(wanted, self.train, self.validation, self.crew, title, self.watched)

    def leave_groups_out(self, chosen: Finalist, k: int) -> GroupStudy | None:
        if self.data.groups is None:
            return None
        n_groups = len(np.unique(self.data.groups[self.development]))
        fit = fit_cost(chosen.configuration, self.data)
        plan = plan_groups(n_groups, len(self.development), fit, self.allowed("groups"))
        asked = rows_for_curve(self.allowed("curve"), self.data, 1, max(2, plan.n_folds))
        rows = self.drawn(self.development, min(plan.rows, asked), Stage.GROUPS)
        return leave_groups_out(
            rows, chosen.configuration, k, self.seeds[0], self.crew, self.budget, plan
        )

    def refit(self, configuration: Configuration, title: str) -> FeedforwardClassifier:
        """Fit what ships: on training and validation rows, from the first seed."""
        n = fit_cost(configuration, self.data).rows_within(self.allowed("refit"))
        development = self.drawn(self.development, max(n, len(self.train)), Stage.REFIT)

        def fit() -> FeedforwardClassifier:
            model = configuration.classifier(
                self.seeds[0], n_threads=self.explorer.n_threads, callback=self.crew.stopped
            )
            return model.fit(development.rows, development.y)

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
        linear = [c for c in candidates if c.configuration.depth == 0]
        best = max(linear, key=lambda c: c.accuracy).configuration
        shipped = best == chosen.configuration
        refitted = self.used["refit"]
        softmax = model if shipped else self.refit(best, "softmax regression")
        self.used["softmax"], self.used["refit"] = self.used["refit"], refitted
        labels = self.data.labels[self.development]
        return {
            "majority": MajorityClass.fit(labels),
            "knn": self.nearest_neighbours(k),
            "softmax": NetworkPredictor(softmax, self.data.classes),
        }

    def nearest_neighbours(self, k: int) -> NearestNeighbours:
        """Keep the development rows, or as many as the fewest test rows can be compared with."""
        self.distances = max(self.allowed("opening"), LEAST_OPENING) / distance_cost(self.data)
        n = int(self.distances / FEWEST)
        kept = self.drawn(self.development, n, Stage.NEIGHBOURS)
        return NearestNeighbours.fit(kept.rows, kept.labels, k)

    def open(
        self, model: FeedforwardClassifier, baselines: Mapping[str, IndexPredictor]
    ) -> Opening:
        test = self.data.subset(in_one_piece(self.split.test))
        n = int(self.distances / self.used["neighbours"].rows)
        asked = draw_rows(test.n_rows, n, self.explorer.seed, Stage.TESTED)
        self.used["tested"] = Used(len(asked), test.n_rows)
        some = {} if len(asked) == test.n_rows else {"knn": asked}
        network = NetworkPredictor(model, self.data.classes)
        return open_test_rows(test, network, baselines, some, self.crew)


def _fit_seed(seed: int, index: int) -> int:
    """Return the ``random_state`` of the fits that begin from the index-th seed."""
    return int(stream(seed, Purpose.REPLICATES, index).integers(0, np.iinfo(np.int32).max))
