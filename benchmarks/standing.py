"""From times to what is stored and shown: medians, quartiles, and ratios within each round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from math import floor, isfinite, log10
from typing import Any

import numpy as np

from benchmarks.race import Lap, Runner
from benchmarks.record import text_table

__all__ = [
    "duration",
    "laps_of",
    "lines_of",
    "of_problem",
    "quartiles",
    "ratio",
    "seconds_of",
    "standing",
    "times",
]

Line = dict[str, Any]
Measure = Callable[[Lap], float]

QUARTILES = {"median": 0.5, "lower": 0.25, "upper": 0.75}
UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6}


def seconds_of(lap: Lap) -> float:
    """Return what is compared as a rule: the time."""
    return lap.seconds


def laps_of(problem: str, run: Iterable[Runner]) -> list[Line]:
    """Return every lap as it is stored."""
    return [
        {"problem": problem, **_who(runner), "laps": [asdict(lap) for lap in runner.laps]}
        for runner in run
    ]


def lines_of(problem: str, run: Sequence[Runner], measure: Measure = seconds_of) -> list[Line]:
    """Return a line a runner: median and quartiles over rounds, and the ratio to ours.

    Parameters
    ----------
    problem : str
    run : sequence of Runner
    measure : callable (lap) -> float
        ``inf`` where the goal was not met.

    Returns
    -------
    lines : list of dict
        ``ratio`` is above 1 where ours is better: it is the median of the ratios within
        rounds to the entrant ``against``, ours on as many cores.
    """
    return [
        {"problem": problem, **_who(runner), **_figures(runner, _rival(runner, run), measure)}
        for runner in run
    ]


def quartiles(values: Iterable[float]) -> dict[str, float | None]:
    """Return median and quartiles, None where they are not finite."""
    listed = list(values)
    if not listed:
        return dict.fromkeys(QUARTILES)
    # Between a time and none at all nothing can be interpolated.
    method: Any = "linear" if all(map(isfinite, listed)) else "higher"
    found = np.quantile(listed, list(QUARTILES.values()), method=method)
    return {
        name: float(value) if isfinite(value) else None
        for name, value in zip(QUARTILES, found, strict=True)
    }


def ratio(laps: Sequence[Lap], others: Sequence[Lap], measure: Measure = seconds_of) -> Line:
    """Return median and quartiles of ``laps`` over ``others``, by rounds that one of them met.

    None where either has no laps.
    """
    both = zip(laps, others, strict=True) if laps and others else ()
    pairs = ((measure(a), measure(b)) for a, b in both)
    found = quartiles(a / b for a, b in pairs if isfinite(min(a, b)))
    return {"ratio": found["median"], "ratio_lower": found["lower"], "ratio_upper": found["upper"]}


def duration(seconds: float) -> str:
    """Return a time in words, to three digits: ``"68.1 µs"``."""
    unit = next((unit for unit, size in UNITS.items() if seconds >= size), "µs")
    value = seconds / UNITS[unit]
    return f"{value:.{max(0, 2 - floor(log10(max(value, 0.1))))}f} {unit}"


def times(ratio: float) -> str:
    """Return a ratio in words, to about three digits."""
    return f"{ratio:.{2 if ratio < 10 else 1 if ratio < 100 else 0}f}"


def of_problem(lines: Iterable[Line], problem: str) -> list[Line]:
    """Return the lines of one problem."""
    return [line for line in lines if line["problem"] == problem]


def standing(
    title: str,
    lines: Iterable[Line],
    shown: Callable[[float], str] = duration,
    further: Mapping[str, Callable[[Line], str]] | None = None,
) -> str:
    """Return the table of some lines.

    Parameters
    ----------
    title : str
    lines : iterable of dict
    shown : callable (float) -> str
        Writes a median or quartile.
    further : mapping of str to callable (line) -> str
        Further columns.
    """
    further = further or {}
    columns = ["", "with", "median", "quartiles", "x ours", *further]
    return text_table(title, columns, [_cells(line, shown, further) for line in lines])


def _cells(
    line: Line, shown: Callable[[float], str], further: Mapping[str, Callable[[Line], str]]
) -> list[str]:
    who = [line["entrant"], line["setting"]]
    if line["median"] is None:
        return [*who, "", line["missing"] or "not met", *[""] * (1 + len(further))]
    spread = [line["lower"], line["upper"]]
    between = " – ".join(shown(value) if value is not None else "not met" for value in spread)
    against = "" if line["ratio"] is None else times(line["ratio"])
    return [
        *who,
        shown(line["median"]),
        between,
        against,
        *(cell(line) for cell in further.values()),
    ]


def _who(runner: Runner) -> Line:
    entrant = runner.entrant
    return {
        "entrant": entrant.name,
        "by": entrant.by or entrant.name,
        "setting": entrant.setting,
        "cores": entrant.cores,
        "threads": entrant.threads,
        "ours": entrant.ours,
        "missing": runner.missing,
    }


def _figures(runner: Runner, rival: Runner | None, measure: Measure) -> Line:
    known = quartiles(map(measure, runner.laps))
    against = None if rival is None else f"{rival.entrant.name}, {rival.entrant.setting}"
    compared = ratio(runner.laps, rival.laps if rival else [], measure)
    return {**known, "against": against, **compared}


def _rival(runner: Runner, run: Sequence[Runner]) -> Runner | None:
    """Return ours on as many cores, else the first of ours."""
    ours = [other for other in run if other.entrant.ours and other.laps]
    alike = [other for other in ours if other.entrant.cores == runner.entrant.cores]
    return next(iter([*alike, *ours]), None)
