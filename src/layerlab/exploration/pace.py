"""How much work each stage may take: fixed limits, or what a budget leaves."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from layerlab.exploration.crew import Budget

__all__ = ["LIMITS", "SHARES_OF_SEARCH", "USUAL_RATE", "Limits", "Pace", "PresetLimits"]

# Multiplications a second of one core, until fits have shown what this one does.
USUAL_RATE = 4e10
# Of a budget: figures, report and files come after the last fit.
KEPT_FOR_WRITING = 0.1


@dataclass(frozen=True)
class Limits:
    """Multiplications that a stage takes at most, so that all end within minutes on two cores.

    Attributes
    ----------
    curve : float
        The curve of nearest neighbours, all folds together.
    search : float
        The search, all fits together.
    fit : float
        One fit of the choice, or from a further seed.
    groups : float
        The rows of unseen groups, all fits together.
    refit : float
        One fit on development rows: the network that ships, and softmax regression.
    opening : float
        The nearest neighbours of test rows.
    preset, preset_seeds, preset_groups, preset_refit : float
        Of a preset's network: the fit of the choice, those from further seeds together, the
        rows of unseen groups, the refit.
    """

    curve: float = 9e11
    search: float = 2.5e12
    fit: float = 7.5e11
    groups: float = 1.5e12
    refit: float = 3e12
    opening: float = 9e11
    preset: float = 2.5e12
    preset_seeds: float = 3e12
    preset_groups: float = 3e12
    preset_refit: float = 4e12


LIMITS = Limits()
# And no more than so many times the work of searching all training rows: a run with a preset is to
# take no more than twice as long as one without.
SHARES_OF_SEARCH = {"fit": 0.24, "seeds": 1.0, "groups": 1.4}


@dataclass(frozen=True)
class PresetLimits:
    """Multiplications that a preset's network takes at most.

    Attributes
    ----------
    fit : float
        The fit of the choice.
    seeds, groups, refit : float
        The fits from further seeds together, those of unseen groups together, and the refit.
    """

    fit: float
    seeds: float
    groups: float
    refit: float

    @classmethod
    def of(cls, limits: Limits, search_work: float, *, by_name: bool) -> PresetLimits:
        """Return them for data whose search would take so much work.

        A preset that was asked for by name is fitted and refitted whatever that takes.
        """
        if by_name:
            return cls(inf, limits.preset_seeds, limits.preset_groups, inf)
        share = {name: times * search_work for name, times in SHARES_OF_SEARCH.items()}
        return cls(
            min(limits.preset, share["fit"]),
            min(limits.preset_seeds, share["seeds"]),
            min(limits.preset_groups, share["groups"]),
            limits.preset_refit,
        )


class Pace:
    """Says how much work a stage may take.

    Parameters
    ----------
    budget : Budget
        Without seconds, limits are `LIMITS` whatever the clock says; with them, less where less
        would fit.
    n_threads : int
        Threads that share the work; of no consequence without a budget.
    """

    def __init__(self, budget: Budget, n_threads: int) -> None:
        self.budget, self.n_threads = budget, n_threads
        self.rate = USUAL_RATE

    def measured(self, work: float, seconds: float) -> None:
        """Take over the rate of one thread from work that was done."""
        if seconds > 0:
            self.rate = work / seconds

    def allowed(self, limit: float, share: float) -> float:
        """Return the limit, or the work that fits into a share of the time left if that is less."""
        if self.budget.seconds is None:
            return limit
        seconds = share * max(0.0, self.budget.remaining(1 - KEPT_FOR_WRITING))
        return min(limit, seconds * self.rate * self.n_threads)
