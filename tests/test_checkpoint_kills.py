"""A hundred kills at random moments: nothing unreadable, and the bits of a run never killed."""

import os
import subprocess
import sys
from time import perf_counter

import numpy as np
import pytest

from layerlab._checkpoint import Checkpoint
from layerlab._checkpoint.record import from_bytes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]

KILLS = 7  # a minimiser, at least

# Forks a process a run, and kills it after so many seconds: what is imported already is not
# imported a hundred times.
PROGRAM = """
import os, signal, sys, time, traceback, warnings
import numpy as np
from layerlab._checkpoint import Checkpoint
from layerlab.engine import RowObjective
from layerlab.network import Network, Regularisation
from layerlab.solvers import *
from layerlab.solvers.kept import run_kept

options = {"batch_size": 16, "average": 0.9, "clip_norm": 0.5, "schedule": "cosine"}
MINIMISERS = {
    **{name: solver_named(name) for name in SOLVERS},
    "sgd-options": SGD(0.1, **options),
    "adamw-options": AdamW(0.01, **options),
    "muon-options": Muon(0.01, **options),
    "redrawing": Redrawing(every=4),
    "hybrid-options": Hybrid(Adam(0.01, **options), Redrawing(every=3), epochs=10),
}

class Told:
    def __init__(self):
        self.told = []
    def __call__(self, iteration):
        self.told.append([iteration.n_iter, iteration.cost.hex()])
    def pack(self):
        return {"told": list(self.told)}
    def unpack(self, packed):
        self.told = packed["told"]

def run(name, folder):
    random = np.random.default_rng(1)
    X, y = random.normal(size=(64, 6)), random.integers(3, size=64)
    objective = RowObjective(
        Network.build(6, (5,), 3), X, y, alpha=0.1, n_threads=1, seed=5,
        regularisation=Regularisation(dropout=(0.2,)),
    )
    start = random.normal(size=53)
    stopping = Stopping(40, 0.0)
    run_kept(
        Checkpoint(folder, every=0), {"solver": MINIMISERS[name]},
        lambda keeper, callback: MINIMISERS[name].minimize(
            objective, start, stopping=stopping, callback=callback, keeper=keeper),
        Told(),
    )

def forked(name, folder, delay):
    pid = os.fork()
    if pid == 0:
        try:
            warnings.simplefilter("error")
            run(name, folder)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    if delay < 100:
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]

print(*MINIMISERS, flush=True)
for line in sys.stdin:
    name, delay, folder = line.rstrip().split(" ", 2)
    print(forked(name, folder, float(delay)), flush=True)
"""


class Server:
    def __init__(self, process):
        self.process = process
        self.names = process.stdout.readline().split()

    def run(self, name, folder, delay=1000.0):
        """Run, and return the status that it ended with."""
        self.process.stdin.write(f"{name} {delay} {folder}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def server():
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    ) as process:
        yield Server(process)
        process.stdin.close()


def end_of(folder):
    """All that a run ended with, but for the time it took."""
    path = max(folder.glob("step-*.checkpoint"))
    record = from_bytes(path.read_bytes())
    assert record.done
    end = record.state["end"]
    del end["stats"]["seconds"], end["stats"]["history"]["seconds"]
    arrays = [end.pop(name).tobytes() for name in ("theta", "gradient")]
    return [arrays, repr(end), record.state["callback"], record.state["told"]]


def check_readable(folder):
    """All that bears a checkpoint's name is whole, and little else is left."""
    for path in folder.glob("*.checkpoint"):
        from_bytes(path.read_bytes())
    assert len(os.listdir(folder)) <= 5  # two or three, the best, a temporary file


def killed_and_resumed(server, name, folder, delays, expected):
    """Kill a run after each delay that it lives to see, let it end, and return the kills."""
    kills = 0
    for delay in delays:
        status = server.run(name, folder, delay)
        assert status in (0, 9), f"{name} ended with {status}"
        kills += status == 9
        if folder.exists():
            check_readable(folder)
    assert server.run(name, folder) == 0, name
    assert end_of(folder) == expected, name
    return kills


def test_a_hundred_kills(server, tmp_path):
    random, total = np.random.default_rng(0), 0
    for name in server.names:
        whole = tmp_path / name
        began = perf_counter()
        assert server.run(name, whole) == 0
        longest = 0.6 * (perf_counter() - began)
        expected, kills, runs = end_of(whole), 0, 0
        while kills < KILLS:
            delays, folder = random.uniform(0, longest, 4), tmp_path / f"{name}-{runs}"
            kills += killed_and_resumed(server, name, folder, delays, expected)
            runs += 1
        total += kills
    assert total >= 100


def test_what_is_kept_is_from_the_middle(server, tmp_path):
    """Or the kills above would show nothing."""
    began = perf_counter()
    assert server.run("adamw-options", tmp_path / "whole") == 0
    seconds = perf_counter() - began
    assert server.run("adamw-options", tmp_path / "killed", 0.5 * seconds) == 9
    context = from_bytes(max((tmp_path / "killed").glob("step-*")).read_bytes()).context
    run = Checkpoint(tmp_path / "killed").begin(context)
    assert run.end is None
    assert 0 < run.saved()["step"] < 160
