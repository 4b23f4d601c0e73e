"""The stages of one exploration, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from time import perf_counter
from typing import TypeVar

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data import Dataset
from layerlab.errors import DataError
from layerlab.exploration.choice import (
    DepthVerdict,
    Finalist,
    choose,
    compare_depth,
    depth_rivals,
    validate,
)
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.crew import Budget, Crew
from layerlab.exploration.groups import GroupStudy, leave_groups_out, plan_groups
from layerlab.exploration.neighbour_study import (
    N_FOLDS,
    NeighbourStudy,
    fold_kinds,
    study_neighbours,
)
from layerlab.exploration.opening import NetworkPredictor, Opening, open_test_rows
from layerlab.exploration.outcome import Exploration
from layerlab.exploration.pace import LIMITS, USUAL_RATE, Pace, PresetLimits
from layerlab.exploration.plan import FOLDS_OF_SPLIT, FURTHER_SEEDS, SEARCH_FOLDS, Plan
from layerlab.exploration.search import Candidate, cross_validate, shortlist
from layerlab.exploration.subsample import (
    FEWEST,
    Stage,
    Used,
    draw_rows,
    in_one_piece,
    stratified_rows,
)
from layerlab.exploration.trial import (
    MeanOfSeeds,
    PresetTrial,
    mean_of_seeds,
    microseconds_of,
)
from layerlab.exploration.work import (
    affordable_epochs,
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

__all__ = ["Stages"]

T = TypeVar("T")

REPLICATE_SHARE = 0.7  # of a budget
# However little a budget leaves, nearest neighbours are searched as much: about two seconds.
LEAST_OPENING = 1e11
LONG = 60.0  # seconds: a fit that is likely to take longer says so beforehand
# Of what a budget leaves when a stage begins.
SHARES = {
    "curve": 0.1,
    "search": 0.35,
    "fit": 0.25,
    "preset": 0.15,
    "groups": 0.3,
    "refit": 0.5,
    "opening": 0.7,
}


class Stages:
    """The stages of one exploration, in their order."""

    def __init__(self, plan: Plan, budget: Budget, crew: Crew, log: Callable[..., None]) -> None:
        self.plan, self.budget, self.crew, self.log = plan, budget, crew, log
        self.data, self.split, self.seeds = plan.data, plan.split, plan.seeds
        self.development = plan.split.development
        self.pace = Pace(budget, plan.n_threads)
        self.seconds: dict[str, float] = {}
        self.used: dict[str, Used] = {}
        by_name = plan.preset.by_name
        self.preset_limits = PresetLimits.of(LIMITS, plan.search_work, by_name=by_name)

    def explore(self) -> Exploration:
        """Go through all of them."""
        neighbours, k = self.timed("neighbours", self.study_neighbours)
        candidates = self.timed("search", self.search)
        finalists, depth = self.timed("choice", lambda: self.finals(candidates))
        trial = self.try_preset(choose(finalists))
        chosen = trial.chosen
        self.log("chosen", **chosen.to_dict())
        replicates, mean = self.timed("replicates", lambda: self.replicate(chosen))
        groups = self.timed("groups", lambda: self.leave_groups_out(chosen, k))
        model = self.timed("refit", lambda: self.refit(chosen.configuration, "refitting"))
        baselines = self.timed("baselines", lambda: self.baselines(candidates, k, chosen, model))
        opening = self.timed("opening", lambda: self.open(model, baselines))
        return Exploration(
            data=self.data,
            split=self.split,
            seed=self.plan.seed,
            neighbours=neighbours,
            k=k,
            candidates=tuple(candidates),
            planned=len(self.plan.grid),
            left_out=self.plan.left_out,
            used=self.used,
            finalists=tuple(finalists),
            preset=trial,
            chosen=chosen,
            replicates=tuple(replicates),
            mean_of_seeds=mean,
            depth=depth,
            groups=groups,
            model=model,
            opening=opening,
            seconds=self.seconds,
        )

    def timed(self, stage: str, work: Callable[[], T]) -> T:
        """Do the work of a stage, and note its time."""
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
        rows = self.plan.drawn(of, n, stage)
        self.used[stage.name.lower()] = Used(len(rows), len(of))
        return self.plan.part(of, rows)

    def study_neighbours(self) -> tuple[NeighbourStudy, int]:
        """Draw the curve on development rows, and take the k that suits the kind of split."""
        n_kinds = len(fold_kinds(self.data))
        n = rows_for_curve(self.allowed("curve"), self.data, n_kinds, N_FOLDS)
        development = self.drawn(self.development, n, Stage.CURVE)
        study = study_neighbours(development, self.plan.seed, self.crew)
        wanted = FOLDS_OF_SPLIT.get(self.split.kind, "shuffled")
        return study, study.best(wanted if wanted in study.curves else "shuffled")[0]

    def search(self) -> list[Candidate]:
        """Cross-validate the list on training rows, on fewer where a budget asks for it."""
        e = self.plan
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
            return self.plan.search_part(self.allowed("search"))
        except DataError:
            return self.plan.searched, self.plan.folds

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
        times = self.rounds(len(wanted)) * self.plan.n_threads
        n = largest.rows_within(min(LIMITS.fit, self.allowed("fit", times) / times))
        self.train = self.drawn(train, n, Stage.CHOICE)
        seen = len(validation) * len(self.train) // len(train)
        self.watched = self.drawn(validation, seen, Stage.WATCHED)
        self.validation = self.data.subset(in_one_piece(validation))

    def try_preset(self, searched: Finalist) -> PresetTrial:
        """Fit the preset's network on the rows of the choice, where there is one to try."""
        own = self.plan.own_preset
        if own is None:
            return PresetTrial(self.plan.preset, searched)
        return self.timed("preset", lambda: self.preset_trial(own, searched))

    def preset_trial(self, own: Configuration, searched: Finalist) -> PresetTrial:
        """Return what the preset's network reached beside the search's choice."""
        without = PresetTrial(self.plan.preset, searched, own)
        watched = len(self.watched) / len(self.train)
        allowed = self.pace.allowed(self.preset_limits.fit, SHARES["preset"])
        fewer = affordable_epochs(own, self.data, len(self.train), allowed, watched)
        if fewer is None:
            return without
        configuration, n = fewer
        all_rows = self.train, self.watched
        self.take_fewer(n)
        title = self.preset_title(configuration)
        wanted = [(configuration, self.seeds[0])]
        finalist = self.validate(wanted, title, self.plan.n_threads)[0]
        prices = (microseconds_of(f, self.validation) for f in (finalist, searched))
        trial = replace(without, finalist=finalist, microseconds=(next(prices), next(prices)))
        if not trial.taken:
            self.train, self.watched = all_rows
        return trial

    def take_fewer(self, n: int) -> None:
        """Keep n of the rows of the choice, and as many fewer to watch."""
        train, of = self.train, self.used["choice"].of
        rows = stratified_rows(train.labels, n, self.plan.seed, Stage.PRESET)
        seen = len(self.watched) * len(rows) // len(train)
        watched = stratified_rows(self.watched.labels, seen, self.plan.seed, Stage.PRESET_WATCHED)
        self.used["preset"] = Used(len(rows), of)
        self.used["preset_watched"] = Used(len(watched), self.used["watched"].of)
        self.train = train.subset(in_one_piece(rows))
        self.watched = self.watched.subset(in_one_piece(watched))

    def preset_title(self, configuration: Configuration) -> str:
        """Return what the progress bar says, with the time where that is long."""
        refit = fit_cost(configuration, self.data).of(len(self.development))
        seconds = (self.work_of(configuration) + refit) / (USUAL_RATE * self.plan.n_threads)
        long = f", about {seconds / 60:.0f} min with the refit" if seconds > LONG else ""
        return f"preset {configuration.preset}, {configuration.epochs} epochs{long}"

    def replicate(self, chosen: Finalist) -> tuple[list[Finalist], MeanOfSeeds | None]:
        """Fit the chosen network from further seeds, as far as limits and budget go."""
        n = self.further_seeds(chosen)
        late = self.budget.remaining(REPLICATE_SHARE) <= self.seconds_for_seeds(chosen, n)
        if n == 0 or late:
            return [chosen], None
        again = [(chosen.configuration, seed) for seed in self.seeds[1 : n + 1]]
        each = max(1, self.plan.n_threads // n)
        found = [chosen, *self.validate(again, "further seeds", each)]
        return found, mean_of_seeds(found, self.validation, self.crew)

    def further_seeds(self, chosen: Finalist) -> int:
        """Return how many further seeds the work of a fit allows."""
        if chosen.configuration.preset is None:
            return FURTHER_SEEDS
        allowed = self.preset_limits.seeds / self.work_of(chosen.configuration)
        return min(FURTHER_SEEDS, int(allowed))

    def seconds_for_seeds(self, chosen: Finalist, n: int) -> float:
        """Return about how long so many further seeds will take."""
        return self.rounds(n) * self.work_of(chosen.configuration) / self.pace.rate

    def work_of(self, configuration: Configuration) -> float:
        """Return the work of one fit on the rows of the choice."""
        watched = len(self.watched) / len(self.train)
        return fit_cost(configuration, self.data, watched=watched).of(len(self.train))

    def busy(self, n_fits: int, began: float) -> float:
        """Return about how many seconds threads were at work since then."""
        return min(n_fits, self.plan.n_threads) * (perf_counter() - began)

    def rounds(self, n_fits: int) -> int:
        """Return how many fits a thread has at most."""
        return -(-n_fits // self.plan.n_threads)

    def validate(
        self, wanted: list[tuple[Configuration, int]], title: str, n_threads: int = 1
    ) -> list[Finalist]:
        """Fit networks on training rows and score them on validation rows."""
        rows = self.train, self.validation
        return validate(wanted, *rows, self.crew, title, self.watched, n_threads)

    def leave_groups_out(self, chosen: Finalist, k: int) -> GroupStudy | None:
        """Score the chosen network on groups it was not fitted on, where the data has groups."""
        if self.data.groups is None:
            return None
        n_groups = len(np.unique(self.data.groups[self.development]))
        fit = fit_cost(chosen.configuration, self.data)
        by_preset = chosen.configuration.preset is not None
        limit = self.preset_limits.groups if by_preset else LIMITS.groups
        allowed = self.pace.allowed(limit, SHARES["groups"])
        plan = plan_groups(n_groups, len(self.development), fit, allowed)
        asked = rows_for_curve(self.allowed("curve"), self.data, 1, max(2, plan.n_folds))
        rows = self.drawn(self.development, min(plan.rows, asked), Stage.GROUPS)
        if by_preset and self.budget.seconds and plan.rows < len(rows):
            del self.used["groups"]
            return None  # its fits are long, and those begun too late would be for nothing
        return leave_groups_out(
            rows, chosen.configuration, k, self.seeds[0], self.crew, self.budget, plan
        )

    def refit(self, configuration: Configuration, title: str) -> FeedforwardClassifier:
        """Fit what ships: on training and validation rows, from the first seed."""
        limit = LIMITS.refit if configuration.preset is None else self.preset_limits.refit
        allowed = self.pace.allowed(limit, SHARES["refit"])
        n = len(self.development)
        if allowed < inf:
            n = max(fit_cost(configuration, self.data).rows_within(allowed), len(self.train))
        development = self.drawn(self.development, n, Stage.REFIT)

        def fit() -> FeedforwardClassifier:
            model = configuration.classifier(
                self.seeds[0], n_threads=self.plan.n_threads, callback=self.crew.stopped
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
        """Open the test rows, once."""
        test = self.data.subset(in_one_piece(self.split.test))
        n = int(self.distances / self.used["neighbours"].rows)
        asked = draw_rows(test.n_rows, n, self.plan.seed, Stage.TESTED)
        self.used["tested"] = Used(len(asked), test.n_rows)
        some = {} if len(asked) == test.n_rows else {"knn": asked}
        network = NetworkPredictor(model, self.data.classes)
        return open_test_rows(test, network, baselines, some, self.crew)
