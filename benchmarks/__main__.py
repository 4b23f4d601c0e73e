"""Run measurements and store them.

Usage::

    python -m benchmarks                 all of them
    python -m benchmarks passes          passes over the rows to a given training cost
    python -m benchmarks notebook        the notebook's own run

Each prints a table and writes ``benchmarks/results/<name>-<time>.json``, with
the machine, versions, commit and settings it was measured with. Run it from the
root of a checkout, with layerlab installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import notebook, passes
from benchmarks.record import BenchmarkResult, store

BENCHMARKS: dict[str, Callable[[], BenchmarkResult]] = {
    "passes": passes.run,
    "notebook": notebook.run,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no measurement is called {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    for name in chosen.names or BENCHMARKS:
        _report(BENCHMARKS[name](), chosen.out)
    return 0


def _report(result: BenchmarkResult, folder: Path) -> None:
    print(f"\n{result.table}")
    print(f"\nstored in {store(result, folder)}")


if __name__ == "__main__":
    sys.exit(main())
