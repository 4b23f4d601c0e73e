"""`Split`: which rows train, which choose, which are sealed for the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from reprlib import repr as shorten
from typing import Any

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data.rows import seal
from layerlab.errors import DataError, did_you_mean

__all__ = ["PARTS", "ROUNDING", "SPLIT_KINDS", "Split"]

PARTS = ("train", "validation", "test")
SPLIT_KINDS = ("contiguous", "group", "stratified")
ROUNDING = 1e-9  # 0.2 * 1795 is a hair above 359, and 359 rows are meant

_RECORDED = (*SPLIT_KINDS, "given")


@dataclass(frozen=True, eq=False)
class Split:
    """Every row in exactly one of three parts.

    Make one with `split_rows`, `Split.of` or `Split.from_dict`, which check it.

    Attributes
    ----------
    train, validation, test : ndarray of intp
        Row numbers, ascending and read-only.
    kind : str
        ``"stratified"``, ``"contiguous"``, ``"group"`` or ``"given"``.
    fractions : (float, float, float)
        Shares of the three parts that were asked for.
    seed : int or None
        Number from which the randomness of the split derives, see
        `layerlab._random.draw_seed`; None where there is none.
    test_given : bool
        Whether the test rows were given as such, and only the others were split.
    """

    train: IndexArray
    validation: IndexArray
    test: IndexArray
    kind: str
    fractions: tuple[float, float, float]
    seed: int | None = None
    test_given: bool = False

    @classmethod
    def of(
        cls,
        train: Any,
        validation: Any,
        test: Any,
        *,
        kind: str = "given",
        fractions: tuple[float, float, float] | None = None,
        seed: int | None = None,
        test_given: bool = False,
    ) -> Split:
        """Return the split of three lists of rows, checked.

        Parameters
        ----------
        train, validation, test : array-like of int
            Row numbers from 0, in any order.
        kind : str, default="given"
        fractions : (float, float, float), optional
            By default the parts' shares of the rows.
        seed : int, optional
        test_given : bool, default=False

        Returns
        -------
        split : Split

        Raises
        ------
        DataError
            If a part is empty, or the parts do not hold each row from 0 to their
            total once.
        """
        parts = [
            _ascending(rows, name)
            for rows, name in zip((train, validation, test), PARTS, strict=True)
        ]
        _check_partition(parts)
        sizes = [len(part) for part in parts]
        shares = fractions or (sizes[0] / sum(sizes), sizes[1] / sum(sizes), sizes[2] / sum(sizes))
        return cls(
            parts[0],
            parts[1],
            parts[2],
            kind=kind,
            fractions=shares,
            seed=seed,
            test_given=test_given,
        )

    def __repr__(self) -> str:
        return (
            f"Split({self.kind!r}, {len(self.train)} training, {len(self.validation)} validation "
            f"and {len(self.test)} test rows)"
        )

    @property
    def n_rows(self) -> int:
        """Number of rows in the three parts together."""
        return len(self.train) + len(self.validation) + len(self.test)

    @property
    def development(self) -> IndexArray:
        """Training and validation rows together, ascending: all but the sealed ones."""
        return np.sort(np.concatenate([self.train, self.validation]))

    def to_dict(self) -> dict[str, Any]:
        """Return the split as JSON can hold it.

        Returns
        -------
        record : dict
            Keys ``kind``, ``fractions``, ``seed``, ``train``, ``validation``, ``test``; and
            ``test_given`` where they were.
        """
        return {
            "kind": self.kind,
            "fractions": list(self.fractions),
            "seed": self.seed,
            **({"test_given": True} if self.test_given else {}),
            **{part: getattr(self, part).tolist() for part in PARTS},
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Split:
        """Return the split that `to_dict` recorded.

        Parameters
        ----------
        record : mapping
            At least ``train``, ``validation`` and ``test``.

        Returns
        -------
        split : Split

        Raises
        ------
        DataError
            If a key is missing, the parts are not a split, or its kind, fractions or seed
            is none that `to_dict` records.
        """
        absent = [part for part in PARTS if part not in record]
        if absent:
            raise DataError(
                f"a split needs the row numbers of {', '.join(PARTS)}; {absent[0]!r} is missing. "
                "Give the file that a run wrote."
            )
        return cls.of(
            *(record[part] for part in PARTS),
            kind=_kind(record.get("kind", "given")),
            fractions=_shares(record.get("fractions")),
            seed=_seed(record.get("seed")),
            test_given=record.get("test_given") is True,
        )


def _ascending(rows: Any, part: str) -> IndexArray:
    try:
        array = np.asarray(rows)
    except ValueError:  # lists of unequal lengths
        array = np.empty(0)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iu":
        raise DataError(
            f"split: the part {part!r} must be a list of at least one row number. "
            "Give the file that a run wrote."
        )
    return seal(np.sort(array).astype(np.intp))


def _check_partition(parts: list[IndexArray]) -> None:
    rows = np.sort(np.concatenate(parts))
    if rows[0] == 0 and np.array_equal(rows, np.arange(len(rows))):
        return
    outside = rows[(rows < 0) | (rows >= len(rows))]
    twice = rows[1:][rows[1:] == rows[:-1]]
    trouble = (
        f"row {twice[0]} is in it twice" if len(twice) else f"row {outside[0]} is out of place"
    )
    raise DataError(
        f"split: {len(rows)} rows are listed, so each of 0 to {len(rows) - 1} must be in exactly "
        f"one part, but {trouble}. Give the file that a run wrote."
    )


def _kind(kind: Any) -> str:
    if isinstance(kind, str) and kind in _RECORDED:
        return kind
    hint = did_you_mean(kind, _RECORDED) if isinstance(kind, str) else ""
    raise DataError(
        f"split: 'kind' must be one of {', '.join(map(repr, _RECORDED))}. "
        f"Got {shorten(kind)} instead.{hint}"
    )


def _shares(fractions: Any) -> tuple[float, float, float] | None:
    if fractions is None:
        return None
    numbers = fractions if isinstance(fractions, list | tuple) else []
    # Between 0 and 1 lie no NaN, no infinity and no integer.
    shares = [share for share in numbers if type(share) is float and 0 < share < 1]
    if not len(numbers) == len(shares) == len(PARTS) or abs(sum(shares) - 1) >= ROUNDING:
        raise DataError(
            "split: 'fractions' must be three positive numbers with sum 1. "
            f"Got {shorten(fractions)} instead. Leave them out, or give the file that a run wrote."
        )
    return shares[0], shares[1], shares[2]


def _seed(seed: Any) -> int | None:
    if seed is not None and type(seed) is not int:
        raise DataError(f"split: 'seed' must be an integer or null. Got {seed!r} instead.")
    return seed
