"""Where a sum over blocks of rows is computed: blocks, lanes, threads."""

from layerlab.engine.objective import RowObjective
from layerlab.engine.threads import effective_threads

__all__ = ["RowObjective", "effective_threads"]
