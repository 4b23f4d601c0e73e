"""One image file's bytes, made pixels that are what a person sees."""

from __future__ import annotations

import io
from enum import IntFlag
from typing import NamedTuple

from PIL import Image, ImageChops, ImageOps

from layerlab.data.image_fit import fitted
from layerlab.data.image_kinds import HEAD, foreign_kind, image_kind, webp_size
from layerlab.data.image_options import ImageOptions
from layerlab.data.png import Png, plain_image, read_png
from layerlab.errors import DataError, one_line

__all__ = ["MAX_PIXELS", "MAX_VALUES", "Mark", "Pixels", "decode"]

MAX_PIXELS = 1 << 26
"""An image of more pixels, 8192 × 8192, is not decoded."""

MAX_VALUES = 1 << 22
"""An image of more pixels is not taken as it is, only resized: each becomes a feature."""

_TURNED = ("exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp")  # may name a rotation
_ORIENTATION = 0x0112  # tags of EXIF and TIFF
_BITS_PER_SAMPLE = 0x0102
_WORD = 65535


class Mark(IntFlag):
    """What was done to an image, or is odd about it."""

    TRANSPARENT = 1  # composited on the background
    HIDDEN = 2  # of which nothing was left to see
    ANIMATED = 4  # the first frame or page was taken
    TURNED = 8  # as its EXIF data say
    REDUCED = 16  # 16-bit colour brought to 8 bits


class Pixels(NamedTuple):
    """A decoded image: ``data`` in C order (height, width, channels), 16 bits little-endian."""

    height: int
    width: int
    channels: int
    depth: int
    marks: int
    data: bytes


def decode(content: bytes, options: ImageOptions) -> Pixels:
    """Return the pixels of an image file.

    Parameters
    ----------
    content : bytes
        PNG, JPEG, GIF, WebP, BMP or TIFF, told by content.
    options : ImageOptions

    Returns
    -------
    pixels : Pixels
        Grey where red, green and blue are equal throughout. 16-bit grey keeps its bits.

    Raises
    ------
    DataError
        If it is no such image, is damaged, or too large; the message names no file.
    """
    kind = image_kind(content[:HEAD])
    if kind is None:
        raise DataError(
            f"this is {foreign_kind(content[:HEAD])}. PNG, JPEG, GIF, WebP, BMP and TIFF are "
            "read: export it as PNG, or take it away."
        )
    if kind == "PNG":
        return _from_png(content, options)
    if kind == "WEBP":
        # Its decoder holds four canvases.
        _check_size(*webp_size(content[:HEAD]), options, MAX_PIXELS // 4)
    return _pixels(*_opened(content, kind, options), options)


def _from_png(content: bytes, options: ImageOptions) -> Pixels:
    png = read_png(content)
    _check_size(png.width, png.height, options)
    plain = plain_image(png)
    if plain is not None:
        return _pixels(plain, 0, options)
    image, marks = _opened(content, "PNG", options)
    return _pixels(image, marks | _reduced(png), options)


def _reduced(png: Png) -> int:
    return Mark.REDUCED if png.depth == 16 and png.colour != 0 else 0


def _check_size(width: int, height: int, options: ImageOptions, most: int | None = None) -> None:
    """Refuse before anything is allocated for the pixels."""
    most = MAX_PIXELS if most is None else most
    if not width * height:
        raise DataError("the image has no pixels. Export it again.")
    if width * height > most:
        raise DataError(
            f"the image is {height}×{width}, {width * height} pixels, and at most {most} "
            "are decoded. Make it smaller with another program."
        )
    if options.resize is None and width * height > MAX_VALUES:
        raise DataError(
            f"the image is {height}×{width}, and each pixel would become a feature. "
            "Resize images as large: --resize 64x64, say (resize=(64, 64))."
        )


def _opened(content: bytes, kind: str, options: ImageOptions) -> tuple[Image.Image, int]:
    """Return the loaded image, turned upright, and what is odd about it."""
    try:
        image = _factory(kind)(io.BytesIO(content), "")
        _check_size(image.width, image.height, options)
        marks = _animated(image) | _reduced_tiff(image)
        image.load()
        upright = _upright(image)
        return upright, marks | (Mark.TURNED if upright is not image else 0)
    except DataError:
        raise
    except Exception as error:  # Pillow's readers raise almost anything on damaged files
        raise DataError(
            f"the image is damaged ({one_line(error)}). Copy or export it again."
        ) from error


def _factory(kind: str):  # type: ignore[no-untyped-def]  # Pillow leaves its type open
    # Not Image.open: its own limit warns through a global setting that is the user's.
    if kind not in Image.OPEN:
        Image.preinit()
    if kind not in Image.OPEN:
        Image.init()
    return Image.OPEN[kind][0]


def _animated(image: Image.Image) -> int:
    # MPO is what telephones write: the photograph, and small ones of it behind.
    several = image.format != "MPO" and getattr(image, "is_animated", False)
    return Mark.ANIMATED if several else 0


def _reduced_tiff(image: Image.Image) -> int:
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    wide = len(image.getbands()) > 1 and max(tags.get(_BITS_PER_SAMPLE, (8,))) > 8
    return Mark.REDUCED if wide else 0


def _upright(image: Image.Image) -> Image.Image:
    if not any(key in image.info for key in _TURNED):
        return image
    upright = image.getexif().get(_ORIENTATION, 1) == 1
    return image if upright else ImageOps.exif_transpose(image)


def _pixels(image: Image.Image, marks: int, options: ImageOptions) -> Pixels:
    flat, more = _flat(image, options)
    fit = _one_mode(fitted(flat, options), options)
    data = (fit.convert("I;16") if fit.mode == "I" else fit).tobytes()
    channels, depth = (3, 8) if fit.mode == "RGB" else (1, 16 if fit.mode == "I" else 8)
    return Pixels(fit.height, fit.width, channels, depth, int(marks | more), data)


def _flat(image: Image.Image, options: ImageOptions) -> tuple[Image.Image, int]:
    """Return the image without transparency, in mode L, I or RGB."""
    if image.mode.startswith("I"):
        return _of_16_bits(image), 0
    if image.mode == "F":
        raise DataError("its values are floats. Save it with 8 or 16 bits.")
    if image.has_transparency_data:
        return _composited(image if image.mode == "RGBA" else image.convert("RGBA"), options)
    if image.mode in ("L", "RGB"):
        return image, 0
    return image.convert("L" if image.mode == "1" else "RGB"), 0


def _of_16_bits(image: Image.Image) -> Image.Image:
    whole = image.convert("I")
    low, high = whole.getextrema()
    if not 0 <= low <= high <= _WORD:  # type: ignore[operator]  # of one band: two numbers
        raise DataError(
            f"its values go from {low} to {high}, and images of up to 16 bits are read. "
            "Save it with 8 or 16 bits."
        )
    return whole


def _composited(image: Image.Image, options: ImageOptions) -> tuple[Image.Image, int]:
    low, high = image.getchannel("A").getextrema()
    if low == 255:
        return _without_alpha(image, options), 0
    # Laid over itself, for a second canvas would double the memory of a large image.
    image.paste(options.background, mask=ImageChops.invert(image.getchannel("A")))
    blank = all(bottom == top for bottom, top in image.getextrema()[:3])  # type: ignore[misc]
    marks = Mark.TRANSPARENT | (Mark.HIDDEN if blank and low != high else 0)
    return _without_alpha(image, options), marks


def _without_alpha(image: Image.Image, options: ImageOptions) -> Image.Image:
    """Return the colours in their size, brought to it one by one for the same reason."""
    return Image.merge("RGB", [fitted(image.getchannel(band), options) for band in "RGB"])


def _one_mode(image: Image.Image, options: ImageOptions) -> Image.Image:
    """Return colour as grey where it is wanted, or where there is none."""
    if image.mode != "RGB":
        return image
    if options.grey:
        return image.convert("L")
    red, green, blue = image.split()
    equal = red.tobytes() == green.tobytes() == blue.tobytes()
    return red if equal else image
