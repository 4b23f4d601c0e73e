"""What the answer says of test rows that are no new ones."""

import pytest

from layerlab.data.checks import Finding, HealthReport
from layerlab.reporting import sentences


def report(count):
    finding = Finding("warning", "test-rows-in-training", "some", count, advice="")
    return HealthReport.of("data", {}, [finding] if count else [])


@pytest.mark.parametrize(("known", "said"), [(0, False), (1, False), (2, True), (200, True)])
def test_rows_that_were_trained_on_are_no_new_ones(known, said):
    """From one in a hundred of 200 test rows on."""
    text = sentences._remembered(report(known), 200)
    assert bool(text) == said
    assert not said or f"{known} of these 200 test rows" in text
