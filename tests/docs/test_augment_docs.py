"""docs/augment.md and the deformations say the same."""

import re
from pathlib import Path

import numpy as np
import pytest

from layerlab.data import DEFORMATIONS, Deformation
from layerlab.data.deformation.fields import blur_factors, blur_matrix

PAGE = (Path(__file__).parents[2] / "docs" / "augment.md").read_text("utf-8")


def test_every_option_is_listed_and_no_other():
    table = PAGE[PAGE.index("## What may happen") : PAGE.index("**Moving.**")]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert listed == list(Deformation().to_dict())


def test_presets_are_those_of_the_code():
    table = PAGE[PAGE.index("## Presets") : PAGE.index("`none` does nothing")]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.split("\n")[2:]]
    names = rows[0][1:]
    assert {*names, "none"} == set(DEFORMATIONS)
    said = {row[0]: row[1:] for row in rows[2:] if row}
    for i, name in enumerate(names):
        for option, value in DEFORMATIONS[name].to_dict().items():
            if option not in said:
                assert value == Deformation().to_dict()[option]
            elif isinstance(value, str):
                assert said[option][i] == value
            else:
                assert float(said[option][i]) == value


@pytest.mark.parametrize(
    ("of", "side", "deformation"),
    [
        ("`digits` at 8×8", 8, DEFORMATIONS["digits"].in_pixels((8, 8))),
        ("`digits` at 28×28", 28, DEFORMATIONS["digits"].in_pixels((28, 28))),
        ("Simard's at 29×29", 29, Deformation(elastic=34, elastic_blur=4)),
    ],
)
def test_displacements_are_as_stated(of, side, deformation):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {of} |"))
    blur, factor, size, share = (float(cell.split()[0]) for cell in row.split("|")[2:-1])
    assert (blur, factor) == (deformation.elastic_blur, deformation.elastic)
    # Variances of independent numbers add up; that of a uniform one is a third.
    spread = factor * (blur_matrix(side, blur) ** 2).sum() / side / np.sqrt(3)
    assert round(float(spread), 2) == size
    assert round(100 * float(spread) / side, 1) == share


def test_the_rank_is_as_stated():
    assert f"({len(blur_factors(28, 5.25)[0])} of 28 at σ = 5.25)" in PAGE
