"""`reproduce.py`: the script in a run folder that does the run again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from layerlab.exploration import Exploration

__all__ = ["reproduction_script"]

SCRIPT = '''"""Do this run again: the same data, split and seed give the same bits.

Run it as ``python reproduce.py NEW_FOLDER``. It was written by layerlab {version}.
"""

import sys
from pathlib import Path

import layerlab

data = layerlab.load_data({source}{options})
if data.fingerprint != {fingerprint!r}:
    sys.exit("The data is not what the run was made on.")
split = layerlab.read_split(Path(__file__).parent / "results.json")
out = sys.argv[1] if len(sys.argv) > 1 else None
run = layerlab.explore(data, split=split, seed={seed}, out=out)
print(run.path)
'''


def reproduction_script(e: Exploration, version: str, columns: Mapping[str, Any]) -> str:
    """Return the text of the script.

    Parameters
    ----------
    e : Exploration
    version : str
        Of layerlab.
    columns : mapping
        The columns that were named, as `load_data` takes them; None for those that were not.

    Notes
    -----
    Data that came from memory cannot be named; the script then leaves a place for it.
    """
    source = e.data.source
    known = source == "digits" or Path(source).is_file()
    place = repr(source if source == "digits" else str(Path(source).resolve()))
    return SCRIPT.format(
        version=version,
        source=place if known else "...  # put the data of the run here\n",
        options="".join(f", {key}={name!r}" for key, name in columns.items() if name is not None),
        fingerprint=e.data.fingerprint,
        seed=e.seed,
    )
