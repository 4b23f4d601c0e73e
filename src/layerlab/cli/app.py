"""Commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from layerlab.cli.faults import exit_codes
from layerlab.cli.imports import uncollected

__all__ = ["app"]

app = typer.Typer(
    name="layerlab",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a fault of layerlab's, 2 bad input, 130 or 143 interrupted.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        from layerlab._compiled import path_in_words
        from layerlab.cli.faults import exit_codes

        with exit_codes():
            typer.echo(f"layerlab {version('layerlab')} ({path_in_words()})")
        raise typer.Exit


@app.callback()
def layerlab(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Explore how well deep feedforward networks classify small images, or rows of numbers.

    Begin with `layerlab explore digits`, which needs no data of your own; then
    `layerlab explore my.csv`. What it ships, `predict` and `evaluate` take.
    """


Label = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|INDEX",
        help="Column of the labels. By default one named label, class, target or y; in a file "
        "without a header the last.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Model = Annotated[Path, typer.Argument(help="A model file, as `explore` writes it.")]


@app.command(
    epilog="Examples: `layerlab explore digits` · `layerlab explore rows.csv --label kind` · "
    "`layerlab explore rows.csv --split contiguous:70/15/15 --out run1`"
)
def explore(
    data: Annotated[
        str, typer.Argument(help="`digits` (needs no file), or a CSV or NPZ file.")
    ] = "digits",
    out: Annotated[
        Path | None,
        typer.Option(help="Write to exactly this folder. By default a new one under runs/."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")
    ] = False,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same results, bit for bit.")
    ] = 0,
    threads: Annotated[
        int | None,
        typer.Option(help="Fits side by side. By default one a processor; results do not change."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="End within about this time (60s, 5m): fewer fits, and no promise of equal bits.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="KIND[:SHARES]|FILE",
            help="stratified, contiguous or group, with shares of training, validation and test "
            "rows if wanted (contiguous:70/15/15), or the results.json of an earlier run. By "
            "default stratified:60/20/20, or group where --groups is given.",
        ),
    ] = None,
    label: Label = None,
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|INDEX",
            help="Column of the groups (writers, patients), each to stay on one side of a split.",
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no messages.")
    ] = False,
    json: Json = False,
) -> None:
    """Find out how well networks do on labelled rows, beside honest baselines.

    Searches a fixed list of networks by cross-validation on training rows,
    chooses by validation rows, refits, and opens the sealed test rows once.
    Writes a folder with report.html (opens offline), model.layerlab,
    results.json, figures and a script that does it all again.
    """
    with exit_codes():
        with uncollected():
            from layerlab.cli.explore import run_explore

        run_explore(
            data,
            out=out,
            overwrite=overwrite,
            seed=seed,
            threads=threads,
            budget=budget,
            split=split,
            label=label,
            groups=groups,
            quiet=quiet or json,
            as_json=json,
        )


@app.command(epilog="Example: `layerlab predict runs/…/model.layerlab new.csv > answers.csv`")
def predict(
    model: Model,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="CSV or NPZ files, or `digits`.")
    ],
    proba: Annotated[
        bool, typer.Option("--proba", help="Print the probability of every class.")
    ] = False,
    label: Label = None,
) -> None:
    """Print a label and its probability for each row, as CSV.

    A column of labels in the file is left out. Columns with names are matched
    by name.
    """
    with exit_codes():
        with uncollected():
            from layerlab.cli.predict import run_predict

        run_predict(model, files, proba=proba, label=label)


@app.command(epilog="Example: `layerlab evaluate runs/…/model.layerlab labelled.csv`")
def evaluate(
    model: Model,
    data: Annotated[str, typer.Argument(help="`digits`, or a CSV or NPZ file with labels.")],
    label: Label = None,
    json: Json = False,
) -> None:
    """Score a model on labelled rows: accuracy with its 95 % interval, and log loss.

    Columns with names are matched by name; others than the labels' are left out.
    """
    with exit_codes():
        with uncollected():
            from layerlab.cli.evaluate import run_evaluate

        run_evaluate(model, data, label=label, as_json=json)
