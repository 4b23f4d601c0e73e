"""The header of a model file: what it says about the network, as JSON and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from reprlib import repr as short
from typing import Any, TypeAlias

from layerlab._files import parse_json
from layerlab.errors import ModelFileError
from layerlab.storage.record import ModelRecord
from layerlab.storage.stored_views import StoredViews

__all__ = ["FORMAT_VERSION", "audit_header", "header_of", "parse_header", "record_fields"]

FORMAT_VERSION = 1

Check: TypeAlias = Callable[[Any], bool]


def _is(*kinds: type) -> Check:
    # The exact type: to isinstance, True is an int.
    return lambda value: type(value) in kinds


def _are(*kinds: type) -> Check:
    return lambda value: type(value) is list and all(type(item) in kinds for item in value)


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _is_true(value: Any) -> bool:
    # False is said by leaving the key out: one model has one file.
    return value is True


KEYS: dict[str, Check] = {
    "activations": _are(str),
    "alpha": _is(int, float),
    "checksum": _is(str),
    "class_type": _is(str),
    "classes": _are(str, int, bool, float),
    "feature_names": _or_null(_are(str)),
    "format_version": _is(int),
    "image_shape": _or_null(_are(int)),
    "name": _is(str),
    "output": _is(str),
    "value_range": _or_null(_are(int, float)),
    "widths": _are(int),
}
"""Every key of format 1, all required, with the check of its type."""


OPTIONAL: dict[str, Check] = {
    "image_options": _is(dict),
    "layer_norm": _is_true,
    "members": _is(int),
    "multilabel": _is_true,
    "views": _is(dict),
}
"""Keys that a header may lack: those who wrote format 1 before did not know them."""


def header_of(record: ModelRecord) -> dict[str, Any]:
    """Return the header of a record, but for its checksum."""
    low_high = record.value_range
    return {
        "activations": list(record.activations),
        "alpha": float(record.alpha),
        "class_type": record.class_type,
        "classes": record.classes.tolist(),
        "feature_names": None if record.feature_names is None else list(record.feature_names),
        "format_version": FORMAT_VERSION,
        "image_shape": None if record.image_shape is None else list(record.image_shape),
        "name": record.name,
        "output": record.output,
        "value_range": None if low_high is None else [float(value) for value in low_high],
        "widths": list(record.widths),
        **_optional(record),
    }


def _optional(record: ModelRecord) -> dict[str, Any]:
    """Return the keys that are left out where there is nothing to say."""
    options, views = record.image_options, record.views
    said = {
        "image_options": None if options is None else dict(options),
        "layer_norm": record.layer_norm or None,
        "members": record.n_members if record.others else None,
        "multilabel": record.multilabel or None,
        "views": None if views is None else views.to_dict(),
    }
    return {key: value for key, value in said.items() if value is not None}


def parse_header(text: str) -> dict[str, Any]:
    """Return a header of some version, not yet audited.

    Raises
    ------
    ModelFileError
        If it is no JSON object or does not say its format version.
    """
    try:
        header = parse_json(text)
    except ValueError as error:
        raise ModelFileError("its layerlab header is no JSON that we read") from error
    version = header.get("format_version") if isinstance(header, dict) else None
    if type(version) is not int or version < 1:
        raise ModelFileError("it does not say its format version")
    return dict(header)


def audit_header(header: Mapping[str, Any]) -> None:
    """Check that a header has the keys of format 1, and each its type.

    Raises
    ------
    ModelFileError
        Naming the first key that is missing, unknown or of another type.
    """
    for key in sorted((header.keys() ^ KEYS.keys()) - OPTIONAL.keys()):
        fault = "lacks the key" if key in KEYS else "has the unknown key"
        raise ModelFileError(f"its header {fault} {short(key)}")
    for key, check in (KEYS | OPTIONAL).items():
        if key in header and not check(header[key]):
            raise ModelFileError(f"its {key} is not of the right type: {short(header[key])}")


def record_fields(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an audited header gives to a `ModelRecord`, lists as tuples.

    Raises
    ------
    ModelFileError
        If it says something of views that is not allowed.
    """
    described = header.keys() - {"checksum", "class_type", "format_version", "members"}
    fields: dict[str, Any] = {
        key: tuple(header[key]) if type(header[key]) is list else header[key] for key in described
    }
    if "views" in fields:
        fields["views"] = StoredViews.from_dict(fields["views"])
    return fields
