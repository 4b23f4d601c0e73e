"""What an exploration found, in tables."""

from __future__ import annotations

from layerlab.exploration import Exploration
from layerlab.reporting.content import Table

__all__ = ["DIFFERENCE", "candidates_table", "models_table", "shortlist_table"]

DIFFERENCE = "Network less this, points"
TITLES = {"majority": "Majority class", "softmax": "Softmax regression"}


def models_table(e: Exploration) -> Table:
    """Return the shipped network and the baselines, on the test rows."""
    rows = []
    for name, found in e.opening.scores.items():
        low, high = found.score.interval
        rows.append(
            (
                _title(e, name),
                f"{100 * found.score.accuracy:.1f}",
                f"{100 * low:.1f} to {100 * high:.1f}",
                "–" if name == "network" else _difference(e, name),
                f"{found.n_bytes:,}",
                f"{found.microseconds:.3g}",
            )
        )
    return Table(
        "On the sealed test rows",
        (
            "Model",
            "Accuracy, %",
            "95 % interval",
            DIFFERENCE,
            "Bytes kept",
            "µs a row",
        ),
        rows,
        f"{len(e.opening.labels)} test rows, opened once. Intervals after Wilson; differences with "
        "the paired 95 % interval of Newcombe. All were fitted on the same "
        f"{len(e.split.development)} rows.",
        emphasis=list(e.opening.scores).index("network"),
    )


def _title(e: Exploration, name: str) -> str:
    if name == "network":
        sizes = "-".join(map(str, e.chosen.configuration.hidden_layer_sizes)) or "no hidden layer"
        return f"Network, {sizes}"
    return f"Nearest neighbours, k = {e.k}" if name == "knn" else TITLES[name]


def _difference(e: Exploration, name: str) -> str:
    d = e.opening.against(name)
    return f"{100 * d.difference:+.1f} ({100 * d.low:+.1f} to {100 * d.high:+.1f})"


def shortlist_table(e: Exploration) -> Table:
    """Return the networks that validation rows chose among."""
    rows = []
    for finalist in e.finalists:
        low, high = finalist.score.interval
        rows.append(
            (
                str(finalist.configuration),
                f"{100 * finalist.score.accuracy:.1f}",
                f"{100 * low:.1f} to {100 * high:.1f}",
                f"{finalist.n_weights:,}",
            )
        )
    return Table(
        "The choice",
        ("Network", "Validation accuracy, %", "95 % interval", "Weights"),
        rows,
        f"The three best of the search, fitted on {len(e.split.train)} training rows and scored on "
        f"{len(e.split.validation)} validation rows. Chosen is the smallest within one standard "
        "error of the best.",
        emphasis=list(e.finalists).index(e.chosen),
    )


def candidates_table(e: Exploration) -> Table:
    """Return every network that was tried, best first."""
    ranked = sorted(e.candidates, key=lambda c: (-c.accuracy, c.n_weights))
    return Table(
        "The search",
        ("Network", "Accuracy, %", "Standard error, points", "Weights", "Seconds"),
        [
            (
                str(c.configuration),
                f"{100 * c.accuracy:.1f}",
                f"{100 * c.error:.1f}",
                f"{c.n_weights:,}",
                f"{c.seconds:.2f}",
            )
            for c in ranked
        ],
        f"{len(e.candidates)} of {e.planned} networks, by 3-fold cross-validation on the "
        f"{len(e.split.train)} training rows.",
    )
