"""Deformation: images moved, turned, bent and disturbed at random, as training sees them."""

from layerlab.data.deformation.enlarging import enlarge
from layerlab.data.deformation.options import FLIPS, Deformation
from layerlab.data.deformation.presets import DEFORMATIONS, deformation_named
from layerlab.data.deformation.warping import warp

__all__ = ["DEFORMATIONS", "FLIPS", "Deformation", "deformation_named", "enlarge", "warp"]
