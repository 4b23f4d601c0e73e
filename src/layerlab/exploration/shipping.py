"""What ships, what it is compared with, and the one opening of the test rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

from layerlab.exploration.choice import Finalist
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.opening import NetworkPredictor, Opening, open_test_rows
from layerlab.exploration.pace import LIMITS
from layerlab.exploration.search import Candidate
from layerlab.exploration.subsample import FEWEST, Stage, Used, draw_rows, in_one_piece
from layerlab.exploration.work import distance_cost, fit_cost
from layerlab.exploration.workshop import Workshop
from layerlab.models import (
    FeedforwardClassifier,
    IndexPredictor,
    MajorityClass,
    NearestNeighbours,
)

__all__ = ["Shipping"]

# However little a budget leaves, nearest neighbours are searched as much: about two seconds.
LEAST_OPENING = 1e11


class Shipping:
    """Fits on development rows, and the scores of test rows.

    Parameters
    ----------
    shop : Workshop
    least : int
        Rows that a fit has at least, however little a budget leaves: those of the choice.
    """

    def __init__(self, shop: Workshop, least: int) -> None:
        self.shop, self.plan, self.least = shop, shop.plan, least
        self.distances = 0.0  # that the opening can afford

    def refit(self, configuration: Configuration, title: str) -> FeedforwardClassifier:
        """Fit what ships: on training and validation rows, from the first seed."""
        return self.shop.crew.run_one(title, self.fitting(configuration, self.plan.n_threads))

    def fitting(
        self, configuration: Configuration, n_threads: int = 1
    ) -> Callable[[], FeedforwardClassifier]:
        """Draw the rows of the refit, and return the fit itself, still to be done."""
        development = self.plan.split.development
        n = self._affordable_rows(configuration, len(development))
        part = self.shop.drawn(development, n, Stage.REFIT)

        def fit() -> FeedforwardClassifier:
            model = configuration.classifier(
                self.plan.seeds[0], n_threads=n_threads, callback=self.shop.crew.stopped
            )
            model.fit(part.rows, part.y)
            model.set_params(callback=None, n_threads=None)
            return model

        return fit

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
        used = self.shop.used
        refitted = used["refit"]
        shipped = best == chosen.configuration
        softmax = model if shipped else self.refit(best, "softmax regression")
        used["softmax"], used["refit"] = used["refit"], refitted
        data = self.plan.data
        return {
            "majority": MajorityClass.fit(data.labels[self.plan.split.development]),
            "knn": self._nearest_neighbours(k),
            "softmax": NetworkPredictor(softmax, data.classes),
        }

    def open(
        self, model: FeedforwardClassifier, baselines: Mapping[str, IndexPredictor]
    ) -> Opening:
        """Open the test rows, once."""
        data, used = self.plan.data, self.shop.used
        test = data.subset(in_one_piece(self.plan.split.test))
        n = int(self.distances / used["neighbours"].rows)
        asked = draw_rows(test.n_rows, n, self.plan.seed, Stage.TESTED)
        used["tested"] = Used(len(asked), test.n_rows)
        some = {} if len(asked) == test.n_rows else {"knn": asked}
        network = NetworkPredictor(model, data.classes)
        return open_test_rows(test, network, baselines, some, self.shop.crew)

    def _affordable_rows(self, configuration: Configuration, n: int) -> int:
        by_preset = configuration.preset is not None
        limit = self.shop.preset_limits.refit if by_preset else LIMITS.refit
        allowed = self.shop.within(limit, "refit")
        if allowed == inf:
            return n
        return max(fit_cost(configuration, self.plan.data).rows_within(allowed), self.least)

    def _nearest_neighbours(self, k: int) -> NearestNeighbours:
        """Keep the development rows, or as many as the fewest test rows can be compared with."""
        work = max(self.shop.allowed("opening"), LEAST_OPENING)
        self.distances = work / distance_cost(self.plan.data)
        n = int(self.distances / FEWEST)
        kept = self.shop.drawn(self.plan.split.development, n, Stage.NEIGHBOURS)
        return NearestNeighbours.fit(kept.rows, kept.labels, k)
