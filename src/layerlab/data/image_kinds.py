"""Kinds of image files, told by their first bytes; a file's name says nothing."""

from __future__ import annotations

import re

__all__ = ["HEAD", "foreign_kind", "image_kind", "webp_size"]

HEAD = 512
"""Bytes that are enough to tell every kind."""

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
# What people take for an image, with what to do instead.
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript drawing"),
    (b"8BPS", "a Photoshop file"),
    (b"\0\0\1\0", "an icon"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PK\x03\x04", "a ZIP file"),
    (b"\x1f\x8b", "a gzip file"),
)
_HEIF = re.compile(rb"ftyp(heic|heix|hevc|mif1|msf1|avif|avis)")
_SVG = re.compile(rb"<(svg|!DOCTYPE\s+svg)\b", re.IGNORECASE)
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)


def image_kind(head: bytes) -> str | None:
    """Return the format of an image that is read, or None.

    Parameters
    ----------
    head : bytes
        The first bytes of a file, or all of them.

    Returns
    -------
    kind : {"PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"} or None
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    kind = next((kind for start, kind in _STARTS if head.startswith(start)), None)
    if kind == "BMP" and int.from_bytes(head[14:18], "little") not in _BMP_HEADERS:
        return None  # two letters are too little to go by
    return kind


def foreign_kind(head: bytes) -> str:
    """Return what a file is that is none of the images that are read, as far as can be told.

    Parameters
    ----------
    head : bytes
        The first bytes of a file, or all of them.

    Returns
    -------
    what : str
        Such as "an SVG drawing".
    """
    if not head:
        return "an empty file"
    if _HEIF.match(head[4:16]):
        return "a HEIF or AVIF image"
    if _SVG.search(head[:HEAD]):
        return "an SVG drawing"
    return next((what for start, what in _FOREIGN if head.startswith(start)), "no image")


def webp_size(head: bytes) -> tuple[int, int]:
    """Return the width and height that a WebP file states, which Pillow allocates on opening.

    Parameters
    ----------
    head : bytes
        At least 30 bytes, where the file has them.

    Returns
    -------
    width, height : int

    References
    ----------
    WebP Container Specification: the chunks VP8X, VP8L and VP8.
    """
    chunk, body = head[12:16], head[20:30].ljust(10, b"\0")
    if chunk == b"VP8X":
        return (
            1 + int.from_bytes(body[4:7], "little"),
            1 + int.from_bytes(body[7:10], "little"),
        )
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return (
        int.from_bytes(body[6:8], "little") & 0x3FFF,
        int.from_bytes(body[8:10], "little") & 0x3FFF,
    )
