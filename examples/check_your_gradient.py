"""Is a gradient right? Ask differences of the cost, for a network and for a cost of your own.

python check_your_gradient.py
"""

import numpy as np
from sklearn.datasets import load_digits

from layerlab import FeedforwardClassifier, check_gradient
from layerlab.models import compare_gradient

X, y = load_digits(return_X_y=True)

# Any network, with its scaling, penalty and weights of classes, on any rows.
network = FeedforwardClassifier((12, 8), ["tanh", "relu"], alpha=0.5, random_state=0)
print(check_gradient(network, X[:300], y[:300], max_components=25))


class LogisticRegression:
    """Is it a zero? A cost of one's own needs `evaluate`, which returns cost and gradient."""

    def __init__(self, forgets_the_mean: bool) -> None:
        self.X, self.t = X[:300] / 16, y[:300] == 0
        self.forgets_the_mean = forgets_the_mean

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        z = self.X @ theta
        cost = np.mean(np.logaddexp(0, z) - self.t * z)
        delta = 1 / (1 + np.exp(-z)) - self.t
        slopes = self.X.T @ delta
        return cost, slopes if self.forgets_the_mean else slopes / len(z)


start = np.random.default_rng(0).normal(scale=0.1, size=X.shape[1])
print()
print(compare_gradient(LogisticRegression(forgets_the_mean=False), start))
print()
print(compare_gradient(LogisticRegression(forgets_the_mean=True), start))
