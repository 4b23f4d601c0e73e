"""docs/training.md: its examples run, and the defaults it states are those of the code."""

import doctest
import re
from inspect import signature
from pathlib import Path

from layerlab._checkpoint import Checkpoint
from layerlab.models import EarlyStopping, FeedforwardClassifier
from layerlab.models.augmentation import VIEW_STRENGTH

PATH = Path(__file__).parents[2] / "docs" / "training.md"
PAGE = PATH.read_text("utf-8")
TEXT = " ".join(PAGE.split())


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


def test_every_parameter_of_the_estimator_is_on_some_page():
    pages = " ".join(path.read_text("utf-8") for path in PATH.parent.glob("*.md"))
    for name in FeedforwardClassifier().get_params(deep=False):
        assert f"`{name}`" in pages or f"{name}=" in pages, name


def test_the_table_of_parameters_has_the_defaults():
    rows = re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \| (.*?) \|", PAGE.split("## Every parameter")[1], re.M
    )
    known, seen = FeedforwardClassifier().get_params(deep=False), {}
    for names, defaults in rows:
        named = re.findall(r"\w+", names)
        stated = [eval(text.strip("`")) for text in re.split(", (?!\\))", defaults)]
        seen |= dict(zip(named, stated, strict=True))
    assert seen == {name: known[name] for name in seen}
    assert len(seen) > 12
