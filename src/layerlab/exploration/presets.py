"""Which preset is tried beside the search: as asked for, or by size and shape of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layerlab._typing import ImageShape
from layerlab._validation import check_choice
from layerlab.data import Dataset
from layerlab.exploration.configuration import Configuration
from layerlab.models.recipes import RECIPES

__all__ = ["AUTO", "NONE", "Preset", "check_preset", "pick_preset"]

AUTO, NONE = "auto", "none"
# Grey images up to this height and width are taken for kin of the 8×8 digits.
SMALL_SIDE = 16
# Tables of fewer training rows are left to the search. Measured on 12 splits each with the preset
# tabular: it named 8.9 % of iris's test rows wrong where the search's choice did 2.5 %, of wine's
# 3.2 % against 1.6 %; from some hundreds of rows on the two were equal.
FEWEST_OF_TABLE = 500


@dataclass(frozen=True)
class Preset:
    """A preset to try, or why there is none.

    Attributes
    ----------
    asked : str
        What the user said: a name, ``"none"``, or ``"auto"``.
    name : str or None
    reason : str
        Why this one, in words that can follow "as".
    """

    asked: str
    name: str | None
    reason: str

    @property
    def by_name(self) -> bool:
        """Whether the user named it: then it is given all its epochs."""
        return self.name is not None and self.asked == self.name

    def configuration(self, image_shape: ImageShape | None) -> Configuration | None:
        """Return its network with its own epochs; None without a preset.

        Raises
        ------
        ParameterError
            If it deforms images, and no shape is given.
        """
        if self.name is None:
            return None
        return Configuration.of_recipe(RECIPES[self.name], image_shape)


def check_preset(preset: Any) -> str:
    """Return what was asked for; None is no preset.

    Raises
    ------
    ParameterError
        If there is no such preset; the message names the nearest.
    """
    return NONE if preset is None else check_choice("preset", preset, [AUTO, NONE, *RECIPES])


def pick_preset(asked: str, data: Dataset, n_train: int) -> Preset:
    """Return the preset that was asked for, or that suits size and shape of the data.

    Parameters
    ----------
    asked : str
    data : Dataset
    n_train : int
        Training rows.

    Returns
    -------
    preset : Preset
    """
    if asked == NONE:
        return Preset(asked, None, "none was wanted")
    if asked != AUTO:
        return Preset(asked, asked, "it was asked for")
    return Preset(asked, *_fitting(data.image_shape, n_train))


def _fitting(image_shape: ImageShape | None, n_train: int) -> tuple[str | None, str]:
    if image_shape is not None and (len(image_shape) == 2 or image_shape[2] == 1):
        height, width = image_shape[:2]
        small = max(height, width) <= SMALL_SIDE
        return "digits-light" if small else "mnist", f"the rows are grey images of {height}×{width}"
    kind = "are no images" if image_shape is None else "are images in colour"
    if n_train < FEWEST_OF_TABLE:
        few = f"there are fewer than {FEWEST_OF_TABLE} training rows, too few for the one there is"
        return None, f"the rows {kind}, and {few}"
    return "tabular", f"the rows {kind}"
