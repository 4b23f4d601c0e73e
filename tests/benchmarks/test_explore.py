"""The main job as a whole: its stages, and what is left of its time."""

import json
import subprocess
from pathlib import Path

from benchmarks.race import Entrant, Lap, Runner

from benchmarks import explore


def test_stages_and_the_rest():
    laps = [Lap(3.0, 1, {"refit": 0.5, "search": 2.0}), Lap(5.0, 1, {"refit": 0.5, "search": 4.0})]
    stages = explore._stages(Runner(Entrant("x", explore.exploration), None, None, laps))
    assert list(stages) == ["search", "refit", "the rest"]
    assert [found["median"] for found in stages.values()] == [3.0, 0.5, 0.5]


def test_the_command_and_what_it_left(monkeypatch):
    asked = []

    def explored(command, **_options):
        asked.append(command)
        out = Path(command[command.index("--out") + 1])
        out.mkdir()
        (out / "results.json").write_text(json.dumps({"run": {"seconds": {"search": 2.0}}}))

    monkeypatch.setattr(subprocess, "run", explored)
    assert explore.exploration("digits", ["--budget", "1s"], None)() == {"search": 2.0}
    assert asked[0][1:6] == ["-m", "layerlab", "explore", "digits", "--budget"]


def test_the_table():
    lines = [
        {
            **dict.fromkeys(("median", "lower", "upper"), 4.0),
            "entrant": "layerlab explore",
            "setting": "default",
            "ratio": 1.0,
            "stages": {"search": dict.fromkeys(("median", "lower", "upper"), 2.0)},
        }
    ]
    table = explore._table("layerlab explore digits", lines)
    assert "layerlab explore  default  4.00 s" in table
    assert "search  2.00 s" in table
