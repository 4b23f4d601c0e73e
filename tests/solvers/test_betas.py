"""β: equal on a quadratic, conjugate, and a wrong sign is seen."""

from math import sqrt

import numpy as np
import pytest

from layerlab.solvers.betas import BETAS

AUTHORS = sorted(BETAS)


def exact_step(quadratic, theta, d):
    """The step to the exact minimum along d, from the matrix itself."""
    gradient = quadratic(theta)[1]
    return theta - float(gradient @ d) / float(d @ quadratic.A @ d) * d


def directions(beta, quadratic, n_steps):
    """Search directions of n steps of exact conjugate gradient, and where they end."""
    theta, gradient = quadratic.start, quadratic(quadratic.start)[1]
    d, used = -gradient, []
    for _ in range(n_steps):
        theta = exact_step(quadratic, theta, d)
        used.append(d)
        old, gradient = gradient, quadratic(theta)[1]
        d = -gradient + beta(gradient, old, d) * d
    return used, theta


def beta_after_one_step(beta, quadratic):
    d = -quadratic(quadratic.start)[1]
    theta = exact_step(quadratic, quadratic.start, d)
    return beta(quadratic(theta)[1], -d, d)


def true_beta(quadratic):
    """g_new·A d / d·A d: what makes the next direction conjugate to d, by definition."""
    d = -quadratic(quadratic.start)[1]
    gradient = quadratic(exact_step(quadratic, quadratic.start, d))[1]
    return float(gradient @ quadratic.A @ d) / float(d @ quadratic.A @ d)


def conjugacy(beta, quadratic, n_steps):
    """Largest cosine, in the metric of A, between two directions."""
    used, _ = directions(beta, quadratic, n_steps)
    D = np.array(used)
    products = D @ quadratic.A @ D.T
    lengths = np.sqrt(np.diag(products))
    return np.abs(products / np.outer(lengths, lengths) - np.eye(n_steps)).max()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("author", AUTHORS)
def test_every_beta_is_the_conjugate_one_after_an_exact_step(author, seed, quadratic):
    problem = quadratic(8, seed=seed)
    assert beta_after_one_step(BETAS[author], problem) == pytest.approx(true_beta(problem))


@pytest.mark.parametrize("author", AUTHORS)
def test_directions_are_conjugate(author, quadratic):
    assert conjugacy(BETAS[author], quadratic(8, 10.0), 8) < 1e-8


@pytest.mark.parametrize("author", AUTHORS)
def test_n_exact_steps_reach_the_minimum(author, quadratic):
    problem = quadratic(8, 10.0)
    _, end = directions(BETAS[author], problem, 8)
    np.testing.assert_allclose(end, problem.minimum, atol=1e-9)


@pytest.mark.parametrize("author", AUTHORS)
def test_a_wrong_sign_would_be_seen(author, quadratic):
    """The three tests above can fail: each identity breaks when β changes its sign."""

    def wrong(*arguments):
        return -BETAS[author](*arguments)

    problem = quadratic(8)
    assert beta_after_one_step(wrong, problem) != pytest.approx(true_beta(problem))
    assert conjugacy(wrong, problem, 8) > 0.1
    assert np.abs(directions(wrong, problem, 8)[1] - problem.minimum).max() > 1e-3


def test_worked_by_hand():
    """g_new = (2, 1), g_old = (1, 1), d = (-1, 0): y = (1, 0), d·y = -1."""
    arguments = np.array([2.0, 1.0]), np.array([1.0, 1.0]), np.array([-1.0, 0.0])
    found = {author: beta(*arguments) for author, beta in BETAS.items()}
    # Hager–Zhang: ((1, 0) + 2 (-1, 0))·(2, 1) / -1 = 2.
    expected = {
        "fletcher_reeves": 2.5,
        "polak_ribiere": 1.0,
        "hestenes_stiefel": 0.0,
        "dai_yuan": -5.0,
        "hager_zhang": 2.0,
    }
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("author", ["polak_ribiere", "hestenes_stiefel"])
def test_never_negative(author):
    random = np.random.default_rng(0)
    assert min(BETAS[author](*random.normal(size=(3, 4))) for _ in range(200)) == 0


def test_hager_zhang_is_bounded_below():
    """Eq. 1.6; some of the vectors reach the bound."""
    random = np.random.default_rng(0)
    room = []
    for _ in range(3000):
        g_new, g_old, d = random.normal(size=(3, 2))
        bound = -1 / (sqrt(d @ d) * min(0.01, sqrt(g_old @ g_old)))
        room.append(BETAS["hager_zhang"](g_new, g_old, d) / bound)
    assert max(room) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("author", AUTHORS)
def test_no_change_of_gradient_gives_a_number(author):
    g = np.array([1.0, 2.0])
    assert np.isfinite(BETAS[author](g, g, -g))


def test_hager_zhang_descends_whatever_the_line_search():
    """g·d <= -7/8 |g|²: their theorem 1.1, for any vectors with d·y not 0."""
    random = np.random.default_rng(1)
    for _ in range(300):
        g_new, g_old, d = random.normal(size=(3, 5))
        turned = -g_new + BETAS["hager_zhang"](g_new, g_old, d) * d
        assert g_new @ turned <= -7 / 8 * (g_new @ g_new) + 1e-9
