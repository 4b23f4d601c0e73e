"""The report of an exploration: its answer, notes, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from layerlab.data.checks import HealthReport
from layerlab.exploration import Exploration
from layerlab.reporting.content import FigureContent, ReportContent
from layerlab.reporting.health import health_content
from layerlab.reporting.preset_sentences import preset_words
from layerlab.reporting.sentences import answer, group_noun, notes
from layerlab.reporting.shares import percent
from layerlab.reporting.tables import candidates_table, models_table, shortlist_table

__all__ = ["report_content"]


def report_content(
    e: Exploration, health: HealthReport, described: str, figures: Sequence[FigureContent]
) -> ReportContent:
    """Return what the page says.

    Parameters
    ----------
    e : Exploration
    health : HealthReport
        What was found in the data beforehand.
    described : str
        The line that describes the data.
    figures : sequence of FigureContent

    Returns
    -------
    content : ReportContent
    """
    return ReportContent(
        title=f"How well do feedforward networks tell {e.data.name}?",
        answer=answer(e, health),
        notes=notes(e),
        tables=(models_table(e), shortlist_table(e), candidates_table(e)),
        figures=figures,
        provenance=_provenance(e, described),
        health=health_content(health, e.data),
        highlights=_highlights(e),
    )


def _highlights(e: Exploration) -> list[tuple[str, str]]:
    network, knn = e.opening.scores["network"], e.opening.scores["knn"]
    tiles = [
        (percent(network.score.accuracy), f"network, {network.score.rows} test rows"),
        (percent(knn.score.accuracy), f"nearest neighbours, k = {e.k}, {_asked(e)}"),
    ]
    if e.groups is not None:
        tiles.append((percent(e.groups.network.accuracy), f"network, {group_noun(e)}s never seen"))
    tiles.append((f"{network.n_bytes / 1024:,.0f} KiB", "kept by the network"))
    return tiles


def _asked(e: Exploration) -> str:
    tested = e.used["tested"]
    return "same rows" if tested.all else f"{tested.rows} of them"


def _provenance(e: Exploration, health: str) -> list[tuple[str, str]]:
    split = e.split
    kind = f"{split.kind}, test part given" if split.test_given else split.kind
    return [
        ("Data", health),
        *(("Read", note) for note in e.data.notes),
        ("Fingerprint", e.data.fingerprint),
        (
            "Split",
            f"{kind}: {len(split.train)} training, {len(split.validation)} validation, "
            f"{len(split.test)} test rows",
        ),
        ("Seed", str(e.seed)),
        ("Preset", preset_words(e)),
        ("Networks tried", f"{len(e.candidates)} of {e.planned}"),
        ("Seconds", f"{sum(e.seconds.values()):.1f}"),
        ("layerlab", version("layerlab")),
    ]
