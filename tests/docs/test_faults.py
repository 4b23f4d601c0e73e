"""The notebook's faults: those that no other test of the suite makes impossible by itself.

docs/notebook.md lists all ten, with their tests.
"""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split

import layerlab
from layerlab.data import FOLD_KINDS
from layerlab.engine import RowObjective
from layerlab.exploration import Explorer
from layerlab.metrics import accuracy
from layerlab.models import compare_gradient
from layerlab.network import Layout

WIDTHS = (6, 5, 4, 3)
M, K, ALPHA = 20, 3, 2.0
RANDOM = np.random.default_rng(4)
X, Y = RANDOM.normal(size=(M, WIDTHS[0])), RANDOM.permutation(np.arange(M) % K)
VECTOR = RANDOM.normal(scale=0.7, size=Layout(WIDTHS).n_weights)


class Notebook:
    """Cost and gradient as the notebook writes them: matrices unrolled, the bias in column 0.

    ``fault`` numbers the one of its faults that is left in; None mends them all.
    """

    def __init__(self, fault=None):
        self.fault = fault

    def matrices(self, vector):
        """Cut the vector into a matrix a layer, each behind the last but for fault 2."""
        found, at = [], 0
        for n_in, n_out in pairwise(WIDTHS):
            size = n_out * (1 + n_in)
            found.append(vector[at : at + size].reshape(n_out, 1 + n_in))
            at = 0 if self.fault == 2 else at + size
        return found

    def evaluate(self, vector):
        thetas, T = self.matrices(vector), np.eye(K)[Y]
        answers = self.feedforward(thetas)
        log = np.log10 if self.fault == 4 else np.log
        data = -(T * log(answers[-1]) + (1 - T) * log(1 - answers[-1])).sum() / M
        squares = sum((Theta[:, 1:] ** 2).sum() for Theta in thetas)
        return data + ALPHA / (2 * M) * squares, self.backpropagate(thetas, answers, T)

    def feedforward(self, thetas):
        answers = [X]
        for Theta in thetas:
            answers.append(sigmoid(with_ones(answers[-1]) @ Theta.T))
        return answers

    def backpropagate(self, thetas, answers, T):
        slopes, delta = [], (answers[-1] - T) / M
        for Theta, A in zip(reversed(thetas), reversed(answers[:-1]), strict=True):
            penalised = Theta.copy()
            penalised[:, 1 if self.fault == 5 else 0] = 0
            slopes.insert(0, (delta.T @ with_ones(A) + ALPHA / M * penalised).ravel())
            S = sigmoid(A) if self.fault == 6 else A
            delta = delta @ Theta[:, 1:] * S * (1 - S)
        return np.concatenate(slopes)


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def with_ones(A):
    return np.column_stack([np.ones(len(A)), A])


def test_the_notebook_without_its_faults_is_layerlab():
    layout = Layout(WIDTHS)
    theta = layout.from_matrices(Notebook().matrices(VECTOR))
    cost, slopes = layerlab.cost_and_gradient(theta, WIDTHS[1:-1], K, X, Y, ALPHA)
    expected, by_notebook = Notebook().evaluate(VECTOR)
    assert cost == pytest.approx(expected, rel=1e-13)
    unrolled = np.concatenate([D.ravel() for D in layout.to_matrices(slopes)])
    np.testing.assert_allclose(unrolled, by_notebook, rtol=1e-10, atol=1e-15)
    assert compare_gradient(Notebook(), VECTOR).ok


@pytest.mark.parametrize("fault", [2, 4, 5, 6])
def test_a_fault_of_the_notebook_would_be_seen(fault):
    """By a comparison with layerlab, and by one with differences of the notebook's own cost."""
    right, wrong = Notebook().evaluate(VECTOR), Notebook(fault).evaluate(VECTOR)
    cost_differs = bool(abs(wrong[0] - right[0]) > 1e-3)
    assert cost_differs is (fault in (2, 4))
    assert cost_differs or np.abs(wrong[1] - right[1]).max() > 1e-3
    assert not compare_gradient(Notebook(fault), VECTOR).ok


@pytest.mark.parametrize("kind", FOLD_KINDS)
def test_only_shuffled_folds_depend_on_the_seed(kind):
    """Fault 1: a seed was given to folds that draw nothing."""
    data = layerlab.load_data("digits")
    tests = [
        [
            test.tolist()
            for _, test in layerlab.make_folds(
                kind, data.labels, groups=data.groups, random_state=seed
            )
        ]
        for seed in (0, 1)
    ]
    assert (tests[0] == tests[1]) is (kind not in ("shuffled", "stratified"))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_notebooks_run_takes_hundreds_of_evaluations_not_100_000(monkeypatch):
    """Fault 7: its minimiser, 100 iterations and 8 hidden units, counted from outside."""
    asked = []

    class Counting(RowObjective):
        def evaluate(self, *arguments, **options):
            asked.append("cost and gradient")
            return super().evaluate(*arguments, **options)

        def cost(self, *arguments, **options):
            asked.append("cost")
            return super().cost(*arguments, **options)

    monkeypatch.setattr("layerlab.models.problem.RowObjective", Counting)
    rows, labels = load_digits(return_X_y=True)
    rest, _, y_rest, _ = train_test_split(rows / 16, labels, test_size=0.2, random_state=1)
    train, _, y_train, _ = train_test_split(rest, y_rest, test_size=0.25, random_state=1)
    model = layerlab.FeedforwardClassifier(
        (8,),
        "sigmoid",
        output="sigmoid",
        solver="cg",
        alpha=0,
        scaling=None,
        max_iter=100,
        random_state=0,
    ).fit(train, y_train)
    assert model.n_iter_ == 100
    stats = model.solution_.stats
    assert asked.count("cost and gradient") == stats.evaluations
    assert asked.count("cost") == stats.cost_evaluations
    assert len(asked) < 400 < 611  # the notebook took 611 for a single gradient
    assert model.score(train, y_train) > 0.98


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_unit_of_the_pixels_makes_no_difference():
    """Fault 8: 0–16, 0–1 and 0–256 are the same pictures, so they give the same network."""
    rows, labels = load_digits(return_X_y=True)
    model = layerlab.FeedforwardClassifier((8,), "sigmoid", max_iter=5, random_state=0)
    thetas = [model.fit(rows * unit, labels).theta_ for unit in (1, 1 / 16, 16)]
    np.testing.assert_array_equal(thetas[1], thetas[0])
    np.testing.assert_array_equal(thetas[2], thetas[0])


def test_accuracy_is_no_recall():
    """Fault 10: three of four rows are right, though half of the classes is never found."""
    truth, taken = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    assert recall_score(truth, taken, average="macro") == 0.5
    score = layerlab.Score.of(truth, taken)
    assert score.accuracy == accuracy(truth, taken) == 0.75
    assert set(score.to_dict()) == {"accuracy", "interval", "rows"}


def test_every_part_of_the_split_is_used():
    """Fault 10: each part for its own purpose, and every figure with its number of rows."""
    data = layerlab.load_data(*load_iris(return_X_y=True))
    split = layerlab.split_rows(data)
    found = Explorer(data, split, n_threads=1).explore(budget=1e-3)
    assert {candidate.rows for candidate in found.candidates} == {len(split.train)}
    assert found.chosen.score.rows == len(split.validation)
    assert {s.score.rows for s in found.opening.scores.values()} == {len(split.test)}
    assert found.opening.labels.tolist() == data.labels[split.test].tolist()
