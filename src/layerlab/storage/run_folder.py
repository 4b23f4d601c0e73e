"""The folder of one run: made before the run, visibly unfinished until its end.

A folder that holds the file ``UNFINISHED`` is one whose run goes on or was interrupted.
Every other file is written atomically, so none is ever half there; only the log grows.
A run that can go on keeps its state in ``checkpoint/``, which is gone when it is done.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from layerlab._files import TEMPORARY_FILE, canonical_json, parse_json, write_atomically
from layerlab.errors import RunFolderError

__all__ = ["BEGUN", "CHECKPOINT", "FIGURES", "RUN_FILES", "UNFINISHED", "RunFolder"]

UNFINISHED = "UNFINISHED"
LOG = "log.jsonl"
FIGURES = "figures"
CHECKPOINT = "checkpoint"
BEGUN = f"{CHECKPOINT}/run.json"  # what an unfinished run was begun with

RUN_FILES = frozenset(
    {
        UNFINISHED,
        LOG,
        BEGUN,
        "model.layerlab",
        "report.html",
        "reproduce.py",
        "results.json",
    }
)
"""What a run may write beside ``figures/*.svg`` and its state; nothing else is ever removed."""

STATE = re.compile(rf"{CHECKPOINT}/(member-\d+/)?(best|step-\d{{12,}})\.checkpoint")

MARKER_TEXT = (
    b"This run has not finished. If no layerlab is at work here, it was interrupted,\n"
    b"and what lies in this folder is incomplete.\n"
)


@dataclass(frozen=True)
class RunFolder:
    """Where one run writes.

    Attributes
    ----------
    path : Path
    """

    path: Path

    @classmethod
    def create(
        cls,
        out: str | os.PathLike[str] | None = None,
        *,
        name: str = "data",
        overwrite: bool = False,
        runs: str | os.PathLike[str] = "runs",
    ) -> RunFolder:
        """Make the folder of a new run, with the mark ``UNFINISHED`` in it.

        Parameters
        ----------
        out : path, optional
            Exactly this folder; by default a new ``<time>-<name>-<short id>`` in ``runs``.
        name : str, default="data"
            What the run is about; for the default folder's name.
        overwrite : bool, default=False
            Replace what an earlier run left in ``out``.
        runs : path, default="runs"
            Where default folders are made.

        Returns
        -------
        folder : RunFolder

        Raises
        ------
        RunFolderError
            If ``out`` is a file, holds something and ``overwrite`` is False, holds what no run
            writes, or cannot be written to. What was there is then as it was.
        """
        path = Path(out) if out is not None else Path(runs) / _default_name(name)
        with _one_line(path):
            earlier = _earlier_files(path)
            # Where there is the mark alone, a run was cut short before it had begun.
            if {file.name for file in earlier} - {UNFINISHED} and not overwrite:
                raise RunFolderError(
                    f"{path} is not empty. Choose another --out, or add --overwrite to replace the "
                    "run in it."
                )
            return cls(path)._begin(earlier)

    @classmethod
    def begun(cls, out: str | os.PathLike[str] | None) -> RunFolder | None:
        """Return the folder of a run that is unfinished and keeps its state; None if it is none.

        Parameters
        ----------
        out : path or None
        """
        if out is None:
            return None
        folder = cls(Path(out))
        return folder if not folder.finished and (folder.path / BEGUN).is_file() else None

    def _begin(self, earlier: list[Path]) -> RunFolder:
        self.path.mkdir(parents=True, exist_ok=True)
        # The mark comes first: a kill between two removals must not leave a run that looks whole.
        write_atomically(self.path / UNFINISHED, MARKER_TEXT)
        for file in earlier:
            if file.name != UNFINISHED:
                file.unlink()
        _drop_state(self.path)
        return self

    @property
    def checkpoint(self) -> Path:
        """Where the state of an unfinished run is kept."""
        return self.path / CHECKPOINT

    def begun_with(self) -> dict[str, Any]:
        """Return what `begin_with` wrote.

        Raises
        ------
        RunFolderError
            If it cannot be read.
        """
        path = self.path / BEGUN
        try:
            found = parse_json(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunFolderError(
                f"{path} cannot be read. Add --overwrite to begin the run anew."
            ) from error
        return dict(found)

    def begin_with(self, settings: Mapping[str, Any]) -> None:
        """Write what the run is begun with, as plain data: from here on it can be gone on with."""
        self.write_text(BEGUN, canonical_json(settings) + "\n")

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return not (self.path / UNFINISHED).exists()

    def write_text(self, name: str, text: str) -> Path:
        """Write a file as UTF-8, atomically; see `write_bytes`."""
        return self.write_bytes(name, text.encode("utf-8"))

    def write_bytes(self, name: str, data: bytes) -> Path:
        """Write a file atomically.

        Parameters
        ----------
        name : str
            One of `RUN_FILES` or ``figures/<name>.svg``.
        data : bytes

        Returns
        -------
        path : Path
            Of the file.

        Raises
        ------
        ValueError
            If ``name`` is not a file of a run: ``overwrite`` could never remove it.
        RunFolderError
            If it cannot be written.
        """
        if name not in RUN_FILES and not _is_figure(name):
            raise ValueError(f"{name!r} is not a file that a run writes")
        target = self.path / name
        with _one_line(target):
            target.parent.mkdir(exist_ok=True)
            write_atomically(target, data)
        return target

    def log(self, event: str, /, **fields: Any) -> None:
        """Add a line to ``log.jsonl``: the event, the time, and these fields.

        Numbers that are not finite are written as text, which JSON can hold.

        Raises
        ------
        RunFolderError
            If it cannot be written.
        """
        time = datetime.now().astimezone().isoformat(timespec="milliseconds")
        line = canonical_json({**_loggable(fields), "event": event, "time": time}) + "\n"
        with _one_line(self.path / LOG), open(self.path / LOG, "ab") as file:
            file.write(line.encode("utf-8"))  # leaves the process when the file closes

    def keep_log(self, kept: Callable[[dict[str, Any]], bool]) -> None:
        """Remove the lines of ``log.jsonl`` that are not to be kept, and one that a kill cut short.

        Raises
        ------
        RunFolderError
            If it cannot be written.
        """
        path = self.path / LOG
        with _one_line(path):
            lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
            chosen = [line for line in lines if _is_kept(line, kept)]
            if len(chosen) < len(lines):
                write_atomically(path, b"".join(chosen))

    def finish(self) -> None:
        """Say that the run is whole: remove the mark, after everything else was written."""
        with _one_line(self.path):
            (self.path / UNFINISHED).unlink(missing_ok=True)
            _drop_state(self.path)


def _default_name(name: str) -> str:
    """Return ``<time>-<name>-<short id>``, in local time."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "data"
    return f"{datetime.now():%Y%m%d-%H%M%S}-{plain}-{secrets.token_hex(3)}"


def _earlier_files(path: Path) -> list[Path]:
    """Return the files that an earlier run left; refuse a folder that holds anything else."""
    if path.exists() and not path.is_dir():
        raise RunFolderError(f"{path} is a file. Choose another --out for the run.")
    entries = list(_walk(path))
    foreign = [entry for entry in entries if not _is_run_file(entry, path)]
    if foreign:
        raise RunFolderError(
            f"{path} holds what no run writes: {_some(foreign, path)}. Choose another --out."
        )
    if entries and not any(entry.name in (UNFINISHED, LOG) for entry in entries):
        raise RunFolderError(
            f"{path} is not empty, and was not written by a run: it has no {LOG}. "
            "Choose another --out."
        )
    return entries


def _walk(path: Path) -> Iterator[Path]:
    """Yield what lies in a folder, and in its figures and state in place of these folders."""
    if not path.exists():
        return
    for entry in sorted(path.iterdir()):
        if entry.name == FIGURES and _is_folder(entry):
            yield from sorted(entry.iterdir())
        elif entry.name == CHECKPOINT and _is_folder(entry):
            yield from _state_files(path)
        else:
            yield entry


def _state_files(path: Path) -> list[Path]:
    """Return all in the folder of a run's state but folders; a link to one is not followed."""
    found = sorted((path / CHECKPOINT).rglob("*"))
    return [entry for entry in found if not _is_folder(entry)]


def _is_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink()


def _drop_state(path: Path) -> None:
    """Remove the state of a run, and the folders that are empty then."""
    for file in _state_files(path):
        if _is_run_file(file, path):
            file.unlink(missing_ok=True)
    folder = path / CHECKPOINT
    for place in (*sorted(folder.glob("member-*")), folder):
        with suppress(OSError):  # it holds something else, or is none
            place.rmdir()


def _is_kept(line: bytes, kept: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        return kept(json.loads(line))
    except ValueError:
        return False


def _is_run_file(entry: Path, path: Path) -> bool:
    # A link or a folder of that name is somebody else's.
    name = entry.relative_to(path).as_posix()
    known = name in RUN_FILES or _is_figure(name) or STATE.fullmatch(name)
    known = known or TEMPORARY_FILE.fullmatch(entry.name)
    return bool(known) and entry.is_file() and not entry.is_symlink()


def _is_figure(name: str) -> bool:
    return re.fullmatch(rf"{FIGURES}/[\w-]+\.svg", name) is not None


def _some(entries: list[Path], path: Path, most: int = 3) -> str:
    """Return the first few names, and how many more there are."""
    names = [repr(entry.relative_to(path).as_posix()) for entry in entries[:most]]
    more = len(entries) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _loggable(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        key: str(value) if isinstance(value, float) and not isfinite(value) else value
        for key, value in fields.items()
    }


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """Say what the system says about a file or folder in one line."""
    try:
        yield
    except OSError as error:
        raise RunFolderError(f"{path} cannot be written: {error.strerror}.") from error
