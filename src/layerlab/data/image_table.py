"""A table beside a flat folder of images: which file is of which class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from layerlab.data.text_file import find_separator, read_text, records
from layerlab.errors import DataError, did_you_mean

__all__ = ["ImageLabels", "read_image_labels"]

_LABELS = ("label", "class", "target", "y")
_MISSING_SHARE = 0.01  # of the rows; more missing files than this are no accident
_LOOKED_AT = 200  # rows by which the column of names is found
_LISTED = 5

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class ImageLabels:
    """What a table says of images.

    Attributes
    ----------
    classes : dict of str to str
        Image and class.
    groups : dict of str to str, or None
        Image and group, where a column of groups was asked for.
    label_name : str
    warnings : tuple of str
    """

    classes: dict[str, str]
    groups: dict[str, str] | None
    label_name: str
    warnings: tuple[str, ...]


def read_image_labels(
    content: bytes,
    images: Sequence[str],
    where: str,
    *,
    label: str | int | None = None,
    groups: str | int | None = None,
) -> ImageLabels:
    """Return the classes of images from a CSV file.

    Parameters
    ----------
    content : bytes
        CSV text; one column names the files, with or without folder and suffix.
    images : sequence of str
    where : str
        The table's path, with which messages begin.
    label, groups : str or int, optional
        Columns by name or position. By default the label's is named label, class, target or
        y, or is the only other one, or, without a header, the last.

    Returns
    -------
    labels : ImageLabels

    Raises
    ------
    DataError
        If no column names the images, the label's column is not found, rows are ragged, an
        image has two classes, or more than a hundredth of the files are missing.
    """
    text = read_text(content, where)
    rows = list(records(text, find_separator(text, where), where))
    _refuse_ragged(rows, where)
    known = _known(images)
    name = _name_column(rows, known, where)
    header = rows[0][1] if _image(rows[0][1][name], known) is None else None
    width = len(rows[0][1])
    column = _label_column(header, width, name, label, where)
    group = None if groups is None else _column(header, width, groups, where)
    found, missing = _matched(rows[header is not None :], name, known, where)
    classes = _named(found, column, where)
    return ImageLabels(
        classes=classes,
        groups=None if group is None else _named(found, group, where),
        label_name=header[column] if header else "label",
        warnings=_warnings(images, classes, missing),
    )


def _refuse_ragged(rows: list[Row], where: str) -> None:
    width = len(rows[0][1])
    for number, cells in rows:
        if len(cells) != width:
            raise DataError(
                f"{where}, row {number}: {len(cells)} cells, where row 1 has {width}. "
                "Give every row as many."
            )


def _known(images: Sequence[str]) -> dict[str, str]:
    """Return the images by everything that a table may call them."""
    known: dict[str, str] = {}
    for called in (lambda p: p.stem, lambda p: p.name, str):
        known |= {called(PurePosixPath(image)): image for image in images}
    return known


def _image(cell: str, known: dict[str, str]) -> str | None:
    return known.get(cell) or known.get(PurePosixPath(cell.replace("\\", "/")).name)


def _name_column(rows: list[Row], known: dict[str, str], where: str) -> int:
    some = [cells for _, cells in rows[:_LOOKED_AT]]
    hits = [
        sum(_image(cell, known) is not None for cell in column)
        for column in zip(*some, strict=True)
    ]
    if not max(hits):
        raise DataError(
            f"{where}: no column names the images of its folder, such as "
            f"{next(iter(known.values()))!r}. Give a column of file names and one of labels."
        )
    return hits.index(max(hits))


def _label_column(
    header: list[str] | None, width: int, name: int, label: str | int | None, where: str
) -> int:
    if label is not None:
        return _column(header, width, label, where)
    others = [j for j in range(width) if j != name]
    if header:
        usual = [j for j in others if header[j].lower() in _LABELS]
        others = usual if len(usual) == 1 else others
    if len(others) == 1 or (others and not header):
        return others[-1]
    raise DataError(
        f"{where}: which column holds the labels is not said. Name it: --label NAME "
        f"(label='NAME'), one of {', '.join(map(repr, header or []))}."
    )


def _column(header: list[str] | None, width: int, asked: str | int, where: str) -> int:
    if isinstance(asked, str) and header and asked in header:
        return header.index(asked)
    if isinstance(asked, str) and asked.lstrip("-").isdecimal():
        asked = int(asked)
    if isinstance(asked, int) and -width <= asked < width:
        return asked % width
    hint = did_you_mean(str(asked), header or [])
    names = ", ".join(map(repr, header)) if header else f"{width} without names"
    raise DataError(f"{where}: there is no column {asked!r}.{hint} It has the columns {names}.")


def _matched(
    rows: list[Row], name: int, known: dict[str, str], where: str
) -> tuple[list[tuple[str, Row]], list[str]]:
    """Return the rows with the image that each names, and names of files that are missing."""
    pairs = [(_image(cells[name], known), (number, cells)) for number, cells in rows]
    missing = [cells[name] for image, (_, cells) in pairs if image is None]
    if len(missing) > _MISSING_SHARE * len(rows):
        raise DataError(
            f"{where}: {len(missing)} of {len(rows)} rows name images that are not in its "
            f"folder, the first {missing[0]!r}. Add the images or take the rows away."
        )
    return [(image, row) for image, row in pairs if image is not None], missing


def _named(found: list[tuple[str, Row]], column: int, where: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for image, (number, cells) in found:
        if not cells[column]:
            raise DataError(
                f"{where}, row {number}: {image!r} has a blank label. Give every image one."
            )
        if named.setdefault(image, cells[column]) != cells[column]:
            raise DataError(
                f"{where}, row {number}: {image!r} is {cells[column]!r} here and "
                f"{named[image]!r} before. Keep one."
            )
    return named


def _warnings(
    images: Sequence[str], classes: dict[str, str], missing: list[str]
) -> tuple[str, ...]:
    unnamed = [image for image in images if image not in classes]
    said = []
    if unnamed:
        said.append(f"the table of labels has no row for {_listed(unnamed)}, left out.")
    if missing:
        said.append(f"the table of labels names {_listed(missing)} that are not there.")
    return tuple(said)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{len(names)} images ({', '.join(names[:_LISTED])}{more})"
