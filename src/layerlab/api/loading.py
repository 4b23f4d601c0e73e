"""From what a caller gives to rows with a split."""

from __future__ import annotations

import reprlib
from dataclasses import replace
from typing import Any

from layerlab._callbacks import ProgressSink
from layerlab._typing import IndexArray
from layerlab.data import (
    Dataset,
    Parts,
    Split,
    SplitRule,
    join,
    load_data,
    load_parts,
    parse_split,
)
from layerlab.errors import ParameterError

__all__ = ["loaded", "rows_to_train", "split_of"]


def loaded(
    data: Any, test: Any, progress: ProgressSink | None, **options: Any
) -> tuple[Dataset, IndexArray | None]:
    """Return all rows, and which are the test part, if there is one."""
    return _joined(_parts(data, test, _given(**options), progress))


def rows_to_train(data: Any, progress: ProgressSink | None, **options: Any) -> Dataset:
    """Return the rows to train on; a note says so where a test part is left alone."""
    given = _given(**options)
    if not isinstance(data, Dataset | Parts):
        return load_data(data, progress=progress, **given)
    _refuse_options(data, given)
    if isinstance(data, Dataset):
        return data
    known, test = data.development, data.test
    if test is None:
        return known
    note = f"The test part given beside it ({test.n_rows} rows) is left out."
    return replace(known, notes=(*known.notes, note))


def _given(**options: Any) -> dict[str, Any]:
    """Return the options of loading that are not as usual."""
    usual = {"fit": "pad", "grey": False, "background": "white"}
    return {
        name: value
        for name, value in options.items()
        if value is not None and not (name in usual and value == usual[name])
    }


def _parts(data: Any, test: Any, options: dict[str, Any], progress: ProgressSink | None) -> Parts:
    """Return both parts, loaded if they are not yet; what is loaded takes no options of loading."""
    if not isinstance(data, Dataset | Parts):
        return load_parts(data, test=test, progress=progress, **options)
    _refuse_options(data, options)
    if isinstance(data, Dataset):
        return load_parts(data, test=test)
    if test is not None:
        raise ParameterError("These Parts have a test part of their own. Leave 'test' out.")
    return data


def _refuse_options(data: Dataset | Parts, options: dict[str, Any]) -> None:
    for name, value in options.items():
        raise ParameterError(
            f"The '{name}' parameter is for data that is yet to be loaded, and this is "
            f"{'a Dataset' if isinstance(data, Dataset) else 'Parts'}. Give it where that is made: "
            f"load_data(..., {name}={reprlib.repr(value)})."
        )


def _joined(parts: Parts) -> tuple[Dataset, IndexArray | None]:
    """Return all rows, and which are the test part, if there is one; `reproduce.py` needs both."""
    if parts.test is None:
        return parts.development, None
    data, sealed = join(parts)
    beside = parts.test.source == f"{parts.development.source} (test part)"
    option = () if beside else (("test", parts.test.source),)
    return replace(data, options=(*data.options, *option)), sealed


def split_of(
    data: Dataset,
    split: str | Split | SplitRule | None,
    seed: int,
    test: IndexArray | None = None,
) -> Split:
    """Return the split that was asked for: by default by group where there are groups."""
    if isinstance(split, Split):
        rule = SplitRule("given", split.fractions, split)
    elif split is None:
        by_group = data.groups is not None and data.source != "digits"
        rule = SplitRule("group" if by_group else "stratified")
    else:
        rule = parse_split(split) if isinstance(split, str) else split
    return rule.split(data, random_state=seed, test=test)
