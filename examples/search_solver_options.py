"""A network in a scikit-learn pipeline, and a grid search that reaches into its minimiser.

    python search_solver_options.py

A solver is an object with options, so a search can set them: ``network__solver__beta`` is the
formula by which conjugate gradient keeps some of its last direction.
"""

from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from layerlab import FeedforwardClassifier, NonlinearCG, Score

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

pipeline = Pipeline(
    [
        ("components", PCA(24, random_state=0)),
        ("network", FeedforwardClassifier((16,), solver=NonlinearCG(), tol=1e-3, random_state=0)),
    ]
)
search = GridSearchCV(
    pipeline,
    {
        "network__solver__beta": ["hager_zhang", "polak_ribiere", "fletcher_reeves"],
        "network__alpha": [0.1, 1.0],
    },
    cv=3,
).fit(X_train, y_train)

results = search.cv_results_
for parameters, accuracy in zip(results["params"], results["mean_test_score"], strict=True):
    beta, alpha = parameters["network__solver__beta"], parameters["network__alpha"]
    print(f"{beta:16} alpha {alpha:3}  accuracy {accuracy:.3f}")

# The rows that chose say too much good of the chosen one; these have not been looked at.
score = Score.of(y_test, search.predict(X_test))
low, high = score.interval
print(f"test accuracy {score.accuracy:.3f} ({low:.3f} to {high:.3f}), {score.rows} rows")
