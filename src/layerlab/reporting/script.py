"""`reproduce.py`: the script in a run folder that does the run again."""

from __future__ import annotations

import os
from typing import Any

from layerlab.data import Dataset
from layerlab.exploration import AUTO, Exploration

__all__ = ["PLACE", "has_gap", "loading_arguments", "reproduction_script"]

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
run = layerlab.explore({given}, split=split, seed={seed}{preset}, out=out)
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
    arguments = loading_arguments(e.data)
    asked = e.preset.preset.asked
    loading = WITH_TEST if e.split.test_given else WITHOUT_TEST
    return SCRIPT.format(
        version=version,
        place=PLACE if has_gap(arguments) else "",
        loading=loading.format(arguments=", ".join(arguments)),
        given="parts" if e.split.test_given else "data",
        fingerprint=e.data.fingerprint,
        seed=e.seed,
        preset="" if asked == AUTO else f", preset={asked!r}",
    )


def loading_arguments(data: Dataset) -> list[str]:
    """Return what `load_data` was given, as it is written in a script; ``...`` marks a gap."""
    source = _source(data.source)
    options = [(key, _source(v) if key == "test" else v) for key, v in data.options]
    return [_written(source), *(f"{key}={_written(value)}" for key, value in options)]


def has_gap(arguments: list[str]) -> bool:
    """Say whether there is something that the script cannot name."""
    return any(text == "..." or text.endswith("=...") for text in arguments)


def _source(source: str) -> Any:
    if source == "digits":
        return source
    return os.path.abspath(source) if os.path.exists(source) else ...


def _written(value: Any) -> str:
    return "..." if value is ... else repr(value)
