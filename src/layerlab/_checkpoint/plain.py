"""Nested plain data as JSON and tensors, and back: exactly, and with nothing to execute."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from layerlab._typing import Array

__all__ = ["decode", "encode"]

TAG = "$"  # marks what JSON has no word for; no key of ours is called so


def encode(value: Any) -> tuple[Any, dict[str, Array]]:
    """Return the value with its arrays taken out, and those by where they stood.

    Lists of floats, such as a history, count as arrays: they are long, and a
    tensor holds infinities too.

    Parameters
    ----------
    value : dict, list, tuple, ndarray, str, number, bool or None
        Nested; keys are texts without "/". A tuple comes back as a list.

    Returns
    -------
    text : the same without arrays, fit for JSON
    tensors : dict of str to ndarray
    """
    tensors: dict[str, Array] = {}
    return _encode(value, "", tensors), tensors


def _encode(value: Any, path: str, tensors: dict[str, Array]) -> Any:
    if isinstance(value, np.ndarray):
        tensors[path] = value
        return {TAG: "array", "at": path}
    if isinstance(value, Mapping):
        return {_key(key): _encode(v, f"{path}/{key}", tensors) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return _encode_list(value, path, tensors)
    return _encode_scalar(value, path)


def _encode_list(value: list[Any] | tuple[Any, ...], path: str, tensors: dict[str, Array]) -> Any:
    if value and all(isinstance(v, float) for v in value):
        tensors[path] = np.array(value, np.float64)
        return {TAG: "floats", "at": path}
    return [_encode(v, f"{path}/{i}", tensors) for i, v in enumerate(value)]


def _encode_scalar(value: Any, path: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not isfinite(value):
        return {TAG: "float", "is": repr(float(value))}
    if isinstance(value, int) and abs(value) >= 2**63:  # of a generator's state, say
        return {TAG: "int", "is": hex(value)}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{path or 'the value'} is of type {type(value).__name__}, not plain data")


def _key(key: Any) -> str:
    if not isinstance(key, str) or key == TAG or "/" in key:
        raise TypeError(f"{key!r} cannot be a key of plain data")
    return key


def decode(text: Any, tensors: Mapping[str, Array]) -> Any:
    """Return what was encoded; arrays are read-only.

    Raises
    ------
    KeyError, TypeError, ValueError
        If text and tensors do not belong together.
    """
    if isinstance(text, dict):
        if TAG in text:
            return _decode_tagged(text, tensors)
        return {key: decode(value, tensors) for key, value in text.items()}
    if isinstance(text, list):
        return [decode(value, tensors) for value in text]
    return text


def _decode_tagged(text: dict[str, Any], tensors: Mapping[str, Array]) -> Any:
    kind = text[TAG]
    if kind == "array":
        return tensors[text["at"]]
    if kind == "floats":
        return tensors[text["at"]].tolist()
    if kind == "float":
        return float(text["is"])
    if kind == "int":
        return int(text["is"], 16)
    raise ValueError(f"no value is of the kind {kind!r}")
