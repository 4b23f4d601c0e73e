"""`reproduce.py` of a training: the script that does it again."""

from __future__ import annotations

from layerlab.models.recipes import RECIPES
from layerlab.reporting.script import PLACE, has_gap, loading_arguments
from layerlab.reporting.training_outcome import TrainingOutcome

__all__ = ["training_script"]

SCRIPT = '''"""Do this training again: the same data, recipe and seed give the same bits.

Run it as ``python reproduce.py NEW_FOLDER``. It was written by layerlab {version}.
"""

import sys

import layerlab

{place}data = layerlab.load_data({loading})
if data.fingerprint != {fingerprint!r}:
    sys.exit("The data is not what the model was trained on.")
out = sys.argv[1] if len(sys.argv) > 1 else None
run = layerlab.train(data, {settings}, out=out)
print(run.path)
'''


def training_script(t: TrainingOutcome, version: str) -> str:
    """Return the text of the script.

    Parameters
    ----------
    t : TrainingOutcome
    version : str
        Of layerlab.

    Returns
    -------
    script : str

    Notes
    -----
    Data that came from memory, and a recipe of one's own, cannot be named; the script
    then leaves a marked place for them.
    """
    loading = loading_arguments(t.data)
    named = RECIPES.get(t.recipe.name) is t.recipe
    settings = [
        f"recipe={t.recipe.name!r}" if named else "recipe=...",
        *(f"{name}={value!r}" for name, value in t.settings.items()),
    ]
    return SCRIPT.format(
        version=version,
        place=PLACE if has_gap([*loading, *settings]) else "",
        loading=", ".join(loading),
        fingerprint=t.data.fingerprint,
        settings=", ".join(settings),
    )
