"""How the learning rate changes over a run: pure functions of where the run stands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from math import cos, pi
from typing import Any, NamedTuple

from sklearn.base import BaseEstimator

from layerlab._validation import check_choice, check_integer, check_real, refuse

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "Moment",
    "OneCycle",
    "Plateau",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "schedule_named",
]


class Moment(NamedTuple):
    """Where a run stands.

    Attributes
    ----------
    step : int
        Steps done.
    n_steps : int
        Steps planned.
    epoch_steps : int
        Steps an epoch.
    costs : sequence of float
        Mean cost of each epoch done.
    """

    step: int
    n_steps: int
    epoch_steps: int = 1
    costs: Sequence[float] = ()

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return self.step // self.epoch_steps

    @property
    def share(self) -> float:
        """Share of the run that is done."""
        return min(self.step / max(self.n_steps, 1), 1.0)

    def after(self, n_steps: int) -> Moment:
        """Return where the run stands as one that began so many steps later."""
        costs = self.costs[-(-n_steps // self.epoch_steps) :]
        return Moment(self.step - n_steps, self.n_steps - n_steps, self.epoch_steps, costs)


class Schedule(BaseEstimator, ABC):
    """What the learning rate is multiplied by, step by step."""

    @abstractmethod
    def factor(self, moment: Moment) -> float:
        """Return what the learning rate is multiplied by for the next step."""

    @abstractmethod
    def check(self) -> None:
        """Refuse options that are not allowed.

        Raises
        ------
        ParameterError
        """


class Constant(Schedule):
    """The same rate throughout."""

    def factor(self, moment: Moment) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0

    def check(self) -> None:
        """Nothing to refuse."""


class StepDecay(Schedule):
    """The rate is multiplied by ``gamma`` every few epochs.

    Parameters
    ----------
    every : int
        Epochs.
    gamma : float
    """

    def __init__(self, every: int = 30, gamma: float = 0.1) -> None:
        self.every = every
        self.gamma = gamma

    def factor(self, moment: Moment) -> float:
        """Return gamma to the number of intervals done."""
        return float(self.gamma ** (moment.epoch // self.every))

    def check(self) -> None:
        """Refuse options that are not allowed."""
        check_integer("every", self.every, 1)
        check_real("gamma", self.gamma, 0, 1, open_low=True)


class Cosine(Schedule):
    """Half a cosine from 1 down to ``final``.

    Parameters
    ----------
    final : float

    References
    ----------
    I. Loshchilov, F. Hutter (2017), "SGDR: Stochastic gradient descent with
    warm restarts", eq. 5, without restarts.
    """

    def __init__(self, final: float = 0.0) -> None:
        self.final = final

    def factor(self, moment: Moment) -> float:
        """Return final + (1 - final) (1 + cos πt) / 2 at the share t of the run."""
        return self.final + (1 - self.final) * _half_cosine(moment.share)

    def check(self) -> None:
        """Refuse options that are not allowed."""
        check_real("final", self.final, 0, 1)


class OneCycle(Schedule):
    """Up from ``initial`` to 1 and down to ``final``, by half a cosine each.

    Parameters
    ----------
    peak : float
        Share of the run at which the rate is highest.
    initial, final : float

    References
    ----------
    L. N. Smith, N. Topin (2019), "Super-convergence", sec. 3; with cosines,
    as PyTorch and fastai have it.
    """

    def __init__(self, peak: float = 0.3, initial: float = 0.04, final: float = 4e-6) -> None:
        self.peak = peak
        self.initial = initial
        self.final = final

    def factor(self, moment: Moment) -> float:
        """Return the factor of the rise or of the fall."""
        # The last step is to have the last rate, and the first the first.
        last = max(moment.n_steps - 1, 1)
        top = self.peak * moment.n_steps - 1
        if moment.step < top:
            return 1 + (self.initial - 1) * _half_cosine(moment.step / top)
        down = min((moment.step - top) / (last - top), 1.0) if last > top else 1.0
        return self.final + (1 - self.final) * _half_cosine(down)

    def check(self) -> None:
        """Refuse options that are not allowed."""
        check_real("peak", self.peak, 0, 1, open_low=True, open_high=True)
        check_real("initial", self.initial, 0, 1)
        check_real("final", self.final, 0, 1)


class Plateau(Schedule):
    """The rate is multiplied by ``gamma`` when the cost has not fallen for some epochs.

    Parameters
    ----------
    gamma : float
    patience : int
        Epochs without a fall that are borne.
    threshold : float
        Share of the lowest cost by which an epoch's must lie below it.
    """

    def __init__(self, gamma: float = 0.1, patience: int = 10, threshold: float = 1e-4) -> None:
        self.gamma = gamma
        self.patience = patience
        self.threshold = threshold

    def factor(self, moment: Moment) -> float:
        """Return gamma to the number of plateaus among the epochs done."""
        factor, best, waited = 1.0, float("inf"), 0
        for cost in moment.costs:
            fallen = cost < best * (1 - self.threshold)
            best, waited = (cost, 0) if fallen else (best, waited + 1)
            if waited > self.patience:
                factor, waited = factor * self.gamma, 0
        return factor

    def check(self) -> None:
        """Refuse options that are not allowed."""
        check_real("gamma", self.gamma, 0, 1, open_low=True)
        check_integer("patience", self.patience, 0)
        check_real("threshold", self.threshold, 0, 1, open_high=True)


class WarmUp(Schedule):
    """A linear rise from 0 over the first share of the run, then another schedule.

    Parameters
    ----------
    share : float
        Of the run.
    then : Schedule or str
        Runs over the rest as if it were a run of its own.
    """

    def __init__(self, share: float = 0.1, then: Schedule | str = "cosine") -> None:
        self.share = share
        self.then = then

    def factor(self, moment: Moment) -> float:
        """Return the share of the rise that is done with the next step, or what follows."""
        rise = round(self.share * moment.n_steps)
        if moment.step < rise:
            return (moment.step + 1) / rise
        return schedule_named(self.then).factor(moment.after(rise))

    def check(self) -> None:
        """Refuse options that are not allowed."""
        check_real("share", self.share, 0, 1)
        schedule_named(self.then).check()


def _half_cosine(share: float) -> float:
    return (1 + cos(pi * share)) / 2


SCHEDULES: dict[str, Callable[[], Schedule]] = {
    "constant": Constant,
    "cosine": Cosine,
    "one-cycle": OneCycle,
    "plateau": Plateau,
    "step": StepDecay,
    "warm-up": WarmUp,
}
"""Every schedule by its name, with its default options."""


def schedule_named(schedule: Any) -> Schedule:
    """Return the schedule of that name, or the schedule itself where an object is given.

    Raises
    ------
    ParameterError
        If the name is unknown, or the object is no schedule.
    """
    if isinstance(schedule, str):
        return SCHEDULES[check_choice("schedule", schedule, SCHEDULES)]()
    if not isinstance(schedule, Schedule):
        allowed = f"one of {', '.join(map(repr, SCHEDULES))} or a schedule object"
        raise refuse("schedule", allowed, schedule)
    return schedule
