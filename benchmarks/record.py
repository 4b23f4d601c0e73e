"""What a measurement leaves behind: its table, and a JSON file that says how it was made."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = [
    "RESULTS",
    "BenchmarkResult",
    "as_installed",
    "report",
    "store",
    "text_table",
    "usable_cores",
]

RESULTS = Path(__file__).parent / "results"

PACKAGES = ("layerlab", "numpy", "scipy", "scikit-learn")
PEERS = ("torch", "jax", "jaxlib", "onnx", "onnxruntime", "pandas")
# Settings that may decide what is measured.
VARIABLES = (
    "LAYERLAB_KERNEL",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "XLA_FLAGS",
)
# Of the last minute when this began: how idle the machine was, as far as one can tell.
LOAD_BEFORE = os.getloadavg()[0] if hasattr(os, "getloadavg") else None


@dataclass(frozen=True)
class BenchmarkResult:
    """The outcome of one measurement.

    Attributes
    ----------
    name : str
    settings : dict
        Everything that was chosen.
    runs : list of dict
        One entry a run, with its steps and status.
    summary : list of dict
        Medians over runs, as the table shows them.
    table : str
        For people.
    """

    name: str
    settings: dict[str, Any]
    runs: list[dict[str, Any]]
    summary: list[dict[str, Any]]
    table: str


def report(result: BenchmarkResult, folder: Path = RESULTS) -> None:
    """Print the table, store the result, and say where."""
    sys.stdout.write(f"\n{result.table}\n\nstored in {store(result, folder)}\n")
    sys.stdout.flush()


def store(result: BenchmarkResult, folder: Path) -> Path:
    """Write the result as JSON into ``folder`` and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    content = {
        "benchmark": result.name,
        "time": now.isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "environment": {name: os.environ.get(name) for name in VARIABLES},
        "commit": commit(),
        "settings": result.settings,
        "runs": result.runs,
        "summary": result.summary,
    }
    path = folder / f"{result.name}-{now:%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def machine() -> dict[str, Any]:
    """Return the processor, and how many of its cores this process may use."""
    return {
        "processor": _processor(),
        "cores": len(usable_cores()),
        "pinned": hasattr(os, "sched_setaffinity"),
        "system": platform.system(),
        "load_before": LOAD_BEFORE,
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, of the packages that do the work, and of peers at hand."""
    known = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return known | _peers() | {"layerlab --version": _version_line()}


def _peers() -> dict[str, str]:
    found = {}
    for name in PEERS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


@cache
def _version_line() -> str:
    """Return what the command line says of itself."""
    command = [sys.executable, "-m", "layerlab", "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit() -> dict[str, Any]:
    """Return the commit of the checkout, and whether files differ from it; None outside of one."""
    head = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain")
    return {"hash": head or None, "changed": None if changed is None else bool(changed)}


def as_installed() -> dict[str, str]:
    """Return the environment of a command whose modules are compiled once, as pip leaves them."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _processor() -> str:
    # platform.processor() is empty or "x86_64" on most Linux systems.
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def usable_cores() -> list[int]:
    """Return the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def text_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (columns, *rows)
    ]
    return "\n".join([title, lines[0], "-" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]])
