"""Names made fit to be shown."""

import string
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.reporting.text import columns, printable, shorten, shorten_all, title_of_name

any_text = st.text(st.characters(), max_size=60)  # lone surrogates and controls as well


@given(any_text)
def test_printable_text_fits_xml_and_utf8(text):
    shown = printable(text)
    ElementTree.fromstring(f"<a b={quoted(shown)}/>")
    shown.encode("utf-8")
    assert "\n" not in shown


def quoted(text):
    element = ElementTree.Element("a", b=text)
    return ElementTree.tostring(element, encoding="unicode")[len("<a b=") : -len(" />")]


@given(any_text, st.integers(4, 30))
def test_a_shortened_text_keeps_its_limit(text, limit):
    assert columns(shorten(text, limit)) <= limit


@given(st.text(string.ascii_letters, max_size=10))
def test_a_short_name_stays_as_it_is(text):
    assert shorten(text, 10) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("abcdefghijklmnop", "abcdef…nop"),
        ("日本語の長いクラス名", "日本語…名"),
        (7, "7"),
        (True, "True"),
        ("a\x00b\tc", "a\ufffdb c"),
        ("\u202eevil", "\ufffdevil"),
    ],
)
def test_examples(value, shown):
    assert shorten(value, 10) == shown


@given(st.lists(st.text(string.ascii_letters + "  ", max_size=40), max_size=30, unique=True))
def test_names_that_would_look_the_same_are_numbered(names):
    names = list(dict.fromkeys(" ".join(name.split()) for name in names))
    shown = shorten_all(names, 12)
    assert len(set(shown)) == len(names)
    assert max(map(columns, shown), default=0) <= 12


def test_the_number_is_the_place_in_the_list():
    names = ["a long name, first of them", "short", "a long name, other of them"]
    assert shorten_all(names, 12) == ["a long…em #1", "short", "a long…em #3"]


def test_title_of_name():
    assert title_of_name("knn-curve") == "Knn curve"
    assert title_of_name("") == ""
