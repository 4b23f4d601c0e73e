"""docs/explore.md states the numbers that the code uses."""

import re
from pathlib import Path

from layerlab.exploration import choosing, groups, neighbour_study, plan, presets, search
from layerlab.exploration.configuration import (
    ALPHAS,
    MAX_ITER,
    SEARCH_ITER,
    SHAPES,
    default_grid,
)
from layerlab.exploration.pace import LIMITS, SHARES_OF_SEARCH
from layerlab.exploration.subsample import FEWEST
from layerlab.exploration.work import FEWEST_EPOCHS
from layerlab.models import DEFAULT_KS

PAGE = (Path(__file__).parents[2] / "docs" / "explore.md").read_text("utf-8")
TEXT = " ".join(PAGE.split())


def test_the_table_of_shapes():
    shown = [
        tuple(int(units) for units in shape.split("-"))
        for line in re.findall(r"^\| [123] \| (.*) \|$", PAGE, re.MULTILINE)
        for shape in line.split(" · ")
    ]
    assert "| 0 | none (softmax regression) |" in PAGE
    assert sorted([(), *shown]) == sorted(SHAPES)


def test_the_numbers():
    fits = len(default_grid()) * plan.SEARCH_FOLDS
    for words in (
        f"{len(SHAPES)} shapes × {len(ALPHAS)} penalties = {len(default_grid())} networks",
        f"left out in {groups.GROUPED_FOLDS} folds, and where either would be too much work in "
        f"{groups.FEWER_FOLDS}.",
        f"than {FEWEST} rows, or all",
        f"below {FEWEST} of these",
        f"| the curve of nearest neighbours | {LIMITS.curve:.0e} |",
        f"| the search, all fits | {LIMITS.search:.1e} |",
        f"| each fit of the choice and of the further seeds | {LIMITS.fit:.1e} |",
        f"| rows of unseen groups, all fits | {LIMITS.groups:.1e} |",
        f"| the refit | {LIMITS.refit:.0e} |",
        f"| nearest neighbours of test rows | {LIMITS.opening:.0e} |",
        f"| {LIMITS.preset:.1e}, or {SHARES_OF_SEARCH['fit']} searches | fewer epochs, to "
        f"{FEWEST_EPOCHS};",
        f"| {LIMITS.preset_seeds:.0e}, or {SHARES_OF_SEARCH['seeds']} searches |",
        f"| {LIMITS.preset_groups:.0e}, or {SHARES_OF_SEARCH['groups']} searches |",
        f"| the preset: the refit | {LIMITS.preset_refit:.0e} |",
        f"grey images, no side longer than {presets.SMALL_SIDE} |",
        f"from {presets.FEWEST_OF_TABLE} training rows on | `tabular` |",
        f"{plan.SEARCH_FOLDS} folds of the training rows ({fits} fits)",
        f"α is {ALPHAS[0]} or {ALPHAS[1]}.",
        f"at most {SEARCH_ITER} iterations",
        f"at most {MAX_ITER} iterations",
        f"k = 1 … {DEFAULT_KS[-1]}, by {neighbour_study.N_FOLDS}-fold",
        f"from {plan.FURTHER_SEEDS} further seeds",
        f"more than {groups.MANY_GROUPS} groups they are left out in {groups.GROUPED_FOLDS} folds",
        f"| {search.SEARCH_SHARE:.0%} | another fit".replace("%", " %"),
        f"| {choosing.REPLICATE_SHARE:.0%} | the further seeds".replace("%", " %"),
        f"| {groups.GROUP_SHARE:.0%} | another group".replace("%", " %"),
    ):
        assert words in TEXT
