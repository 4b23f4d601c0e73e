"""``layerlab evaluate``."""

from __future__ import annotations

from pathlib import Path

import typer

from layerlab import evaluate, load_labelled_rows, load_model
from layerlab._files import canonical_json
from layerlab.api.scoring import model_takes
from layerlab.cli.progress import shown_progress

__all__ = ["run_evaluate"]


def run_evaluate(path: Path, source: str, *, label: str | None, as_json: bool) -> None:
    """Score a model file on labelled rows."""
    model = load_model(path)
    with shown_progress(as_json) as progress:
        data = load_labelled_rows(source, **model_takes(model), label=label, progress=progress)
    found = evaluate(model, data)
    if as_json:
        typer.echo(canonical_json(found.to_dict()))
        return
    typer.echo(f"{source}: labels from {data.label_name!r}", err=True)
    low, high = found.score.interval
    typer.echo(
        f"{100 * found.score.accuracy:.2f} % of {found.score.rows} rows right "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f} %), log loss {found.log_loss:.4f}"
    )
