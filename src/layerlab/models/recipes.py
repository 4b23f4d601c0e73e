"""Recipes: named settings that were chosen once, on training rows, and are then left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from layerlab._typing import ImageShape
from layerlab._validation import check_choice, check_integer
from layerlab.data.deformation import DEFORMATIONS
from layerlab.errors import ParameterError
from layerlab.models.classifier import FeedforwardClassifier
from layerlab.models.ensemble import FeedforwardEnsemble
from layerlab.solvers import AdamW, Cosine, NonlinearCG, WarmUp

__all__ = ["RECIPES", "Recipe", "recipe_named"]

Classifier: TypeAlias = FeedforwardClassifier | FeedforwardEnsemble


@dataclass(frozen=True)
class Recipe:
    """Settings of a network, or of several whose probabilities are averaged.

    Attributes
    ----------
    name : str
    summary : str
        What it is for, in a sentence.
    parameters : mapping
        Of `FeedforwardClassifier`.
    n_members : int
        Networks, each from a seed of its own, whose probabilities are averaged.
    of_images : bool
        Whether rows must be images.
    """

    name: str
    summary: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    n_members: int = 1

    # A read-only mapping can be neither pickled nor hashed.
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.summary, dict(self.parameters), self.n_members)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    @property
    def of_images(self) -> bool:
        """Whether rows must be images."""
        return self.parameters.get("augment") is not None

    def classifier(
        self,
        random_state: Any = None,
        *,
        image_shape: ImageShape | None = None,
        n_members: int | None = None,
        n_threads: int | None = None,
        **changes: Any,
    ) -> Classifier:
        """Return the untrained classifier.

        Parameters
        ----------
        random_state : int, RandomState instance or None
        image_shape : (int, int) or (int, int, int), optional
            Of rows that are images.
        n_members : int, optional
            In place of the recipe's.
        n_threads : int or None
        **changes
            Parameters of `FeedforwardClassifier` in place of the recipe's.

        Returns
        -------
        classifier : FeedforwardClassifier, or FeedforwardEnsemble where there are several

        Raises
        ------
        ParameterError
            If the recipe deforms images, and no shape is given.
        """
        if self.of_images and image_shape is None and changes.get("augment", "") is not None:
            raise ParameterError(
                f"The recipe {self.name!r} deforms images, and these rows have no image shape. Say "
                "which (image_shape=(28, 28); --shape 28x28), or take the recipe 'tabular'."
            )
        options = {**self.parameters, "image_shape": image_shape, **changes}
        seeded = {"random_state": random_state, "n_threads": n_threads}
        wanted = self.n_members if n_members is None else check_integer("n_members", n_members, 1)
        if wanted == 1:
            return FeedforwardClassifier(**options, **seeded)
        return FeedforwardEnsemble(FeedforwardClassifier(**options), wanted, **seeded)


def recipe_named(recipe: Any) -> Recipe:
    """Return the recipe of that name, or the recipe itself.

    Raises
    ------
    ParameterError
        If there is none; the message names the nearest.
    """
    if isinstance(recipe, Recipe):
        return recipe
    return RECIPES[check_choice("recipe", recipe, RECIPES)]


def _adamw(rate: float, decay: float, *, batch_size: int = 128, warm_up: float = 0.2) -> AdamW:
    schedule = WarmUp(warm_up, Cosine())
    return AdamW(rate, decay, batch_size=batch_size, schedule=schedule, average=0.999)


NOTEBOOK = Recipe(
    "notebook",
    "The course notebook's network, 64-8-10 of sigmoids by conjugate gradient.",
    {
        "hidden_layer_sizes": (8,),
        "activation": "sigmoid",
        "output": "sigmoid",
        "solver": NonlinearCG(),
        "init": "glorot",
        "alpha": 0.0,
        "max_iter": 100,
        "dtype": "float32",
    },
)
QUICK = Recipe(
    "quick",
    "One hidden layer by L-BFGS: a first answer within a second.",
    {
        "hidden_layer_sizes": (64,),
        "activation": "relu",
        "alpha": 0.1,
        "max_iter": 80,
        "dtype": "float32",
    },
)
DIGITS = Recipe(
    "digits",
    "Small grey images of digits or the like, some hundreds to some ten thousands, 8 to 16 wide.",
    {
        "hidden_layer_sizes": (512, 512),
        "activation": "relu",
        "solver": _adamw(2e-3, 0.02),
        "alpha": 0.0,
        "max_iter": 600,
        "label_smoothing": 0.05,
        "augment": replace(DEFORMATIONS["digits"], contrast=0.15),
        "views": 16,
        "dtype": "float32",
    },
)
DIGITS_LIGHT = Recipe(
    "digits-light",
    "As digits, for a seventh of the work: what explore picks for small grey images.",
    {
        **DIGITS.parameters,
        "hidden_layer_sizes": (256, 256),
        "solver": _adamw(3e-3, 0.02),
        "max_iter": 300,
    },
)
# Of images as large as MNIST's, some ten thousands.
OF_LARGER_IMAGES = {
    "hidden_layer_sizes": (800, 800),
    "activation": "gelu",
    "solver": _adamw(2e-3, 0.05, warm_up=0.1),
    "alpha": 0.0,
    "label_smoothing": 0.05,
    "dtype": "float32",
}
MNIST = Recipe(
    "mnist",
    "MNIST and its kin, 28x28, some ten thousands: within some minutes on two cores.",
    {**OF_LARGER_IMAGES, "max_iter": 100, "augment": "digits", "views": 8},
)
MNIST_PLAIN = Recipe(
    "mnist-plain",
    "MNIST and its kin, by networks that see every picture as it is: nothing is deformed.",
    {
        **OF_LARGER_IMAGES,
        "layer_norm": True,
        "solver": _adamw(1.5e-3, 0.05, batch_size=64, warm_up=0.1),
        "max_iter": 60,
        "noise": (0.4, 0.0, 0.0),
        "l1": 0.6,
    },
    n_members=4,
)
MNIST_RECORD = Recipe(
    "mnist-record",
    "MNIST and its kin, as well as within an hour on two cores: four networks averaged.",
    {**MNIST.parameters, "max_iter": 200},
    n_members=4,
)
FASHION = Recipe(
    "fashion",
    "Fashion-MNIST and its kin: upright things, as good mirrored; four networks averaged.",
    {**OF_LARGER_IMAGES, "max_iter": 80, "dropout": 0.2, "augment": "clothing", "views": 8},
    n_members=4,
)
TABULAR = Recipe(
    "tabular",
    "Rows of numbers of any kind.",
    {
        "hidden_layer_sizes": (128, 128),
        "activation": "relu",
        "solver": _adamw(2e-3, 0.05, batch_size=32),
        "alpha": 0.0,
        "max_iter": 150,
        "label_smoothing": 0.02,
        "dtype": "float32",
    },
)
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        NOTEBOOK,
        QUICK,
        DIGITS,
        DIGITS_LIGHT,
        MNIST,
        MNIST_PLAIN,
        MNIST_RECORD,
        FASHION,
        TABULAR,
    )
}
"""Every recipe by its name."""
