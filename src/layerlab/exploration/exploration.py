"""One exploration: from data and a split to a network that can be shipped."""

from __future__ import annotations

from collections.abc import Callable

from layerlab._callbacks import ProgressSink
from layerlab._guard import single_threaded_openmp
from layerlab.exploration.crew import Budget, Crew
from layerlab.exploration.outcome import Exploration
from layerlab.exploration.plan import Plan
from layerlab.exploration.stages import explore

__all__ = ["Explorer"]


class Explorer(Plan):
    """Searches, chooses, refits, and opens the test rows once.

    Making one checks that data and split allow it; nothing is fitted yet.

    Parameters
    ----------
    data : Dataset
    split : Split
    seed : int, default=0
    n_threads : int or None
        Fits side by side; results are the same for any number.
    preset : str or None, default="auto"
        The recipe whose network is tried beside the search; ``"auto"``: the one that suits
        size and shape of the data; ``"none"``: none.

    Raises
    ------
    DataError
        If the training rows cannot be cut into folds, or those of a fold are of one class.
    ParameterError
        If the split keeps groups together and the data names none; if there is no such
        preset, or it deforms images and the rows have no image shape.
    """

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
        with single_threaded_openmp():  # also so that neighbours' ties fall alike everywhere
            return explore(self, within, crew, log or (lambda *_, **__: None))
