"""``python -m benchmarks docs``: chart and tables of docs/speed.md, from the newest files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.chart import CHARTED, draw_speed
from benchmarks.tables import TABLES, sections
from layerlab.reporting.svg import svg

__all__ = ["newest", "write_pages"]

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"(?<=<!-- figures: begin -->\n).*(?=<!-- figures: end -->)", re.DOTALL)
TITLE = "How many times as long as layerlab others take"


def write_pages(results: Path, docs: Path = DOCS) -> list[Path]:
    """Write the chart, and the tables into the page, and return both files.

    Parameters
    ----------
    results : Path
        The folder of stored files. Cases without one are left out.
    docs : Path
        The folder of speed.md.
    """
    contents = {name: found for name in TABLES if (found := newest(results, name)) is not None}
    page, chart = docs / "speed.md", docs / "images" / "speed.svg"
    text = page.read_text(encoding="utf-8")
    figures = f"\n{sections(contents)}\n\n" if contents else ""
    page.write_text(BLOCK.sub(lambda _: figures, text), encoding="utf-8")
    if CHARTED.keys() & contents.keys():
        chart.write_text(svg(draw_speed(contents), TITLE), encoding="utf-8")
    return [page, chart]


def newest(results: Path, name: str) -> dict[str, Any] | None:
    """Return what the case's newest file holds; None where there is none."""
    stored = sorted(results.glob(f"{name}-*.json"))
    if not stored:
        return None
    content: dict[str, Any] = json.loads(stored[-1].read_text(encoding="utf-8"))
    return content
