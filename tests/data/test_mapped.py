import os
import subprocess
import sys

import numpy as np
import pytest

from layerlab.data import Dataset, take_features
from layerlab.data import mapped as module
from layerlab.data.mapped import chosen_rows, gathered, is_mapped
from layerlab.errors import DataError

ROWS = np.arange(600, dtype=np.uint16).reshape(100, 6)


@pytest.fixture
def large(monkeypatch):
    """Have a few bytes count as large, and blocks be a few rows."""
    monkeypatch.setattr(module, "LARGE", 100)
    monkeypatch.setattr(module, "_BLOCK_BYTES", 90)


@pytest.fixture
def on_disk(tmp_path):
    def on_disk(array):
        path = tmp_path / "rows"
        array.tofile(path)
        return np.memmap(path, array.dtype, "r", shape=array.shape)

    return on_disk


def dataset(rows):
    return Dataset.from_arrays(rows, np.arange(len(rows)) % 3)


def test_what_is_mapped(on_disk):
    rows = on_disk(ROWS)
    assert is_mapped(rows)
    assert is_mapped(np.asarray(rows)[3:, ::2].reshape(-1))
    assert not is_mapped(ROWS)
    assert not is_mapped(rows + 1)


def test_a_dataset_of_a_mapped_file_is_no_copy(on_disk):
    rows = on_disk(ROWS)
    data = dataset(rows)
    assert np.shares_memory(data.rows, rows)
    assert data.fingerprint == dataset(ROWS).fingerprint
    assert data.value_range == (0.0, 599.0)
    images = dataset(rows.reshape(100, 2, 3))
    assert np.shares_memory(images.rows, rows)


def test_rows_that_follow_each_other_are_a_view(on_disk, large):
    data = dataset(on_disk(ROWS))
    part = data.subset(slice(5, 50))
    assert np.shares_memory(part.rows, data.rows)
    assert part.rows.tolist() == ROWS[5:50].tolist()
    assert np.shares_memory(data.subset(np.arange(7, 9)).rows, data.rows)


@pytest.mark.parametrize("n", [5, 90])
def test_other_rows_are_gathered_and_mapped_where_they_are_many(on_disk, large, n):
    data = dataset(on_disk(ROWS))
    chosen = np.random.default_rng(0).integers(0, 100, n)
    part = data.subset(chosen)
    assert part.rows.tolist() == ROWS[chosen].tolist()
    assert is_mapped(part.rows) == (n == 90)
    assert not part.rows.flags.writeable
    assert part.subset(np.arange(n)[::-1]).rows.tolist() == ROWS[chosen][::-1].tolist()


def test_columns_and_byte_order_are_gathered_too(on_disk, large):
    data = dataset(on_disk(ROWS.astype(">u2")))
    assert is_mapped(data.rows)
    assert data.rows.dtype == np.uint16
    assert data.fingerprint == dataset(ROWS).fingerprint
    part = take_features(data, n_features=2, feature_names=("x4", "x1"))
    assert is_mapped(part.rows)
    assert part.rows.tolist() == ROWS[:, [4, 1]].tolist()


def test_images_in_fortran_order_are_laid_out_in_blocks(tmp_path, large):
    path = tmp_path / "rows.npy"
    images = np.asfortranarray(ROWS.reshape(100, 2, 3))
    np.save(path, images)
    data = dataset(np.load(path, mmap_mode="r"))
    assert is_mapped(data.rows)
    assert data.rows.tolist() == ROWS.tolist()


def test_rows_in_memory_stay_there(large):
    assert not is_mapped(chosen_rows(ROWS, np.arange(100)[::-1], "here"))


def test_a_full_disk_is_said_to_be_full(large, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match=r"^here: No space left .* Make room there, or set TMPDIR"):
        gathered((100, 6), np.uint16, full, "here")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what this test limits")
def test_rows_larger_than_memory_are_never_read_whole(tmp_path):
    """300 MB on disk, and a process that may not allocate 100 MB after it began."""
    path = tmp_path / "X.npy"
    rows = np.lib.format.open_memmap(path, "w+", np.uint8, (300_000, 1000))
    rows[::1000] = 7
    rows.flush()
    np.save(tmp_path / "y.npy", np.arange(300_000) % 10)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FRUGAL, str(path)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    path.unlink()


FRUGAL = """
import resource, sys
import numpy as np
from layerlab.data import load_data, load_rows
from layerlab.data.mapped import is_mapped

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
used = int(status["VmData"].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + 100 * 2**20,) * 2)
data = load_data(sys.argv[1], image_shape=(10, 100))
assert is_mapped(data.rows) and data.value_range == (0.0, 7.0)
assert len(data.fingerprint) == 64
part = data.subset(np.arange(len(data))[::-1])
assert is_mapped(part.rows) and part.rows[-1].tolist() == [7] * 1000
assert np.shares_memory(data.subset(slice(10, 299_000)).rows, data.rows)
assert is_mapped(load_rows(sys.argv[1], n_features=1000).rows)
try:
    np.array(data.rows)
except MemoryError:
    print("the limit holds")
else:
    raise SystemExit("nothing was limited")
"""
