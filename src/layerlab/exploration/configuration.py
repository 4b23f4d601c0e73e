"""What an exploration tries: a fixed list of networks, and how each is trained."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from layerlab._typing import ImageShape
from layerlab.data import Dataset
from layerlab.models import FeedforwardClassifier
from layerlab.models.recipes import Recipe, recipe_named
from layerlab.network import Layout

__all__ = [
    "ACTIVATION",
    "ALPHAS",
    "MAX_ITER",
    "SEARCH_ITER",
    "SHAPES",
    "Configuration",
    "default_grid",
]

# From none to three hidden layers, 8 to 256 units: small ones first, so that a search that a
# budget cuts short has finished the cheap ones.
SHAPES: tuple[tuple[int, ...], ...] = (
    (),
    (8,),
    (16,),
    (32,),
    (16, 16),
    (32, 32),
    (32, 32, 32),
    (64,),
    (64, 64),
    (64, 64, 64),
    (128,),
    (128, 128),
    (128, 128, 128),
    (256,),
)
ALPHAS = (0.1, 1.0)
ACTIVATION = "relu"
# L-BFGS is far into the flat part of its curve by then; what is left is mostly overfitting.
MAX_ITER = 80
# Enough to rank networks: by then the cost of those that learn at all is near its end.
SEARCH_ITER = 40


@dataclass(frozen=True)
class Configuration:
    """A network to try.

    Attributes
    ----------
    hidden_layer_sizes : tuple of int
    alpha : float
    preset : str or None
        The recipe that trains it; None: as all of the list are trained.
    image_shape : tuple of int or None
        Of rows that a recipe deforms.
    epochs : int or None
        Iterations of the recipe; None: its own number.
    """

    hidden_layer_sizes: tuple[int, ...]
    alpha: float
    preset: str | None = None
    image_shape: ImageShape | None = None
    epochs: int | None = None

    @classmethod
    def of_recipe(
        cls, recipe: Recipe, image_shape: ImageShape | None = None, epochs: int | None = None
    ) -> Configuration:
        """Return the network of a recipe, one where it averages several.

        Raises
        ------
        ParameterError
            If it deforms images, and no shape is given.
        """
        model: Any = recipe.classifier(image_shape=image_shape, n_members=1)
        sizes = model.hidden_layer_sizes
        layers = (sizes,) if isinstance(sizes, int) else tuple(sizes)
        return cls(layers, model.alpha, recipe.name, image_shape, epochs or model.max_iter)

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.hidden_layer_sizes)

    @property
    def deforms(self) -> bool:
        """Whether a recipe trains it on deformed images."""
        return self.preset is not None and recipe_named(self.preset).of_images

    @property
    def shape(self) -> str:
        """The hidden layers in words: ``"64-32"``, or ``"no hidden layer"``."""
        return "-".join(map(str, self.hidden_layer_sizes)) or "no hidden layer"

    def __str__(self) -> str:
        trained = f"alpha {self.alpha:g}" if self.preset is None else f"preset {self.preset}"
        return f"{self.shape}, {trained}"

    def n_weights(self, data: Dataset) -> int:
        """Return how many weights the network has on this data, biases included."""
        return Layout((data.n_features, *self.hidden_layer_sizes, data.n_classes)).n_weights

    def classifier(
        self, seed: int, *, max_iter: int = MAX_ITER, **options: Any
    ) -> FeedforwardClassifier:
        """Return the untrained classifier; ``max_iter`` is not used of a preset's network."""
        if self.preset is not None:
            return self._by_recipe(seed, options)
        return FeedforwardClassifier(
            self.hidden_layer_sizes,
            ACTIVATION,
            alpha=self.alpha,
            max_iter=max_iter,
            dtype="float32",
            random_state=seed,
            **options,
        )

    def _by_recipe(self, seed: int, options: dict[str, Any]) -> FeedforwardClassifier:
        changes = {} if self.epochs is None else {"max_iter": self.epochs}
        found: Any = recipe_named(self.preset).classifier(
            seed, image_shape=self.image_shape, n_members=1, **changes, **options
        )
        model: FeedforwardClassifier = found
        return model


def default_grid() -> tuple[Configuration, ...]:
    """Return the documented list: every shape at every α."""
    return tuple(Configuration(shape, alpha) for shape, alpha in product(SHAPES, ALPHAS))
