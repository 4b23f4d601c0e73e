"""The health check: what is timed finds what was planted."""

from benchmarks import health


def test_planted_test_rows_are_found():
    assert health.repeated(m=300, n=200, side=6, threads=None)() == 2


def test_the_whole_check_runs():
    assert health.whole(m=300, n=1, side=6, threads=None)() >= 0


def test_the_stored_file_is_complete(inside, stored):
    summary = stored(health.run(health.Settings(200, 100, 6, 1)))["summary"]
    assert [line["problem"] for line in summary] == [
        "test rows in training rows, 200 and 100 × 36",
        "the whole check, 200 × 36",
    ]
