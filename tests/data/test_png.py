import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from layerlab.data.png import plain_image, read_png
from layerlab.errors import DataError


def png_bytes(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 99))
@settings(max_examples=25)
def test_plain_images_are_what_pillow_reads(mode, height, width, seed):
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = Image.fromarray(values).convert(mode)
    plain = plain_image(read_png(png_bytes(image)))
    assert plain is not None
    assert plain.mode == mode
    assert plain.tobytes() == image.tobytes()


def test_what_is_more_than_plain_is_left_to_pillow():
    grey = Image.new("L", (5, 4), 9)
    exif = Image.Exif()
    exif[0x0112] = 6
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("Raw profile type exif", "x")
    said = PngImagePlugin.PngInfo()
    said.add_text("Software", "x")
    for image, options in [
        (grey.convert("LA"), {}),
        (grey.convert("P"), {}),
        (Image.new("I;16", (5, 4)), {}),
        (grey, {"transparency": 9}),
        (grey, {"exif": exif}),
        (grey, {"pnginfo": hidden}),
    ]:
        assert plain_image(read_png(png_bytes(image, **options))) is None
    assert plain_image(read_png(png_bytes(grey, pnginfo=said))) is not None


def test_what_a_file_states_is_read():
    png = read_png(png_bytes(Image.new("RGB", (7, 3))))
    assert (png.width, png.height, png.depth, png.colour, png.interlaced) == (7, 3, 8, 2, False)


@given(data=st.data())
@settings(max_examples=60)
def test_a_flipped_bit_or_a_missing_end_is_found(data):
    content = png_bytes(Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)))
    at = data.draw(st.integers(8, len(content) - 1))
    flipped = bytearray(content)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    for damaged in (bytes(flipped), content[:at]):
        with pytest.raises(DataError, match="the image is damaged"):
            read_png(damaged)


def test_pixels_that_cannot_be_unpacked_are_left_to_pillow():
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", b"not deflated") + chunk(b"IEND", b"")
    png = read_png(b"\x89PNG\r\n\x1a\n" + header + body)
    assert plain_image(png) is None


def test_a_file_without_a_header_is_refused():
    with pytest.raises(DataError, match="it has no header"):
        read_png(b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""))
