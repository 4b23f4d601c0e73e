"""Which columns of a source a model takes: by name where it knows them, else by count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from layerlab.data.columns import (
    LABEL_NAMES,
    find_column,
    label_columns,
    listing,
    near_labels,
)
from layerlab.data.dataset import default_names
from layerlab.errors import DataError, did_you_mean

__all__ = ["Wanted", "choose_named", "choose_unnamed", "refuse_size"]

_MADE_UP = re.compile(r"x\d+|pixel_\d+_\d+")  # see `default_names`
_HINTS = 3  # missing names for which near ones are looked up


@dataclass(frozen=True)
class Wanted:
    """What a model takes.

    Attributes
    ----------
    n_features : int
    names : tuple of n_features str
        Names of the features the model was trained on; empty where it knows none.
    image_shape : (int, int) or None
        Height and width, where it takes images.
    """

    n_features: int
    names: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None

    @property
    def made_up(self) -> bool:
        """Whether the names are those `default_names` gives where a source has none."""
        shapes = (None, self.image_shape)
        return self.names in [default_names(self.n_features, shape) for shape in shapes]

    def __str__(self) -> str:
        """Return what it takes, as messages say it."""
        if self.image_shape is not None:
            height, width = self.image_shape
            return f"images of {height}×{width} = {self.n_features} values"
        return f"{self.n_features} feature{'s' if self.n_features > 1 else ''}"


def choose_named(
    names: Sequence[str], wanted: Wanted, label: str | int | None, where: str
) -> tuple[int, ...]:
    """Return which columns of a source that names them the model takes.

    By name, in the model's order, where the source has all the model's names.
    By count where the model knows no names, or only made-up ones that the
    source does not have: then a column of labels is left out.

    Parameters
    ----------
    names : sequence of str
        All column names.
    wanted : Wanted
    label : str, int or None
        The column of the labels: a name, or a position from 0.
    where : str
        What messages begin with.

    Returns
    -------
    columns : tuple of n_features int
        From 0.

    Raises
    ------
    DataError
        If names are missing, or there are more or fewer columns than the model takes.
    """
    label_at = None if label is None else find_column(names, label, "label", where)
    present = set(wanted.names) & set(names)
    if len(present) == wanted.n_features:
        return _by_name(names, wanted, label_at, where)
    if wanted.names and not wanted.made_up:
        raise _missing(names, wanted, where)
    columns = _by_count(names, wanted, label_at, where)
    if present:
        raise _missing(names, wanted, where)
    return columns


def choose_unnamed(
    names: Sequence[str], wanted: Wanted, label: str | int | None, where: str
) -> tuple[int, ...]:
    """Return which columns of a file without a header the model takes, in their order.

    Parameters
    ----------
    names : sequence of str
        What messages call the columns.
    wanted : Wanted
    label : str, int or None
        The column of the labels; by default the last, if there is one column too many.
    where : str
        What messages begin with.

    Returns
    -------
    columns : tuple of n_features int
        From 0.

    Raises
    ------
    DataError
        If there are more or fewer columns than the model takes.
    """
    if label is None and len(names) == wanted.n_features + 1:
        return tuple(range(wanted.n_features))
    label_at = None if label is None else find_column(names, label, "label", where)
    return _all_but(label_at, names, wanted, where)


def refuse_size(wanted: Wanted, came: str, where: str) -> DataError:
    """Return the error for rows that are too short, too long or of another shape.

    Parameters
    ----------
    wanted : Wanted
    came : str
        What there is instead, with its verb.
    where : str
        What the message begins with.

    Returns
    -------
    error : DataError
    """
    return DataError(
        f"{where}: the model takes {wanted}, and {came}. Give rows made as the training data was."
    )


def _by_name(
    names: Sequence[str], wanted: Wanted, label_at: int | None, where: str
) -> tuple[int, ...]:
    if label_at is not None and names[label_at] in wanted.names:
        raise DataError(
            f"{where}: column {names[label_at]!r} is a feature the model takes, so it cannot hold "
            "the labels. Name another with label=, or none."
        )
    # pixel_0_0 … of a larger image hold every name of a smaller one: its corner.
    same_kind = sum(bool(_MADE_UP.fullmatch(name)) for name in names)
    if wanted.made_up and same_kind > wanted.n_features:
        raise refuse_size(wanted, f"there are {same_kind} such columns", where)
    position = {name: j for j, name in enumerate(names)}
    return tuple(position[name] for name in wanted.names)


def _missing(names: Sequence[str], wanted: Wanted, where: str) -> DataError:
    here, known = set(names), set(wanted.names)
    missing = [name for name in wanted.names if name not in here]
    others = [name for name in names if name not in known]
    near = ((name, did_you_mean(name, others)) for name in missing[:_HINTS])
    hints = "".join(f" For {name!r}:{hint}" for name, hint in near if hint)
    return DataError(
        f"{where}: the model takes {wanted} by name, and {len(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing: {listing(missing)}.{hints} "
        f"The columns are {listing(names)}. Name them as the training data did."
    )


def _by_count(
    names: Sequence[str], wanted: Wanted, label_at: int | None, where: str
) -> tuple[int, ...]:
    if label_at is None:
        label_at = _likely_label(names, wanted, where)
    return _all_but(label_at, names, wanted, where)


def _likely_label(names: Sequence[str], wanted: Wanted, where: str) -> int | None:
    """Return the column that the label rule leaves out, or None if every one may be a feature."""
    found = label_columns(names)
    if len(found) > 1 or (not found and len(names) == wanted.n_features + 1):
        raise _unclear_label(names, found, wanted, where)
    # As many columns as features, and one is called y: a coordinate.
    if not found or (len(names) == wanted.n_features and names[found[0]].strip().lower() == "y"):
        return None
    return found[0]


def _unclear_label(names: Sequence[str], found: list[int], wanted: Wanted, where: str) -> DataError:
    usual = f"{', '.join(LABEL_NAMES[:-1])} or {LABEL_NAMES[-1]}"
    reason = (
        f"both {' and '.join(repr(names[j]) for j in found)} could hold the labels."
        if found
        else f"none is named {usual}.{near_labels(names)}"
    )
    return DataError(
        f"{where}: the model takes {wanted}, there are {len(names)} columns, and {reason} "
        f"Say which to leave out with label=NAME; the columns are {listing(names)}."
    )


def _all_but(
    label_at: int | None, names: Sequence[str], wanted: Wanted, where: str
) -> tuple[int, ...]:
    columns = tuple(j for j in range(len(names)) if j != label_at)
    if len(columns) != wanted.n_features:
        beside = "" if label_at is None else f" beside the label {names[label_at]!r}"
        count = f"{len(columns)} column{'' if len(columns) == 1 else 's'}"
        verb = "is" if len(columns) == 1 else "are"
        raise refuse_size(wanted, f"there {verb} {count}{beside}", where)
    return columns
