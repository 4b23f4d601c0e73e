import io
import os
import re

import numpy as np
import pytest
from PIL import Image

from layerlab.data import image_stack
from layerlab.data.image_helper import Job, JobKind
from layerlab.data.image_options import ImageOptions
from layerlab.data.image_stack import stack_images
from layerlab.data.spool import Spool
from layerlab.errors import DataError

INK = np.array([[0, 255, 9], [80, 170, 255]], dtype=np.uint8)


class Made:
    def __init__(self, images):
        self.contents = [one if isinstance(one, bytes) else png(one) for one in images]

    def __len__(self):
        return len(self.contents)

    def size(self, index):
        return len(self.contents[index])

    def job(self, index):
        return Job(JobKind.CONTENT, self.contents[index])

    def place(self, index):
        return f"d/{index}.png"


def png(image):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, "PNG")
    return buffer.getvalue()


def stack(images, options=None, **how):
    made = Made(images)
    return stack_images(made, options or ImageOptions(), made.place, **how)


def test_grey_images_are_stacked():
    found = stack([INK, 255 - INK])
    assert found.rows.tolist() == [INK.tolist(), (255 - INK).tolist()]
    assert (found.rows.dtype, found.bad, found.marks) == (np.uint8, {}, {})
    assert not found.rows.flags.writeable


@pytest.mark.parametrize("in_memory", [1 << 20, 10])
def test_one_colour_image_makes_all_colour_and_16_bits_go_for_all(monkeypatch, in_memory):
    monkeypatch.setattr(image_stack, "Spool", lambda: Spool(in_memory))
    monkeypatch.setattr(image_stack, "_BLOCK", 6)
    colour = np.stack([INK, INK // 2, INK // 3], axis=-1)
    wide = INK.astype(np.uint16) * 200
    mixed = stack([INK, colour, INK, INK])
    assert mixed.rows.dtype == np.uint8
    grey = np.repeat(INK[..., None], 3, axis=-1)
    assert mixed.rows.tolist() == np.stack([grey, colour, grey, grey]).tolist()
    deep = stack([INK, wide])
    assert deep.rows.dtype == np.uint16
    assert deep.rows.tolist() == np.stack([INK.astype(int) * 257, wide]).tolist()
    both = stack([colour, wide, INK]).rows
    assert both.shape == (3, 2, 3, 3)
    assert both[0].tolist() == (colour.astype(int) * 257).tolist()
    assert both[1, ..., 2].tolist() == wide.tolist()


def test_sizes_that_differ_are_named_with_both_files():
    with pytest.raises(DataError) as error:
        stack([INK, INK, INK.T])
    said = "d/2.png: the image is 3×2, and d/0.png is 2×3 (height × width)."
    assert str(error.value).startswith(said)
    assert "--resize 2x3" in str(error.value)
    assert stack([INK, INK.T], ImageOptions(resize=(4, 4))).rows.shape == (2, 4, 4)


def test_a_hundredth_may_be_bad():
    images = [INK] * 200
    images[7] = images[90] = b"nothing"
    found = stack(images)
    assert list(found.bad) == [7, 90]
    assert len(found.rows) == 198
    images[91] = b""
    with pytest.raises(DataError, match=r"d/7.png: this is no image\..* More than 1% of the 200"):
        stack(images)


def test_a_single_bad_image_is_all_there_is_to_say():
    with pytest.raises(DataError) as error:
        stack([b"%PDF-1.4"])
    assert re.fullmatch(r"d/0.png: this is a PDF document\. .*take it away\.", str(error.value))


def test_progress_is_told_in_hundredths():
    class Told:
        def __init__(self):
            self.title, self.total, self.done = "", 0, 0

        def stage(self, title, total):
            self.title, self.total = title, total

        def advance(self):
            self.done += 1

    for n, pieces in [(3, 3), (250, 100)]:
        told = Told()
        stack([INK] * n, progress=told)
        assert told.total == told.done == pieces


def test_spools_hold_the_same_in_memory_and_in_a_file():
    for in_memory in (100, 5):
        spool = Spool(in_memory)
        for data in (b"abc", b"", b"defg"):
            spool.write(data)
        assert len(spool) == 7
        array = spool.array()
        assert array.tobytes() == b"abcdefg"
        assert not array.flags.writeable


def test_names_that_are_no_text_do_no_harm(tmp_path):
    name = b"\xff.png"
    try:
        (tmp_path / os.fsdecode(name)).write_bytes(png(INK))
    except OSError:
        pytest.skip("this file system has no such names")
    from layerlab.data.image_folder import read_image_folder

    assert len(read_image_folder(str(tmp_path), ImageOptions()).rows) == 1
