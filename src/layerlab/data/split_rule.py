"""A split as the command line names it: a kind, fractions, or the file of an earlier run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerlab._files import parse_json
from layerlab.data.dataset import Dataset
from layerlab.data.split import SPLIT_KINDS, Split
from layerlab.data.splits import DEFAULT_FRACTIONS, check_fractions, check_split, split_rows
from layerlab.errors import DataError, ParameterError, did_you_mean

__all__ = ["SplitRule", "parse_split", "read_split"]


@dataclass(frozen=True)
class SplitRule:
    """How rows are to be split, before they are known.

    Attributes
    ----------
    kind : str
        One of ``SPLIT_KINDS``, or ``"given"``.
    fractions : (float, float, float)
    given : Split or None
        The split itself, where it was read from a file.
    """

    kind: str = "stratified"
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS
    given: Split | None = None

    def split(self, data: Dataset, random_state: Any = 0) -> Split:
        """Return the split of a data set by this rule.

        Parameters
        ----------
        data : Dataset
        random_state : int, RandomState instance or None, default=0

        Returns
        -------
        split : Split

        Raises
        ------
        DataError
            If the rows cannot be split so, see `split_rows` and `check_split`.
        """
        if self.given is None:
            return split_rows(data, self.kind, fractions=self.fractions, random_state=random_state)
        check_split(self.given, data)
        return self.given


def parse_split(text: str) -> SplitRule:
    """Return the rule that a text names.

    Parameters
    ----------
    text : str
        ``"stratified"``, ``"contiguous"`` or ``"group"``, with fractions if wanted
        (``"contiguous:70/15/15"``), or the path of a JSON file that a run wrote.

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


def _parse_fractions(text: str) -> tuple[float, float, float]:
    try:
        numbers = [float(part) for part in text.split("/")]
    except ValueError:
        numbers = []
    total = sum(numbers)
    # Percent and shares both make sense; other totals may be a slip.
    if len(numbers) != 3 or not all(n > 0 for n in numbers) or not _is_whole(total):
        raise ParameterError(
            "The fractions of a split must be three positive numbers with sum 100 or 1, as in "
            f"'stratified:70/15/15'. Got {text!r} instead."
        )
    return check_fractions([number / total for number in numbers])


def _is_whole(total: float) -> bool:
    return abs(total - 100) < 1e-6 or abs(total - 1) < 1e-6
