"""The model file: a `ModelRecord` to bytes and back (docs/model-file.md is its specification).

Reading goes in three steps: read the container, audit it (version, checksum, keys, types, names
and shapes of tensors), and only then build the record, which checks itself. Nothing is
executed, imported by name or fetched from a second file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from layerlab._files import canonical_json, pack_tensors, unpack_tensors, write_atomically
from layerlab._typing import Array
from layerlab.errors import ModelFileError, did_you_mean
from layerlab.network import Layout
from layerlab.storage.model_header import (
    FORMAT_VERSION,
    audit_header,
    header_of,
    parse_header,
    record_fields,
)
from layerlab.storage.record import MemberRecord, ModelRecord, frozen_floats

__all__ = [
    "FORMAT_VERSION",
    "StoredModel",
    "read_record",
    "record_from_bytes",
    "record_to_bytes",
    "write_record",
]

# How far an answer may lie from the stored one: other processors add in another order.
TOLERANCES = {np.dtype(np.float32): 1e-4, np.dtype(np.float64): 1e-9}
# Views are deformed in single precision, by the compiled module or by NumPy.
TOLERANCE_OF_VIEWS = 1e-4

# The tensors beside those of the layers: of each network, and of the file.
MAP = ("scale", "shift")
REFERENCES = ("reference_inputs", "reference_outputs")


@dataclass(frozen=True, eq=False)
class StoredModel:
    """What a model file holds: a record, and answers to check a loaded model against.

    Parameters
    ----------
    record : ModelRecord
    reference_inputs : ndarray of shape (n_reference, n_features), float32 or float64
        Rows as they come to the model, before the input map.
    reference_outputs : ndarray of shape (n_reference, n_classes), float32 or float64
        The probabilities that the model gave them when it was saved.

    Raises
    ------
    ModelFileError
        If shapes do not fit the record's widths, there is no row or a value is not finite.
    """

    record: ModelRecord
    reference_inputs: Array
    reference_outputs: Array

    def __post_init__(self) -> None:
        for field in ("reference_inputs", "reference_outputs"):
            object.__setattr__(self, field, frozen_floats(field, getattr(self, field)))
        shapes = self.reference_inputs.shape, self.reference_outputs.shape
        n, n_in, n_out = shapes[0][:1], self.record.widths[0], self.record.widths[-1]
        if n == (0,) or shapes != ((*n, n_in), (*n, n_out)):
            raise ModelFileError(
                f"its reference rows have the shapes {shapes[0]} and {shapes[1]}, which do not fit "
                f"{n_in} features and {n_out} classes"
            )

    def agrees_with(self, outputs: ArrayLike) -> bool:
        """Say whether these answers to the reference inputs are the stored ones.

        They may differ by 1e-4 where theta is float32 and by 1e-9 where it is float64;
        where they are means over views, by 1e-4.
        """
        answers = np.asarray(outputs)
        by_type = TOLERANCES[self.record.theta.dtype]
        tolerance = by_type if self.record.views is None else TOLERANCE_OF_VIEWS
        return answers.shape == self.reference_outputs.shape and bool(
            np.all(np.abs(answers - self.reference_outputs) <= tolerance)
        )


# --- Writing --------------------------------------------------------------------------------


def record_to_bytes(
    record: ModelRecord, reference_inputs: ArrayLike, reference_outputs: ArrayLike
) -> bytes:
    """Return a model file.

    Parameters
    ----------
    record : ModelRecord
    reference_inputs : array-like of shape (n_reference, n_features)
        A few rows, before the input map; integers are stored as float64.
    reference_outputs : array-like of shape (n_reference, n_classes)
        The model's probabilities for them.

    Returns
    -------
    data : bytes
        The same for the same record and references.

    Raises
    ------
    ModelFileError
        If the references do not fit the record, or the bytes do not read back as they should.
    """
    stored = StoredModel(record, _floats(reference_inputs), _floats(reference_outputs))
    tensors = _tensors(stored)
    header = header_of(record)
    header["checksum"] = _checksum(header, tensors)
    text = canonical_json(header)
    data = pack_tensors(tensors, text)  # it unpacks them too, and compares
    _build(parse_header(text), tensors)
    return data


def write_record(
    path: str | os.PathLike[str],
    record: ModelRecord,
    reference_inputs: ArrayLike,
    reference_outputs: ArrayLike,
) -> None:
    """Write a model file atomically, and read it back.

    Raises
    ------
    ModelFileError
        In one line, if the parts do not agree, or the file cannot be written or read back.
    """
    with _saying(f"The model cannot be saved to {path}", "Nothing was written."):
        data = record_to_bytes(record, reference_inputs, reference_outputs)
    try:
        write_atomically(path, data)
    except OSError as error:
        raise ModelFileError(f"The model cannot be saved to {path}: {error.strerror}.") from error
    if _read_bytes(Path(path)) != data:
        raise ModelFileError(f"{path} reads back as something else than was written.")


def _floats(values: ArrayLike) -> Array:
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _tensors(stored: StoredModel) -> dict[str, Array]:
    """Return every tensor of the file under its name."""
    tensors = {
        "reference_inputs": stored.reference_inputs,
        "reference_outputs": stored.reference_outputs,
    }
    layout = Layout(stored.record.widths)
    networks: list[ModelRecord | MemberRecord] = [stored.record, *stored.record.others]
    for number, member in enumerate(networks, start=1):
        at = _prefix(number)
        tensors |= {f"{at}scale": member.scale, f"{at}shift": member.shift}
        for i, (W, b) in enumerate(layout.split(member.theta)):
            tensors |= {f"{at}W{i}": W, f"{at}b{i}": b}
    return tensors


def _prefix(number: int) -> str:
    """Return what stands before the names of a network's tensors: of the first, nothing."""
    return "" if number == 1 else f"member{number}."


def _checksum(header: Mapping[str, Any], tensors: Mapping[str, Array]) -> str:
    """Return the SHA-256 of the header without its checksum, and of every tensor by name."""
    rest = {key: value for key, value in header.items() if key != "checksum"}
    digest = hashlib.sha256(_bytes(rest))
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(_bytes([name, array.dtype.name, list(array.shape)]))
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _bytes(obj: object) -> bytes:
    # A file that is not ours may name half a character; the record refuses it later.
    return canonical_json(obj).encode("utf-8", "surrogatepass")


# --- Reading --------------------------------------------------------------------------------


def read_record(path: str | os.PathLike[str]) -> StoredModel:
    """Read a model file.

    Parameters
    ----------
    path : path

    Returns
    -------
    stored : StoredModel

    Raises
    ------
    ModelFileError
        In one line that names the file and says what to do.
    """
    return record_from_bytes(_read_bytes(Path(path)), str(path))


def _read_bytes(path: Path) -> bytes:
    try:
        if not path.exists():
            near = did_you_mean(path.name, [file.name for file in path.parent.glob("*.layerlab")])
            raise ModelFileError(f"There is no model file {path}.{near}")
        if not path.is_file():
            raise ModelFileError(f"{path} is no file. Name the model file itself.")
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from error


def record_from_bytes(data: bytes, where: str) -> StoredModel:
    """Read a model file's bytes.

    Parameters
    ----------
    data : bytes
        From anywhere; nothing in it is trusted or executed.
    where : str
        What the error calls it: the file's path.

    Returns
    -------
    stored : StoredModel

    Raises
    ------
    ModelFileError
        In one line that names ``where`` and says what to do.
    """
    remedy = "Take a fresh copy of it, or save the model again."
    with _saying(f"{where} is no layerlab model or is damaged", remedy):
        header, tensors = _unpack(data)
        if header["format_version"] <= FORMAT_VERSION:
            return _build(header, tensors)
    raise ModelFileError(
        f"{where} was written by a newer layerlab: it has format {header['format_version']}, and "
        f"this one reads format {FORMAT_VERSION}. Update layerlab to read it."
    )


@contextmanager
def _saying(fault: str, remedy: str) -> Iterator[None]:
    """Put a reason between the fault, which names the file, and the remedy."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{fault}: {error}. {remedy}") from error


def _unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    tensors, text = unpack_tensors(data)
    return parse_header(text), tensors


def _build(header: dict[str, Any], tensors: dict[str, Array]) -> StoredModel:
    """Return what a file of format 1 holds."""
    audit_header(header)
    if header["checksum"] != _checksum(header, tensors):
        raise ModelFileError("its checksum does not fit its content")
    shapes = _layer_shapes(header["widths"])
    prefixes = _prefixes(header.get("members"), shapes, tensors)
    first, *others = (_member(at, shapes, tensors) for at in prefixes)
    record = ModelRecord(**record_fields(header), **vars(first), others=tuple(others))
    if record.class_type != header["class_type"]:
        raise ModelFileError("its class_type is not the type of its classes")
    return StoredModel(record, tensors["reference_inputs"], tensors["reference_outputs"])


def _prefixes(
    members: int | None, shapes: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Array]
) -> list[str]:
    """Return the prefix of each network's tensors, once the names are those that there must be."""
    fault = ModelFileError("its tensors are not those that its header asks for")
    n = 1 if members is None else members
    # Counted first: a header may state any number.
    if not shapes or len(tensors) != n * len({*shapes, *MAP}) + len(REFERENCES):
        raise fault
    prefixes = [_prefix(number) for number in range(1, n + 1)]
    asked = {at + name for at in prefixes for name in (*shapes, *MAP)}
    if tensors.keys() != {*asked, *REFERENCES} or members == 1:
        raise fault
    return prefixes


def _member(
    at: str, shapes: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Array]
) -> MemberRecord:
    """Return a network's arrays, the weights of all layers as one vector."""
    layers = [tensors[at + name] for name in shapes]
    if any(W.shape != shape for W, shape in zip(layers, shapes.values(), strict=True)):
        raise ModelFileError("a tensor does not have the shape that its widths ask for")
    if len({W.dtype for W in layers}) > 1:
        raise ModelFileError("its layers are not all of one type")
    theta = np.concatenate([W.ravel() for W in layers])
    return MemberRecord(theta, tensors[f"{at}shift"], tensors[f"{at}scale"])


def _layer_shapes(widths: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each layer's tensors, in theta's order."""
    shapes: dict[str, tuple[int, ...]] = {}
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        shapes |= {f"W{i}": (n_in, n_out), f"b{i}": (n_out,)}
    return shapes
