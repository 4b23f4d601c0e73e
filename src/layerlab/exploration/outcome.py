"""What an exploration found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layerlab.data import Dataset, Split
from layerlab.exploration.choice import (
    DepthVerdict,
    Finalist,
)
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.groups import GroupStudy
from layerlab.exploration.neighbour_study import (
    NeighbourStudy,
)
from layerlab.exploration.opening import Opening
from layerlab.exploration.search import Candidate
from layerlab.exploration.subsample import (
    Used,
)
from layerlab.exploration.trial import MeanOfSeeds, PresetTrial
from layerlab.models import (
    FeedforwardClassifier,
)

__all__ = ["Exploration"]


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
    preset : PresetTrial
        A preset's network beside the search's choice, and which was taken.
    chosen : Finalist
        The one that was taken.
    replicates : tuple of Finalist
        The chosen network from every seed, the first among them.
    mean_of_seeds : MeanOfSeeds or None
        All of these together, where there are several.
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
    preset: PresetTrial
    chosen: Finalist
    replicates: tuple[Finalist, ...]
    mean_of_seeds: MeanOfSeeds | None
    depth: DepthVerdict | None
    groups: GroupStudy | None
    model: FeedforwardClassifier
    opening: Opening
    seconds: Mapping[str, float]

    @property
    def complete(self) -> bool:
        """Whether every planned network was tried."""
        return len(self.candidates) == self.planned
