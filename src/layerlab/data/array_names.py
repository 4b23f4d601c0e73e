"""What arrays are called: rows, their labels, and the training and test parts of both."""

from __future__ import annotations

import re

__all__ = ["LABELS", "ROWS", "label_names", "name_of_test", "training_names"]

ROWS = ("X", "x", "data", "rows", "images")
"""Usual names of the rows."""

LABELS = ("y", "labels", "target")
"""Usual names of their labels."""

_TRAINING = re.compile(r"(?<![a-z])train(ing)?(?![a-z])", re.IGNORECASE)
_WORD = re.compile(rf"(?<![A-Za-z])({'|'.join(ROWS)})(?![A-Za-z])")


def label_names(rows: str) -> tuple[str, ...]:
    """Return what the labels of some rows may be called.

    Parameters
    ----------
    rows : str

    Returns
    -------
    names : tuple of str

    Examples
    --------
    >>> label_names("X_train")
    ('y_train', 'labels_train', 'target_train')
    >>> label_names("flowers")
    ('flowers_y', 'flowers_labels', 'flowers_target', 'y', 'labels', 'target')
    """
    if _WORD.search(rows):
        return tuple(_WORD.sub(label, rows, count=1) for label in LABELS)
    return (*(f"{rows}_{label}" for label in LABELS), *LABELS)


def name_of_test(rows: str) -> str | None:
    """Return what the test part of some training rows is called.

    Parameters
    ----------
    rows : str

    Returns
    -------
    name : str or None
        None if the name does not say that these are training rows.

    Examples
    --------
    >>> name_of_test("X_train")
    'X_test'
    """
    name = _TRAINING.sub("test", rows, count=1)
    return None if name == rows else name


def training_names(usual: tuple[str, ...]) -> tuple[str, ...]:
    """Return usual names as they are called where a test part lies beside.

    Parameters
    ----------
    usual : tuple of str

    Returns
    -------
    names : tuple of str

    Examples
    --------
    >>> training_names(("x",))
    ('x_train', 'train_x')
    """
    return tuple(name for stem in usual for name in (f"{stem}_train", f"train_{stem}"))
