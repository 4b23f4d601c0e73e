"""Files that are whole or absent: atomic writes, canonical JSON, the tensor container.

The container is a valid safetensors file whose ``__metadata__`` has exactly one
key, ``layerlab``: with several, safetensors writes them in varying order.
Reading never executes anything, and trusts no size that the bytes do not bear out.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from reprlib import repr as short
from typing import Any, NoReturn

import numpy as np
import safetensors
import safetensors.numpy

from layerlab._typing import Array
from layerlab.errors import ModelFileError

__all__ = [
    "TEMPORARY_FILE",
    "canonical_json",
    "pack_tensors",
    "parse_json",
    "unpack_tensors",
    "write_atomically",
]

TEMPORARY_FILE = re.compile(r"\.layerlab-[0-9a-f]{16}\.tmp")
"""What `write_atomically` calls its file until it is whole; a kill may leave one behind."""

METADATA = "__metadata__"
KEY = "layerlab"
PREFIX = 8  # bytes of the little-endian length before the header
HEADER_LIMIT = 16 * 2**20  # bytes; room for the names of half a million features
DEPTH_LIMIT = 16
DIGIT_LIMIT = 20  # digits and sign of the largest 64-bit integers

# Type names of the safetensors format, and the little-endian types they stand for.
TYPES = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}

# A string (closed or not, so that no quote is scanned twice) or a bracket.
TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


# --- Atomic writes --------------------------------------------------------------------------


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that at every moment the old one or the whole new one is there.

    The bytes go to a temporary file in the same folder, which is synced and then
    renamed. A link is followed: the file that it names is replaced.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    data : bytes

    Raises
    ------
    OSError
        If the folder is missing, full or may not be written to. No temporary file remains.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".layerlab-{secrets.token_hex(8)}.tmp")
    try:
        _write_synced(temporary, data)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _write_synced(path: Path, data: bytes) -> None:
    # Not tempfile: its files can be read by their owner alone, and the rename keeps that.
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# --- JSON -----------------------------------------------------------------------------------


def canonical_json(obj: Any) -> str:
    """Return JSON that is the same text for the same value, on every machine.

    Keys are sorted, no space is written, letters stay letters, floats are written by
    ``repr`` (the shortest text that gives the same float64 back). NumPy scalars
    are written as the Python numbers they hold.

    Parameters
    ----------
    obj : dict, list, str, number, bool or None
        Nested as you like, keys of text.

    Returns
    -------
    text : str

    Raises
    ------
    ValueError
        If a number is NaN or infinite, which JSON has no word for.
    TypeError
        If something in it has no form in JSON.
    """
    return json.dumps(
        obj,
        sort_keys=True,
        allow_nan=False,
        ensure_ascii=False,
        separators=(",", ":"),
        default=_plain_number,
    )


def _plain_number(value: object) -> object:
    if isinstance(value, np.bool_ | np.integer | np.floating):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def parse_json(text: str) -> Any:
    """Read JSON from a source that is not trusted.

    Parameters
    ----------
    text : str

    Returns
    -------
    value : dict, list, str, int, float, bool or None

    Raises
    ------
    ValueError
        In one line, if it is no JSON, is nested more than 16 deep, names a key twice, or
        holds NaN, an infinity or an integer of more than 20 characters.
    """
    if _nesting(text) > DEPTH_LIMIT:
        raise ValueError(f"it is nested more than {DEPTH_LIMIT} deep")
    return json.loads(
        text,
        object_pairs_hook=_unique_keys,
        parse_constant=_refuse_constant,
        parse_float=_finite_float,
        parse_int=_short_integer,
    )


def _nesting(text: str) -> int:
    """Return how deep the brackets outside strings are nested."""
    depth = deepest = 0
    for token in TOKEN.finditer(text):
        bracket = text[token.start()]
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return unique


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not np.isfinite(number):
        raise ValueError("a number is too large for float64")
    return number


def _short_integer(digits: str) -> int:
    if len(digits) > DIGIT_LIMIT:
        raise ValueError(f"an integer has more than {DIGIT_LIMIT} characters")
    return int(digits)


# --- The tensor container -------------------------------------------------------------------


def pack_tensors(tensors: Mapping[str, Array], header: str) -> bytes:
    """Return a safetensors file that holds arrays and one text.

    Arrays of any memory layout are stored as they read, in C order and little-endian, and
    what was packed is read back and compared: safetensors (seen in 0.8) takes the
    memory of a strided array as it lies, without a word.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        Of bool, uint8, int8, int32, int64, float32 or float64.
    header : str
        Goes to the metadata, under the key ``layerlab``.

    Returns
    -------
    data : bytes
        The same for the same tensors and header, whatever their order.

    Raises
    ------
    ModelFileError
        If an array has another type, or did not come back as it went in.
    """
    plain = {name: _storable(name, tensors[name]) for name in sorted(tensors)}
    data = safetensors.numpy.save(plain, metadata={KEY: header})
    back, text = unpack_tensors(data)
    if text != header or back.keys() != plain.keys():
        raise ModelFileError("what was packed reads back as something else")
    for name, array in plain.items():
        if not _same_bits(array, back[name]):
            raise ModelFileError(f"tensor {short(name)} reads back as something else")
    return data


def _storable(name: str, array: Array) -> Array:
    """Return the array in C order and little-endian."""
    little = np.asarray(array, order="C", dtype=array.dtype.newbyteorder("<"))
    if little.dtype not in TYPES.values():
        raise ModelFileError(
            f"tensor {short(name)} is of type {array.dtype}, which cannot be stored"
        )
    return little


def _same_bits(a: Array, b: Array) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def unpack_tensors(data: bytes) -> tuple[dict[str, Array], str]:
    """Return the arrays and the text that `pack_tensors` packed.

    Parameters
    ----------
    data : bytes
        From anywhere; nothing in it is trusted.

    Returns
    -------
    tensors : dict of str to ndarray
        Read-only arrays.
    header : str

    Raises
    ------
    ModelFileError
        In one line that does not name the file, if this is no such container, is cut
        short, or declares sizes that its bytes do not have.
    """
    header = _only_text(_container_header(data))
    try:
        entries = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        raise ModelFileError("its tensors do not fill the file as its header says") from error
    return {name: _as_array(name, entry) for name, entry in entries}, header


def _container_header(data: bytes) -> Any:
    """Return the container's header as JSON, after checking its size against the bytes."""
    if not data:
        raise ModelFileError("it is empty")
    if data[PREFIX : PREFIX + 1] != b"{":
        raise ModelFileError("it does not begin as a safetensors file does")
    size = int.from_bytes(data[:PREFIX], "little")
    if size > HEADER_LIMIT:
        raise ModelFileError(f"its header claims {size} bytes, more than {HEADER_LIMIT}")
    if PREFIX + size > len(data):
        raise ModelFileError(f"it is cut short, {len(data)} bytes with a header of {size}")
    try:
        return parse_json(data[PREFIX : PREFIX + size].decode("utf-8"))
    except ValueError as error:
        raise ModelFileError("its header is no JSON that we read") from error


def _only_text(header: Any) -> str:
    """Return the text under the one metadata key."""
    metadata = header.get(METADATA) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or list(metadata) != [KEY]:
        raise ModelFileError(f"its metadata does not have exactly the key {KEY!r}")
    text = metadata[KEY]
    if not isinstance(text, str):
        raise ModelFileError(f"its metadata {KEY!r} is no text")
    return text


def _as_array(name: str, entry: Mapping[str, Any]) -> Array:
    """Return a read-only array over the entry's bytes; nothing is allocated for it."""
    dtype = TYPES.get(entry["dtype"])
    if dtype is None:
        raise ModelFileError(f"tensor {short(name)} is of a type that no model has")
    try:
        array: Array = np.ndarray(entry["shape"], dtype, buffer=bytes(entry["data"]))
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelFileError(f"tensor {short(name)} has a shape that cannot be") from error
    native = array.astype(dtype.newbyteorder("="), copy=False)
    native.flags.writeable = False
    return native
