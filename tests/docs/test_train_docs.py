"""docs/train.md and docs/recipes.md, and the code, say the same."""

import re
from pathlib import Path

import layerlab
from layerlab import RECIPES
from layerlab.api.following import LOGGED
from layerlab.models.recipes import Recipe

DOCS = Path(__file__).parents[2] / "docs"
RECIPES_PAGE = (DOCS / "recipes.md").read_text("utf-8")
TRAIN_PAGE = (DOCS / "train.md").read_text("utf-8")


def test_every_recipe_is_listed_and_no_other():
    rows = re.findall(r"^\| `(\S+)` \|.*\| (yes|no) \|$", RECIPES_PAGE, re.MULTILINE)
    assert dict(rows) == {name: "yes" if r.of_images else "no" for name, r in RECIPES.items()}


def test_the_example_makes_a_recipe(monkeypatch):
    asked = []
    monkeypatch.setattr(layerlab, "train", lambda _, **options: asked.append(options))
    (code,) = re.findall(r"```python\n(.*?)```", RECIPES_PAGE, re.DOTALL)
    exec(code, {})
    assert isinstance(asked[0]["recipe"], Recipe)


def keys(heading, page=TRAIN_PAGE):
    table = page.split(heading)[1].split("\n## ")[0]
    first = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    return {name for cell in first for name in re.findall(r"`([^`]+)`", cell)}


def test_every_key_of_results_is_listed(tmp_path):
    run = layerlab.train("digits", recipe="quick", epochs=2, validation=0.1, out=tmp_path / "run")
    assert keys("## `results.json`") == set(run.results)
    for part in (run.results["validation"], run.results["networks"][0], run.results["run"]):
        assert all(f"`{key}`" in TRAIN_PAGE for key in part)


def test_every_file_is_listed(tmp_path):
    run = layerlab.train("digits", recipe="quick", epochs=2, out=tmp_path / "run")
    written = {path.name for path in run.path.iterdir()}
    listed = {name.rstrip("/") for name in keys("## The folder")}
    assert listed == written | {"UNFINISHED", "checkpoint"}


def test_every_field_of_the_log_is_listed():
    row = next(line for line in TRAIN_PAGE.splitlines() if line.startswith("| `log.jsonl`"))
    lines = {"begin", "resume", "end", "event", "time"}
    assert set(re.findall(r"`(\w+)`", row)) - {"log"} == {*lines, "network", "epoch", *LOGGED}
