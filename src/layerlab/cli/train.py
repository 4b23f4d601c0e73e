"""``layerlab train``."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console

from layerlab import ShowProgress, load_data, train
from layerlab._files import canonical_json
from layerlab.cli.explore import parse_seconds, say_loaded
from layerlab.cli.interrupts import raise_interrupts
from layerlab.cli.progress import shown_progress
from layerlab.cli.shapes import parse_shape, parse_size

__all__ = ["run_train"]


def run_train(
    source: str,
    *,
    threads: int | None,
    checkpoint_every: str,
    shape: str | None,
    resize: str | None,
    label: str | None,
    groups: str | None,
    fit: str,
    grey: bool,
    background: str,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Load, train, write, and say what came of it."""
    raise_interrupts()
    every = parse_seconds(checkpoint_every, "--checkpoint-every")
    with shown_progress(quiet) as progress:
        data = load_data(
            source,
            label=label,
            groups=groups,
            image_shape=parse_shape(shape),
            resize=parse_size(resize),
            fit=fit,
            grey=grey,
            background=background,
            progress=progress,
        )
    if not quiet:
        say_loaded(data)
    done = train(
        data,
        n_threads=threads,
        checkpoint_every=every,
        callback=None if quiet else ShowProgress(),
        **options,
    )
    if as_json:
        typer.echo(canonical_json(done.results))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    whole = not console.is_terminal
    console.print(done.answer, soft_wrap=whole)
    for note in done.notes:
        console.print(f"• {note}", soft_wrap=whole)
    for name in ("report.html", "model.layerlab", "results.json"):
        console.print(str(done.path / name), soft_wrap=True)
