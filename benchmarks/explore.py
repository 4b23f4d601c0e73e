"""The main job as a whole: ``layerlab explore digits`` from start to end, and its stages.

Run with ``python -m benchmarks explore``; it takes about a minute.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.race import Entrant, Runner, race, runners
from benchmarks.record import BenchmarkResult, as_installed, text_table
from benchmarks.standing import duration, laps_of, lines_of, quartiles, standing

__all__ = ["Settings", "run"]

Work = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Settings:
    """What is measured."""

    source: str = "digits"
    options: tuple[str, ...] = ()
    rounds: int = 5


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    problem = {"source": settings.source, "options": settings.options}
    with runners(entrants()) as line_up:
        run = race(line_up, [problem] * settings.rounds, seconds=0.0, warm=problem)
    title = " ".join(["layerlab explore", settings.source, *settings.options])
    lines = [line | {"stages": _stages(run[0])} for line in lines_of(title, run)]
    return BenchmarkResult(
        "explore", asdict(settings), laps_of(title, run), lines, _table(title, lines)
    )


def entrants() -> list[Entrant]:
    """Return the one there is."""
    return [Entrant("layerlab explore", exploration, None, None, ours=True)]


def exploration(source: str, options: list[str], threads: int | None) -> Work:
    """Return a run of the command, which gives the seconds of its stages."""
    del threads
    return lambda: _explore([source, *options])


def _explore(arguments: list[str]) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "layerlab", "explore", *arguments, "--out", str(out)]
        subprocess.run(
            [*command, "--quiet"], check=True, stdout=subprocess.DEVNULL, env=as_installed()
        )
        record = json.loads((out / "results.json").read_text(encoding="utf-8"))
    seconds: dict[str, float] = record["run"]["seconds"]
    return seconds


def _stages(runner: Runner) -> dict[str, Any]:
    """Return median and quartiles of each stage, and of what is none (start, data, writing)."""
    stages = {name: [lap.value[name] for lap in runner.laps] for name in runner.laps[0].value}
    stages["the rest"] = [lap.seconds - sum(lap.value.values()) for lap in runner.laps]
    found = {name: quartiles(seconds) for name, seconds in stages.items()}
    return dict(sorted(found.items(), key=lambda stage: -(stage[1]["median"] or 0)))


def _table(title: str, lines: list[dict[str, Any]]) -> str:
    stages = [
        [name, *(duration(found[which]) for which in ("median", "lower", "upper"))]
        for name, found in lines[0]["stages"].items()
    ]
    columns = ["stage", "median", "lower quartile", "upper quartile"]
    return "\n\n".join([standing(title, lines), text_table("Stages", columns, stages)])
