"""What an exploration found, in tables."""

from __future__ import annotations

from layerlab.exploration import Exploration
from layerlab.exploration.choice import Finalist
from layerlab.exploration.opening import TestScore
from layerlab.exploration.search import Candidate
from layerlab.reporting.content import Cell, Table
from layerlab.reporting.shares import difference_points, hundredths, span

__all__ = ["DIFFERENCE", "candidates_table", "models_table", "shortlist_table"]

DIFFERENCE = "Network less this, points"
MODELS = ("Model", "Accuracy, %", "95 % interval", DIFFERENCE, "Bytes kept", "µs a row")
SHORTLIST = ("Network", "Validation accuracy, %", "95 % interval", "Weights")
CANDIDATES = ("Network", "Accuracy, %", "Standard error, points", "Weights", "Seconds")
TITLES = {"majority": "Majority class", "softmax": "Softmax regression"}

Row = tuple[Cell, ...]


def models_table(e: Exploration) -> Table:
    """Return the shipped network and the baselines, on the test rows."""
    return Table(
        "On the sealed test rows",
        MODELS,
        [_model(e, name, found) for name, found in e.opening.scores.items()],
        f"{len(e.opening.labels)} test rows, opened once. Intervals after Wilson; differences with "
        f"the paired 95 % interval of Newcombe. {_fitted(e)}",
        emphasis=list(e.opening.scores).index("network"),
    )


def _fitted(e: Exploration) -> str:
    """Return what rows the models were fitted on and asked for."""
    network, softmax, kept = (e.used[stage].rows for stage in ("refit", "softmax", "neighbours"))
    if network == softmax == kept:
        said = f"All were fitted on the same {network} rows."
    else:
        said = (
            f"The network was fitted on {network} rows, softmax regression on {softmax}, and "
            f"nearest neighbours know {kept}."
        )
    tested = e.used["tested"]
    if tested.all:
        return said
    return (
        f"{said} Nearest neighbours were asked for {tested.rows} of the test rows, drawn at "
        "random, and are compared with the network on those."
    )


def _model(e: Exploration, name: str, found: TestScore) -> Row:
    return (
        _title(e, name),
        hundredths(found.score.accuracy),
        span(found.score.interval),
        "–" if name == "network" else _difference(e, name),
        f"{found.n_bytes:,}",
        f"{found.microseconds:.3g}",
    )


def _title(e: Exploration, name: str) -> str:
    if name == "network":
        chosen = e.chosen.configuration
        return f"Network, {f'preset {chosen.preset}' if chosen.preset else chosen.shape}"
    return f"Nearest neighbours, k = {e.k}" if name == "knn" else TITLES[name]


def _difference(e: Exploration, name: str) -> str:
    mean, interval = difference_points(e.opening.against(name))
    return f"{mean} ({interval})"


def shortlist_table(e: Exploration) -> Table:
    """Return the networks that validation rows chose among, the preset's last."""
    preset = e.preset.finalist
    shown = [*e.finalists, *([] if preset is None else [preset])]
    return Table(
        "The choice",
        SHORTLIST,
        [_finalist(finalist) for finalist in shown],
        f"The best {len(e.finalists)} of the search, fitted on {_rows(e, 'choice')} "
        f"and scored on {len(e.split.validation)} validation rows. The search's choice is the "
        f"smallest within one standard error of the best.{_preset_rule(e)}",
        emphasis=shown.index(e.chosen),
    )


def _preset_rule(e: Exploration) -> str:
    if e.preset.finalist is None:
        return ""
    rows = "the same rows" if e.used["preset"] == e.used["choice"] else _rows(e, "preset")
    room = ", within one standard error," if e.preset.finalist.configuration.deforms else ""
    return (
        f" Last the preset's network, fitted on {rows}: it is taken where it does as well{room} as "
        "the search's choice."
    )


def _rows(e: Exploration, stage: str) -> str:
    used = e.used[stage]
    return f"{used.rows} training rows" if used.all else f"{used.rows} of {used.of} training rows"


def _finalist(finalist: Finalist) -> Row:
    return (
        str(finalist.configuration),
        hundredths(finalist.score.accuracy),
        span(finalist.score.interval),
        f"{finalist.n_weights:,}",
    )


def candidates_table(e: Exploration) -> Table:
    """Return every network that was tried, best first."""
    ranked = sorted(e.candidates, key=lambda c: (-c.accuracy, c.n_weights))
    return Table(
        "The search",
        CANDIDATES,
        [_candidate(candidate) for candidate in ranked],
        f"{len(e.candidates)} of {e.planned} networks, by {len(ranked[0].accuracies)}-fold "
        f"cross-validation on {'the ' * e.used['search'].all}{_rows(e, 'search')}.",
    )


def _candidate(candidate: Candidate) -> Row:
    return (
        str(candidate.configuration),
        hundredths(candidate.accuracy),
        hundredths(candidate.error),
        f"{candidate.n_weights:,}",
        f"{candidate.seconds:.2f}",
    )
