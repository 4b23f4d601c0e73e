import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from layerlab.data import image_decode
from layerlab.data.image_decode import Mark, decode
from layerlab.data.image_options import ImageOptions
from layerlab.errors import DataError

AS_IT_IS = ImageOptions()
INK = np.array([[0, 255, 9], [80, 170, 255]], dtype=np.uint8)  # (2, 3)
COLOURS = np.stack([INK, 255 - INK, INK // 2], axis=-1)  # (2, 3, 3)


def saved(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def array(pixels):
    dtype = np.uint8 if pixels.depth == 8 else np.dtype("<u2")
    shape = (pixels.height, pixels.width, pixels.channels)
    return np.frombuffer(pixels.data, dtype).reshape(shape).squeeze()


def read(image, kind="PNG", options=AS_IT_IS, **how):
    return array(decode(saved(image, kind, **how), options))


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF"])
def test_grey_images_keep_every_value(kind):
    assert read(Image.fromarray(INK), kind).tolist() == INK.tolist()


@pytest.mark.parametrize(
    ("kind", "how"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})]
)
def test_colour_images_keep_every_value(kind, how):
    assert read(Image.fromarray(COLOURS), kind, **how).tolist() == COLOURS.tolist()


def test_jpeg_is_near():
    smooth = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (16, 1))
    for image in (Image.fromarray(smooth), Image.fromarray(smooth).convert("RGB")):
        found = read(image, "JPEG", quality=95)
        assert np.abs(found.astype(int) - smooth).max() < 6


def test_one_bit_images_are_black_and_white():
    bits = Image.fromarray(INK).point(lambda value: value > 100 and 255).convert("1")
    assert read(bits).tolist() == [[0, 255, 0], [0, 255, 255]]


def test_white_may_be_zero_in_tiff():
    content = saved(Image.fromarray(INK), "TIFF", tiffinfo={262: 0})
    assert array(decode(content, AS_IT_IS)).tolist() == INK.tolist()


def test_palettes_are_looked_up():
    palette = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8), "P")
    palette.putpalette([9, 9, 9, 100, 100, 100, 255, 0, 0])
    assert read(palette).tolist() == [[9, 9, 9], [100, 100, 100], [255, 0, 0]]


def test_colour_without_colour_is_grey():
    assert read(Image.fromarray(INK).convert("RGB")).tolist() == INK.tolist()


def test_colour_is_made_grey_where_asked():
    red, green, blue = COLOURS.reshape(-1, 3).astype(float).T
    luma = (0.299 * red + 0.587 * green + 0.114 * blue).reshape(2, 3)  # ITU-R BT.601
    found = read(Image.fromarray(COLOURS), options=ImageOptions(grey=True))
    assert np.abs(found - luma).max() <= 0.51


def test_16_bits_are_scaled_by_nobody():
    values = np.array([[0, 1, 300], [256, 40_000, 65_535]], dtype=np.uint16)
    for kind in ("PNG", "TIFF"):
        pixels = decode(saved(Image.fromarray(values), kind), AS_IT_IS)
        assert pixels.depth == 16
        assert array(pixels).tolist() == values.tolist()


def test_16_bits_are_resized():
    flat = np.full((6, 6), 40_000, dtype=np.uint16)
    for fit in ("pad", "stretch", "crop"):
        found = read(Image.fromarray(flat), options=ImageOptions(resize=(3, 3), fit=fit))
        assert found.tolist() == np.full((3, 3), 40_000).tolist()
    padded = read(Image.fromarray(flat), options=ImageOptions(resize=(3, 5)))
    assert padded[0].tolist() == [40_000] * 5


@pytest.mark.parametrize(("background", "ground"), [("white", 255), ("black", 0)])
def test_transparency_is_laid_on_the_background(background, ground):
    image = Image.new("RGBA", (3, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (200, 200, 200, 255))
    image.putpixel((2, 0), (0, 0, 0, 128))
    pixels = decode(saved(image), ImageOptions(background=background))
    half = round(ground * 127 / 255)
    assert array(pixels).tolist() == [ground, 200, half]
    assert pixels.marks == Mark.TRANSPARENT


def test_black_ink_on_transparency_is_not_lost_but_white_ink_may_be():
    ink = Image.new("LA", (4, 4), (255, 0))
    ink.putpixel((1, 1), (255, 255))
    assert decode(saved(ink), AS_IT_IS).marks == Mark.TRANSPARENT | Mark.HIDDEN
    pixels = decode(saved(ink), ImageOptions(background="black"))
    assert pixels.marks == Mark.TRANSPARENT
    assert array(pixels).sum() == 255


def test_a_transparent_colour_of_a_palette_and_of_grey_counts():
    palette = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), "P")
    palette.putpalette([7, 7, 7, 0, 0, 0])
    assert read(palette, transparency=1).tolist() == [7, 255]
    assert read(Image.fromarray(np.array([[9, 3]], np.uint8)), transparency=3).tolist() == [9, 255]


def test_opaque_alpha_is_no_transparency():
    pixels = decode(saved(Image.fromarray(COLOURS).convert("RGBA")), AS_IT_IS)
    assert pixels.marks == 0
    assert array(pixels).tolist() == COLOURS.tolist()


def test_cmyk_is_turned_to_colour():
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    for kind in ("TIFF", "JPEG"):
        red, green, blue = read(image, kind)[4, 4]
        assert (red > 240, green < 15, blue < 15) == (True, True, True)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_rotation_is_undone(kind):
    image = Image.fromarray(np.kron(INK, np.ones((8, 8), np.uint8)))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    turned = read(image, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    upright = np.rot90(np.asarray(image), -1)
    assert turned.shape == upright.shape
    assert np.abs(turned.astype(int) - upright).mean() < 12


def test_the_first_frame_of_an_animation_is_taken():
    frames = [Image.new("L", (3, 2), value) for value in (10, 200)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        how = {"lossless": True} if kind == "WEBP" else {}
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:], **how)
        pixels = decode(content, AS_IT_IS)
        assert pixels.marks == Mark.ANIMATED, kind
        assert np.unique(array(pixels)).tolist() == [10], kind


def test_a_photograph_with_small_ones_behind_is_no_animation():
    image = Image.fromarray(np.full((16, 16), 90, np.uint8))
    content = saved(image, "MPO", save_all=True, append_images=[image])
    assert decode(content, AS_IT_IS).marks == 0


def test_16_bit_colour_is_brought_to_8():
    raw = np.full((2, 2, 3), 0x8001, dtype=">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in raw)
    content = b"\x89PNG\r\n\x1a\n"
    for name, body in [
        (b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]:
        content += struct.pack(">I", len(body)) + name + body
        content += struct.pack(">I", zlib.crc32(name + body))
    pixels = decode(content, AS_IT_IS)
    assert pixels.marks == Mark.REDUCED
    assert np.unique(array(pixels)).tolist() == [0x80]


def test_sizes_are_refused_before_anything_is_decoded(monkeypatch):
    content = saved(Image.new("L", (40, 30)))
    monkeypatch.setattr(image_decode, "MAX_VALUES", 40 * 30 - 1)
    with pytest.raises(DataError, match=r"30×40, and each pixel .*--resize"):
        decode(content, AS_IT_IS)
    assert decode(content, ImageOptions(resize=(3, 4))).height == 3
    monkeypatch.setattr(image_decode, "MAX_PIXELS", 40 * 30 - 1)
    monkeypatch.setattr(image_decode, "plain_image", None)
    monkeypatch.setattr(Image, "OPEN", {})
    with pytest.raises(DataError, match="1200 pixels, and at most 1199 are decoded"):
        decode(content, ImageOptions(resize=(3, 4)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_truncated_files_of_every_kind_are_damaged(kind):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    content = saved(Image.fromarray(noise), kind)
    for part in (2, 3, 5):
        with pytest.raises(DataError, match="the image is damaged") as error:
            decode(content[: len(content) - len(content) // part], AS_IT_IS)
        assert "<" not in str(error.value)


def test_32_bits_and_floats_are_refused():
    wide = Image.fromarray(np.array([[70_000, 1]], dtype=np.int32))
    with pytest.raises(DataError, match="go from 1 to 70000"):
        read(wide, "TIFF")
    with pytest.raises(DataError, match="floats"):
        read(Image.fromarray(np.ones((2, 2), np.float32)), "TIFF")
