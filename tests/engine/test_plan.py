"""How rows are cut and dealt: every row once, in a fixed order, and a fixed tree of sums."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layerlab.engine.plan import BLOCK_BYTES, MAX_LANES, MAX_ROWS, MIN_ROWS, add_tree, plan_rows

calls = {
    "n_rows": st.integers(1, 200_000),
    "floats_per_row": st.integers(3, 20_000),
    "itemsize": st.sampled_from([4, 8]),
}


@given(**calls)
def test_every_row_is_in_exactly_one_block_of_one_lane(n_rows, floats_per_row, itemsize):
    plan = plan_rows(n_rows, floats_per_row, itemsize)
    blocks = [block for lane in range(plan.n_lanes) for block in plan.lane(lane)]
    blocks.sort(key=lambda block: block.start)
    assert blocks[0].start == 0 and blocks[-1].stop == n_rows
    assert all(a.stop == b.start and a.start < a.stop for a, b in pairwise(blocks))


@given(**calls)
def test_blocks_are_alike_and_fit(n_rows, floats_per_row, itemsize):
    plan = plan_rows(n_rows, floats_per_row, itemsize)
    sizes = np.diff(plan.edges)
    assert sizes.max() - sizes.min() <= 1
    assert plan.block_rows == sizes.max() <= MAX_ROWS
    fits = sizes.max() * floats_per_row * itemsize <= BLOCK_BYTES
    assert fits or sizes.max() <= MIN_ROWS
    assert plan.n_lanes == min(len(sizes), MAX_LANES)


@given(n_rows=st.integers(2, 1000))
def test_a_mini_batch_too_makes_two_blocks(n_rows):
    assert plan_rows(n_rows, 100, 8).n_lanes >= 2


def test_one_row_is_one_block():
    assert plan_rows(1, 100, 8).edges == (0, 1)


def test_lanes_take_blocks_in_turn():
    plan = plan_rows(20 * MIN_ROWS, BLOCK_BYTES, 8)
    assert plan.n_lanes == 16 and len(plan.edges) == 21
    assert [block.start // MIN_ROWS for block in plan.lane(2)] == [2, 18]


@given(st.integers(1, MAX_LANES))
def test_tree_adds_every_lane_once(n):
    assert add_tree(np.float64(3.0) ** np.arange(n)) == (3**n - 1) // 2


def test_tree_adds_neighbours_first():
    """1e16 + 1 is 1e16 again, while 1 + 1 in the other pair is not lost."""
    lanes = np.array([1e16, 1.0, 1.0, 1.0])
    in_order = ((1e16 + 1.0) + 1.0) + 1.0
    assert add_tree(lanes.copy()) == (1e16 + 1.0) + (1.0 + 1.0) == in_order + 2
    both = np.column_stack([lanes, lanes])
    np.testing.assert_array_equal(add_tree(both), [add_tree(lanes.copy())] * 2)
