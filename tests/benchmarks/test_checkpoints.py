"""The fit with checkpoints, log and progress is the fit without, and its share is that of calls."""

import sys

import pytest

from benchmarks import checkpoints

TINY = checkpoints.Settings((4,), 40, 3, 1)


def test_the_stored_file_is_complete(stored, monkeypatch):
    monkeypatch.setattr(checkpoints, "KEPT", {"seldom": 60.0, "often": 0.0})
    before = sys.stderr
    content = stored(checkpoints.run(TINY))
    assert sys.stderr is before
    bare, seldom, often, again = content["summary"]
    assert (bare["files"], again["files"]) == (0, 0)
    assert (seldom["files"], often["files"]) == (1, 4)  # three epochs, and the end
    assert min(seldom["share"], often["share"]) > 0
    assert bare["ratio"] == 1
    assert all(line["median"] > 0 for line in content["summary"])


def test_the_share_is_that_of_the_calls(monkeypatch):
    """With a clock that moves in the calls and in the steps alone."""
    now = [0.0]
    monkeypatch.setattr(checkpoints, "perf_counter", lambda: now[0])
    clock = checkpoints.Clock()

    class Keeper:
        def step(self, _snapshot):
            now[0] += 2.0
            return False

    clock.keeper, clock.callback = Keeper(), lambda _: now.__setitem__(0, now[0] + 3.0)

    def minimise():
        now[0] += 100.0
        clock.step(dict)
        clock.told(None)

    clock.within(minimise)
    assert (clock.inside, clock.calls) == pytest.approx((105.0, 5.0))
