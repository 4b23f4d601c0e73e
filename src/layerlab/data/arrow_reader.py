"""Parquet, Arrow and Feather files, read by pyarrow into a frame."""

from __future__ import annotations

from collections import Counter
from typing import Any

import narwhals as nw

from layerlab.errors import DataError, MissingExtraError, one_line

__all__ = ["read_arrow"]


def read_arrow(name: str) -> nw.DataFrame[Any]:
    """Return the table of a file as a frame.

    Parameters
    ----------
    name : str
        The path of a Parquet file, or of an Arrow file or stream (Feather).

    Returns
    -------
    frame : narwhals.DataFrame

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    DataError
        If the file is damaged.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("pyarrow", "data") from error
    try:
        with pyarrow.memory_map(name) as file:
            table = _table(file)
            names = table.column_names  # decoded here; they may be no UTF-8
            table.validate(full=True)  # values of damaged files lie outside them
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = one_line(error, 200)
        raise DataError(
            f"{name}: the file is damaged ({reason}). Write or copy it again."
        ) from error
    _refuse_repeated_names(names, name)
    return nw.from_native(table, eager_only=True)


def _table(file: Any) -> Any:
    from pyarrow import feather, ipc, parquet

    head = file.read(6)
    file.seek(0)
    if head.startswith(b"PAR1"):
        return parquet.read_table(file)
    if head.startswith(b"\xff\xff\xff\xff"):
        return ipc.open_stream(file).read_all()
    return feather.read_table(file)


def _refuse_repeated_names(names: list[str], where: str) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(
            f"{where}: several columns are named {repeated[0]!r}. Give every column its own name."
        )
