"""IDX files, good and bad."""

import gzip
import struct

import numpy as np
import pytest

from layerlab.data import load_data

IMAGES = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4)
LABELS = np.array([0, 1, 0, 1, 0, 1], dtype=np.uint8)


def idx(array, magic=None, shape=None):
    shape = array.shape if shape is None else shape
    head = bytes([0, 0, 8, len(shape)]) if magic is None else magic
    return head + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


X, Y = idx(IMAGES), idx(LABELS)
PACKED = gzip.compress(X)
HUGE = idx(IMAGES, shape=(1 << 31, 1 << 10, 1 << 10))  # two petabytes

# name: images, labels, what must happen, what the message must hold
CASES = {
    "plain": (X, Y, "OK", ()),
    "packed": (PACKED, gzip.compress(Y), "OK", ()),
    "magic wrong": (idx(IMAGES, b"\0\0\x0f\3"), Y, "E", ("train-images",)),
    "five sides": (idx(IMAGES, shape=(6, 4, 2, 2, 1)), Y, "E", ("claims 5 sides",)),
    "swapped": (Y, X, "E", ("train-images", "these are labels", "Give the file of images")),
    "labels are images": (X, X, "E", ("train-labels", "are the two files swapped?")),
    "more labels": (X, idx(np.tile(LABELS, 2)), "E", ("12 labels", "6 images")),
    "cut short": (X[:-1], Y, "E", ("claims 112 bytes (6×4×4 values), and the file has 111",)),
    "more behind": (X + b"x", Y, "E", ("claims 112 bytes", "113")),
    "petabytes": (HUGE, Y, "E", ("train-images", f"and the file has {len(HUGE)}")),
    "petabytes, packed": (gzip.compress(HUGE), Y, "E", ("packed bytes cannot hold that",)),
    "gzip cut short": (PACKED[:-9], Y, "E", ("it is cut short", "download it again")),
    "gzip with more behind": (PACKED + b"x", Y, "E", ("something stands behind its end",)),
    "gzip damaged": (PACKED[:-8] + bytes(8), Y, "E", ("incorrect data check",)),
    "header alone": (X[:9], Y, "E", ("train-images", "damaged")),
    "no labels": (X, None, "E", ("no labels",)),
}


@pytest.mark.parametrize("case", CASES)
def test_idx_files(case, tmp_path, judged):
    images, labels, expected, mentions = CASES[case]
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(images)
    if labels is not None:
        (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    judged(lambda: load_data(str(path)), expected, mentions)
