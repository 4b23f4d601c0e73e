import io

import pytest
from PIL import Image

from layerlab.data.image_kinds import foreign_kind, image_kind, webp_size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_what_pillow_writes_is_known(kind):
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4)).save(buffer, kind)
    assert image_kind(buffer.getvalue()[:64]) == kind


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"", "an empty file"),
        (b"%PDF-1.7", "a PDF document"),
        (b"<?xml version='1.0'?>\n<svg xmlns='x'>", "an SVG drawing"),
        (b"<svg>", "an SVG drawing"),
        (b"\0\0\0\x18ftypheic\0\0", "a HEIF or AVIF image"),
        (b"hello", "no image"),
        (b"BM is how this text begins, which is no bitmap", "no image"),
    ],
)
def test_what_is_no_image_is_named(head, what):
    assert image_kind(head) is None
    assert foreign_kind(head) == what


@pytest.mark.parametrize(
    "how", [{"lossless": True}, {"lossless": False}, {"lossless": True, "exif": Image.Exif()}]
)
def test_webp_states_its_size(how):
    if "exif" in how:
        how["exif"][0x0112] = 1
    buffer = io.BytesIO()
    Image.effect_noise((301, 207), 50).save(buffer, "WEBP", **how)
    assert webp_size(buffer.getvalue()[:30]) == (301, 207)
