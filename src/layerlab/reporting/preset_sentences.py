"""What became of a preset beside the search, and of the networks of all seeds, in sentences."""

from __future__ import annotations

from math import isqrt

from layerlab.exploration import AUTO, Exploration
from layerlab.reporting.shares import difference_points, percent

__all__ = ["mean_of_seeds_note", "preset_notes", "preset_words"]

SMALLEST_SIDE = 6  # pixels: squares of fewer features are more often something else


def preset_words(e: Exploration) -> str:
    """Return which preset was tried, and why that one."""
    preset = e.preset.preset
    return f"{preset.name or 'none'}, as {preset.reason}"


def preset_notes(e: Exploration) -> list[str]:
    """Return what was taken, what the other reached, the price, and the work."""
    if e.preset.left_out:
        return [_left_out(e), *_perhaps_images(e)]
    if e.preset.finalist is None:
        return _perhaps_images(e)
    return [_compared(e), *_epochs(e), *_perhaps_images(e)]


def _left_out(e: Exploration) -> str:
    name = e.preset.preset.name
    if e.preset.preset.by_name:
        return f"The budget left too little time for the preset {name}."
    return (
        f"The preset {name} was not tried: even a shortened fit would take too much of the run's "
        f"time. --preset {name}, without a budget, gives it what it needs."
    )


def _perhaps_images(e: Exploration) -> list[str]:
    """Return what to do where rows could be small images that nobody said to be any."""
    side = isqrt(e.data.n_features)
    square = side >= SMALLEST_SIDE and side * side == e.data.n_features
    whole = e.data.rows.dtype.kind in "bu" or _whole_numbers(e)
    if e.data.image_shape is not None or e.preset.preset.asked != AUTO or not (square and whole):
        return []
    return [
        f"If rows are images of {side}×{side}, --shape {side}x{side} says so: a preset that "
        "deforms images is tried then."
    ]


def _whole_numbers(e: Exploration) -> bool:
    """Whether the first development rows hold whole numbers from 0 on, as pixels are."""
    some = e.data.rows[e.split.development[:100]]
    return bool((some >= 0).all() and (some == some.round()).all())


def _compared(e: Exploration) -> str:
    trial, found, searched = e.preset, e.preset.finalist, e.preset.searched
    if found is None or trial.difference is None:
        return ""
    mean, interval = difference_points(trial.difference)
    better = trial.difference.difference >= 0
    as_well = "at least as well" if better else "as well, within one standard error"
    verdict = f"did {as_well}, and was taken" if trial.taken else "did worse, and was not taken"
    times, views = trial.microseconds, found.model.views
    seen = f", with its {views} views," if views > 1 else ""
    return (
        f"The preset {trial.preset.name} ({found.configuration.shape}; tried as "
        f"{trial.preset.reason}) {verdict}: {percent(found.score.accuracy)} of "
        f"{found.score.rows} validation rows, {percent(searched.score.accuracy)} by the search's "
        f"choice ({searched.configuration}), {mean} points (95 % paired interval {interval}). Its "
        f"price{seen} is {times[0]:.3g} µs a prediction against {times[1]:.3g}, and "
        f"{found.n_weights:,} weights against {searched.n_weights:,}."
    )


def _epochs(e: Exploration) -> list[str]:
    found, own = e.preset.finalist, e.preset.own
    if found is None or own is None:
        return []
    had, name = found.configuration.epochs, e.preset.preset.name
    if had != own.epochs:
        return [
            f"So that the run ends soon, the preset had {had} of its {own.epochs} epochs; "
            f"--preset {name} gives it all of them."
        ]
    return []


def mean_of_seeds_note(e: Exploration) -> list[str]:
    """Return what the networks of all seeds reach together, and its price."""
    mean = e.mean_of_seeds
    if mean is None:
        return []
    alone = e.chosen.score
    return [
        f"The mean of these {mean.networks} networks' probabilities names "
        f"{percent(mean.score.accuracy)} of the {alone.rows} validation rows right, the first of "
        f"them alone {percent(alone.accuracy)}; it takes {mean.microseconds:.3g} µs a prediction. "
        "That ensemble is no part of what ships, and never saw the test rows."
    ]
