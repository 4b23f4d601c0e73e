"""Schedules against PyTorch's, step by step, and by hand."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone

from layerlab.errors import ParameterError
from layerlab.solvers import SGD, Constant, Cosine, OneCycle, Plateau, StepDecay, WarmUp
from layerlab.solvers.schedules import SCHEDULES, Moment, schedule_named

COSTS = [5, 4, 4, 4, 4, 3.9999, 3, 3, 3, 3, 3, 3, 3, 2.99, 2.9899, 2.9, 1, 1, 1, 1, 1.1, 0.9, 2]


def factors(schedule, n_steps, epoch_steps=1):
    return [schedule.factor(Moment(t, n_steps, epoch_steps)) for t in range(n_steps)]


@pytest.fixture
def torch_rates():
    """A function that returns the rates of a scheduler of PyTorch's, one a step."""
    torch = pytest.importorskip("torch")

    def rates(make, n_steps, said=None):
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler = make(torch.optim.lr_scheduler, optimiser)
        seen = []
        for step in range(n_steps):
            seen.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            scheduler.step(*([] if said is None else [said[step]]))
        return seen

    return rates


@pytest.mark.parametrize("every", [1, 3])
def test_step_decay_is_pytorch_s(torch_rates, every):
    expected = torch_rates(lambda kinds, optimiser: kinds.StepLR(optimiser, every, 0.3), 12)
    assert factors(StepDecay(every, 0.3), 12) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("final", [0.0, 0.2])
def test_cosine_is_pytorch_s(torch_rates, final):
    expected = torch_rates(lambda kinds, o: kinds.CosineAnnealingLR(o, 37, final), 37)
    assert factors(Cosine(final), 37) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n_steps", [3, 7, 10, 100, 137])
@pytest.mark.parametrize("peak", [0.25, 0.3, 0.5])
def test_one_cycle_is_pytorch_s(torch_rates, n_steps, peak):
    expected = torch_rates(
        lambda kinds, o: kinds.OneCycleLR(
            o, 1.0, n_steps, pct_start=peak, cycle_momentum=False, div_factor=20
        ),
        n_steps,
    )
    # PyTorch's last is a ten-thousandth of its first.
    schedule = OneCycle(peak, 1 / 20, 1 / 20 / 1e4)
    assert factors(schedule, n_steps) == pytest.approx(expected, rel=1e-9)


def test_one_cycle_of_few_steps():
    assert factors(OneCycle(0.1), 10)[0] == 1.0  # a rise of no steps
    assert factors(OneCycle(0.1), 10)[-1] == pytest.approx(4e-6)
    assert all(0 < factor <= 1 for n in (1, 2, 3) for factor in factors(OneCycle(), n))


@pytest.mark.parametrize("patience", [0, 1, 3])
@pytest.mark.parametrize("threshold", [0.0, 1e-3])
def test_plateau_is_pytorch_s(torch_rates, patience, threshold):
    expected = torch_rates(
        lambda kinds, o: kinds.ReduceLROnPlateau(
            o, factor=0.5, patience=patience, threshold=threshold, eps=0
        ),
        len(COSTS),
        COSTS,
    )
    schedule = Plateau(0.5, patience, threshold)
    found = [schedule.factor(Moment(n, 99, 1, COSTS[:n])) for n in range(len(COSTS))]
    assert found == pytest.approx(expected)
    assert len(set(found)) > 2


@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
@pytest.mark.parametrize("rise", [2, 8])
def test_warm_up_is_pytorch_s(torch_rates, rise):
    def make(kinds, optimiser):
        up = kinds.LinearLR(optimiser, 1 / rise, 1.0, rise - 1)
        down = kinds.CosineAnnealingLR(optimiser, 40 - rise)
        return kinds.SequentialLR(optimiser, [up, down], [rise])

    expected = torch_rates(make, 40)
    assert factors(WarmUp(rise / 40), 40) == pytest.approx(expected, rel=1e-9)


def test_by_hand():
    assert factors(Constant(), 3) == [1, 1, 1]
    assert factors(Cosine(0.2), 4)[2] == pytest.approx(0.6)
    # Four steps an epoch; the rate falls with the epoch, not with the step.
    assert factors(StepDecay(1, 0.5), 8, epoch_steps=4) == [1] * 4 + [0.5] * 4
    assert factors(WarmUp(0.5, "constant"), 8) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]
    assert factors(WarmUp(0, "cosine"), 5) == factors(Cosine(), 5)
    assert factors(WarmUp(1, "cosine"), 4) == [0.25, 0.5, 0.75, 1]


def test_what_follows_a_warm_up_counts_epochs_from_there():
    """Six steps, two an epoch: the rise takes the first epoch, a decay each of the others."""
    found = factors(WarmUp(1 / 3, StepDecay(1, 0.5)), 6, epoch_steps=2)
    assert found == [0.5, 1, 1, 1, 0.5, 0.5]


def test_what_follows_a_warm_up_judges_its_own_epochs():
    """Epochs that begin in the rise, here two, are no plateau."""
    schedule = WarmUp(0.3, Plateau(0.5, 0))
    moments = [Moment(2 * n, 10, 2, [7.0] * n) for n in range(5)]
    assert [schedule.factor(moment) for moment in moments] == [1 / 3, 1, 1, 1, 0.5]


def test_the_rate_a_solver_takes_is_the_product(least_squares):
    told = []
    SGD(0.02, schedule=StepDecay(2, 0.1), batch_size=10).minimize(
        least_squares(), np.zeros(3), callback=lambda it: told.append(it.learning_rate)
    )
    assert told[:5] == pytest.approx([0.02, 0.02, 0.002, 0.002, 0.0002])


def test_names():
    for name, kind in SCHEDULES.items():
        assert type(schedule_named(name)) is kind
    schedule = Cosine(0.1)
    assert schedule_named(schedule) is schedule


@pytest.mark.parametrize("kind", SCHEDULES.values())
def test_cloned_as_scikit_learn_clones(kind):
    schedule = kind()
    assert clone(schedule).get_params() == schedule.get_params()
    assert set(schedule.get_params(deep=False)) == set(inspect.signature(kind).parameters)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("cosin", "'schedule' parameter must be one of .* Did you mean 'cosine'"),
        (3, "or a schedule object. Got 3"),
        (Cosine, "or a schedule object"),
        (StepDecay(0), "'every' parameter must be an integer from 1"),
        (StepDecay(1, 0.0), r"'gamma' parameter must be a number in the range \(0, 1\]"),
        (Cosine(2), r"'final' parameter must be a number in the range \[0, 1\]"),
        (OneCycle(1.0), r"'peak' parameter must be a number in the range \(0, 1\)"),
        (OneCycle(initial=-1), "'initial' parameter"),
        (OneCycle(final=np.nan), "'final' parameter"),
        (Plateau(gamma=0), "'gamma' parameter"),
        (Plateau(patience=-1), "'patience' parameter must be an integer from 0"),
        (Plateau(threshold=1), r"'threshold' parameter must be a number in the range \[0, 1\)"),
        (WarmUp(1.5), r"'share' parameter must be a number in the range \[0, 1\]"),
        (WarmUp(then="nothing"), "'schedule' parameter must be one of"),
        (WarmUp(then=WarmUp(-1)), "'share' parameter"),
    ],
)
def test_options_are_checked(schedule, message, least_squares):
    with pytest.raises(ParameterError, match=message):
        SGD(schedule=schedule).minimize(least_squares(), np.zeros(3))
