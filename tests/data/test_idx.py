import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from layerlab.data import idx
from layerlab.data.idx import is_idx, is_idx_folder, read_idx, read_idx_folder

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([5, 7], dtype=np.uint8)


def packed(array):
    kind = array.dtype.str[1:]
    head = bytes([0, 0, CODES[kind], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(f">{kind}").tobytes()


def write(folder, **arrays):
    for name, array in arrays.items():
        content = packed(array)
        zipped = name.endswith("_gz")
        path = folder / name.replace("_", "-").replace("-gz", ".gz")
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


@pytest.mark.parametrize("end", ["", "_gz"])
@pytest.mark.parametrize("large", [1, 1 << 30])
def test_images_are_read_with_the_labels_beside(tmp_path, monkeypatch, end, large):
    monkeypatch.setattr(idx, "LARGE", large)
    write(tmp_path, **{f"x_images_idx3_ubyte{end}": IMAGES, f"x_labels_idx1_ubyte{end}": LABELS})
    (path,) = tmp_path.glob("x-images*")
    raw = read_idx(str(path))
    assert raw.rows.tolist() == IMAGES.tolist()
    assert raw.y.tolist() == [5, 7]
    assert raw.value_range == (0, 255)
    assert not raw.rows.flags.writeable
    assert raw.test is None


@pytest.mark.parametrize("kind", CODES)
def test_every_type_of_value_is_read(tmp_path, kind):
    for shape in [(2, 3), (2, 3, 4), (1, 2, 2, 3)]:
        values = (np.arange(np.prod(shape)) - 3).reshape(shape).astype(kind)
        for end in ("", "_gz"):
            write(tmp_path, **{f"a{end}": values})
            raw = read_idx(str(tmp_path / ("a.gz" if end else "a")))
            assert raw.rows.tolist() == values.tolist()
            assert raw.rows.dtype == np.dtype(kind)
            assert raw.y is None


@pytest.mark.parametrize("test", ["t10k", "test"])
def test_a_folder_in_the_naming_of_mnist_has_a_test_part(tmp_path, test):
    write(
        tmp_path,
        train_images_idx3_ubyte_gz=IMAGES,
        train_labels_idx1_ubyte_gz=LABELS,
        **{f"{test}_images_idx3_ubyte": IMAGES[:1], f"{test}_labels_idx1_ubyte": LABELS[:1]},
    )
    (tmp_path / "LICENSE").write_text("free")
    assert is_idx_folder(str(tmp_path))
    raw = read_idx_folder(str(tmp_path))
    assert (raw.y.tolist(), raw.test.y.tolist()) == ([5, 7], [5])
    assert raw.notes[-1] == f"{test}-images-idx3-ubyte beside it is the test part."
    alone = read_idx(str(tmp_path / f"{test}-images-idx3-ubyte"))
    assert (alone.y.tolist(), alone.test) == ([5], None)


def test_a_file_unpacked_beside_the_packed_is_the_same(tmp_path):
    write(tmp_path, train_images_idx3_ubyte_gz=IMAGES, train_labels_idx1_ubyte_gz=LABELS)
    write(tmp_path, train_images_idx3_ubyte=IMAGES)
    assert read_idx_folder(str(tmp_path)).y.tolist() == [5, 7]


def test_other_names_go_together(tmp_path):
    (tmp_path / "train-images.idx3-ubyte").write_bytes(packed(IMAGES))
    (tmp_path / "train-labels.idx1-ubyte").write_bytes(packed(LABELS))
    assert read_idx_folder(str(tmp_path)).y.tolist() == [5, 7]


def test_what_it_is_is_told_by_the_first_bytes(tmp_path):
    assert is_idx(packed(IMAGES)[:100])
    assert is_idx(gzip.compress(packed(IMAGES))[:100])
    for other in (b"", b"0,1", gzip.compress(b"0,1"), b"\0\0\1\0", b"\x1f\x8b"):
        assert not is_idx(other)
    assert not is_idx_folder(str(tmp_path))
    assert not is_idx_folder(str(tmp_path / "none"))


def test_mnist():
    data = os.environ.get("LAYERLAB_DATA")
    if not data:
        pytest.skip("LAYERLAB_DATA names no folder of data sets")
    raw = read_idx_folder(str(Path(data) / "mnist"))
    packed_file = Path(data) / "mnist" / "train-images-idx3-ubyte.gz"
    plain = gzip.decompress(packed_file.read_bytes())[16:]
    assert raw.rows.shape == (60_000, 28, 28)
    assert raw.rows.tobytes() == plain
    assert np.bincount(raw.y).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert raw.notes == ("Polarity: light on dark, by the images' borders.",)
