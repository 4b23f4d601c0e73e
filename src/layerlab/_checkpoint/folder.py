"""The files of one run: found by their names, the newest that can be read first."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from layerlab._checkpoint.record import NewerVersionError, Record, from_bytes, to_bytes
from layerlab._files import TEMPORARY_FILE, write_atomically
from layerlab.errors import CheckpointError, CheckpointWarning, ModelFileError

__all__ = ["BEST", "CheckpointFolder"]

STEP = re.compile(r"step-(\d{12,})\.checkpoint")
BEST = "best.checkpoint"


class CheckpointFolder:
    """Reads and writes the files of one run.

    Parameters
    ----------
    path : Path
    keep : int
        Files kept beside the best.
    """

    def __init__(self, path: Path, keep: int) -> None:
        self.path, self._keep = path, keep
        self._good: list[int] = []  # steps whose files are known to be whole, the newest last

    def prepare(self) -> None:
        """Make the folder, and remove what a kill left half-written.

        Raises
        ------
        CheckpointError
            If it cannot be made, or not be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for name in os.listdir(self.path):
                if TEMPORARY_FILE.fullmatch(name):
                    (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error.strerror or type(error).__name__) from error
        if not os.access(self.path, os.W_OK):
            raise self._unusable("it may not be written to")

    def newest(self) -> Record | None:
        """Return the newest file's record, warning of damaged ones before it; None if none is kept.

        Raises
        ------
        CheckpointError
            If there are files, but none that can be read.
        """
        steps = sorted(self._steps(), reverse=True)
        found = next((r for r in map(self._read_step, steps) if r is not None), None)
        if steps and found is None:
            raise CheckpointError(
                f"None of the {len(steps)} files in {self.path} can be read, so the run cannot go "
                "on. Remove the folder, or name another, to begin anew."
            )
        if found is not None:
            self._good = [found.step]
        return found

    def best(self) -> Record | None:
        """Return the best's record, or None where there is none, or a damaged one."""
        return self._read(BEST) if (self.path / BEST).exists() else None

    def write(self, record: Record) -> None:
        """Write the file of a step, then remove those that are no longer kept.

        Raises
        ------
        OSError
            If it could not be written; the files before it stay.
        """
        write_atomically(self.path / _name(record.step), to_bytes(record))
        most = self._keep + record.done  # the end stands beside the last states to go on from
        self._good = [*(s for s in self._good if s != record.step), record.step][-most:]
        with suppress(OSError):
            for step in set(self._steps()) - set(self._good):
                (self.path / _name(step)).unlink(missing_ok=True)

    def write_best(self, record: Record) -> None:
        """Write the best's file in place of the one before.

        Raises
        ------
        OSError
            If it could not be written; the one before stays.
        """
        write_atomically(self.path / BEST, to_bytes(record))

    def _steps(self) -> Iterator[int]:
        for name in os.listdir(self.path):
            match = STEP.fullmatch(name)
            if match:
                yield int(match[1])

    def _read_step(self, step: int) -> Record | None:
        return self._read(_name(step))

    def _read(self, name: str) -> Record | None:
        path = self.path / name
        try:
            return from_bytes(path.read_bytes())
        except NewerVersionError as error:
            raise CheckpointError(
                f"{path} cannot be read: {error}. Install a newer layerlab, or name another folder."
            ) from error
        except (OSError, ModelFileError) as error:
            warnings.warn(
                f"{path} is damaged and skipped: {error}.", CheckpointWarning, stacklevel=2
            )
            return None

    def _unusable(self, why: str) -> CheckpointError:
        return CheckpointError(
            f"Checkpoints cannot be kept in {self.path}: {why}. Name a folder that can be written "
            "to."
        )


def _name(step: int) -> str:
    return f"step-{step:012d}.checkpoint"
