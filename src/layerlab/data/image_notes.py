"""What is stated, and what is warned of, about images that were decoded."""

from __future__ import annotations

from collections.abc import Mapping

from layerlab._typing import Array
from layerlab.data.image_options import ImageOptions
from layerlab.data.polarity import polarity_note

__all__ = ["image_notes", "image_warnings"]


def image_notes(rows: Array, marks: Mapping[str, int], options: ImageOptions) -> tuple[str, ...]:
    """Return sentences that state how images became rows.

    Parameters
    ----------
    rows : ndarray of shape (n, h, w) or (n, h, w, 3)
    marks : mapping of str to int
        Names of `Mark`, and how many images have it.
    options : ImageOptions

    Returns
    -------
    notes : tuple of str
    """
    background = options.background
    said = {
        "TRANSPARENT": f"Transparent images, laid on {background}: {{}}.",
        "TURNED": "Images turned as their EXIF data say: {}.",
        "REDUCED": "Images of 16-bit colour, brought to 8 bits: {}.",
    }
    counted = [text.format(marks[mark]) for mark, text in said.items() if marks.get(mark)]
    flat = rows.reshape(len(rows), -1)
    return (_form(rows, options), *counted, polarity_note(flat, rows.shape[1:]))


def _form(rows: Array, options: ImageOptions) -> str:
    height, width = rows.shape[1:3]
    colour = "colour" if rows.ndim == 4 else "grey"
    bits = 8 * rows.dtype.itemsize
    made = ""
    if options.resize:
        made = f", brought to this size ({options.fit})"
    if options.grey:
        made += ", colour made grey"
    return f"Images: {height}×{width}, {colour}, {bits} bits{made}."


def image_warnings(marks: Mapping[str, int], options: ImageOptions) -> list[str]:
    """Return what a user should look at.

    Parameters
    ----------
    marks : mapping of str to int
        Names of `Mark`, and how many images have it.
    options : ImageOptions

    Returns
    -------
    warnings : list of str
        Without the place they are about.
    """
    said = []
    if animated := marks.get("ANIMATED"):
        said.append(f"of {animated} images with several frames or pages the first was taken.")
    if hidden := marks.get("HIDDEN"):
        other = "black" if options.background == "white" else "white"
        said.append(
            f"nothing is left to see of {hidden} transparent images on {options.background}. "
            f"--background {other} lays them on {other}."
        )
    return said
