"""Bringing an image to a size: padded, stretched or cropped."""

from __future__ import annotations

from array import array

from PIL import Image

from layerlab.data.image_options import ImageOptions

__all__ = ["fitted"]


def fitted(image: Image.Image, options: ImageOptions) -> Image.Image:
    """Return the image in the size that the options ask for.

    Parameters
    ----------
    image : PIL.Image.Image of mode L, I (of 16 bits) or RGB
    options : ImageOptions

    Returns
    -------
    image : PIL.Image.Image
        The same where it has that size. Pixels are averaged under a triangle as wide as two
        of the coarser grid's (Pillow's bilinear filter), so that thin strokes stay, paler,
        and no value is beyond those there were.
    """
    if options.resize is None or image.size == options.resize[::-1]:
        return image
    height, width = options.resize
    if options.fit == "stretch":
        return _scaled(image, (width, height))
    if options.fit == "crop":
        return _cropped(image, width, height)
    return _padded(image, width, height)


def _scaled(
    image: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    return image.resize(size, Image.Resampling.BILINEAR, box=box)


def _cropped(image: Image.Image, width: int, height: int) -> Image.Image:
    """Cut the largest part of the wanted aspect ratio from the middle, and scale it."""
    scale = min(image.width / width, image.height / height)
    left, top = (image.width - scale * width) / 2, (image.height - scale * height) / 2
    box = (max(left, 0.0), max(top, 0.0), image.width - left, image.height - top)
    right, bottom = min(box[2], image.width), min(box[3], image.height)
    return _scaled(image, (width, height), (box[0], box[1], right, bottom))


def _padded(image: Image.Image, width: int, height: int) -> Image.Image:
    """Scale the image into the middle of an empty one, which continues its border."""
    scale = min(width / image.width, height / image.height)
    inner = (
        min(width, max(1, round(scale * image.width))),
        min(height, max(1, round(scale * image.height))),
    )
    scaled = _scaled(image, inner)
    padded = Image.new(image.mode, (width, height), _ground(scaled))
    padded.paste(scaled, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return padded


def _ground(image: Image.Image) -> int | tuple[int, ...]:
    """Return the median of the outermost pixels, each channel by itself."""
    right, bottom = image.width - 1, image.height - 1
    sides = [(0, 0, right + 1, 1), (0, bottom, right + 1, bottom + 1)]
    sides += [(0, 0, 1, bottom + 1), (right, 0, right + 1, bottom + 1)]
    border = [_values(image.crop(side)) for side in sides]
    medians = [
        sorted(value for part in channel for value in part)[sum(map(len, channel)) // 2]
        for channel in zip(*border, strict=True)
    ]
    return medians[0] if len(medians) == 1 else tuple(medians)


def _values(image: Image.Image) -> list[list[int]]:
    """Return the values of each channel."""
    return [
        array("i" if band.mode == "I" else "B", band.tobytes()).tolist() for band in image.split()
    ]
