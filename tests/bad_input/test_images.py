"""Images, good and bad: each case makes its files, and says what must happen."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from layerlab.data import load_data, load_rows
from layerlab.data.image_decode import MAX_PIXELS, MAX_VALUES

INK = np.kron(np.array([[0, 200], [90, 255]], dtype=np.uint8), np.ones((4, 4), np.uint8))
COLOUR = np.stack([INK, 255 - INK, INK // 2], axis=-1)
WIDE = INK.astype(np.uint16) * 200
TURNED = Image.Exif()
TURNED[0x0112] = 6


def saved(values, kind="PNG", mode=None, **options):
    buffer = io.BytesIO()
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def alpha(ink=0, where=0):
    values = np.zeros((8, 8, 2), np.uint8)
    values[..., 0] = ink
    values[2:5, 3, 1] = 255
    values[..., 1] += where
    return Image.fromarray(values, "LA")


def animation(kind):
    first, second = Image.fromarray(INK), Image.fromarray(255 - INK)
    return saved(first, kind, save_all=True, append_images=[second])


def claiming(width, height):
    """Return a PNG that claims a size and holds a few bytes."""
    content = b"\x89PNG\r\n\x1a\n"
    for kind, body in [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(100))),
        (b"IEND", b""),
    ]:
        check = struct.pack(">I", zlib.crc32(kind + body))
        content += struct.pack(">I", len(body)) + kind + body + check
    return content


PLAIN = {"a/1.png": saved(INK), "b/1.png": saved(255 - INK)}
LARGE = 1 + int(MAX_PIXELS**0.5)
MANY = {f"{i % 2}/{i:03}.png": saved(INK) for i in range(300)}

# name: files, options, what must happen, what the message must hold
CASES = {
    "plain": (PLAIN, {}, "OK", ()),
    "1 bit": ({**PLAIN, "a/2.png": saved(INK, mode="1")}, {}, "OK", ()),
    "palette": ({**PLAIN, "a/2.png": saved(COLOUR, mode="P")}, {}, "OK", ()),
    "16 bits": ({**PLAIN, "a/2.png": saved(WIDE)}, {}, "OK", ()),
    "alpha": ({**PLAIN, "a/2.png": saved(alpha())}, {}, "OK", ()),
    "white ink on transparency": (
        {**PLAIN, "a/2.png": saved(alpha(255))},
        {},
        "W",
        ("nothing is left to see of 1 transparent images on white", "--background black"),
    ),
    "white ink on black": (
        {**PLAIN, "a/2.png": saved(alpha(255))},
        {"background": "black"},
        "OK",
        (),
    ),
    "CMYK": ({**PLAIN, "a/2.jpg": saved(COLOUR, "JPEG", "CMYK")}, {}, "OK", ()),
    "turned": ({**PLAIN, "a/2.jpg": saved(INK, "JPEG", exif=TURNED)}, {}, "OK", ()),
    "GIF animation": (
        {**PLAIN, "a/2.gif": animation("GIF")},
        {},
        "W",
        ("of 1 images with several frames or pages the first was taken",),
    ),
    "pages": ({**PLAIN, "a/2.tif": animation("TIFF")}, {}, "W", ("several frames or pages",)),
    "WebP, BMP": (
        {**PLAIN, "a/2.webp": saved(INK, "WEBP"), "b/2.bmp": saved(INK, "BMP")},
        {},
        "OK",
        (),
    ),
    "wrong extension": ({**PLAIN, "a/2.png": saved(INK, "JPEG"), "b/2": saved(INK)}, {}, "OK", ()),
    "colour among grey": ({**PLAIN, "a/2.png": saved(COLOUR)}, {}, "OK", ()),
    "sizes differ": (
        {**PLAIN, "b/2.png": saved(INK[:5])},
        {},
        "E",
        ("b/2.png: the image is 5×8", "a/1.png is 8×8", "--resize 8x8"),
    ),
    "sizes brought to one": (
        {**PLAIN, "b/2.png": saved(INK[:5])},
        {"resize": (6, 6), "fit": "crop"},
        "OK",
        (),
    ),
    "no such fit": (PLAIN, {"resize": (6, 6), "fit": "cut"}, "E", ("'fit'", "'pad', 'stretch'")),
    "truncated": (
        {**PLAIN, "b/2.png": saved(COLOUR)[:-40]},
        {},
        "E",
        ("b/2.png: the image is damaged (it is cut short)", "Copy or export it again"),
    ),
    "truncated JPEG": (
        {**PLAIN, "b/2.jpg": saved(COLOUR, "JPEG")[:-40]},
        {},
        "E",
        ("b/2.jpg: the image is damaged",),
    ),
    "flipped bits": (
        {**PLAIN, "b/2.png": saved(INK).replace(b"IDATx", b"IDATy")},
        {},
        "E",
        ("checksum",),
    ),
    "empty file": ({**PLAIN, "b/2.png": b""}, {}, "E", ("b/2.png: this is an empty file",)),
    "SVG": (
        {**PLAIN, "b/2.svg": b"<?xml version='1.0'?><svg/>"},
        {},
        "E",
        ("b/2.svg: this is an SVG drawing", "export it as PNG"),
    ),
    "PDF": ({**PLAIN, "b/2.png": b"%PDF-1.7"}, {}, "E", ("b/2.png: this is a PDF document",)),
    "over the pixel limit": (
        {**PLAIN, "b/2.png": claiming(LARGE, LARGE)},
        {"resize": (8, 8)},
        "E",
        ("b/2.png: the image is", f"at most {MAX_PIXELS} are decoded"),
    ),
    "too large to be features": (
        {**PLAIN, "b/2.png": claiming(MAX_VALUES + 1, 1)},
        {},
        "E",
        ("b/2.png", "--resize 64x64"),
    ),
    "Thumbs.db, hidden files": (
        {**PLAIN, "a/Thumbs.db": b"x", ".DS_Store": b"x", "a/._1.png": b"x"},
        {},
        "W",
        ("hidden and system files are left out: ", "Thumbs.db", ".DS_Store", "._1.png"),
    ),
    "empty class folder": (
        {**PLAIN, "c/": b""},
        {},
        "W",
        ("class folders without images are left out: c.",),
    ),
    "test folder without classes": (
        {**PLAIN, "test/1.png": saved(INK)},
        {},
        "W",
        ("left out: test/.",),
    ),
    "test folder with classes": (
        {**PLAIN, "test/a/1.png": saved(INK)},
        {},
        "W",
        ("the folder 'test' beside the class folders", "test part (1 images)", "--test none"),
    ),
    "validation folder": (
        {**PLAIN, "val/a/1.png": saved(INK)},
        {},
        "W",
        ("the folder 'val' is left out", "--test "),
    ),
    "CSV beside the classes": (
        {**PLAIN, "data.csv": b"a/1.png,a\n"},
        {},
        "W",
        ("left out: data.csv.",),
    ),
    "README, LICENSE": ({**PLAIN, "README.md": b"x", "LICENSE": b"x"}, {}, "OK", ()),
    "one bad image of 300": (
        {**MANY, "1/007.png": b"x"},
        {},
        "W",
        ("1 of 300 images cannot be read and are left out. 1/007.png: this is no image",),
    ),
    "four bad images of 300": (
        {**MANY, **{f"1/{i:03}.png": b"x" for i in (1, 3, 5, 7)}},
        {},
        "E",
        ("1/001.png: this is no image", "More than 1% of the 300 images cannot be read"),
    ),
    "no images": ({"a/1.txt": b"x", "b/1.txt": b"x"}, {}, "E", ("there are no images",)),
    "train and test without classes": (
        {"train/1.png": saved(INK), "test/1.png": saved(INK)},
        {},
        "E",
        ("it cannot be told which folders are the classes: test, train",),
    ),
    "flat with a table": (
        {"1.png": saved(INK), "2.png": saved(INK), "t.csv": b"1.png,a\n2.png,b\n"},
        {},
        "OK",
        (),
    ),
    "flat without a table": ({"1.png": saved(INK)}, {}, "E", ("no labels",)),
    "an image that its table leaves out": (
        {"1.png": saved(INK), "2.png": saved(INK), "3.png": saved(INK), "t.csv": b"1,a\n2,b\n"},
        {},
        "W",
        ("has no row for 1 images (3.png)",),
    ),
    "a table of other files": (
        {"1.png": saved(INK), "t.csv": b"7.png,a\n8.png,b\n"},
        {},
        "E",
        ("t.csv: no column names the images", "'1.png'"),
    ),
}


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_bytes(content)
    return str(folder)


@pytest.mark.parametrize("case", CASES)
def test_folders_of_images(case, tmp_path, judged):
    files, options, expected, mentions = CASES[case]
    source = write(tmp_path / "data", files)
    judged(lambda: load_data(source, **options), expected, mentions)


def test_what_is_made_of_the_odd_ones(tmp_path, judged):
    files = {**PLAIN, "a/2.png": saved(WIDE), "a/3.png": saved(alpha())}
    data = judged(lambda: load_data(write(tmp_path, files)), "OK")
    assert data.rows.dtype == np.uint16
    assert data.rows[0].tolist() == (INK.astype(int) * 257).ravel().tolist()  # 8 bits to 16
    assert data.rows[1].tolist() == WIDE.ravel().tolist()  # scaled, not clipped
    assert data.rows[2].max() == 65_535  # white where it was transparent
    assert data.rows[2].min() == 0  # black ink is still there
    assert "Transparent images, laid on white: 1." in data.notes


@pytest.mark.parametrize(
    ("content", "expected", "mention"),
    [
        pytest.param(saved(INK), "OK", "", id="PNG"),
        pytest.param(saved(INK, "JPEG"), "OK", "", id="JPEG"),
        pytest.param(saved(INK)[:-30], "E", "the image is damaged", id="cut short"),
        pytest.param(claiming(LARGE, LARGE), "E", "are decoded", id="over the limit"),
        pytest.param(b"\0\0\0\x18ftypheic\0\0\0\0", "E", "", id="HEIC"),
        pytest.param(b"%PDF-1.4", "E", "PDF document", id="PDF"),
        pytest.param(b"<svg></svg>", "E", "SVG drawing", id="SVG"),
    ],
)
def test_one_image_to_predict(content, expected, mention, tmp_path, judged):
    path = tmp_path / "one.png"
    path.write_bytes(content)
    where = ["one.png"] if expected == "E" else []
    judged(
        lambda: load_rows(str(path), n_features=64, image_shape=(8, 8)), expected, (mention, *where)
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory as Linux keeps it")
def test_what_claims_much_takes_little_memory(tmp_path):
    canvas = (20_000).to_bytes(3, "little") * 2
    webp = b"RIFF" + (22).to_bytes(4, "little") + b"WEBPVP8X" + (10).to_bytes(4, "little")
    bombs = {
        "png": claiming(40_000, 40_000),
        "webp": webp + bytes(4) + canvas,
        "gif": b"GIF89a"
        + b"\xff\xff" * 2
        + bytes(3)
        + b","
        + bytes(4)
        + b"\xff\xff" * 2
        + bytes(9),
        "bmp": b"BM" + bytes(12) + struct.pack("<IiiHHIIiiII", 40, 60_000, 60_000, 1, 24, *[0] * 6),
    }
    for name, content in bombs.items():
        (tmp_path / name).write_bytes(content)
    run = subprocess.run(
        [sys.executable, "-c", PEAK, *(str(tmp_path / name) for name in bombs)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 100_000  # kilobytes


PEAK = """
import sys
from layerlab.data import load_rows
from layerlab.errors import DataError
def peak():
    return int(next(l for l in open("/proc/self/status") if "VmHWM" in l).split()[1])
before = peak()
for path in sys.argv[1:]:
    for options in ({}, {"resize": (8, 8)}):
        try:
            load_rows(path, n_features=64, image_shape=(8, 8), **options)
        except DataError as error:
            assert "each pixel would" in str(error) or "are decoded" in str(error), error
        else:
            raise SystemExit("no error")
print(peak() - before)
"""
