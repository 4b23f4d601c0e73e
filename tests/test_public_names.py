"""What ``import layerlab`` offers is pinned: a change of it is a change users see."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import layerlab

PUBLIC = [
    "LBFGS",
    "RECIPES",
    "SGD",
    "Adam",
    "AdamW",
    "Callbacks",
    "Checkpoint",
    "Constant",
    "Cosine",
    "Dataset",
    "Deformation",
    "EarlyStopping",
    "Evaluation",
    "FeedforwardClassifier",
    "FeedforwardEnsemble",
    "Finding",
    "GradientCheck",
    "HealthReport",
    "Hybrid",
    "LogToJSONL",
    "Muon",
    "Network",
    "NonlinearCG",
    "OneCycle",
    "Parts",
    "Plateau",
    "Recipe",
    "Redrawing",
    "Run",
    "ScaledCG",
    "ScipyMinimizer",
    "Score",
    "ShowProgress",
    "Split",
    "StepDecay",
    "StopAtTime",
    "Stopping",
    "Trained",
    "WarmUp",
    "check",
    "check_gradient",
    "cost",
    "cost_and_gradient",
    "draw_knn_curve",
    "draw_rows",
    "evaluate",
    "explore",
    "feedforward",
    "fit_input_map",
    "gradient",
    "health_line",
    "join",
    "knn_curve",
    "learning_rate_curve",
    "load_data",
    "load_labelled_rows",
    "load_model",
    "load_parts",
    "load_rows",
    "make_folds",
    "paired_difference",
    "picture_grid",
    "read_split",
    "save_model",
    "split_rows",
    "start_weights",
    "train",
    "wilson_interval",
]


def test_names_are_pinned():
    assert sorted(layerlab.__all__) == sorted([*PUBLIC, "__version__"])


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_is_there_and_documented(name):
    assert getattr(layerlab, name).__doc__


def test_version_is_the_distribution_s():
    assert layerlab.__version__ == importlib.metadata.version("layerlab")


def test_unknown_name():
    with pytest.raises(AttributeError, match="explode"):
        _ = layerlab.explode


def test_every_module_says_what_it_offers():
    for module in pkgutil.walk_packages(layerlab.__path__, "layerlab."):
        if not module.name.endswith(("__main__", "._kernel")):
            loaded = importlib.import_module(module.name)
            assert loaded.__doc__, module.name
            assert all(hasattr(loaded, name) for name in loaded.__all__), module.name


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import layerlab", {"numpy", "sklearn", "matplotlib", "layerlab.api"}),
        ("import layerlab.cli", {"numpy", "sklearn", "matplotlib", "layerlab.api"}),
        # Not pandas: scikit-learn imports it by itself where it is installed.
        (
            "from layerlab import FeedforwardClassifier",
            {
                "layerlab.exploration",
                "layerlab.reporting",
                "layerlab.storage",
                "polars",
                "torch",
                "matplotlib",
                "jinja2",
                "sklearn.datasets",
                "sklearn.neighbors",
            },
        ),
        ("import layerlab.cli.predict, layerlab.cli.evaluate", {"matplotlib", "jinja2"}),
        ("from layerlab import draw_rows, picture_grid", {"matplotlib.pyplot"}),
    ],
)
def test_nothing_heavy_is_imported_before_it_must(statement, absent):
    code = f"{statement}; import sys; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert not absent & set(done.stdout.split())
