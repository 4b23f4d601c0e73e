"""Figures as SVG text."""

import subprocess
import sys
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from layerlab.reporting import confusion_matrix, neighbour_lines, picture_grid, svg, svg_inline
from layerlab.reporting.svg import svg_width

SVG = "{http://www.w3.org/2000/svg}"
CURVES = {"shuffled": np.linspace(0.9, 0.99, 12).reshape(3, 4), "by writer": np.full((2, 4), 0.9)}


def curve():
    return neighbour_lines(CURVES, [1, 2, 3, 4])


def texts(document):
    return [element.text for element in ElementTree.fromstring(document).iter(SVG + "text")]


def ids(document):
    return [e.get("id") for e in ElementTree.fromstring(document).iter() if e.get("id")]


def test_the_same_input_gives_the_same_bits():
    assert svg(curve(), "title") == svg(curve(), "title")


def test_a_figure_can_be_written_twice():
    figure = curve()
    assert svg(figure) == svg(figure)


def test_another_process_gives_the_same_bits():
    code = (
        "import numpy as np, sys; from layerlab.reporting import neighbour_lines, svg;"
        "c = {'shuffled': np.linspace(0.9, 0.99, 12).reshape(3, 4)};"
        "c['by writer'] = np.full((2, 4), 0.9);"
        "sys.stdout.buffer.write(svg(neighbour_lines(c, [1, 2, 3, 4])).encode())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert out.decode() == svg(curve())


def test_the_users_settings_do_not_matter():
    expected = svg(curve())
    with mpl.rc_context({"svg.fonttype": "path", "font.size": 30, "axes.grid": False}):
        assert svg(curve()) == expected


def test_text_stays_text_in_fonts_that_everyone_has():
    document = svg(curve())
    assert "k, neighbours asked" in texts(document)
    assert document.count("font-family") == 1
    assert "sans-serif" in document


def test_the_title_is_read_aloud():
    root = ElementTree.fromstring(svg(curve(), "a < b & c"))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "a < b & c"
    assert root[0].tag == SVG + "title"
    assert root[0].text == "a < b & c"


def test_a_picture_is_embedded_at_its_own_pixels():
    document = svg(picture_grid(np.arange(16 * 64).reshape(16, 64), (8, 8)))
    images = list(ElementTree.fromstring(document).iter(SVG + "image"))
    assert len(images) == 16
    assert all(i.get("width") == "8" and "pixelated" in i.get("style") for i in images)
    assert len(document) < 16_000


def test_no_date_no_version_no_unused_id():
    document = svg(curve())
    assert "matplotlib" not in document.lower()
    assert "<metadata" not in document and "<!DOCTYPE" not in document
    assert all(document.count(f"#{i}") > 0 for i in ids(document))


def test_bold_survives():
    document = svg(confusion_matrix([[5, 1], [0, 5]], "ab"))
    assert document.count("font-weight: 700") + document.count("font-weight: bold") == 1


def test_inline_ids_do_not_meet():
    document = svg(curve())
    first, second = (svg_inline(document, prefix=p, label="x") for p in ("f1-", "f2-"))
    assert ids(first) and not set(ids(first)) & set(ids(second))
    assert all(first.count(f"#{i}") > 0 for i in ids(first))


def test_inline_holds_no_url_and_one_title():
    element = svg_inline(svg(curve(), "old"), prefix="p", label="new")
    assert "http" not in element and "xlink" not in element and "xmlns" not in element
    assert element.count("<title>") == 1 and "<title>new</title>" in element
    assert 'aria-label="new"' in element


def test_inline_keeps_images():
    document = svg(picture_grid(np.eye(8).reshape(1, 64), (8, 8)))
    assert ' href="data:image/png;base64,' in svg_inline(document, prefix="p", label="x")


def test_inline_drops_scripts():
    document = '<svg xmlns="http://www.w3.org/2000/svg"><g><script>bad()</script></g></svg>'
    assert "bad" not in svg_inline(document, prefix="p", label="x")


def test_the_width_is_in_pixels():
    assert svg_width(svg(Figure(figsize=(3, 2)))) == pytest.approx(3 * 96)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=20), min_size=2, max_size=2))
def test_any_class_name_gives_well_formed_svg(names):
    document = svg(confusion_matrix([[3, 1], [0, 2]], names))
    assert not list(ElementTree.fromstring(document).iter(SVG + "script"))
    document.encode("utf-8")


def test_a_name_is_no_formula_and_no_markup():
    shown = texts(svg(confusion_matrix([[3, 1], [0, 2]], ["$x_1$", "</text><script>"])))
    assert "$x_1$" in shown
    assert "</text><s…ipt>" in shown


def test_scripts_that_matplotlibs_font_lacks_warn_of_nothing():
    assert "日本語" in texts(svg(confusion_matrix([[3, 1], [0, 2]], ["日本語", "한국어"])))
