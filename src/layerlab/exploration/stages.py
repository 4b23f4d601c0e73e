"""The stages of one exploration, in their order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data import Dataset
from layerlab.errors import DataError
from layerlab.exploration.choice import DepthVerdict, Finalist, choose
from layerlab.exploration.choosing import Choosing
from layerlab.exploration.crew import Budget, Crew
from layerlab.exploration.groups import GroupStudy, leave_groups_out, plan_groups
from layerlab.exploration.neighbour_study import (
    N_FOLDS,
    NeighbourStudy,
    fold_kinds,
    study_neighbours,
)
from layerlab.exploration.outcome import Exploration
from layerlab.exploration.pace import LIMITS
from layerlab.exploration.plan import FOLDS_OF_SPLIT, SEARCH_FOLDS, Plan
from layerlab.exploration.search import Candidate, cross_validate
from layerlab.exploration.shipping import Shipping
from layerlab.exploration.subsample import Stage, Used
from layerlab.exploration.work import fit_cost, rows_for_curve, search_cost
from layerlab.exploration.workshop import Workshop
from layerlab.models import FeedforwardClassifier

__all__ = ["explore"]


def explore(plan: Plan, budget: Budget, crew: Crew, log: Callable[..., None]) -> Exploration:
    """Go through all stages.

    Parameters
    ----------
    plan : Plan
    budget : Budget
    crew : Crew
    log : callable (event, **fields)
        Told of every stage when it is done.

    Returns
    -------
    exploration : Exploration
    """
    shop = Workshop(plan, budget, crew, log)
    neighbours, k = shop.timed("neighbours", lambda: study_curve(shop))
    candidates = shop.timed("search", lambda: search(shop))
    choosing, finalists, depth = shop.timed("choice", lambda: first_choice(shop, candidates))
    trial = choosing.try_preset(choose(finalists))
    chosen = trial.chosen
    log("chosen", **chosen.to_dict())
    replicates, mean = shop.timed("replicates", lambda: choosing.replicate(chosen))
    shipping = Shipping(shop, len(choosing.train))
    groups, model = groups_and_refit(shop, shipping, chosen, k)
    baselines = shop.timed("baselines", lambda: shipping.baselines(candidates, k, chosen, model))
    opening = shop.timed("opening", lambda: shipping.open(model, baselines))
    return Exploration(
        data=plan.data,
        split=plan.split,
        seed=plan.seed,
        neighbours=neighbours,
        k=k,
        candidates=tuple(candidates),
        planned=len(plan.grid),
        left_out=plan.left_out,
        used=shop.used,
        finalists=tuple(finalists),
        preset=trial,
        chosen=chosen,
        replicates=tuple(replicates),
        mean_of_seeds=mean,
        depth=depth,
        groups=groups,
        model=model,
        opening=opening,
        seconds=shop.seconds,
    )


def study_curve(shop: Workshop) -> tuple[NeighbourStudy, int]:
    """Draw the curve on development rows, and take the k that suits the kind of split."""
    plan = shop.plan
    n_kinds = len(fold_kinds(plan.data))
    n = rows_for_curve(shop.allowed("curve"), plan.data, n_kinds, N_FOLDS)
    development = shop.drawn(plan.split.development, n, Stage.CURVE)
    study = study_neighbours(development, plan.seed, shop.crew)
    wanted = FOLDS_OF_SPLIT.get(plan.split.kind, "shuffled")
    return study, study.best(wanted if wanted in study.curves else "shuffled")[0]


def search(shop: Workshop) -> list[Candidate]:
    """Cross-validate the list on training rows, on fewer where a budget asks for it."""
    plan = shop.plan
    part, folds = plan.searched, plan.folds
    if shop.allowed("search") < LIMITS.search:
        part, folds = smaller_search(shop)
    shop.used["search"] = Used(len(part), len(plan.split.train))
    found = cross_validate(part, plan.grid, folds, plan.seeds[0], shop.crew, shop.budget)
    tried = search_cost([c.configuration for c in found], part, SEARCH_FOLDS)
    shop.pace.measured(tried.of(len(part)), sum(c.seconds for c in found))
    return found


def smaller_search(shop: Workshop) -> tuple[Dataset, list[tuple[IndexArray, IndexArray]]]:
    """Return fewer rows for the search, where they can still be cut into folds."""
    try:
        return shop.plan.search_part(shop.allowed("search"))
    except DataError:
        return shop.plan.searched, shop.plan.folds


def first_choice(
    shop: Workshop, candidates: list[Candidate]
) -> tuple[Choosing, list[Finalist], DepthVerdict | None]:
    """Return the rows of the choice, the shortlist's scores on them, and whether depth helped."""
    choosing = Choosing(shop, candidates)
    return choosing, *choosing.finals()


def groups_and_refit(
    shop: Workshop, shipping: Shipping, chosen: Finalist, k: int
) -> tuple[GroupStudy | None, FeedforwardClassifier]:
    """Score the chosen network on unseen groups, and fit what ships: where that may be, at once.

    A preset's fit by mini-batches keeps one thread busy, and the folds of the groups seldom come
    out even. A budget gives each of the two its share of what is left, one after the other.
    """

    def study() -> GroupStudy | None:
        return unseen_groups(shop, chosen, k)

    configuration, plan = chosen.configuration, shop.plan
    if count_groups(plan) < 2 or plan.n_threads < 2 or shop.budget.seconds is not None:
        groups = shop.timed("groups", study)
        return groups, shop.timed("refit", lambda: shipping.refit(configuration, "refitting"))
    with shop.crew.beside(shipping.fitting(configuration)) as refitted:
        groups = shop.timed("groups", study)
        return groups, shop.timed("refit", refitted.result)


def count_groups(plan: Plan) -> int:
    """Return how many groups the development rows are of."""
    groups = plan.data.groups
    return 0 if groups is None else len(np.unique(groups[plan.split.development]))


def unseen_groups(shop: Workshop, chosen: Finalist, k: int) -> GroupStudy | None:
    """Score the chosen network on groups it was not fitted on, where the data has groups."""
    plan, data, development = shop.plan, shop.plan.data, shop.plan.split.development
    n_groups = count_groups(plan)
    if n_groups < 2:
        return None
    fit = fit_cost(chosen.configuration, data)
    by_preset = chosen.configuration.preset is not None
    limit = shop.preset_limits.groups if by_preset else LIMITS.groups
    folds = plan_groups(n_groups, len(development), fit, shop.within(limit, "groups"))
    asked = rows_for_curve(shop.allowed("curve"), data, 1, folds.n_folds)
    rows = shop.drawn(development, min(folds.rows, asked), Stage.GROUPS)
    study = None
    # A preset's fits are long, and those begun too late would be for nothing.
    if not (by_preset and shop.budget.seconds and folds.rows < len(rows)):
        study = leave_groups_out(
            rows, chosen.configuration, k, plan.seeds[0], shop.crew, shop.budget, folds
        )
    if study is None:
        del shop.used["groups"]
    return study
