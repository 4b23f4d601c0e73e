"""The plain data of a report."""

import dataclasses

import pytest

from layerlab.reporting import ReportContent, Table


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="Row 1 of the table 'scores' has 1 cells"):
        Table("scores", ["a", "b"], [[1, 2], [3]])


def test_content_cannot_be_changed():
    content = ReportContent("title", "answer")
    with pytest.raises(dataclasses.FrozenInstanceError):
        content.title = "other"


def test_content_needs_no_matplotlib_and_no_html():
    import layerlab.reporting.content as module

    assert {"matplotlib", "jinja2", "np"}.isdisjoint(vars(module))
