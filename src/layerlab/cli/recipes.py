"""``layerlab recipes``."""

from __future__ import annotations

import typer

from layerlab._checkpoint import described
from layerlab._files import canonical_json
from layerlab.models.recipes import RECIPES

__all__ = ["run_recipes"]


def run_recipes(*, as_json: bool) -> None:
    """List the recipes with what each is for."""
    if as_json:
        every = {
            name: {
                "summary": recipe.summary,
                "members": recipe.n_members,
                "parameters": described(dict(recipe.parameters)),
            }
            for name, recipe in RECIPES.items()
        }
        typer.echo(canonical_json(every))
        return
    width = max(map(len, RECIPES))
    for name, recipe in RECIPES.items():
        typer.echo(f"{name:<{width}}  {recipe.summary}")
