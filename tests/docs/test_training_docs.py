"""docs/training.md: its examples run, and the defaults it states are those of the code."""

import doctest
from inspect import signature
from pathlib import Path

from layerlab._checkpoint import Checkpoint
from layerlab.models import EarlyStopping, FeedforwardClassifier
from layerlab.models.augmentation import VIEW_STRENGTH

PATH = Path(__file__).parents[2] / "docs" / "training.md"
TEXT = " ".join(PATH.read_text("utf-8").split())


def test_the_examples_run():
    examples = PATH.read_text("utf-8").count("\n>>> ")
    assert doctest.testfile(str(PATH), module_relative=False) == (0, examples)


def test_the_defaults():
    rule, known = EarlyStopping(), FeedforwardClassifier()
    assert f"EarlyStopping(metric, patience={rule.patience}, min_delta={rule.min_delta:g})" in TEXT
    assert "has not been better for ten iterations" in TEXT and rule.patience == 10
    assert '`"accuracy"`, or `True`' in TEXT and rule.metric == "accuracy"
    assert "`validation_fraction` (a tenth)" in TEXT and known.validation_fraction == 0.1
    kept = {name: p.default for name, p in signature(Checkpoint).parameters.items()}
    assert f"Checkpoint(folder, every={kept['every']:g}, keep={kept['keep']})" in TEXT
    assert "deformed half as far as in training" in TEXT and VIEW_STRENGTH == 0.5
