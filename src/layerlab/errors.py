"""Errors and warnings.

Everything layerlab raises on purpose is a ``LayerlabError``; the command line
turns an ``InputError`` into one line and exit code 2::

    LayerlabError
    ├── InputError (ValueError)      what was given is wrong; the message says what to do
    │   ├── ParameterError           an argument or option
    │   ├── DataError                rows, labels, a data file
    │   ├── ModelFileError           a model file
    │   ├── CheckpointError          the folder that a fit's state is kept in
    │   └── RunFolderError           the folder a run is to be written to
    └── MissingExtraError (ImportError)   an optional dependency is not installed

    UserWarning
    ├── DataWarning                  the data was read, but something about it is odd
    └── CheckpointWarning            a state could not be kept, or is damaged; the fit goes on
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "CheckpointError",
    "CheckpointWarning",
    "DataError",
    "DataWarning",
    "InputError",
    "LayerlabError",
    "MissingExtraError",
    "ModelFileError",
    "ParameterError",
    "RunFolderError",
    "did_you_mean",
    "one_line",
]


class LayerlabError(Exception):
    """Base of every error that layerlab raises on purpose."""


class InputError(LayerlabError, ValueError):
    """What the user gave is wrong, and the message says where and what to do."""


class ParameterError(InputError):
    """An argument, or an option of the command line, has a value that is not allowed."""


class DataError(InputError):
    """Rows, labels or the file they come from cannot be used."""


class ModelFileError(InputError):
    """A file is no layerlab model, or is damaged."""


class CheckpointError(InputError):
    """The folder that a fit's state is kept in cannot be used, or nothing in it can be read."""


class RunFolderError(InputError):
    """A run cannot be written to the folder that was asked for."""


class MissingExtraError(LayerlabError, ImportError):
    """An optional dependency is needed and not installed.

    Parameters
    ----------
    package : str
        The package that could not be imported.
    extra : str
        The extra of layerlab that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"This needs {package}, which is not installed. "
            f"Install it with: pip install 'layerlab[{extra}]'"
        )


class DataWarning(UserWarning):
    """The data was read, but something about it is odd and worth a look."""


class CheckpointWarning(UserWarning):
    """A fit's state could not be kept, or is damaged; the fit goes on with what there is."""


def one_line(error: BaseException, most: int = 100) -> str:
    """Return what an exception of another library says, in one line cut short; else its type.

    Parameters
    ----------
    error : BaseException
    most : int, default=100
        Characters.
    """
    return " ".join(str(error).split())[:most] or type(error).__name__


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known words, or an empty string.

    Parameters
    ----------
    word : str
        What came.
    known : iterable of str
        What would have been understood.

    Returns
    -------
    hint : str
    """
    originals = {name.lower(): name for name in known}
    near = get_close_matches(word[:100].lower(), originals, n=3, cutoff=0.5)
    if not near:
        return ""
    return f" Did you mean {' or '.join(repr(originals[name]) for name in near)}?"
