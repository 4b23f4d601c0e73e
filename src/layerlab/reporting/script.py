"""`reproduce.py`: the script in a run folder that does the run again."""

from __future__ import annotations

import os
from typing import Any

from layerlab.exploration import Exploration

__all__ = ["reproduction_script"]

SCRIPT = '''"""Do this run again: the same data, split and seed give the same bits.

Run it as ``python reproduce.py NEW_FOLDER``. It was written by layerlab {version}.
"""

import sys
from pathlib import Path

import layerlab

{place}{loading}
if data.fingerprint != {fingerprint!r}:
    sys.exit("The data is not what the run was made on.")
split = layerlab.read_split(Path(__file__).parent / "results.json")
out = sys.argv[1] if len(sys.argv) > 1 else None
run = layerlab.explore({given}, split=split, seed={seed}, out=out)
print(run.path)
'''
WITHOUT_TEST = "data = layerlab.load_data({arguments})"
WITH_TEST = """parts = layerlab.load_parts({arguments})
data, _ = layerlab.join(parts)"""
PLACE = "# PUT THE DATA HERE: what came from memory has no name. Replace each `...` by it.\n"


def reproduction_script(e: Exploration, version: str) -> str:
    """Return the text of the script.

    Parameters
    ----------
    e : Exploration
    version : str
        Of layerlab.

    Returns
    -------
    script : str

    Notes
    -----
    Data that came from memory cannot be named; the script then leaves a marked place for it.
    """
    options = [(key, _source(v) if key == "test" else v) for key, v in e.data.options]
    given = [("", _source(e.data.source)), *((f"{key}=", value) for key, value in options)]
    loading = WITH_TEST if e.split.test_given else WITHOUT_TEST
    return SCRIPT.format(
        version=version,
        place=PLACE if any(value is ... for _, value in given) else "",
        loading=loading.format(arguments=", ".join(f"{k}{_written(v)}" for k, v in given)),
        given="parts" if e.split.test_given else "data",
        fingerprint=e.data.fingerprint,
        seed=e.seed,
    )


def _source(source: str) -> Any:
    if source == "digits":
        return source
    return os.path.abspath(source) if os.path.exists(source) else ...


def _written(value: Any) -> str:
    return "..." if value is ... else repr(value)
