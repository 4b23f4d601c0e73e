from layerlab.data import load_data
from layerlab.exploration import ALPHAS, SHAPES, Configuration, default_grid


def test_the_grid_is_what_the_documentation_says():
    assert len(SHAPES) == len(set(SHAPES)) == 14
    assert {len(shape) for shape in SHAPES} == {0, 1, 2, 3}
    assert {units for shape in SHAPES for units in shape} == {8, 16, 32, 64, 128, 256}
    assert len(default_grid()) == len(set(default_grid())) == 14 * len(ALPHAS) == 28


def test_weights_are_counted_with_biases():
    digits = load_data("digits")
    assert Configuration((8,), 1.0).n_weights(digits) == 64 * 8 + 8 + 8 * 10 + 10
    assert Configuration((), 1.0).n_weights(digits) == 650


def test_in_words():
    assert Configuration((64, 32), 0.1).shape == "64-32"
    assert Configuration((), 0.1).shape == "no hidden layer"
    assert str(Configuration((64, 32), 0.1)) == "64-32, alpha 0.1"
    assert str(Configuration((), 1.0)) == "no hidden layer, alpha 1"


def test_a_classifier_takes_its_seed_and_options():
    model = Configuration((8,), 0.1).classifier(7, n_threads=1)
    assert (model.random_state, model.alpha, model.n_threads, model.dtype) == (7, 0.1, 1, "float32")
