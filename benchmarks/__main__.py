"""Run measurements and store them.

Usage::

    python -m benchmarks                 all of them, for two hours or so
    python -m benchmarks passes          passes over the rows to a given training cost
    python -m benchmarks notebook        the notebook's own run
    python -m benchmarks overhead        a minimiser's own work around an evaluation
    python -m benchmarks evaluate        one cost with its gradient, against the machine's limit
    python -m benchmarks fit             a whole fit to a given training cost
    python -m benchmarks search          the search, against GridSearchCV
    python -m benchmarks explore         the main job, layerlab explore digits, and its stages
    python -m benchmarks neighbours      the curve of k nearest neighbours
    python -m benchmarks predict         probabilities of one row and of many
    python -m benchmarks memory          peak memory of a fit
    python -m benchmarks reading         images from IDX and PNG files, beside plain loops
    python -m benchmarks health          the health check of 60,000 pictures
    python -m benchmarks deformation     deformed images, a µs each
    python -m benchmarks epochs          an epoch by mini-batches, against MLPClassifier and PyTorch
    python -m benchmarks start           importing layerlab, and its help
    python -m benchmarks checkpoints     what checkpoints, log and progress add to a fit
    python -m benchmarks beside          most of these beside one busy core

    python -m benchmarks docs            chart and tables of docs/speed.md from what is stored

    python -m benchmarks.recipes         what the recipes reach on data that you have
    python -m benchmarks.learning        how soon a recipe has learnt MNIST

Each prints a table and writes ``benchmarks/results/<name>-<time>.json``, with
the machine, versions, commit and settings it was measured with. Run it from the
root of a checkout, with layerlab installed. Peers that are not installed are
left out, with a word.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import (
    beside,
    checkpoints,
    deformation,
    epochs,
    evaluate,
    explore,
    fit,
    health,
    memory,
    neighbours,
    notebook,
    overhead,
    passes,
    predict,
    reading,
    search,
    start,
)
from benchmarks.pages import write_pages
from benchmarks.record import RESULTS, BenchmarkResult, report

BENCHMARKS: dict[str, Callable[[], BenchmarkResult]] = {
    "passes": passes.run,
    "notebook": notebook.run,
    "overhead": overhead.run,
    "evaluate": evaluate.run,
    "fit": fit.run,
    "search": search.run,
    "explore": explore.run,
    "neighbours": neighbours.run,
    "predict": predict.run,
    "memory": memory.run,
    "reading": reading.run,
    "health": health.run,
    "deformation": deformation.run,
    "epochs": epochs.run,
    "start": start.run,
    "checkpoints": checkpoints.run,
    "beside": beside.run,
}
DOCS = "docs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = [*BENCHMARKS, DOCS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        parser.error(f"no measurement is called {unknown[0]!r}; there are {', '.join(known)}")
    for name in chosen.names or BENCHMARKS:
        _write(chosen.out) if name == DOCS else report(BENCHMARKS[name](), chosen.out)
    return 0


def _write(folder: Path) -> None:
    for path in write_pages(folder):
        print(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main())
