from dataclasses import dataclass

import numpy as np
import pytest
from typer.testing import CliRunner

from layerlab.cli.app import app
from layerlab.exploration import Configuration, plan

SMALL = tuple(Configuration(shape, 0.1) for shape in ((), (4,), (4, 4)))


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def layerlab(monkeypatch, tmp_path):
    """Run the command line in this process, in a folder of its own, on a short list of networks."""
    monkeypatch.setattr(plan, "default_grid", lambda: SMALL)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


def blobs(m=120, seed=0):
    """Return rows of two numbers around three centres, and their labels."""
    random = np.random.default_rng(seed)
    labels = np.arange(m) % 3
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    return centres[labels] + random.normal(size=(m, 2)), np.array(["a", "b", "c"])[labels]


@pytest.fixture
def csv(tmp_path):
    """Return the path of a CSV file with a header: width, height, kind."""
    X, y = blobs()
    lines = ["width,height,kind", *(f"{a:.4f},{b:.4f},{c}" for (a, b), c in zip(X, y, strict=True))]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def model(layerlab, csv, tmp_path):
    """Return the path of a model file that ``explore`` wrote."""
    assert layerlab("explore", csv, "--label", "kind", "--out", tmp_path / "run").code == 0
    return tmp_path / "run" / "model.layerlab"
