"""Where and how often a fit's state is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layerlab._callbacks import Callback
from layerlab._checkpoint.context import check_same, described
from layerlab._checkpoint.folder import CheckpointFolder
from layerlab._checkpoint.kept_run import KeptRun
from layerlab._validation import check_integer, check_real, refuse

__all__ = ["Checkpoint"]


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often a fit's state is kept, so that it can go on after a kill.

    A fit that finds its own state in the folder goes on from there, and ends
    with the same bits as one that was never interrupted.

    Parameters
    ----------
    folder : path
        Made where it is missing. One run a folder.
    every : float, default=60.0
        Seconds from one file to the next; longer where writing takes long, so that it takes
        at most a hundredth of the time. 0 keeps every step.
    keep : int, default=2
        Files kept, beside the best weights and the end.
    stop : callable () -> bool, optional
        Asked after every step: True has the state saved and `Stopped` raised. For a fit in
        a thread, which no signal reaches.

    Raises
    ------
    ParameterError
        If one is not allowed.
    """

    folder: str | os.PathLike[str]
    every: float = 60.0
    keep: int = 2
    stop: Callable[[], bool] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.folder, str | os.PathLike) or not os.fspath(self.folder):
            raise refuse("folder", "a path", self.folder)
        check_real("every", self.every, 0)
        check_integer("keep", self.keep, 1)

    def begin(self, context: Mapping[str, Any], callback: Callback | None = None) -> KeptRun:
        """Return the run that the folder holds, or a new one.

        Parameters
        ----------
        context : mapping of str to Any
            What the bits of the result depend on: settings (see `described`), and under
            the key "data" what rows there are (see `fingerprint`).
        callback : callable, optional
            Its state is restored.

        Raises
        ------
        CheckpointError
            If the folder cannot be used, or holds nothing that can be read.
        DataError, ParameterError
            If the run in it was begun with other data or settings.
        """
        folder = CheckpointFolder(Path(self.folder), self.keep)
        folder.prepare()
        record, plain = folder.newest(), described(context)
        if record is not None:
            check_same(record.context, plain, folder.path)
        return KeptRun(folder, self.every, plain, callback, record, self.stop)
