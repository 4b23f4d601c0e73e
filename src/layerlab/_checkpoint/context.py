"""What a run was begun with, and how it differs from what it is to go on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from reprlib import repr as short
from typing import Any

import numpy as np

from layerlab._callbacks import Snapshot
from layerlab._checkpoint.plain import encode
from layerlab._files import canonical_json
from layerlab._typing import Array
from layerlab.errors import DataError, InputError, ParameterError

__all__ = ["DATA", "check_same", "described", "fingerprint"]

DATA = "data"  # the key under which a context says what rows there are
SHOWN = 5
CHUNK = 2**24  # bytes hashed at a time, so that rows in a file are read piece by piece


def fingerprint(array: Array | None) -> str | None:
    """Return a SHA-256 of type, shape and values; None of None.

    Parameters
    ----------
    array : ndarray or None
        Of any memory layout, which does not matter; a memory map is read in pieces.
    """
    if array is None:
        return None
    digest = sha256(f"{array.dtype.str}{array.shape}".encode())
    rows = array.reshape(1) if array.ndim == 0 else array
    n = max(1, CHUNK // max(1, rows[:1].nbytes))
    for start in range(0, len(rows), n):
        digest.update(np.ascontiguousarray(rows[start : start + n]).tobytes())
    return digest.hexdigest()


def described(value: Any) -> Any:
    """Return settings as plain data: objects by their class and parameters, arrays by fingerprint.

    Parameters
    ----------
    value : Any
        Of numbers, texts, None, mappings, lists, arrays, dataclasses, and objects
        with scikit-learn's ``get_params``; anything else by its class's name.
    """
    if isinstance(value, np.ndarray):
        return fingerprint(value)
    if isinstance(value, Mapping):
        return {str(key): described(v) for key, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [described(v) for v in (value if isinstance(value, list | tuple) else sorted(value))]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return _described_object(value)


def _described_object(value: Any) -> Any:
    if isinstance(value, type):
        return value.__name__
    name = {"class": type(value).__name__}
    if hasattr(value, "get_params"):
        return name | described(value.get_params(deep=False))
    if is_dataclass(value):
        return name | {f.name: described(getattr(value, f.name)) for f in fields(value)}
    return getattr(value, "__name__", type(value).__name__)


def check_same(kept: Snapshot, now: Snapshot, folder: Path) -> None:
    """Refuse to go on with other data or settings than the run was begun with.

    Raises
    ------
    DataError
        If the data differ: what stands under the key "data".
    ParameterError
        If settings differ. Either names each difference, what was and what is.
    """
    a, b = _flat(kept), _flat(now)
    differing = [key for key in sorted(a.keys() | b.keys()) if not _same(a, b, key)]
    if not differing:
        return
    of_data = [key for key in differing if key.split(".")[0] == DATA]
    if of_data:
        raise _refusal(DataError, "data", "rows", of_data, a, b, folder)
    raise _refusal(ParameterError, "settings", "settings", differing, a, b, folder)


def _refusal(
    kind: type[InputError],
    what: str,
    same: str,
    differing: list[str],
    a: Snapshot,
    b: Snapshot,
    folder: Path,
) -> InputError:
    shown = [_difference(key, a, b) for key in differing[:SHOWN]]
    more = len(differing) - SHOWN
    told = ", ".join(shown) + (f", and {more} more" if more > 0 else "")
    return kind(
        f"The run kept in {folder} was begun with other {what}: {told}. Give the same {same} to go "
        "on with it; to begin anew name another folder, or remove this one."
    )


def _difference(key: str, a: Snapshot, b: Snapshot) -> str:
    if key not in a:
        return f"{key!r} was not set and is now {short(b[key])}"
    if key not in b:
        return f"{key!r} was {short(a[key])} and is now not set"
    return f"{key!r} was {short(a[key])} and is now {short(b[key])}"


def _same(a: Snapshot, b: Snapshot, key: str) -> bool:
    if key not in a or key not in b:
        return False
    if isinstance(a[key], bool) != isinstance(b[key], bool):
        return False
    return a[key] == b[key] or _text(a[key]) == _text(b[key])


def _text(value: Any) -> str:
    text, tensors = encode(value)
    return canonical_json([text, {name: array.tolist() for name, array in tensors.items()}])


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Snapshot:
    """Return the leaves by their dotted names."""
    leaves: Snapshot = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            leaves |= _flat(value, f"{prefix}{key}.")
        else:
            leaves[prefix + key] = value
    return leaves
