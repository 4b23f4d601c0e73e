import os

import numpy as np
import pytest
from PIL import Image

from layerlab.data import image_cache, image_rows
from layerlab.data.image_cache import cache_folder, find_entry, keep_entry, sketch_of
from layerlab.data.image_folder import read_image_folder
from layerlab.data.image_options import ImageOptions
from layerlab.data.image_stack import Stack

OPTIONS = ImageOptions()


def stack(value=0, n=50, dtype=np.uint8):
    rows = np.full((n, 2, 3), value, dtype)
    return Stack(rows, {3: "why"}, {"TURNED": 2}, (bytes([value]) * 16,) * n)


def key(one):
    return image_cache.content_key(one.digests)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("large", [1, 1 << 30])
def test_what_is_kept_is_found(tmp_path, monkeypatch, dtype, large):
    monkeypatch.setattr(image_cache, "LARGE", large)
    kept = stack(7, dtype=dtype)
    folder = tmp_path / "new" / "folder"
    keep_entry(folder, "s", kept)
    found = find_entry(folder, "s", key(kept))
    assert found.rows.tolist() == kept.rows.tolist()
    assert found.rows.dtype == dtype
    assert (found.bad, found.marks) == (kept.bad, kept.marks)
    assert not found.rows.flags.writeable
    assert find_entry(folder, "s", key(stack(8))) is None
    assert [path.suffix for path in folder.iterdir()] == [".images"]


def test_any_damage_is_found(tmp_path):
    kept = stack(7, n=4)
    keep_entry(tmp_path, "s", kept)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    for at in range(0, len(content), 3):
        flipped = bytearray(content)
        flipped[at] ^= 64
        path.write_bytes(flipped)
        found = find_entry(tmp_path, "s", key(kept))
        if found is not None:  # a flip within the words of a note changes no image
            assert found.rows.tolist() == kept.rows.tolist()
        path.write_bytes(content[:at])
        assert find_entry(tmp_path, "s", key(kept)) is None


def test_the_oldest_are_dropped_and_the_newest_stays(tmp_path, monkeypatch):
    for value in range(3):
        keep_entry(tmp_path, f"s{value}", stack(value))
        os.utime(next(tmp_path.glob(f"s{value}-*")), (value, value))
    (tmp_path / "left.tmp").write_bytes(b"")
    os.utime(tmp_path / "left.tmp", (1, 1))
    monkeypatch.setattr(image_cache, "LIMIT", 2 * 500)
    keep_entry(tmp_path, "s3", stack(3))
    assert sorted(path.name[:2] for path in tmp_path.iterdir()) == ["s2", "s3"]
    monkeypatch.setattr(image_cache, "LIMIT", 1)
    keep_entry(tmp_path, "s4", stack(4))
    assert [path.name[:2] for path in tmp_path.iterdir()] == ["s4"]


def test_a_folder_that_cannot_be_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    keep_entry(tmp_path / "file", "s", stack())
    assert (tmp_path / "file").read_text() == ""


def test_the_sketch_depends_on_options_and_names():
    sketches = {
        sketch_of(names, options)
        for names in (["a"], ["b"])
        for options in (OPTIONS, ImageOptions(grey=True), ImageOptions(resize=(2, 2)))
    }
    assert len(sketches) == 6


def test_where_it_lies_can_be_said(monkeypatch, tmp_path):
    monkeypatch.setenv("LAYERLAB_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("LAYERLAB_CACHE", "off")
    assert cache_folder() is None
    monkeypatch.delenv("LAYERLAB_CACHE")
    assert "layerlab" in str(cache_folder())


def test_a_folder_is_decoded_once_and_again_when_a_file_changes(tmp_path, monkeypatch):
    data = tmp_path / "data"
    for i in range(12):
        path = data / str(i % 2) / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((3, 4), 20 * i, np.uint8)).save(path)
    monkeypatch.setenv("LAYERLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(image_rows, "_WORTH_KEEPING", 10)
    decoded = []
    decode = image_rows.stack_images
    monkeypatch.setattr(
        image_rows, "stack_images", lambda *given: decoded.append(1) or decode(*given)
    )
    first = read_image_folder(str(data), OPTIONS)
    again = read_image_folder(str(data), OPTIONS)
    assert len(decoded) == 1
    assert again.rows.tolist() == first.rows.tolist()
    assert (again.y.tolist(), again.notes) == (first.y.tolist(), first.notes)
    Image.fromarray(np.full((3, 4), 9, np.uint8)).save(data / "0" / "4.png")
    assert read_image_folder(str(data), OPTIONS).rows[2, 0, 0] == 9
    assert len(decoded) == 2
    read_image_folder(str(data), ImageOptions(resize=(2, 2)))
    assert len(decoded) == 3
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(b"damaged")
    assert read_image_folder(str(data), OPTIONS).rows[2, 0, 0] == 9
    assert len(decoded) == 4
