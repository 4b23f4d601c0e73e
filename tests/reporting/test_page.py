"""The report's page."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerlab.reporting import (
    FigureContent,
    ReportContent,
    Table,
    confusion_matrix,
    picture_grid,
    render_page,
    svg,
)

VOID = {"meta", "link", "br", "hr", "img", "input"}
any_text = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", '" onload="x', "{{ 7 * 7 }}", "{% raw %}", "&amp;", "]]>", "-->"]
)


class Page(HTMLParser):
    """A strict reader: tags must nest; what is written is collected."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())

    def values(self, key):
        return [value for _, name, value in self.attributes if name == key]


@pytest.fixture(scope="module")
def content():
    pictures = svg(picture_grid(np.eye(8).reshape(1, 64), (8, 8)), "a picture")
    matrix = svg(confusion_matrix(np.eye(40, dtype=int), [f"<b>{i}</b>" for i in range(40)]))
    return ReportContent(
        title="digits",
        answer="97.8 % & more <b>",
        notes=["one note", "another"],
        tables=[
            Table(
                "Scores",
                ["model", "right", "accuracy", "what"],
                [["k-NN", 355, 0.98611, "x"], ["network", None, "97.8 %", "y"]],
                "n = 360",
                emphasis=1,
            )
        ],
        figures=[
            FigureContent("some-pictures", "What a row looks like.", pictures),
            FigureContent("confusion", "Mistakes.", matrix, title="What for what", alt="A matrix"),
        ],
        provenance=[("seed", "0")],
        highlights=[("97.8 %", "test accuracy")],
    )


def test_the_page_is_whole_and_says_everything(content):
    page = Page(render_page(content))
    assert page.tags[0] == "html"
    said = {"digits", "97.8 % & more <b>", "one note", "Scores", "n = 360", "Some pictures",
            "What for what", "Mistakes.", "seed", "test accuracy"}  # fmt: skip
    assert said <= set(page.words)


def test_the_same_content_gives_the_same_page(content):
    assert render_page(content) == render_page(content)


def test_nothing_is_asked_of_the_network(content):
    html = render_page(content)
    page = Page(html)
    assert "http:" not in html and "https:" not in html
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert not page.values("src")
    assert all(v.startswith(("#", "data:image/png;")) for v in page.values("href"))
    assert not re.search(r"@import|url\((?!#)", html)
    assert "default-src 'none'" in html


def test_ids_are_unique_and_what_is_named_is_there(content):
    page = Page(render_page(content))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_figures_have_a_text_for_those_who_cannot_see(content):
    page = Page(render_page(content))
    assert page.tags.count("svg") == page.tags.count("figure") == 2
    labels = [v for tag, key, v in page.attributes if tag == "svg" and key == "aria-label"]
    assert labels == ["What a row looks like.", "A matrix"]


def test_tables_have_headings_with_a_scope(content):
    page = Page(render_page(content))
    assert page.values("scope") == ["col"] * 4 + ["row"] * 2
    assert page.tags.count("th") == 6


def test_numbers_stand_flush_right_and_nothing_is_a_dash(content):
    html = render_page(content)
    assert '<td class="number">355</td>' in html
    assert '<td class="number">0.9861</td>' in html
    assert '<td class="number">–</td>' in html
    assert "<td>x</td>" in html
    assert html.count('<tr class="emphasis">') == 1


def test_a_large_figure_has_both_columns(content):
    html = render_page(content)
    assert html.count('class="card wide"') == 1


def test_dark_and_narrow_and_print_are_seen_to(content):
    html = render_page(content)
    for rule in ("prefers-color-scheme: dark", "max-width: 34rem", "@media print", "viewport"):
        assert rule in html


def test_a_page_with_hardly_anything():
    page = Page(render_page(ReportContent("t", "a")))
    assert not {"table", "figure", "dl", "ul", "h2"} & set(page.tags)


@settings(max_examples=60, deadline=None)
@given(st.lists(any_text, min_size=9, max_size=9), st.lists(any_text, max_size=4))
def test_whatever_is_said_is_only_text(words, cells):
    title, answer, note, heading, caption, name, figure_name, alt, key = words
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>'
    html = render_page(
        ReportContent(
            title,
            answer,
            [note],
            [Table(heading, cells, [cells], caption)],
            [FigureContent(figure_name, caption, drawing, name, alt)],
            [(key, note)],
            [(key, note)],
        )
    )
    html.encode("utf-8")
    page = Page(html)
    assert "script" not in page.tags and "b" not in page.tags
    assert not any(key.startswith("on") for _, key, _ in page.attributes)
    assert "49" not in page.words


def test_class_names_within_figures_are_only_text(content):
    page = Page(render_page(content))
    assert "b" not in page.tags
    assert "<b>7</b>" in page.words
