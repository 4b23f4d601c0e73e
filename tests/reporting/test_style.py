"""The look that figures share."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from layerlab.reporting.style import (
    COLOURS,
    INK,
    LABEL_COLOURS,
    MUTED,
    PercentTicks,
    spread,
    styled,
)

heights = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("colour", [*LABEL_COLOURS, INK, MUTED])
def test_text_can_be_read_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


# Viénot, Brettel and Mollon (1999): how protanopes and deuteranopes see linear RGB.
PROTAN = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
DEUTAN = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])


@pytest.mark.parametrize("sight", [np.eye(3), PROTAN, DEUTAN])
def test_colours_of_lines_can_be_told_apart(sight):
    seen = [np.clip(sight @ np.array(to_rgb(c)) ** 2.2, 0, 1) ** (1 / 2.2) for c in COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.1


def test_the_users_settings_come_back_and_do_not_matter():
    with mpl.rc_context({"font.size": 31, "lines.linewidth": 9}):
        with styled():
            assert mpl.rcParams["font.size"] == 9
            assert mpl.rcParams["lines.linewidth"] == 1.8
        assert mpl.rcParams["font.size"] == 31


@given(heights)
def test_spread_keeps_the_gap_the_order_and_the_bounds(wanted):
    placed = spread(wanted, 0.1, 0.0, 1.0)
    assert np.all(np.diff(np.sort(placed)) >= 0.1 - 1e-9)
    assert placed.min() >= -1e-9
    assert placed.max() <= 1 + 1e-9
    order = np.argsort(wanted, kind="stable")
    assert np.all(np.diff(placed[order]) > 0)


def test_spread_leaves_what_is_apart():
    np.testing.assert_allclose(spread([0.9, 0.1, 0.5], 0.2), [0.9, 0.1, 0.5])


def test_spread_parts_two_evenly():
    np.testing.assert_allclose(spread([0.5, 0.5], 0.2), [0.4, 0.6])


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([0.9, 0.95, 1.0], ["90 %", "95 %", "100 %"]),
        ([0.97, 0.975, 0.98], ["97.0 %", "97.5 %", "98.0 %"]),
        ([0.9, 1.0, 1.1], ["90 %", "100 %", ""]),
        ([], []),
    ],
)
def test_ticks_share_their_decimals_and_end_at_100(ticks, texts):
    shown = PercentTicks().format_ticks(ticks)
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in shown] == texts


def test_a_tick_alone():
    assert PercentTicks()(0.5, 0) == "50\N{NO-BREAK SPACE}%"
