"""`Deformation`: what may happen to an image, and how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from layerlab._typing import ImageShape
from layerlab._validation import check_choice, check_real
from layerlab.errors import ParameterError, did_you_mean

__all__ = ["FLIPS", "Deformation"]

FLIPS = ("none", "horizontal", "vertical", "both")

# The range of each number: least, most, and whether the most itself is left out.
_RANGES = {
    "rotation": (0.0, 180.0, False),
    "scale": (0.0, 1.0, True),
    "shear": (0.0, 10.0, False),
    "shift": (0.0, 1e4, False),
    "elastic": (0.0, 1e6, False),
    "elastic_blur": (0.0, 1e4, False),
    "noise": (0.0, 10.0, False),
    "erase": (0.0, 1.0, False),
    "erase_area": (0.0, 1.0, False),
    "contrast": (0.0, 1.0, False),
}


@dataclass(frozen=True, kw_only=True)
class Deformation:
    """What may happen to an image, and how far.

    Attributes
    ----------
    rotation : float
        Degrees, uniform between minus and plus this, about the centre.
    scale : float
        Share, below 1: height and width are each multiplied by 1 minus to 1 plus this.
    shear : float
        How far a row moves sideways against the next, in pixels, minus to plus this.
    shift : float
        Pixels down and to the right, each between minus and plus this.
    elastic : float
        Factor on the blurred field of displacements, in pixels; see the notes.
    elastic_blur : float
        Standard deviation of the Gaussian that blurs the field, in pixels.
    noise : float
        Standard deviation of the normal noise added to each value, as a share of the range
        of values. The result may leave that range.
    erase : float
        Probability that a rectangle is filled with the background.
    erase_area : float
        Its area as a share of the image's: up to this, and at least a quarter of it.
    contrast : float
        Share: the distance from the background is multiplied by 1 minus to 1 plus this.
    flip : {"none", "horizontal", "vertical", "both"}
        Horizontal swaps left and right, vertical top and bottom, each with probability ½.
    width : float or None
        The side of the images, in pixels, that ``shift``, ``elastic`` and ``elastic_blur``
        are stated for: on others they are enlarged or reduced with the shorter side. None
        takes them as pixels of whatever image comes.

    Raises
    ------
    ParameterError
        If a value is not one of these.

    Notes
    -----
    Each displacement of the field is uniform between −1 and 1 at every pixel, blurred, and
    multiplied by ``elastic``. What is averaged over σ pixels either way shrinks as 1/σ: far
    from the border a displacement has the standard deviation ``elastic`` / (σ √(12 π)),
    0.163 ``elastic`` / σ, from σ = 1 on. So that displacements keep to the size of the
    image, ``elastic`` is multiplied by (side / ``width``)², the other two by
    side / ``width``.

    References
    ----------
    Simard, P. Y., Steinkraus, D. & Platt, J. C. (2003), "Best practices for convolutional
    neural networks applied to visual document analysis", ICDAR, section 2.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    elastic_blur: float = 1.5
    noise: float = 0.0
    erase: float = 0.0
    erase_area: float = 0.1
    contrast: float = 0.0
    flip: str = "none"
    width: float | None = None

    def __post_init__(self) -> None:
        for name, (low, high, open_high) in _RANGES.items():
            value = check_real(name, getattr(self, name), low, high, open_high=open_high)
            object.__setattr__(self, name, value)
        check_choice("flip", self.flip, FLIPS)
        if self.width is not None:
            object.__setattr__(self, "width", check_real("width", self.width, 1.0, 1e4))

    @property
    def moves(self) -> bool:
        """Whether pixels move."""
        return self.flip != "none" or any(
            (self.rotation, self.scale, self.shear, self.shift, self.elastic)
        )

    @property
    def changes(self) -> bool:
        """Whether anything may happen."""
        erases = bool(self.erase and self.erase_area)
        return self.moves or erases or any((self.noise, self.contrast))

    def scaled(self, strength: float) -> Deformation:
        """Return one whose every extent is multiplied; flips and the blur stay."""
        extents = ("rotation", "scale", "shear", "shift", "elastic", "noise", "erase", "contrast")
        return replace(self, **{name: strength * getattr(self, name) for name in extents})

    def in_pixels(self, image_shape: ImageShape) -> Deformation:
        """Return the same for images of this shape, with lengths in their own pixels.

        Parameters
        ----------
        image_shape : (int, int) or (int, int, int)

        Returns
        -------
        deformation : Deformation
            Its ``width`` is None.
        """
        if self.width is None:
            return self
        ratio = min(image_shape[:2]) / self.width
        return replace(
            self,
            shift=self.shift * ratio,
            elastic=self.elastic * ratio**2,
            elastic_blur=self.elastic_blur * ratio,
            width=None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON has them; `from_dict` reads them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Deformation:
        """Return the deformation that `to_dict` wrote.

        Parameters
        ----------
        values : mapping
            Keys that are missing have their default.

        Returns
        -------
        deformation : Deformation

        Raises
        ------
        ParameterError
            If a key is unknown or a value is not allowed.
        """
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                raise ParameterError(
                    f"{key!r} is no option of deformation.{did_you_mean(str(key), known)} "
                    f"There are {', '.join(known)}."
                )
        return cls(**values)
