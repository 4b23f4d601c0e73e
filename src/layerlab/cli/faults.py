"""What goes wrong, as one line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from layerlab.cli.interrupts import INTERRUPTED, TERMINATED, Terminated
from layerlab.errors import CheckpointWarning, DataWarning, LayerlabError

__all__ = ["exit_codes", "was_warned_of"]


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn errors into one line and an exit code; a traceback is shown only on request."""
    _said.clear()
    try:
        with warnings.catch_warnings():
            # What libraries warn each other of is not for the user of a command.
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", DataWarning)
            warnings.simplefilter("always", CheckpointWarning)
            warnings.showwarning = _say_warning
            yield
    except Terminated as end:
        raise _leave(_with_notes("Terminated.", end), TERMINATED) from None
    except KeyboardInterrupt as end:
        raise _leave(_with_notes("Interrupted.", end), INTERRUPTED) from None
    except LayerlabError as error:
        raise _leave(f"Error: {error}", 2) from None
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except typer.Exit:
        raise
    except OSError as error:
        name = "" if error.filename is None else f"{error.filename}: "
        raise _leave(f"Error: {name}{error.strerror or error}.", 2) from None
    except MemoryError:
        raise _leave("Error: not enough memory for this data. Give fewer rows.", 2) from None
    except Exception as error:
        if os.environ.get("LAYERLAB_TRACEBACK"):
            raise
        raise _leave(
            f"Fault in layerlab: {type(error).__name__}: {error}. Please report it, with what it "
            "prints when LAYERLAB_TRACEBACK=1 is set.",
            1,
        ) from None


def _leave(text: str, code: int) -> typer.Exit:
    typer.echo(" ".join(text.split()), err=True)
    return typer.Exit(code)


def _with_notes(text: str, error: BaseException) -> str:
    return " ".join([text, *getattr(error, "__notes__", ())])


def was_warned_of(note: str) -> bool:
    """Return whether a warning of this command has said as much."""
    return any(note[1:].rstrip(".") in text for text in _said)


_said: list[str] = []  # since the command began


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    text = " ".join(str(message).split())
    _said.append(text)
    typer.echo(f"Warning: {text}", err=True)
