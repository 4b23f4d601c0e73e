"""Every script of examples/ runs in an empty folder, and says what it should."""

import re
import runpy
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

import layerlab

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def example(tmp_path, monkeypatch, capsys):
    """Return a function that runs a script as the command line would, and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        with threadpool_limits(1):
            runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run


def accuracy(printed):
    return float(re.search(r"test accuracy ([\d.]+) \([\d.]+ to [\d.]+\), \d+ rows", printed)[1])


def test_every_example_is_run():
    named = set(re.findall(r'example\("(\w+\.py)"', Path(__file__).read_text("utf-8")))
    assert named == {path.name for path in EXAMPLES.glob("*.py")}


def test_explore_your_csv(example, tmp_path):
    pytest.importorskip("pandas", reason="pandas, which this example uses, is not installed")
    printed = example("explore_your_csv.py", "wines.csv", "1")
    assert "178 rows; 13 features" in printed and "3 classes in 'label'" in printed
    assert accuracy(printed) > 0.8
    assert re.search(r"^class_0, probability [01]\.\d\d$", printed, re.MULTILINE)
    (run,) = (tmp_path / "runs").iterdir()
    assert f"report {Path('runs') / run.name / 'report.html'}" in printed
    assert layerlab.load_model(run / "model.layerlab").classes_.tolist() == [
        "class_0",
        "class_1",
        "class_2",
    ]


def test_search_solver_options(example, tmp_path):
    printed = example("search_solver_options.py")
    assert len(re.findall(r"^\w+ +alpha [\d.]+  accuracy 0\.9\d\d$", printed, re.MULTILINE)) == 6
    assert accuracy(printed) > 0.9
    assert not list(tmp_path.iterdir())


def test_check_your_gradient(example, tmp_path):
    printed = example("check_your_gradient.py")
    verdicts = re.findall(r"^Gradient check: (\w+)", printed, re.MULTILINE)
    assert verdicts == ["ok", "ok", "WRONG"]
    assert not list(tmp_path.iterdir())
