"""The health check: what may be wrong with data, found before anything is learnt from it."""

from layerlab.data.checks.finding import LEVELS, Finding, HealthReport
from layerlab.data.checks.nearest import NearestRows
from layerlab.data.checks.part import Part
from layerlab.data.checks.ranges import check_range, check_turned
from layerlab.data.checks.report import check_rows_of

__all__ = [
    "LEVELS",
    "Finding",
    "HealthReport",
    "NearestRows",
    "Part",
    "check_range",
    "check_rows_of",
    "check_turned",
]
