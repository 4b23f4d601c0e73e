"""Deformations by name: what keeps the class of digits, of letters, of clothing."""

from __future__ import annotations

from typing import Any

from layerlab._validation import check_choice
from layerlab.data.deformation.options import Deformation

__all__ = ["DEFORMATIONS", "deformation_named"]

DEFORMATIONS = {
    "digits": Deformation(
        rotation=12.0,
        scale=0.12,
        shear=0.15,
        shift=0.7,
        elastic=3.0,
        elastic_blur=1.5,
        width=8.0,
    ),
    # Less of a turn and of a bend than digits bear: n and u, C and G, I and l are near each other.
    "letters": Deformation(
        rotation=8.0,
        scale=0.12,
        shear=0.15,
        shift=0.6,
        elastic=2.5,
        elastic_blur=1.5,
        width=8.0,
    ),
    # Cloth is upright and as good mirrored; its texture does not bear bending.
    "clothing": Deformation(
        rotation=4.0,
        scale=0.06,
        shear=0.04,
        shift=0.3,
        erase=0.25,
        erase_area=0.12,
        contrast=0.1,
        flip="horizontal",
        width=8.0,
    ),
    "none": Deformation(),
}


def deformation_named(deformation: Any) -> Deformation:
    """Return a deformation by its name, or as it comes.

    Parameters
    ----------
    deformation : {"digits", "letters", "clothing", "none"}, Deformation or None
        None is the same as "none".

    Returns
    -------
    deformation : Deformation

    Raises
    ------
    ParameterError
        If there is none of this name.
    """
    if isinstance(deformation, Deformation):
        return deformation
    name = "none" if deformation is None else deformation
    return DEFORMATIONS[check_choice("augment", name, DEFORMATIONS)]
