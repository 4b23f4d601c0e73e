"""The measurements live beside the package, at the root of the checkout."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

WORKS = """
import os

def doubled(x, threads):
    print("what a library prints is no answer")
    made = os.environ.get("MADE")
    return lambda: [2 * x, threads, made]

def cores(threads):
    return lambda: [sorted(os.sched_getaffinity(0)), os.environ.get("OMP_NUM_THREADS")]

def broken(threads):
    raise ValueError("nothing of that kind")

def absent(threads):
    import no_such_peer
"""


@pytest.fixture
def works(tmp_path, monkeypatch):
    """A module of work that processes started meanwhile can import too."""
    path = tmp_path / "works.py"
    path.write_text(WORKS, encoding="utf-8")
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), known]))
    spec = importlib.util.spec_from_file_location("works", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def without_torch(tmp_path, monkeypatch):
    """Processes started meanwhile find no PyTorch, whether it is installed or not."""
    absent = 'raise ModuleNotFoundError("No module named torch", name="torch")\n'
    (tmp_path / "torch.py").write_text(absent, encoding="utf-8")
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), known]))


@pytest.fixture
def inside(monkeypatch):
    """Entrants work in this process: quick, and held to no core."""
    from benchmarks.child import Server, plain

    from benchmarks import race

    class Inside(race.Child):
        def __init__(self, entrant):
            self.entrant, self.missing, self._problem = entrant, None, None
            self.server = Server()

        def __exit__(self, *_):
            pass

        def _exchange(self, request):
            answer = self.server.answer(json.loads(json.dumps(request)))
            return json.loads(json.dumps(answer, default=plain))

    monkeypatch.setattr(race, "Child", Inside)


@pytest.fixture
def only(monkeypatch):
    """Leave in a case's line-up those of these names alone."""

    def leave(case, *names):
        chosen = [entrant for entrant in case.entrants() if entrant.name in names]
        monkeypatch.setattr(case, "entrants", lambda: chosen)

    return leave


@pytest.fixture
def stored(tmp_path):
    """Store a result, and read what another program would read."""
    from benchmarks.record import store

    def read(result):
        return json.loads(store(result, tmp_path / "results").read_text("utf-8"))

    return read
