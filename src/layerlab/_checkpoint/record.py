"""One checkpoint file: what it holds, as bytes and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from layerlab._callbacks import Snapshot
from layerlab._checkpoint.plain import decode, encode
from layerlab._files import canonical_json, pack_tensors, parse_json, unpack_tensors
from layerlab._typing import Array
from layerlab.errors import ModelFileError

__all__ = ["FORMAT_VERSION", "NewerVersionError", "Record", "from_bytes", "to_bytes"]

FORMAT_VERSION = 1


class NewerVersionError(ModelFileError):
    """The file was written by a layerlab that came later."""


@dataclass(frozen=True)
class Record:
    """What a file holds.

    Attributes
    ----------
    step : int
        Times that the minimiser had asked whether to keep its state.
    done : bool
        Whether the run is finished, and the state its end.
    context : dict
        Settings and data that the run was begun with.
    state : dict
        Nested plain data.
    """

    step: int
    done: bool
    context: Snapshot
    state: Snapshot


def to_bytes(record: Record) -> bytes:
    """Return the record as a safetensors file with one JSON text."""
    text, tensors = encode({"context": record.context, "state": record.state})
    header = {
        "format_version": FORMAT_VERSION,
        "step": record.step,
        "done": record.done,
        **text,
    }
    signed = header | {"checksum": _checksum(header, tensors)}
    return pack_tensors(tensors, canonical_json(signed))


def from_bytes(data: bytes) -> Record:
    """Return the record that a file holds.

    Raises
    ------
    ModelFileError
        In one line that does not name the file, if it is damaged or no checkpoint.
    NewerVersionError
        If its format is a later one.
    """
    tensors, text = unpack_tensors(data)
    try:
        header = parse_json(text)
        version, checksum = header["format_version"], header.pop("checksum")
        if version > FORMAT_VERSION:
            raise NewerVersionError(f"it is of format {version}, this layerlab reads 1")
        if checksum != _checksum(header, tensors):
            raise ModelFileError("its checksum is wrong")
        return _record(header, tensors)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError("its header is not a checkpoint's") from error


def _record(header: dict[str, Any], tensors: Mapping[str, Array]) -> Record:
    context, state = (decode(header[name], tensors) for name in ("context", "state"))
    return Record(header["step"], header["done"], context, state)


def _checksum(header: Mapping[str, Any], tensors: Mapping[str, Array]) -> str:
    """SHA-256 of the header, and of each tensor with its name, type and shape."""
    digest = sha256(canonical_json(header).encode())
    for name in sorted(tensors):
        array = np.asarray(tensors[name], order="C")
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(canonical_json([name, little.dtype.str, list(little.shape)]).encode())
        digest.update(little.data if little.size else b"")
    return digest.hexdigest()
