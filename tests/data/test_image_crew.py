import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from layerlab.data import image_crew
from layerlab.data.image_crew import decode_in_order
from layerlab.data.image_helper import Job, JobKind
from layerlab.data.image_options import ImageOptions


class Files:
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def size(self, index):
        return 1000 + 0 * index

    def job(self, index):
        return Job(JobKind.PATH, os.fsencode(self.paths[index]))


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(200):
        image = rng.integers(0, 256, (6, 5, 3) if i % 3 else (6, 5), dtype=np.uint8)
        Image.fromarray(image).save(tmp_path / f"{i:03}.png")
    (tmp_path / "050.png").write_bytes(b"nothing")
    (tmp_path / "051.png").unlink()
    return Files([str(tmp_path / f"{i:03}.png") for i in range(200)])


def all_of(files, **how):
    options = ImageOptions(resize=(4, 4), fit="crop")
    return [one for some in decode_in_order(files, options, **how) for one in some]


def test_any_number_of_helpers_gives_the_same(files):
    alone = all_of(files, helpers=0)
    assert len(alone) == 200
    assert [i for i, one in enumerate(alone) if one.pixels is None] == [50, 51]
    assert all_of(files, helpers=1) == alone
    assert all_of(files, helpers=3) == alone
    assert all_of(files) == alone


def test_helpers_do_take_part(files, monkeypatch):
    done = []
    lead = image_crew._Helper.ask
    monkeypatch.setattr(
        image_crew._Helper, "ask", lambda self, jobs: done.append(len(jobs)) or lead(self, jobs)
    )
    decode = image_crew._decode

    def slow(*arguments):
        while not done:  # the process itself waits, so that a helper has the time to start
            time.sleep(0.01)
        return decode(*arguments)

    monkeypatch.setattr(image_crew, "_decode", slow)
    all_of(files, helpers=1)
    assert sum(done) > 0


def test_a_helper_that_dies_is_not_missed(files, monkeypatch):
    alone = all_of(files, helpers=0)
    monkeypatch.setattr(image_crew, "_BOOT", "raise SystemExit")
    assert all_of(files, helpers=2) == alone
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    assert all_of(files, helpers=2) == alone
    monkeypatch.setattr(sys, "executable", None)
    assert all_of(files, helpers=2) == alone


def test_leaving_early_leaves_no_helper_behind(files, monkeypatch):
    started = []
    start = subprocess.Popen

    def popen(*arguments, **options):
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    threads = threading.active_count()
    parts = decode_in_order(files, ImageOptions(), helpers=2)
    next(parts)
    parts.close()
    assert [process.poll() is not None for process in started] == [True, True]
    assert threading.active_count() == threads


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal as Ctrl-C does on POSIX")
def test_ctrl_c_ends_everything(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import subprocess, sys, warnings\n"
        "from layerlab.data import image_crew\n"
        "from layerlab.data.image_options import ImageOptions\n"
        "from layerlab.data.image_helper import Job, JobKind\n"
        "class Files:\n"
        "    def __len__(self): return 10**7\n"
        "    def size(self, index): return 1000\n"
        "    def job(self, index): return Job(JobKind.CONTENT, b'nothing')\n"
        "start = subprocess.Popen\n"
        "def popen(*arguments, **options):\n"
        "    process = start(*arguments, **options)\n"
        "    print(process.pid, flush=True)\n"
        "    return process\n"
        "subprocess.Popen = popen\n"
        "for some in image_crew.decode_in_order(Files(), ImageOptions(), helpers=2): pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    helpers = [int(process.stdout.readline()) for _ in range(2)]
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole group
    _, said = process.communicate(timeout=30)
    assert said.decode().strip().endswith("KeyboardInterrupt")
    for helper in helpers:
        with pytest.raises(ProcessLookupError):
            os.kill(helper, 0)
