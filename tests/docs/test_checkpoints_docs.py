"""docs/checkpoints.md: its example runs."""

import doctest
from pathlib import Path

PATH = Path(__file__).parents[2] / "docs" / "checkpoints.md"


def test_the_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = PATH.read_text("utf-8").count("\n>>> ")
    assert doctest.testfile(str(PATH), module_relative=False) == (0, examples)
    assert (tmp_path / "fit-1").is_dir()
