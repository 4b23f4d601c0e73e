"""What an exploration found, in sentences."""

from __future__ import annotations

from layerlab.data.checks import HealthReport
from layerlab.exploration import Configuration, Exploration, GroupStudy
from layerlab.metrics import PairedDifference, Score
from layerlab.reporting.preset_sentences import mean_of_seeds_note, preset_notes
from layerlab.reporting.shares import difference_points, percent

__all__ = [
    "answer",
    "depth_sentence",
    "group_noun",
    "limits_notes",
    "network_words",
    "notes",
    "score",
]


KNOWN = 0.01  # share of test rows that are no new ones, from which on the answer says so
# What is said of a stage that did not use all rows.
STAGES = (
    ("curve", "the curve of nearest neighbours,", "development rows"),
    ("search", "the search,", "training rows"),
    ("choice", "the choice and the further seeds,", "training rows"),
    ("preset", "the preset and its further seeds,", "training rows"),
    ("groups", "rows of unseen groups,", "development rows"),
    ("refit", "the network that ships,", "development rows"),
    ("softmax", "softmax regression,", "development rows"),
    ("neighbours", "nearest neighbours at the opening,", "development rows"),
    ("tested", "nearest neighbours were asked for", "test rows"),
)


def score(found: Score) -> str:
    """Return accuracy, interval and rows."""
    low, high = found.interval
    return f"{percent(found.accuracy)} of {found.rows} rows ({percent(low)} to {percent(high)})"


def network_words(configuration: Configuration) -> str:
    """Return a network's layers in words, and the preset that trains it."""
    words = _layers_words(configuration)
    return words if configuration.preset is None else f"{words} (preset {configuration.preset})"


def _layers_words(configuration: Configuration) -> str:
    depth = configuration.depth
    if not depth:
        return "a network without a hidden layer (softmax regression)"
    layers = "one hidden layer" if depth == 1 else f"{depth} hidden layers"
    return f"a network with {layers} of {configuration.shape} units"


def group_noun(e: Exploration) -> str:
    """Return what the groups of the data are."""
    return "writer" if e.data.name == "digits" else "group"


def answer(e: Exploration, health: HealthReport) -> str:
    """Return the answer: unseen rows, unseen groups, k-NN on the same rows; and what spoils it."""
    network, knn = e.opening.scores["network"].score, e.opening.scores["knn"].score
    words = network_words(e.chosen.configuration)
    parts = [f"{words[0].upper()}{words[1:]} names {score(network)} of the sealed test part right"]
    neighbours = percent(knn.accuracy)
    if e.groups is not None:
        parts.append(f", and {score(e.groups.network)} of {_unseen(e, e.groups)}")
        neighbours += f" and {percent(e.groups.neighbours.accuracy)}"
    parts.append(f"; nearest neighbours (k = {e.k}) name {neighbours} of {_asked(e)} right.")
    return "".join(parts) + _remembered(health, len(e.opening.labels))


def _remembered(health: HealthReport, n_test: int) -> str:
    """Return what a hundredth and more of the test rows being no new ones does to the figure."""
    known = sum(f.count for f in health.findings if f.kind == "test-rows-in-training")
    if known < KNOWN * n_test:
        return ""
    return (
        f" But {known} of these {n_test} test rows also stand among the rows that it was trained "
        "on: on them it only has to remember, and the figure says that much less of new rows."
    )


def _asked(e: Exploration) -> str:
    tested = e.used["tested"]
    return "the same rows" if tested.all else f"{tested.rows} of the same rows"


def _unseen(e: Exploration, found: GroupStudy) -> str:
    noun = group_noun(e)
    one_by_one = found.kind == "leave-one-group-out"
    folds = f"leave one {noun} out" if one_by_one else f"{found.folds} folds by {noun}"
    return f"{noun}s it has never seen ({folds}, on the development rows)"


def depth_sentence(e: Exploration) -> str:
    """Return whether more depth helped, with the paired interval."""
    if e.depth is None:
        return "The search ended before it had tried networks of more than one hidden layer."
    deep, shallow, difference = e.depth.deep.shape, e.depth.shallow.shape, e.depth.difference
    return (
        f"Did more depth help? {_verdict(difference)}: {deep} less {shallow} units is "
        f"{_points(difference)} on {difference.n} validation rows."
    )


def _verdict(difference: PairedDifference) -> str:
    if difference.low > 0:
        return "Yes"
    return "No, it hurt" if difference.high < 0 else "Not so far as these rows can tell"


def _points(difference: PairedDifference) -> str:
    mean, interval = difference_points(difference)
    return f"{mean} points (95 % paired interval {interval})"


def notes(e: Exploration) -> list[str]:
    """Return what has to be known to trust the answer."""
    said = [*preset_notes(e), depth_sentence(e), _against_neighbours(e), _seeds(e)]
    said += [*mean_of_seeds_note(e), _kept(e)]
    if "group" in e.neighbours.curves:
        said.append(_folds(e))
    said += limits_notes(e)
    if not e.complete:
        said.append(
            f"The budget ended the search after {len(e.candidates)} of {e.planned} networks; with "
            "a budget the same bits cannot be promised."
        )
    return said


def limits_notes(e: Exploration) -> list[str]:
    """Return what was left out so that the run ends within minutes; nothing on small data."""
    said = []
    parts = [
        f"{words} {e.used[stage].rows:,} of {e.used[stage].of:,} {rows}"
        for stage, words, rows in STAGES
        if stage in e.used and not e.used[stage].all and not _as_choice(e, stage)
    ]
    if parts:
        said.append(
            "So that the run ends within minutes, some of it used rows drawn at random: "
            f"{'; '.join(parts)}."
        )
    if e.left_out:
        names = ", ".join(dict.fromkeys(c.shape for c in e.left_out))
        said.append(
            f"With {e.data.n_features:,} features the largest networks of the list would take too "
            f"long and were not tried: {names}."
        )
    return said


def _as_choice(e: Exploration, stage: str) -> bool:
    """Whether it is said already, with the choice."""
    return stage == "preset" and e.used[stage] == e.used["choice"]


def _against_neighbours(e: Exploration) -> str:
    difference = e.opening.against("knn")
    return (
        f"The network less nearest neighbours is {_points(difference)} on {_paired(e)}; "
        f"exact McNemar test p = {difference.p_value:.2g}."
    )


def _paired(e: Exploration) -> str:
    tested = e.used["tested"]
    return "the test rows" if tested.all else f"{tested.rows} test rows drawn at random"


def _seeds(e: Exploration) -> str:
    accuracies = [f.score.accuracy for f in e.replicates]
    if len(accuracies) == 1:
        return "There was no time for further seeds, so the spread over seeds is not known."
    ends = dict.fromkeys(percent(a) for a in (min(accuracies), max(accuracies)))
    return (
        f"Started from {len(accuracies)} different seeds, the same network reaches "
        f"{' to '.join(ends)} of {e.chosen.score.rows} validation rows. The first seed is the one "
        "that ships."
    )


def _kept(e: Exploration) -> str:
    network, knn = e.opening.scores["network"], e.opening.scores["knn"]
    return (
        f"Nearest neighbours keep {knn.n_bytes:,} bytes and take {knn.microseconds:.3g} µs a "
        f"prediction; the network keeps {network.n_bytes:,} bytes and takes "
        f"{network.microseconds:.3g} µs."
    )


def _folds(e: Exploration) -> str:
    noun = group_noun(e)
    shuffled, grouped = (e.neighbours.best(kind) for kind in ("shuffled", "group"))
    return (
        f"Shuffled folds give nearest neighbours {percent(shuffled[1])} at k = {shuffled[0]}, "
        f"folds that keep each {noun} together {percent(grouped[1])} at k = {grouped[0]}: rows of "
        f"one {noun} are alike, and shuffling puts them on both sides."
    )
