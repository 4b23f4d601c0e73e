"""The report of a training: its answer, notes, tables and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from layerlab._random import Purpose, draw_seed, stream
from layerlab.data import health_line
from layerlab.models import FeedforwardClassifier
from layerlab.models.augmentation import Augmentation
from layerlab.reporting.content import Cell, FigureContent, ReportContent, Table
from layerlab.reporting.curves import learning_curve
from layerlab.reporting.deformed import deformed_pictures
from layerlab.reporting.pictures import weight_pictures
from layerlab.reporting.sentences import score
from layerlab.reporting.shares import hundredths, percent, span
from layerlab.reporting.svg import svg
from layerlab.reporting.training_outcome import TrainingOutcome

__all__ = ["draw_training_figures", "training_answer", "training_content", "training_notes"]

PICTURES = 10  # rows shown with what the deformation makes of them
LEFT_OUT = ("callback", "checkpoint")


def training_content(t: TrainingOutcome, figures: Sequence[FigureContent]) -> ReportContent:
    """Return what the page says.

    Parameters
    ----------
    t : TrainingOutcome
    figures : sequence of FigureContent

    Returns
    -------
    content : ReportContent
    """
    return ReportContent(
        title=f"Trained on {t.data.name}, by the recipe {t.recipe.name}",
        answer=training_answer(t),
        notes=training_notes(t),
        tables=(networks_table(t), settings_table(t)),
        figures=figures,
        provenance=_provenance(t),
        highlights=_highlights(t),
    )


def training_answer(t: TrainingOutcome) -> str:
    """Return what was trained on what and how long, what it reached, and what is not known."""
    costs = [network.loss_ for network in t.networks]
    cost = f"cost {np.mean(costs):.4g}" + (" on average" if len(costs) > 1 else "")
    return (
        f"{_what(t)} learnt {t.n_train:,} rows of {t.data.name} in {duration(t.seconds)} "
        f"({_lengths(t)}, {cost}). {_reached(t)} No test rows were opened: score it, once, "
        f"on rows it has never seen, with “layerlab evaluate {t.place} TEST”."
    )


def _what(t: TrainingOutcome) -> str:
    shape = "-".join(map(str, t.networks[0].network_.widths))
    if len(t.networks) == 1:
        return f"A network of {shape} units"
    return f"An ensemble of {len(t.networks)} networks of {shape} units"


def _lengths(t: TrainingOutcome) -> str:
    done = [network.n_iter_ for network in t.networks]
    ends = dict.fromkeys(map(str, (min(done), max(done))))
    return f"{' to '.join(ends)} {t.unit}{'s' * (max(done) != 1)}"


def _reached(t: TrainingOutcome) -> str:
    if t.validated is None:
        return "No rows were kept apart, so nothing here says yet how well it does on new ones."
    return f"It names {score(t.validated.score)} right that were kept apart{_of_whom(t)}."


def _of_whom(t: TrainingOutcome) -> str:
    if t.validated is None or t.validated.kind != "group" or t.data.groups is None:
        return ""
    n = len(np.unique(t.data.groups[t.validated.rows]))
    noun = "writer" if t.data.name == "digits" else "group"
    return f", of {n} {noun}{'s' * (n != 1)} it has never seen"


def training_notes(t: TrainingOutcome) -> list[str]:
    """Return what has to be known to trust the answer."""
    return [*_notes(t), *t.data.notes]


def _notes(t: TrainingOutcome) -> Iterator[str]:
    if t.validated is not None and len(t.networks) > 1:
        each = [found.accuracy for found in t.validated.each]
        yield (
            f"Each network by itself names {percent(min(each))} to {percent(max(each))} of the "
            f"validation rows right, {percent(float(np.mean(each)))} on average."
        )
    if t.settings["patience"] is not None:
        yield (
            "The validation rows also said when to stop and which weights to keep, so their figure "
            "is a little too high."
        )
    elif t.validated is not None:
        yield "Nothing was chosen by the validation rows, unless settings were changed after them."
    if t.n_views > 1:
        yield (
            f"Each prediction is the mean over {t.n_views} views of a row: itself, and mildly "
            f"deformed; that takes {t.microseconds:.3g}\N{NO-BREAK SPACE}µs."
        )
    if t.unfinished:
        yield (
            f"{_some(len(t.unfinished), len(t.networks))} still falling in cost at the last "
            f"{t.unit}. More of them (--epochs) may or may not help."
        )
    if t.resumed:
        yield "The run was interrupted and gone on with; the result is as if it had not been."


def _some(n: int, of: int) -> str:
    if of == 1:
        return "The network was"
    return "All networks were" if n == of else f"{n} of {of} networks were"


def networks_table(t: TrainingOutcome) -> Table:
    """Return how the training of each network went."""
    columns = ["Network", f"{t.unit.capitalize()}s", "Weights of", "Cost", "Seconds"]
    if t.validated is not None:
        columns[3:3] = ["Validation accuracy, %", "95 % interval"]
    return Table(
        "Training",
        columns,
        [_network(t, i, network) for i, network in enumerate(t.networks)],
        f"Trained on {t.n_train:,} rows, by {_solver(t)}. Cost with its penalties, in nats a row, "
        "as training sees the rows. “Weights of”: whose weights are kept."
        + ("" if t.validated is None else f" {_validation_words(t)}"),
    )


def _solver(t: TrainingOutcome) -> str:
    return _word(t.networks[0].solver)


def _validation_words(t: TrainingOutcome) -> str:
    found = t.validated
    if found is None:
        return ""
    kind = "in each class's proportion" if found.kind == "stratified" else "in whole groups"
    return f"{found.score.rows:,} rows were cut off for validation, {kind}. Intervals after Wilson."


def _network(t: TrainingOutcome, i: int, network: FeedforwardClassifier) -> list[Cell]:
    last = network.n_iter_
    row: list[Cell] = [
        f"{i + 1}",
        f"{last}",
        f"{t.unit} {network.best_iteration_}",
        f"{network.loss_:.4g}",
        f"{network.solution_.stats.seconds:.1f}",
    ]
    if t.validated is not None:
        found = t.validated.each[i]
        row[3:3] = [hundredths(found.accuracy), span(found.interval)]
    return row


def settings_table(t: TrainingOutcome) -> Table:
    """Return the recipe's settings, and what was asked for beside it."""
    changed = {"max_iter"} if t.settings["epochs"] is not None else set()
    parameters = dict(t.recipe.parameters)
    if changed:
        parameters["max_iter"] = t.settings["epochs"]
    rows: list[list[Cell]] = [[name, _word(value)] for name, value in parameters.items()]
    rows += [[name, _word(t.settings[name])] for name in ("members", "validation", "patience")]
    rows.append(["seed", str(t.settings["seed"])])
    return Table(
        f"Settings of the recipe {t.recipe.name}",
        ["Setting", "Value"],
        rows,
        f"{t.recipe.summary} What is not listed is as FeedforwardClassifier has it by default.",
    )


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple) and all(isinstance(v, int) for v in value):
        return "-".join(map(str, value)) or "none"
    return value if isinstance(value, str) else " ".join(repr(value).split())


def _highlights(t: TrainingOutcome) -> list[tuple[str, str]]:
    tiles = []
    if t.validated is not None:
        rows = t.validated.score.rows
        tiles.append((percent(t.validated.score.accuracy), f"of {rows:,} validation rows right"))
    tiles.append((duration(t.seconds), f"of training, {_lengths(t)}"))
    tiles.append((f"{t.n_weights:,}", "weights"))
    tiles.append((f"{t.microseconds:.3g} µs", "to predict a row"))
    return tiles


def duration(seconds: float) -> str:
    """Return a time as people write it: 0.53 s, 42 s, 3 min 5 s, 1 h 2 min."""
    if seconds < 59.5:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _provenance(t: TrainingOutcome) -> list[tuple[str, str]]:
    return [
        ("Data", health_line(t.data)),
        ("Fingerprint", t.data.fingerprint),
        ("Seed", str(t.settings["seed"])),
        ("layerlab", version("layerlab")),
    ]


# --- Figures --------------------------------------------------------------------------------


def draw_training_figures(t: TrainingOutcome) -> list[FigureContent]:
    """Return every figure of the report, as SVG; of rows that are images also pictures."""
    return [
        FigureContent(name, caption, svg(figure, title), title)
        for part in (_learning, _deformed, _weights)
        for name, title, caption, figure in part(t)
    ]


Drawing = tuple[str, str, str, Figure]
"""Name, title, caption, figure."""


def _learning(t: TrainingOutcome) -> Iterator[Drawing]:
    network = t.networks[0]
    watched = bool(network.validation_scores_)
    figure = learning_curve(
        network.loss_curve_,
        network.validation_loss_curve_ if watched else None,
        network.validation_scores_ if watched else None,
        n_train=t.n_train,
        n_validation=len(t.validated.rows) if t.validated is not None else None,
        unit=t.unit,
    )
    which = "The first network's cost" if len(t.networks) > 1 else "Cost"
    caption = f"{which} on training rows as training sees them, penalties included"
    if watched:
        views = " (one view of each)" if t.n_views > 1 else ""
        caption += f", and cost and accuracy on the validation rows as they are{views}"
    yield "learning-curve", "Learning", f"{caption}.", figure


def _deformed(t: TrainingOutcome) -> Iterator[Drawing]:
    deforms = t.networks[0].augmentation_
    if not isinstance(deforms, Augmentation):
        return
    figure = deformed_pictures(
        t.data.rows[_shown(t)],
        deforms.deformation,
        deforms.image_shape,
        seed=t.settings["seed"],
        value_range=deforms.value_range,
        background=deforms.background,
    )
    caption = (
        "A training row at the left of each line, and what some epochs would see of it in its "
        "place: anew in each epoch. A copy that you would not call by its row's label is a reason "
        "for a milder recipe."
    )
    yield "deformed", "What training sees", caption, figure


def _shown(t: TrainingOutcome) -> Any:
    """Return some training rows, of as many classes as there is room for."""
    rows = np.arange(t.data.n_rows) if t.train is None else t.train
    mixed = stream(draw_seed(t.settings["seed"]), Purpose.PICTURES).permutation(rows)
    _, first = np.unique(t.data.labels[mixed], return_index=True)
    return mixed[first[:PICTURES]]


def _weights(t: TrainingOutcome) -> Iterator[Drawing]:
    figure = weight_pictures(t.networks[0].coefs_[0], t.data.image_shape)
    which = " of the first network" if len(t.networks) > 1 else ""
    caption = f"Weights of first-layer units{which}, those of largest norm first."
    yield "weights", "What the first layer looks for", caption, figure
