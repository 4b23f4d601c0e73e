"""Where a sum over blocks of rows is computed: blocks, lanes, threads, the guard."""

from layerlab.engine.guard import single_threaded_blas, single_threaded_openmp
from layerlab.engine.objective import RowObjective
from layerlab.engine.threads import effective_threads

__all__ = ["RowObjective", "effective_threads", "single_threaded_blas", "single_threaded_openmp"]
