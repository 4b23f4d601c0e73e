"""`reproduce.py`: the script in a run folder that does the run again."""

from __future__ import annotations

import os
from typing import Any

from layerlab.data import Dataset
from layerlab.exploration import Exploration

__all__ = ["reproduction_script"]

SCRIPT = '''"""Do this run again: the same data, split and seed give the same bits.

Run it as ``python reproduce.py NEW_FOLDER``. It was written by layerlab {version}.
"""

import sys
from pathlib import Path

import layerlab

{place}data = layerlab.load_data({arguments})
if data.fingerprint != {fingerprint!r}:
    sys.exit("The data is not what the run was made on.")
split = layerlab.read_split(Path(__file__).parent / "results.json")
out = sys.argv[1] if len(sys.argv) > 1 else None
run = layerlab.explore(data, split=split, seed={seed}, out=out)
print(run.path)
'''
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
    given = [("", _source(e.data)), *((f"{key}=", value) for key, value in e.data.options)]
    return SCRIPT.format(
        version=version,
        place=PLACE if any(value is ... for _, value in given) else "",
        arguments=", ".join(f"{key}{_written(value)}" for key, value in given),
        fingerprint=e.data.fingerprint,
        seed=e.seed,
    )


def _source(data: Dataset) -> Any:
    if data.source == "digits":
        return data.source
    return os.path.abspath(data.source) if os.path.isfile(data.source) else ...


def _written(value: Any) -> str:
    return "..." if value is ... else repr(value)
