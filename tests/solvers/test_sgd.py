"""SGD against PyTorch's, and by hand."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.solvers import SGD, Stopping


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.8, True)])
def test_a_hundred_steps_as_pytorch_takes_them(twin, momentum, nesterov):
    def optimisers(weights, biases):
        options = {"lr": 0.05, "momentum": momentum, "nesterov": nesterov}
        return [twin.torch.optim.SGD([*weights, *biases], **options)]

    twin.agree(SGD(0.05, momentum, nesterov, batch_size=32), optimisers)


class Slope:
    """A row whose gradient is 1 in the first call, then 3."""

    n_rows, seed = 1, 0

    def __init__(self):
        self.gradients = iter([1.0, 3.0])

    def evaluate(self, *_):
        return 0.0, np.array([next(self.gradients, 0.0)])


@pytest.mark.parametrize(
    ("momentum", "nesterov", "steps"),
    [
        (0.0, False, 1 + 3),
        (0.5, False, 1 + (0.5 + 3)),
        # v = 1, then 0.5 + 3; a step is g + 0.5 v.
        (0.5, True, 1.5 + (3 + 0.5 * 3.5)),
    ],
)
def test_two_steps_by_hand(momentum, nesterov, steps):
    solution = SGD(0.1, momentum, nesterov).minimize(Slope(), np.zeros(1), stopping=Stopping(2))
    assert solution.theta == pytest.approx([-0.1 * steps], rel=1e-15)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0}, r"'learning_rate' parameter must be a number in the range \(0, inf"),
        ({"momentum": 1}, r"'momentum' parameter must be a number in the range \[0, 1\)"),
        ({"nesterov": 1}, "'nesterov' parameter must be True or False"),
        ({"momentum": 0}, "needs a momentum above 0. Got momentum=0; set nesterov=False"),
    ],
)
def test_options_are_checked(options, message, least_squares):
    with pytest.raises(ParameterError, match=message):
        SGD(**options).minimize(least_squares(), np.zeros(3))
