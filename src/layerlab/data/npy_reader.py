"""NPY files: one array each, rows and labels beside each other; large ones are mapped."""

from __future__ import annotations

from pathlib import Path

from numpy.lib import format as npy

from layerlab._typing import Array
from layerlab.data.array_names import label_names, name_of_test
from layerlab.data.mapped import LARGE
from layerlab.data.npy_header import DAMAGE, damaged, read_claim
from layerlab.data.rows import seal
from layerlab.data.source import RawData
from layerlab.errors import DataError

__all__ = ["read_array", "read_npy"]


def read_npy(name: str, *, label: str | int | None = None, labelled: bool = True) -> RawData:
    """Return the rows of an NPY file, and labels that lie in another beside it.

    Parameters
    ----------
    name : str
        The path of the rows.
    label : str, optional
        The file of the labels, its path as seen from the folder of the rows. By
        default the one called as the rows are with ``y``, ``labels`` or ``target``
        for ``X``, ``data``, ``rows`` or ``images``: ``y_train.npy`` for ``X_train.npy``.
    labelled : bool, default=True
        Whether labels are looked for.

    Returns
    -------
    raw : RawData
        Without labels where none lie beside. With a test part for ``X_train.npy`` if
        ``X_test.npy`` lies beside with its labels.

    Raises
    ------
    DataError
        If a file is damaged, holds Python objects, or more than its size; or if several
        could hold the labels.
    """
    rows = read_array(name)
    at = _label_file(Path(name), label) if labelled else None
    if at is None:
        return RawData(rows, None)
    return RawData(
        rows,
        read_array(str(at)),
        label_name=at.stem,
        notes=(f"Labels: those of {at.name}.",),
        test=_test_part(Path(name)),
    )


def read_array(name: str) -> Array:
    """Return the array of an NPY file: mapped where it is large, never unpickled.

    Parameters
    ----------
    name : str
        Its path.

    Returns
    -------
    array : ndarray
        Read-only.

    Raises
    ------
    DataError
        If the file is damaged or holds Python objects, or its header claims more or
        less than there is, which is found before anything is allocated.
    """
    path = Path(name)
    try:
        with path.open("rb") as file:
            claim = read_claim(file, name)
            claim.check_held(path.stat().st_size, name)
            return claim.mapped(path) if claim.n_bytes >= LARGE else _read(path)
    except FileNotFoundError as error:
        raise DataError(f"{name}: there is no such file. Check the path.") from error
    except (IsADirectoryError, PermissionError) as error:
        raise DataError(
            f"{name}: the file cannot be read ({error.strerror}). Check the path."
        ) from error
    except DataError:
        raise
    except DAMAGE as error:
        raise damaged(name, error, "the file") from error


def _read(path: Path) -> Array:
    with path.open("rb") as file:
        return seal(npy.read_array(file, allow_pickle=False))


def _label_file(path: Path, label: str | int | None) -> Path | None:
    if label is not None:
        return path.parent / str(label)
    names = [path.with_name(f"{stem}.npy") for stem in label_names(path.stem)]
    found = [file for file in names if file.is_file()]
    if len(found) > 1:
        raise DataError(
            f"{path}: both {found[0].name!r} and {found[1].name!r} could hold the labels. Keep "
            "one, or name it with label= (--label on the command line)."
        )
    return found[0] if found else None


def _test_part(path: Path) -> RawData | None:
    stem = name_of_test(path.stem)
    beside = None if stem is None else path.with_name(f"{stem}.npy")
    if beside is None or not beside.is_file() or _label_file(beside, None) is None:
        return None
    return read_npy(str(beside))
