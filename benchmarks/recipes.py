"""What a frozen recipe reaches: one command, one opening of the rows it is scored on.

Usage::

    python -m benchmarks.recipes optdigits DATA    8 networks on the 30 writers of optdigits.tra,
                                                   scored on 13 others: scikit-learn's digits
    python -m benchmarks.recipes writers           digits, each of its writers' runs left out
    python -m benchmarks.recipes folds             digits, five shuffled folds
    python -m benchmarks.recipes mnist DATA        trained on all but the last 10,000 of MNIST's
                                                   training rows, scored on these
    python -m benchmarks.recipes mnist-plain DATA  the same by networks that see nothing deformed
    python -m benchmarks.recipes mnist-record DATA the same by what takes most of an hour
    python -m benchmarks.recipes fashion DATA      Fashion-MNIST, the same way
    python -m benchmarks.recipes pendigits DATA    pendigits.tra against pendigits.tes

DATA is the folder in which ``optdigits``, ``mnist``, ``fashion-mnist`` and
``pendigits`` lie. Every line says how many networks, the mean error of one and
its spread, the error of all averaged with its 95 % interval, and seconds.
Nothing is chosen here: recipes were chosen on training rows alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks.record import BenchmarkResult, report, text_table
from layerlab._typing import Array, IndexArray
from layerlab.data import Dataset, load_data, make_folds
from layerlab.metrics import Score
from layerlab.models import FeedforwardEnsemble
from layerlab.models.recipes import recipe_named

__all__ = ["CASES", "Case", "main", "run"]

HELD_BACK = 10_000  # of the training rows of MNIST and Fashion-MNIST
COLUMNS = (
    "recipe",
    "networks",
    "rows",
    "error of one",
    "from",
    "to",
    "averaged",
    "interval",
    "seconds",
    "a network",
    "µs a row",
)


@dataclass(frozen=True)
class Part:
    """Rows to train on and rows to be scored on."""

    train: Dataset
    test: Dataset


@dataclass(frozen=True)
class Case:
    """Which recipe, by how many networks, on which rows.

    Attributes
    ----------
    recipe : str
    members : int
    parts : callable folder -> iterator of Part
        Several where rows are left out in turn; their errors are added up.
    against : bool
        Whether k nearest neighbours and a support vector machine are scored too.
    """

    recipe: str
    members: int
    parts: Callable[[Path], Iterator[Part]]
    against: bool = False


def optdigits(folder: Path) -> Iterator[Part]:
    """Yield the official split: 30 writers, and 13 others."""
    train = load_data(str(folder / "optdigits" / "optdigits.tra"), image_shape=(8, 8))
    yield Part(train, load_data("digits"))


def writers(_folder: Path) -> Iterator[Part]:
    """Yield digits with each writer's run left out in turn."""
    yield from _folds("leave-one-group-out")


def folds(_folder: Path) -> Iterator[Part]:
    """Yield digits in five shuffled folds."""
    yield from _folds("shuffled")


def mnist(folder: Path) -> Iterator[Part]:
    """Yield MNIST's training rows, the last 10,000 apart."""
    yield _held_back(folder / "mnist")


def fashion(folder: Path) -> Iterator[Part]:
    """Yield Fashion-MNIST's training rows, the last 10,000 apart."""
    yield _held_back(folder / "fashion-mnist")


def pendigits(folder: Path) -> Iterator[Part]:
    """Yield the official split: other writers."""
    train, test = (load_data(str(folder / "pendigits" / f"pendigits.{e}")) for e in ("tra", "tes"))
    yield Part(train, test)


CASES = {
    "optdigits": Case("digits", 8, optdigits),
    "writers": Case("digits", 4, writers),
    "folds": Case("digits", 4, folds),
    "mnist": Case("mnist", 1, mnist),
    "mnist-plain": Case("mnist-plain", 4, mnist),
    "mnist-record": Case("mnist-record", 4, mnist),
    "fashion": Case("fashion", 4, fashion),
    "pendigits": Case("tabular", 8, pendigits, against=True),
}


def run(name: str, folder: Path, members: int | None = None) -> BenchmarkResult:
    """Train, score, and return the table."""
    case = CASES[name]
    members = members or case.members
    began = perf_counter()
    wrong_of_one: list[Array] = []
    right: list[Array] = []
    training = predicting = 0.0
    rivals: list[tuple[str, Score]] = []
    for part in case.parts(folder):
        model, seconds = _trained(case.recipe, part.train, members)
        training += seconds
        probabilities, seconds = _predicted(model, part.test)
        predicting += seconds
        labels = _labels(part)
        wrong_of_one.append(np.array([(p.argmax(axis=1) != labels).sum() for p in probabilities]))
        right.append(probabilities.mean(axis=0).argmax(axis=1) == labels)
        rivals += _rivals(part) if case.against else []
        _say(f"{name}: {sum(map(len, right))} rows, {perf_counter() - began:.0f} s")
    score = Score(int(np.concatenate(right).sum()), sum(map(len, right)))
    of_one = np.sum(wrong_of_one, axis=0) / score.rows
    line = _line(case, members, of_one, score, training, predicting, len(right))
    lines = [line, *({"recipe": who, **asdict(rival)} for who, rival in rivals)]
    settings = {
        "case": name,
        "members": members,
        "parameters": {k: str(v) for k, v in recipe_named(case.recipe).parameters.items()},
    }
    return BenchmarkResult(f"recipe-{name}", settings, lines, lines, _table(name, lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one case and store what it found."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recipes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("case", choices=CASES)
    parser.add_argument("data", nargs="?", type=Path, default=Path())
    parser.add_argument("--members", type=int, help="networks; by default as the case has it")
    given = parser.parse_args(arguments)
    report(run(given.case, given.data, given.members))
    return 0


def _folds(kind: str) -> Iterator[Part]:
    data = load_data("digits")
    for train, test in make_folds(kind, data.y, n_splits=5, groups=data.groups, random_state=0):
        yield Part(data.subset(train), data.subset(test))


def _held_back(folder: Path) -> Part:
    data = load_data(str(folder))
    rows = np.arange(data.n_rows)
    return Part(data.subset(rows[:-HELD_BACK]), data.subset(rows[-HELD_BACK:]))


def _trained(recipe: str, data: Dataset, members: int) -> tuple[FeedforwardEnsemble, float]:
    """Return the networks, and how long they took, side by side."""
    model = recipe_named(recipe).classifier(0, image_shape=data.image_shape, n_members=members)
    if not isinstance(model, FeedforwardEnsemble):
        model = FeedforwardEnsemble(model, 1, random_state=0)
    began = perf_counter()
    model.fit(data.rows, data.y.astype(str))
    return model, perf_counter() - began


def _predicted(model: FeedforwardEnsemble, data: Dataset) -> tuple[Array, float]:
    """Return each network's probabilities, and how long all of them took."""
    began = perf_counter()
    found = np.stack([member.predict_proba(data.rows) for member in model.members_])
    return found, perf_counter() - began


def _labels(part: Part) -> IndexArray:
    """Return the test labels as places among the training classes, compared as text."""
    classes = np.unique(part.train.y.astype(str))
    return np.searchsorted(classes, part.test.y.astype(str))


def _rivals(part: Part) -> list[tuple[str, Score]]:
    scaler = StandardScaler().fit(part.train.rows)
    train, test = scaler.transform(part.train.rows), scaler.transform(part.test.rows)
    found = []
    for who, model in (
        ("k-NN (3)", KNeighborsClassifier(3)),
        ("SVC (RBF, C = 10)", SVC(C=10.0)),
    ):
        right = model.fit(train, part.train.y.astype(str)).predict(test) == part.test.y.astype(str)
        found.append((who, Score(int(right.sum()), len(right))))
    return found


def _line(
    case: Case,
    members: int,
    of_one: Array,
    score: Score,
    training: float,
    predicting: float,
    n_parts: int,
) -> dict[str, Any]:
    return {
        "recipe": case.recipe,
        "networks": members,
        "error of one": float(of_one.mean()),
        "from": float(of_one.min()),
        "to": float(of_one.max()),
        **asdict(score),
        "seconds": training,
        "a network": training / n_parts / members,
        "µs a row": 1e6 * predicting / score.rows / members,
    }


def _table(name: str, lines: list[dict[str, Any]]) -> str:
    return text_table(name, COLUMNS, [_row(line) for line in lines])


def _row(line: dict[str, Any]) -> list[str]:
    score = Score(line["correct"], line["rows"])
    low, high = (1 - bound for bound in score.interval)
    averaged = [f"{100 * (1 - score.accuracy):.2f} %", f"{100 * high:.2f}–{100 * low:.2f}"]
    if "networks" not in line:
        return [line["recipe"], "", str(score.rows), "", "", "", *averaged, "", "", ""]
    errors = [f"{100 * line[key]:.2f} %" for key in ("error of one", "from", "to")]
    times = [f"{line['seconds']:.0f}", f"{line['a network']:.1f}", f"{line['µs a row']:.1f}"]
    return [line["recipe"], str(line["networks"]), str(score.rows), *errors, *averaged, *times]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
