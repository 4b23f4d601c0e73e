"""Arrays in memory that is used again: nobody else's, as long as anybody looks at it."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from layerlab import _memory
from layerlab._compiled import KERNEL
from layerlab._memory import empty

LARGE = _memory.WORTH // 8
STATM = Path("/proc/self/statm")
compiled = pytest.mark.skipif(KERNEL is None, reason="layerlab._kernel was not built, or is off")


@pytest.mark.parametrize("shape", [(0,), (5,), (LARGE,), (3, 2, LARGE), (2, 0, 3)])
def test_shape_type_and_order(shape):
    found = empty(*shape)
    assert found.shape == shape
    assert found.dtype == np.float64
    assert found.flags.c_contiguous
    assert found.flags.writeable


def test_without_the_kernel_it_is_numpys(monkeypatch):
    monkeypatch.setattr(_memory, "KERNEL", None)
    assert empty(LARGE).flags.owndata


@compiled
def test_memory_given_back_serves_the_next():
    first = empty(7 * LARGE + 12_345)  # a size that nobody else in this process gave back
    address = first.ctypes.data
    del first
    assert empty(7 * LARGE + 12_345).ctypes.data == address


@compiled
def test_the_oldest_makes_room():
    """However much was given back before, the next finds what was given back last."""
    for n_bytes in range(1 << 20, 9 << 20, 1 << 20):
        rooms = [KERNEL.Room(n_bytes) for _ in range(3)]
        del rooms
    last = empty(3 * LARGE + 54_321)
    address = last.ctypes.data
    del last
    assert empty(3 * LARGE + 54_321).ctypes.data == address


@compiled
def test_a_view_keeps_the_memory():
    view = empty(LARGE)[5:7]
    view[:] = 1.0, 2.0
    others = [empty(LARGE) for _ in range(20)]
    for other in others:
        other[:] = -1
    np.testing.assert_array_equal(view, [1.0, 2.0])


@compiled
def test_arrays_of_several_threads_never_share_memory():
    """Each writes its own number all over and finds nothing else there."""
    wrong = []

    def work(number):
        for i in range(300):
            array = empty(LARGE + 100 * (i % 7))
            array[:] = number
            if not (array == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@compiled
@pytest.mark.skipif(not STATM.exists(), reason="this system does not tell how much it gave")
def test_no_more_than_32_mb_are_kept():
    """In a process of its own, where nothing else comes and goes."""
    grown = subprocess.run(
        [sys.executable, "-c", GROWN], capture_output=True, text=True, check=True
    )
    assert 15 << 20 < int(grown.stdout) < 40 << 20


GROWN = """
import resource
from pathlib import Path
import numpy as np
from layerlab._compiled import KERNEL

def in_use():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

before = in_use()
rooms = [KERNEL.Room(20 << 20) for _ in range(5)]
for room in rooms:
    np.frombuffer(room)[:] = 1
del rooms, room
print(in_use() - before)
"""


@compiled
@pytest.mark.parametrize("wrong", [-1, "8", None])
def test_rooms_of_no_size_are_refused(wrong):
    with pytest.raises((ValueError, TypeError)):
        KERNEL.Room(wrong)


@compiled
def test_more_than_there_is():
    with pytest.raises(MemoryError):
        KERNEL.Room(1 << 62)
