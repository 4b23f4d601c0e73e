"""A split as the command line names it: a kind, fractions, or the file of an earlier run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from layerlab._files import parse_json
from layerlab._typing import IndexArray
from layerlab.data.dataset import Dataset
from layerlab.data.split import PARTS, SPLIT_KINDS, Split
from layerlab.data.splits import DEFAULT_FRACTIONS, check_split, split_beside, split_rows
from layerlab.errors import DataError, ParameterError, did_you_mean

__all__ = ["SplitRule", "parse_split", "read_split"]


@dataclass(frozen=True)
class SplitRule:
    """How rows are to be split, before they are known.

    Attributes
    ----------
    kind : str
        One of ``SPLIT_KINDS``, or ``"given"``.
    fractions : tuple of float
        Shares of training, validation and test rows; two where the test part is given.
    given : Split or None
        The split itself, where it was read from a file.
    """

    kind: str = "stratified"
    fractions: tuple[float, ...] = DEFAULT_FRACTIONS
    given: Split | None = None

    def split(
        self, data: Dataset, random_state: Any = 0, *, test: IndexArray | None = None
    ) -> Split:
        """Return the split of a data set by this rule.

        Parameters
        ----------
        data : Dataset
        random_state : int, RandomState instance or None, default=0
        test : ndarray of shape (n_test,), optional
            The test rows, where they are given: the last of the data.

        Returns
        -------
        split : Split

        Raises
        ------
        DataError
            If the rows cannot be split so, see `split_rows` and `check_split`.
        ParameterError
            If there are two shares and no test rows.
        """
        if self.given is not None:
            _check_given(self.given, data, test)
            return self.given
        if test is not None:
            return split_beside(
                data, test, self.kind, fractions=self.fractions, random_state=random_state
            )
        if len(self.fractions) < len(PARTS):
            raise ParameterError(
                f"{data.source}: no test part is given, so a split needs three shares, as in "
                f"'{self.kind}:60/20/20'. Got two; add one, or give the test part."
            )
        return split_rows(data, self.kind, fractions=self.fractions, random_state=random_state)


def parse_split(text: str) -> SplitRule:
    """Return the rule that a text names.

    Parameters
    ----------
    text : str
        ``"stratified"``, ``"contiguous"`` or ``"group"``, with fractions if wanted
        (``"contiguous:70/15/15"``; ``"contiguous:80/20"`` where the test part is given),
        or the path of a JSON file that a run wrote.

    Returns
    -------
    rule : SplitRule

    Raises
    ------
    ParameterError
        If it is neither; the message names the nearest kind.
    DataError
        If the file holds no split.
    """
    kind, colon, shares = text.partition(":")
    if kind in SPLIT_KINDS:
        return SplitRule(kind, _parse_fractions(shares) if colon else DEFAULT_FRACTIONS)
    if Path(text).is_file():
        split = read_split(text)
        return SplitRule("given", split.fractions, split)
    raise ParameterError(
        f"The split must be one of {', '.join(map(repr, SPLIT_KINDS))}, with fractions if wanted "
        f"('stratified:70/15/15'), or an existing JSON file. Got {text!r} instead."
        f"{did_you_mean(kind, SPLIT_KINDS)}"
    )


def read_split(path: str | Path) -> Split:
    """Return the split that a run wrote.

    Parameters
    ----------
    path : str or path
        A JSON file that holds what `Split.to_dict` returns, by itself or under the
        key ``split``.

    Returns
    -------
    split : Split

    Raises
    ------
    DataError
        If the file cannot be read or holds no split.
    """
    record = _read_json(Path(path))
    if isinstance(record, dict) and isinstance(record.get("split"), dict):
        record = record["split"]
    if not isinstance(record, dict):
        raise DataError(f"{path}: no split is in this file. Give the file that a run wrote.")
    try:
        return Split.from_dict(record)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _read_json(path: Path) -> Any:
    try:
        return parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{path}: the file cannot be read ({error.strerror}). Check the path."
        ) from error
    except ValueError as error:
        raise DataError(
            f"{path}: this is no JSON ({error}). Give the file that a run wrote."
        ) from error


def _check_given(split: Split, data: Dataset, test: IndexArray | None) -> None:
    check_split(split, data)
    if test is not None and not np.array_equal(split.test, np.sort(test)):
        raise DataError(
            f"{data.source}: the split's test rows are not those of the test part that is given. "
            "Give the split of a run with this test part, or leave one of the two out."
        )


def _parse_fractions(text: str) -> tuple[float, ...]:
    try:
        numbers = [float(part) for part in text.split("/")]
    except ValueError:
        numbers = []
    total = sum(numbers)
    # Percent and shares both make sense; other totals may be a slip.
    if len(numbers) not in (2, 3) or not all(n > 0 for n in numbers) or not _is_whole(total):
        raise ParameterError(
            "The fractions of a split must be three positive numbers with sum 100 or 1, as in "
            "'stratified:70/15/15', or two where the test part is given. "
            f"Got {text!r} instead."
        )
    return tuple(number / total for number in numbers)


def _is_whole(total: float) -> bool:
    return abs(total - 100) < 1e-6 or abs(total - 1) < 1e-6
