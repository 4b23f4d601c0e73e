"""Names made fit to be shown: any text, however long, whatever it holds."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

__all__ = ["columns", "printable", "shorten", "shorten_all", "title_of_name"]

REPLACEMENT = "\ufffd"
# Emoji and several scripts need the joiners, though they print nothing; the space that does not
# break holds a number and its unit together.
KEPT = "\u200c\u200d\u00a0"
SPACES = re.compile(r"[^\S\u00a0]+")


def printable(value: Any) -> str:
    """Return ``value`` as one line of text that XML, HTML and UTF-8 can hold.

    Runs of white space become one space (but one that does not break stays); control
    characters, lone surrogates and marks that turn the direction of the text become U+FFFD.
    """
    line = SPACES.sub(" ", str(value)).strip(" ")
    return "".join(c if c.isprintable() or c in KEPT else REPLACEMENT for c in line)


def shorten(value: Any, limit: int) -> str:
    """Return ``value`` printable and at most ``limit`` columns wide, cut in its middle.

    Names that differ, differ more often at their ends than in the middle.
    """
    text = printable(value)
    if columns(text) <= limit:
        return text
    tail = (limit - 1) // 3
    return _head(text, limit - 1 - tail).rstrip() + "…" + _head(text[::-1], tail)[::-1].lstrip()


def shorten_all(values: Iterable[Any], limit: int) -> list[str]:
    """Return every value as `shorten` does, numbered from 1 where two would look the same."""
    values = list(values)
    names = [shorten(value, limit) for value in values]
    seen = Counter(names)
    numbers = [f" #{i}" for i in range(1, len(names) + 1)]
    return [
        name if seen[name] == 1 else shorten(value, limit - len(number)) + number
        for name, value, number in zip(names, values, numbers, strict=True)
    ]


def columns(text: str) -> int:
    """Return how wide a text is, in letters: a Chinese character is as wide as two."""
    return sum(map(_columns, text))


def title_of_name(name: str) -> str:
    """Return a figure's file name as a heading: ``"knn-curve"`` gives ``"Knn curve"``."""
    words = printable(name).replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _head(text: str, limit: int) -> str:
    widths = accumulate(map(_columns, text))
    return text[: sum(width <= limit for width in widths)]
