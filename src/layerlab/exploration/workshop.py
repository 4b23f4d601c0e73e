"""What all stages of an exploration share: its plan, the work they may take, and their notes."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from layerlab._typing import IndexArray
from layerlab.data import Dataset
from layerlab.exploration.crew import Budget, Crew
from layerlab.exploration.pace import LIMITS, Pace, PresetLimits
from layerlab.exploration.plan import Plan
from layerlab.exploration.subsample import Stage, Used

__all__ = ["Workshop"]

T = TypeVar("T")

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


class Workshop:
    """Plan, crew and pace of one exploration, and what its stages leave behind.

    Parameters
    ----------
    plan : Plan
    budget : Budget
    crew : Crew
    log : callable (event, **fields)
        Told of every stage when it is done.

    Attributes
    ----------
    seconds : dict of str to float
        What each stage took.
    used : dict of str to Used
        How many of how many rows each stage had.
    """

    def __init__(self, plan: Plan, budget: Budget, crew: Crew, log: Callable[..., None]) -> None:
        self.plan, self.budget, self.crew, self.log = plan, budget, crew, log
        self.pace = Pace(budget, plan.n_threads)
        self.seconds: dict[str, float] = {}
        self.used: dict[str, Used] = {}
        by_name = plan.preset.by_name
        self.preset_limits = PresetLimits.of(LIMITS, plan.search_work, by_name=by_name)

    def timed(self, stage: str, work: Callable[[], T]) -> T:
        """Do the work of a stage, and note its time."""
        began = perf_counter()
        result = work()
        self.seconds[stage] = perf_counter() - began
        self.log(stage, seconds=self.seconds[stage])
        return result

    def allowed(self, stage: str) -> float:
        """Return the work that a stage may take."""
        return self.within(getattr(LIMITS, stage), stage)

    def within(self, limit: float, stage: str) -> float:
        """Return a limit of work, or what a budget leaves the stage if that is less."""
        return self.pace.allowed(limit, SHARES[stage])

    def drawn(self, of: IndexArray, n: int, stage: Stage) -> Dataset:
        """Return rows of a part of the split at random, and keep in mind how many they are."""
        rows = self.plan.drawn(of, n, stage)
        self.used[stage.name.lower()] = Used(len(rows), len(of))
        return self.plan.part(of, rows)
