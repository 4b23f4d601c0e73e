"""docs/speed.md and its chart are made of the stored files, and of nothing else."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks.race import Entrant, Lap, Runner
from benchmarks.record import BenchmarkResult, store
from benchmarks.standing import lines_of

from benchmarks import __main__ as command
from benchmarks import pages, tables

DOCS = Path(__file__).parents[2] / "docs"


def work(threads):
    """Never called."""


def lines(problem):
    run = [
        Runner(Entrant("layerlab", work, ours=True), None, None, [Lap(0.002, 1, None)]),
        Runner(Entrant("PyTorch", work), None, None, [Lap(0.005, 1, None)]),
        Runner(Entrant("JAX", work), None, "jax is not installed"),
        Runner(Entrant("layerlab", work, None, None, ours=True), None, None, [Lap(0.001, 1, None)]),
        Runner(Entrant("PyTorch", work, None, None), None, None, [Lap(0.02, 1, None)]),
    ]
    return lines_of(problem, run)


SEARCHED = {"accuracy": 0.97, "gain": 0.001, "gain_low": -0.002, "gain_high": 0.004}
SUMMARIES = {
    "evaluate": [
        line | {"shares": {"NumPy": 0.7}, "over_one_core": 1.8} for line in lines("64-8-10")
    ],
    "fit": lines("64-8-10 to 0.1"),
    "epochs": lines("64-256-256-10, 3,823 rows"),
    "search": [line | SEARCHED for line in lines("grid")],
    "explore": [lines("digits")[0] | {"stages": {"search": {"median": 1.5}}}],
    "neighbours": lines("curve"),
    "predict": lines("64-64-10, 1 row"),
    "memory": lines("784-128-10, 10000 rows"),
    "start": [line | {"added": {"median": 0.045}} for line in lines("start")],
    "checkpoints": [
        {"entrant": "nothing", "median": 2.0, "files": 0.0, "share": 0.0, "ratio": 1.0},
        {"entrant": "all", "median": 2.02, "files": 1.0, "share": 0.011, "ratio": 1.012},
    ],
    "beside": [line | {"busy": 0.003} for line in lines("fit")],
}


@pytest.fixture
def results(tmp_path):
    for name, summary in SUMMARIES.items():
        store(BenchmarkResult(name, {}, [], summary, ""), tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture
def docs(tmp_path):
    (tmp_path / "images").mkdir()
    page = "before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n"
    (tmp_path / "speed.md").write_text(page, encoding="utf-8")
    return tmp_path


def test_every_case_gets_its_table_and_the_rest_stays(results, docs):
    page, chart = pages.write_pages(results, docs)
    text = page.read_text("utf-8")
    assert text.startswith("before\n<!-- figures: begin -->\n\n## ")
    assert text.endswith("\n<!-- figures: end -->\nafter\n")
    assert all(f"## {tables.TABLES[name][0]}" in text for name in SUMMARIES)
    assert "| 64-8-10 to 0.1 | **2.00 ms** | 5.00 ms (2.50) | jax is not installed |" in text
    assert "| 64-8-10 to 0.1 | **1.00 ms** | 20.0 ms (20.0) |" in text
    assert "| 64-8-10 | 1 core, 1 thread | 70% | 1.80 |" in text
    assert "| 97.00% | +0.10 (-0.20 to +0.40) |" in text
    assert text.count("## Measured with") == text.count("commit ") == 1
    drawn = ElementTree.parse(chart).getroot()
    assert "cost and gradient: 64-8-10" in "".join(drawn.itertext())


def test_writing_twice_changes_nothing(results, docs):
    once = [path.read_bytes() for path in pages.write_pages(results, docs)]
    assert [path.read_bytes() for path in pages.write_pages(results, docs)] == once


def test_the_newest_file_counts(results, docs):
    newer = json.loads(next(results.glob("fit-*.json")).read_text("utf-8"))
    newer["summary"] = lines("64-9-10 to 0.1")
    (results / "fit-99991231T235959.json").write_text(json.dumps(newer), encoding="utf-8")
    page, _ = pages.write_pages(results, docs)
    assert "64-9-10 to 0.1" in page.read_text("utf-8")
    assert "64-8-10 to 0.1" not in page.read_text("utf-8")


def test_without_files_there_is_no_figure(docs):
    page, chart = pages.write_pages(docs / "nothing", docs)
    assert "begin -->\n<!-- figures: end" in page.read_text("utf-8")
    assert not chart.exists()


def test_the_command_writes_them(results, docs, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(command, "write_pages", lambda folder: asked.append(folder) or [docs])
    assert command.main(["docs", "--out", str(results)]) == 0
    assert asked == [results]
    assert f"written: {docs}" in capsys.readouterr().out


def test_the_page_has_its_place_for_figures_and_names_its_chart():
    text = (DOCS / "speed.md").read_text("utf-8")
    assert len(pages.BLOCK.findall(text)) == 1
    assert "(images/speed.svg)" in text
    shown = re.findall(r"^## (.*)$", pages.BLOCK.search(text)[0], re.MULTILINE)
    assert set(shown) <= {title for title, _ in tables.TABLES.values()} | {"Measured with"}
