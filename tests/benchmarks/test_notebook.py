"""The notebook's run in a configuration of a second."""

import json

from benchmarks.record import store

from benchmarks import notebook


def test_the_stored_file_is_complete(tmp_path):
    settings = notebook.Settings(seeds=(0, 1), max_iter=3)
    result = notebook.run(settings)
    content = json.loads(store(result, tmp_path).read_text("utf-8"))
    assert content["settings"]["max_iter"] == 3
    assert [run["seed"] for run in content["runs"]] == [0, 1]
    for run in content["runs"]:
        assert (run["steps"], run["status"]) == (3, "MAX_ITER")
        assert set(notebook.COLUMNS) <= set(run)
        assert all(0 <= run[part] <= 1 for part in ("training", "validation", "test"))
        assert run["evaluations"] >= 4
    assert [line["of"] for line in content["summary"]] == ["median", "lowest", "highest"]
    assert "seed 1" in result.table


def test_the_rows_are_the_notebooks():
    parts = notebook._parts()
    assert {name: len(y) for name, (_, y) in parts.items()} == {
        "training": 1077,
        "validation": 360,
        "test": 360,
    }
    assert parts["training"][0].max() == 1
