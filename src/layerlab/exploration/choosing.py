"""The choice: fits of the shortlist, the preset and further seeds, all on the same rows."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from layerlab.data import Dataset
from layerlab.exploration.choice import (
    DepthVerdict,
    Finalist,
    compare_depth,
    depth_rivals,
    validate,
)
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.pace import LIMITS, USUAL_RATE
from layerlab.exploration.plan import FURTHER_SEEDS
from layerlab.exploration.search import Candidate, shortlist
from layerlab.exploration.subsample import Stage, Used, in_one_piece, stratified_rows
from layerlab.exploration.trial import (
    MeanOfSeeds,
    PresetTrial,
    mean_of_seeds,
    microseconds_of,
)
from layerlab.exploration.work import affordable_epochs, fit_cost
from layerlab.exploration.workshop import Workshop

__all__ = ["Choosing"]

REPLICATE_SHARE = 0.7  # of a budget
LONG = 60.0  # seconds: a fit that is likely to take longer says so beforehand


class Choosing:
    """The rows of the choice, and what is fitted on them.

    Parameters
    ----------
    shop : Workshop
    candidates : list of Candidate
        Of the search. The largest of the best says how many rows are affordable.

    Attributes
    ----------
    train, watched, validation : Dataset
        To fit on, to watch meanwhile, and to score on.
    """

    def __init__(self, shop: Workshop, candidates: list[Candidate]) -> None:
        self.shop, self.plan = shop, shop.plan
        self.listed = [c.configuration for c in shortlist(candidates)]
        self.rivals = depth_rivals(candidates)
        self.wanted = list(dict.fromkeys([*self.listed, *(self.rivals or ())]))
        n = self._affordable_rows()
        train, validation = self.plan.split.train, self.plan.split.validation
        self.train = shop.drawn(train, n, Stage.CHOICE)
        seen = len(validation) * len(self.train) // len(train)
        self.watched = shop.drawn(validation, seen, Stage.WATCHED)
        self.validation = self.plan.data.subset(in_one_piece(validation))

    def finals(self) -> tuple[list[Finalist], DepthVerdict | None]:
        """Score the shortlist, and with it the rivals that tell whether depth helped."""
        began = perf_counter()
        scored = self.validate([(c, self.plan.seeds[0]) for c in self.wanted], "validating")
        busy = min(len(self.wanted), self.plan.n_threads) * (perf_counter() - began)
        self.shop.pace.measured(sum(map(self.work_of, self.wanted)), busy)
        by_name = {f.configuration: f for f in scored}
        rivals = self.rivals
        depth = compare_depth(by_name[rivals[0]], by_name[rivals[1]]) if rivals else None
        return [by_name[c] for c in self.listed], depth

    def try_preset(self, searched: Finalist) -> PresetTrial:
        """Fit the preset's network, where there is one to try."""
        own = self.plan.own_preset
        if own is None:
            return PresetTrial(self.plan.preset, searched)
        return self.shop.timed("preset", lambda: self._trial(own, searched))

    def replicate(self, chosen: Finalist) -> tuple[list[Finalist], MeanOfSeeds | None]:
        """Fit the chosen network from further seeds, as far as limits and budget go."""
        n = self._further_seeds(chosen)
        late = self.shop.budget.remaining(REPLICATE_SHARE) <= self._seconds_for_seeds(chosen, n)
        if n == 0 or late:
            return [chosen], None
        again = [(chosen.configuration, seed) for seed in self.plan.seeds[1 : n + 1]]
        each = max(1, self.plan.n_threads // n)
        found = [chosen, *self.validate(again, "further seeds", each)]
        return found, mean_of_seeds(found, self.validation, self.shop.crew)

    def validate(
        self, wanted: list[tuple[Configuration, int]], title: str, n_threads: int = 1
    ) -> list[Finalist]:
        """Fit networks on training rows and score them on validation rows."""
        rows = self.train, self.validation
        return validate(wanted, *rows, self.shop.crew, title, self.watched, n_threads)

    def work_of(self, configuration: Configuration) -> float:
        """Return the work of one fit."""
        cost = fit_cost(configuration, self.plan.data, watched=self._watched_share)
        return cost.of(len(self.train))

    @property
    def _watched_share(self) -> float:
        return len(self.watched) / len(self.train)

    def _affordable_rows(self) -> int:
        """Return how many training rows all can have: the same, for they are to be compared."""
        train, validation = self.plan.split.train, self.plan.split.validation
        watched = len(validation) / len(train)
        costs = [fit_cost(c, self.plan.data, watched=watched) for c in self.wanted]
        largest = max(costs, key=lambda cost: cost.of(len(train)))
        # As if all were as large, and threads idle in the last round.
        times = self._rounds(len(self.wanted)) * self.plan.n_threads
        return largest.rows_within(
            min(LIMITS.fit, self.shop.within(times * LIMITS.fit, "fit") / times)
        )

    def _rounds(self, n_fits: int) -> int:
        """Return how many fits a thread has at most."""
        return -(-n_fits // self.plan.n_threads)

    def _trial(self, own: Configuration, searched: Finalist) -> PresetTrial:
        """Return what the preset's network reached beside the search's choice."""
        without = PresetTrial(self.plan.preset, searched, own)
        allowed, n = self.shop.within(self.shop.preset_limits.fit, "preset"), len(self.train)
        fewer = affordable_epochs(own, self.plan.data, n, allowed, self._watched_share)
        if fewer is None:
            return without
        configuration, n = fewer
        all_rows = self.train, self.watched
        self._take_fewer(n)
        title = self._title(configuration)
        wanted = [(configuration, self.plan.seeds[0])]
        finalist = self.validate(wanted, title, self.plan.n_threads)[0]
        ours, theirs = (microseconds_of(f, self.validation) for f in (finalist, searched))
        trial = replace(without, finalist=finalist, microseconds=(ours, theirs))
        if not trial.taken:
            self.train, self.watched = all_rows
        return trial

    def _take_fewer(self, n: int) -> None:
        """Keep n of the rows of the choice, and as many fewer to watch."""
        self.train, seen = self._kept(self.train, n, Stage.PRESET), len(self.train)
        n_watched = len(self.watched) * len(self.train) // seen
        self.watched = self._kept(self.watched, n_watched, Stage.PRESET_WATCHED)
        used = self.shop.used
        used["preset"] = Used(len(self.train), used["choice"].of)
        used["preset_watched"] = Used(len(self.watched), used["watched"].of)

    def _kept(self, data: Dataset, n: int, stage: Stage) -> Dataset:
        rows = stratified_rows(data.labels, n, self.plan.seed, stage)
        return data.subset(in_one_piece(rows))

    def _title(self, configuration: Configuration) -> str:
        """Return what the progress bar says of the preset, with the time where that is long."""
        refit = fit_cost(configuration, self.plan.data).of(len(self.plan.split.development))
        seconds = (self.work_of(configuration) + refit) / (USUAL_RATE * self.plan.n_threads)
        long = f", about {seconds / 60:.0f} min with the refit" if seconds > LONG else ""
        return f"preset {configuration.preset}, {configuration.epochs} epochs{long}"

    def _further_seeds(self, chosen: Finalist) -> int:
        """Return how many further seeds the work of a fit allows."""
        if chosen.configuration.preset is None:
            return FURTHER_SEEDS
        allowed = self.shop.preset_limits.seeds / self.work_of(chosen.configuration)
        return min(FURTHER_SEEDS, int(allowed))

    def _seconds_for_seeds(self, chosen: Finalist, n: int) -> float:
        """Return about how long so many further seeds will take."""
        return self._rounds(n) * self.work_of(chosen.configuration) / self.shop.pace.rate
