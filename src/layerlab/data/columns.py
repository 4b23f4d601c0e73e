"""Which column holds the labels, which the groups: one rule for files and frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layerlab.errors import DataError, did_you_mean

__all__ = [
    "LABEL_NAMES",
    "Roles",
    "assign_roles",
    "find_column",
    "label_columns",
    "listing",
    "option",
    "shown",
    "why_unclear",
]

LABEL_NAMES = ("label", "class", "target", "y")
"""A column of one of these names, in any case, holds the labels unless another is named."""

_LISTED = 12  # column names shown in a message
_LONGEST = 100  # characters of a name shown


@dataclass(frozen=True)
class Roles:
    """What each column is, as positions from 0.

    Attributes
    ----------
    label : int
    group : int or None
    features : tuple of int
        All other columns, in order.
    """

    label: int
    group: int | None
    features: tuple[int, ...]


def assign_roles(
    names: Sequence[str],
    label: str | int | None,
    group: str | int | None,
    where: str,
    *,
    default: int | None = None,
) -> Roles:
    """Return which columns hold labels, groups and features.

    Parameters
    ----------
    names : sequence of str
        All column names.
    label : str, int or None
        Name of the label column, or its position from 0 (-1 is the last); by
        default the column named label, class, target or y in any case.
    group : str, int or None
        Column of the groups, likewise; by default there is none.
    where : str
        What messages begin with.
    default : int, optional
        Position of the labels where no column has a label's name (a file without
        a header).

    Returns
    -------
    roles : Roles

    Raises
    ------
    DataError
        If a column is missing or used twice, or no feature is left.
    """
    group_at = None if group is None else find_column(names, group, "groups", where)
    if label is not None:
        label_at = find_column(names, label, "label", where)
    else:
        label_at = _usual_label(names, where) if default is None else default % len(names)
    if label_at == group_at:
        raise DataError(
            f"{where}: column {names[label_at]!r} cannot hold both the labels and the groups. "
            f"Name another with {option('label')}."
        )
    features = tuple(j for j in range(len(names)) if j not in (label_at, group_at))
    if not features:
        raise DataError(f"{where}: no column is left for the features. Give at least one.")
    return Roles(label_at, group_at, features)


def find_column(names: Sequence[str], wanted: str | int, asked: str, where: str) -> int:
    """Return the column that a name means or, failing that, a position.

    Parameters
    ----------
    names : sequence of str
        All column names.
    wanted : str or int
        A name; or a position from 0, -1 being the last.
    asked : str
        The argument that asks, for messages.
    where : str
        What messages begin with.

    Returns
    -------
    column : int
        From 0.

    Raises
    ------
    DataError
        If there is no such column; the message names the nearest.
    """
    if str(wanted) in names:
        return list(names).index(str(wanted))
    if _is_position(wanted) and -len(names) <= int(wanted) < len(names):
        return int(wanted) % len(names)
    hint = did_you_mean(str(wanted), names)
    raise DataError(
        f"{where}: there is no column {wanted!r} for the {asked}.{hint} The columns are "
        f"{listing(names)}; {option(asked)} takes a name, or a position from 0 to "
        f"{len(names) - 1}."
    )


def _is_position(wanted: str | int) -> bool:
    return isinstance(wanted, int) or wanted.removeprefix("-").isdecimal()


def label_columns(names: Sequence[str]) -> list[int]:
    """Return the columns with a label's usual name; y gives way, as it is often a coordinate.

    Parameters
    ----------
    names : sequence of str
        All column names.

    Returns
    -------
    columns : list of int
        From 0: no, one or several columns.
    """
    found = [j for j, name in enumerate(names) if name.strip().lower() in LABEL_NAMES]
    return [j for j in found if names[j].strip().lower() != "y"] or found


def why_unclear(names: Sequence[str], found: Sequence[int]) -> str:
    """Return why `label_columns` did not find one column, as a message says it.

    Parameters
    ----------
    names : sequence of str
        All column names.
    found : sequence of int
        What it found: no column, or several.

    Returns
    -------
    reason : str
    """
    if found:
        both = " and ".join(repr(names[j]) for j in found)
        return f"both {both} could hold the labels."
    usual = f"{', '.join(LABEL_NAMES[:-1])} or {LABEL_NAMES[-1]}"
    return f"no column is named {usual}.{_near_labels(names)}"


def _near_labels(names: Sequence[str]) -> str:
    near = [name for name in names if did_you_mean(name, LABEL_NAMES[:3])]
    return f" Did you mean {' or '.join(map(repr, near[:3]))}?" if near else ""


def option(name: str) -> str:
    """Return what an argument is called in Python and on the command line.

    Parameters
    ----------
    name : str

    Returns
    -------
    text : str

    Examples
    --------
    >>> option("label")
    'label= (--label on the command line)'
    """
    return f"{name}= (--{name} on the command line)"


def _usual_label(names: Sequence[str], where: str) -> int:
    found = label_columns(names)
    if len(found) == 1:
        return found[0]
    reason = f"{where}: {why_unclear(names, found)} Name the one that holds the labels with"
    if found:
        raise DataError(f"{reason} {option('label')}, and leave the other out of the data.")
    raise DataError(f"{reason} {option('label')}; the columns are {listing(names)}.")


def listing(names: Sequence[str]) -> str:
    """Return column names as a message shows them, long lists cut short.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    text : str
    """
    if len(names) <= _LISTED:
        return ", ".join(map(shown, names))
    first = ", ".join(map(shown, names[: _LISTED - 1]))
    return f"{first}, …, {shown(names[-1])} ({len(names)} in all)"


def shown(text: str) -> str:
    """Return a name or a cell as a message quotes it, cut short where it is very long.

    Parameters
    ----------
    text : str

    Returns
    -------
    quoted : str
    """
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
