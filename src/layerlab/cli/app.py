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
    `layerlab explore my.csv`. What it ships, `predict` and `evaluate` take;
    `train` makes the most of data by a recipe.
    """


DATA = (
    "`digits` (needs no file); a CSV, Parquet, Arrow, NPY, NPZ or IDX file; a folder of images "
    "with a sub-folder for each class, or a zip or tar of one; a folder in MNIST's naming."
)
Label = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|INDEX",
        help="Column of the labels. By default one named label, class, target or y; in a file "
        "without a header the last.",
    ),
]
Groups = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|INDEX",
        help="Column of the groups (writers, patients), each to stay on one side of a split.",
    ),
]
Test = Annotated[
    str | None,
    typer.Option(
        metavar="DATA",
        help="The sealed test rows. By default the test part that lies in the same folder, if "
        "any; `none` leaves that out.",
    ),
]
Shape = Annotated[
    str | None,
    typer.Option(
        metavar="HxW[xC]",
        help="Height and width, and channels of colour, of rows that are images. By default as "
        "the source says.",
    ),
]
Resize = Annotated[
    str | None,
    typer.Option(
        metavar="HxW", help="Bring image files to this size. By default all must have one size."
    ),
]
Fit = Annotated[
    str, typer.Option(metavar="pad|stretch|crop", help="How an image is fitted into --resize.")
]
Grey = Annotated[bool, typer.Option("--grey", help="Make image files in colour grey.")]
Background = Annotated[
    str, typer.Option(metavar="white|black", help="What lies behind transparent pixels.")
]
SplitRule = Annotated[
    str | None,
    typer.Option(
        metavar="KIND[:SHARES]|FILE",
        help="stratified, contiguous or group, with shares of training, validation and test "
        "rows if wanted (contiguous:70/15/15; two where the test part is given), or the "
        "results.json of an earlier run. By default stratified:60/20/20, or group where "
        "--groups is given.",
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same results, bit for bit.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages.")]
Model = Annotated[Path, typer.Argument(help="A model file, as `explore` and `train` write it.")]


@app.command(
    epilog="Examples: `layerlab explore digits` · `layerlab explore rows.csv --label kind` · "
    "`layerlab explore photos/ --resize 32x32` · "
    "`layerlab explore rows.csv --test later.csv --split contiguous:80/20 --out run1`"
)
def explore(
    data: Annotated[str, typer.Argument(help=DATA)] = "digits",
    test: Test = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write to exactly this folder. By default a new one under runs/."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")
    ] = False,
    seed: Seed = 0,
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
    split: SplitRule = None,
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Recipe whose network is tried beside the search, with all its epochs: digits, "
            "mnist, tabular and so on; `none`; or `auto`: what suits size and shape of the data, "
            "shortened to keep the run short.",
        ),
    ] = "auto",
    label: Label = None,
    groups: Groups = None,
    shape: Shape = None,
    resize: Resize = None,
    fit: Fit = "pad",
    grey: Grey = False,
    background: Background = "white",
    quiet: Quiet = False,
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
            test=test,
            out=out,
            overwrite=overwrite,
            seed=seed,
            threads=threads,
            budget=budget,
            split=split,
            preset=preset,
            label=label,
            groups=groups,
            shape=shape,
            resize=resize,
            fit=fit,
            grey=grey,
            background=background,
            quiet=quiet or json,
            as_json=json,
        )


@app.command(
    epilog="Examples: `layerlab train digits --validation 0.1` · "
    "`layerlab train mnist/ --recipe mnist --members 4 --out run1` · "
    "`layerlab train rows.csv --recipe tabular --validation 0.2 --patience 10`"
)
def train(
    data: Annotated[str, typer.Argument(help="What `explore` takes.")],
    recipe: Annotated[
        str, typer.Option(metavar="NAME", help="Settings by name; `layerlab recipes` lists them.")
    ] = "digits",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write to exactly this folder, or go on with the unfinished training in it. By "
            "default a new one under runs/."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew in --out, whatever run lies there.")
    ] = False,
    members: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Networks whose probabilities are averaged. By default as the recipe has it, "
            "mostly one.",
        ),
    ] = None,
    validation: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="Share of the rows that is cut off and only watched, such as 0.1."
        ),
    ] = 0.0,
    patience: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Stop after so many epochs without a better accuracy on the validation rows, and "
            "keep the best weights.",
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="In place of the recipe's.")
    ] = None,
    seed: Seed = 0,
    threads: Annotated[
        int | None, typer.Option(help="By default one a processor; results do not change.")
    ] = None,
    checkpoint_every: Annotated[
        str, typer.Option(metavar="TIME", help="From one saved state to the next.")
    ] = "60s",
    label: Label = None,
    groups: Groups = None,
    shape: Shape = None,
    resize: Resize = None,
    fit: Fit = "pad",
    grey: Grey = False,
    background: Background = "white",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train on all rows by a recipe, and write a folder with the model.

    No test rows are opened: a test part in the same place is left alone, and
    `evaluate` scores the model on it. The same command on an unfinished folder
    goes on where it was interrupted, and ends with the same bits.
    """
    with exit_codes():
        with uncollected():
            from layerlab.cli.train import run_train

        run_train(
            data,
            recipe=recipe,
            out=out,
            overwrite=overwrite,
            members=members,
            validation=validation,
            patience=patience,
            epochs=epochs,
            seed=seed,
            threads=threads,
            checkpoint_every=checkpoint_every,
            label=label,
            groups=groups,
            shape=shape,
            resize=resize,
            fit=fit,
            grey=grey,
            background=background,
            quiet=quiet or json,
            as_json=json,
        )


@app.command()
def recipes(json: Json = False) -> None:
    """List the recipes of `train`, with what each is for."""
    with exit_codes():
        with uncollected():
            from layerlab.cli.recipes import run_recipes

        run_recipes(as_json=json)


@app.command(
    epilog="Examples: `layerlab check digits` · `layerlab check photos/ --resize 32x32` · "
    "`layerlab check rows.csv --test later.csv --json`"
)
def check(
    data: Annotated[str, typer.Argument(help="What `explore` takes.")],
    test: Test = None,
    label: Label = None,
    groups: Groups = None,
    shape: Shape = None,
    resize: Resize = None,
    fit: Fit = "pad",
    grey: Grey = False,
    background: Background = "white",
    split: SplitRule = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Look at data before anything is learnt from it, and say what may be wrong.

    `explore` does so before it begins. Labels of the rows that it would seal
    as test rows are not looked at. Exit code 2 where `explore` would refuse
    the data.
    """
    with exit_codes():
        with uncollected():
            from layerlab.cli.check import run_check

        run_check(
            data,
            test=test,
            label=label,
            groups=groups,
            shape=shape,
            resize=resize,
            fit=fit,
            grey=grey,
            background=background,
            split=split,
            seed=seed,
            as_json=json,
        )


@app.command(epilog="Example: `layerlab predict runs/…/model.layerlab new.csv > answers.csv`")
def predict(
    model: Model,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="What `explore` takes, labels aside, or images."),
    ],
    proba: Annotated[
        bool, typer.Option("--proba", help="Print the probability of every class.")
    ] = False,
    label: Label = None,
) -> None:
    """Print a label and its probability for each row, as CSV.

    A column of labels in the file is left out. Columns with names are matched
    by name; images are brought to the model's size as its training images were.
    """
    with exit_codes():
        with uncollected():
            from layerlab.cli.predict import run_predict

        run_predict(model, files, proba=proba, label=label)


@app.command(epilog="Example: `layerlab evaluate runs/…/model.layerlab labelled.csv`")
def evaluate(
    model: Model,
    data: Annotated[str, typer.Argument(help="What `explore` takes.")],
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
