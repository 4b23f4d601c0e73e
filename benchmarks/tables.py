"""Tables in Markdown, from the stored files and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.standing import duration, times

__all__ = ["TABLES", "markdown", "provenance", "sections"]

Line = dict[str, Any]
Content = Mapping[str, Any]


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]], n_text: int = 1) -> str:
    """Return a table: the first ``n_text`` columns to the left, the others to the right."""
    rules = ["---"] * n_text + ["---:"] * (len(columns) - n_text)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rules, *rows))


def sections(contents: Mapping[str, Content]) -> str:
    """Return the tables of all cases, and of what they were made.

    Parameters
    ----------
    contents : mapping of str to mapping
        The stored file of each case.
    """
    tables = [f"## {TABLES[name][0]}\n\n{TABLES[name][1](contents[name])}" for name in contents]
    made: dict[str, list[str]] = {}
    for name, content in contents.items():
        made.setdefault(provenance(content), []).append(name)
    origins = "\n".join(f"- {', '.join(names)}: {origin}" for origin, names in made.items())
    return "\n\n".join([*tables, f"## Measured with\n\n{origins}"])


def provenance(content: Content) -> str:
    """Return in one line when, where and of what a file was made."""
    machine, versions, commit = content["machine"], content["versions"], content["commit"]
    others = [f"{name} {number}" for name, number in versions.items() if "layerlab" not in name]
    packages = ", ".join([versions["layerlab --version"], *others])
    state = " and changes" if commit["changed"] else ""
    return (
        f"{content['time'][:10]}, {machine['processor']}, {machine['cores']} cores; "
        f"{packages}; commit {(commit['hash'] or 'unknown')[:10]}{state}."
    )


def _settings(content: Content) -> str:
    """Return a table for one core each, and one for everyone as it comes."""
    lines = content["summary"]
    parts = {
        "One core each": [line for line in lines if line["cores"] == 1],
        "As they come": [line for line in lines if line["cores"] is None],
    }
    return "\n\n".join(
        f"{title}:\n\n{_pivot(chosen, duration)}" for title, chosen in parts.items() if chosen
    )


def _pivot(lines: list[Line], shown: Callable[[float], str]) -> str:
    """Return a table with a row a problem and a column an entrant."""
    problems = dict.fromkeys(line["problem"] for line in lines)
    names = dict.fromkeys(line["entrant"] for line in lines)
    known = {(line["problem"], line["entrant"]): line for line in lines}
    rows = [
        [problem, *(_cell(known[problem, name], shown) for name in names)] for problem in problems
    ]
    return markdown(["", *names], rows)


def _cell(line: Line, shown: Callable[[float], str]) -> str:
    if line["median"] is None:
        return line["missing"] or "not met"
    if line["ours"] or line["ratio"] is None:
        return f"**{shown(line['median'])}**" if line["ours"] else shown(line["median"])
    return f"{shown(line['median'])} ({times(line['ratio'])})"


def _evaluate(content: Content) -> str:
    return f"{_settings(content)}\n\nOurs against the limit:\n\n{_limit(content['summary'])}"


def _limit(lines: list[Line]) -> str:
    """Return what ours reaches of the limit on one core and on two."""
    ours = [line for line in lines if line["ours"] and line["threads"] is not None]
    measured = list(dict.fromkeys(by for line in ours for by in line["shares"]))
    columns = ["", "with", *(f"of {by}'s rate" for by in measured), "over one core"]
    rows = [
        [
            line["problem"],
            line["setting"],
            *(_percent(line["shares"].get(by)) for by in measured),
            f"{line['over_one_core']:.2f}" if "over_one_core" in line else "",
        ]
        for line in ours
    ]
    return markdown(columns, rows, n_text=2)


def _search(content: Content) -> str:
    rows = [
        [
            line["entrant"],
            _cell(line, duration),
            f"{line['accuracy']:.2%}",
            "" if line["ours"] else _gain(line),
        ]
        for line in content["summary"]
    ]
    return markdown(["", "time", "test accuracy", "ours less it, points"], rows)


def _gain(line: Line) -> str:
    ends = [line[name] for name in ("gain_low", "gain_high")]
    between = "" if None in ends else f" ({100 * ends[0]:+.2f} to {100 * ends[1]:+.2f})"
    return f"{100 * line['gain']:+.2f}{between}"


def _explore(content: Content) -> str:
    (line,) = content["summary"]
    stages = [[name, duration(found["median"])] for name, found in line["stages"].items()]
    return markdown(["", "time"], [["the whole", f"**{duration(line['median'])}**"], *stages])


def _start(content: Content) -> str:
    """Return the plain table, and what importing layerlab adds to scikit-learn."""
    added = [line["added"]["median"] for line in content["summary"] if line["added"]]
    words = [
        f"Imported after scikit-learn's network, the estimator added {duration(s)}." for s in added
    ]
    return "\n\n".join([_plain(content), *words])


def _plain(content: Content) -> str:
    rows = [
        [line["entrant"], line["setting"], _cell(line, duration)] for line in content["summary"]
    ]
    return markdown(["", "with", "time"], rows, n_text=2)


def _checkpoints(content: Content) -> str:
    rows = [
        [
            line["entrant"],
            duration(line["median"]),
            f"{line['files']:.0f}",
            f"{line['share']:.1%}" if line["share"] else "",
            times(line["ratio"]),
        ]
        for line in content["summary"]
    ]
    columns = ["", "time", "files", "share of the calls", "over nothing"]
    return markdown(columns, rows)


def _memory(content: Content) -> str:
    return _pivot(content["summary"], lambda megabytes: f"{megabytes:.0f} MB")


def _beside(content: Content) -> str:
    rows = [
        [line["problem"], line["entrant"], line["setting"], *_busy(line)]
        for line in content["summary"]
    ]
    return markdown(["", "who", "with", "idle", "busy", "busy over idle"], rows, n_text=3)


def _busy(line: Line) -> list[str]:
    if line["median"] is None:
        return [line["missing"], "", ""]
    return [duration(line["median"]), duration(line["busy"]), times(line["ratio"])]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


TABLES: dict[str, tuple[str, Callable[[Content], str]]] = {
    "evaluate": ("One cost with its gradient", _evaluate),
    "fit": ("A whole fit to a given cost", _settings),
    "epochs": ("An epoch by mini-batches", _settings),
    "search": ("The search", _search),
    "explore": ("`layerlab explore digits`", _explore),
    "neighbours": ("The curve of k nearest neighbours", _plain),
    "predict": ("Prediction", _settings),
    "memory": ("Peak memory of a fit, over the loaded rows", _memory),
    "start": ("Start", _start),
    "checkpoints": ("Checkpoints, log and progress", _checkpoints),
    "beside": ("Beside one busy core", _beside),
}
"""By case: its heading, and what makes its tables."""
