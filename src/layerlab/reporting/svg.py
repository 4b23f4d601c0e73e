"""Figures as SVG: the same bits for the same figure, small, and safe to put into a page."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from io import BytesIO
from xml.etree import ElementTree

from matplotlib.figure import Figure

from layerlab.reporting.style import styled
from layerlab.reporting.text import printable

__all__ = ["svg", "svg_inline", "svg_width"]

NAMESPACES = {"xmlns": "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink"}
XLINK = "{http://www.w3.org/1999/xlink}"
# Matplotlib lays text out in DejaVu Sans, which is wider than all of these.
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif"
DROPPED = frozenset({"metadata", "script", "style"})
REFERENCE = re.compile(r"(?<=url\(#)[^)]+(?=\))|(?<=^#).+")
# Two forms: matplotlib 3.9's shorthand, and the long form of later versions.
SHORTHAND = re.compile(r"font: ([^'\";]*?)([\d.]+px) [^;]*")
FAMILY = re.compile(r"font-family: [^;]*;? ?")
UNTURNED = re.compile(r"rotate\(-?0 [^)]*\)")
DECIMALS = re.compile(r"-?\d+\.\d{3,}")


def svg(figure: Figure, title: str = "") -> str:
    """Return a figure as a standalone SVG document.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    title : str
        Read aloud, and shown by viewers.

    Returns
    -------
    text : str
        Equal figures give equal text: no date, no version, ids numbered in order.
    """
    root = ElementTree.fromstring(_drawn(figure))
    _strip(root)
    _simplify_styles(root)
    _rename_ids(root, "")
    _label(root, title)
    root.attrib.update(NAMESPACES)
    return _written(root)


def svg_inline(document: str, *, prefix: str, label: str) -> str:
    """Return an SVG document as an element of an HTML page.

    Parameters
    ----------
    document : str
        As `svg` returns it.
    prefix : str
        Unique in the page: ids of two figures must not meet.
    label : str
        What the figure shows, for those who cannot see it.

    Returns
    -------
    element : str
        Without namespaces, which HTML does not need, so that the page holds no URL.
    """
    root = ElementTree.fromstring(document)
    _strip(root)
    for element in root.iter():
        if "xlink:href" in element.attrib:
            element.set("href", element.attrib.pop("xlink:href"))
    _rename_ids(root, prefix)
    _label(root, label)
    return _written(root)


def svg_width(document: str) -> float:
    """Return the natural width of an SVG document, in CSS pixels."""
    root = ElementTree.fromstring(document)
    return float(root.attrib["viewBox"].split()[2]) * 96 / 72


def _drawn(figure: Figure) -> bytes:
    buffer = BytesIO()
    with styled(), warnings.catch_warnings():
        # Text stays text, so the reader's fonts draw what matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from")
        _lay_out(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _lay_out(figure: Figure) -> None:
    """Lay a figure out once and for all: a second layout would begin where the first ended."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)  # "none" would leave an engine, for which all is drawn twice


def _strip(root: ElementTree.Element) -> None:
    """Take away namespaces, white space between elements, and what a reader never sees."""
    for element in list(root.iter()):
        element.tag = element.tag.rpartition("}")[2]
        for child in [c for c in element if c.tag.rpartition("}")[2] in DROPPED]:
            element.remove(child)
        if XLINK + "href" in element.attrib:
            element.set("xlink:href", element.attrib.pop(XLINK + "href"))
        element.text = element.text if (element.text or "").strip() else None
        element.tail = None


def _simplify_styles(root: ElementTree.Element) -> None:
    # These two stood in the style sheet that was dropped, as a rule for all elements.
    root.attrib.pop("version", None)
    root.set("style", f"font-family: {FONTS}; stroke-linejoin: round; stroke-linecap: butt")
    for element in root.iter():
        if element.tag == "text":
            _simplify_text(element)
        if "d" in element.attrib:
            element.set("d", DECIMALS.sub(_rounded, " ".join(element.attrib["d"].split())))


def _simplify_text(element: ElementTree.Element) -> None:
    style = SHORTHAND.sub(_longhand, element.get("style", ""))
    element.set("style", FAMILY.sub("", style))
    if UNTURNED.fullmatch(element.get("transform", "")):
        del element.attrib["transform"]


def _longhand(match: re.Match[str]) -> str:
    weight = "; font-weight: 700" if re.search(r"bold|[6-9]00", match[1]) else ""
    return f"font-size: {match[2]}{weight}"


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}"


def _references(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        for value in element.attrib.values():
            yield from REFERENCE.findall(value)


def _rename_ids(root: ElementTree.Element, prefix: str) -> None:
    """Give the ids that are used new names, in the order of their use, and drop the others."""
    used = dict.fromkeys(_references(root))
    names = {old: f"{prefix}i{number}" for number, old in enumerate(used, start=1)}
    for element in root.iter():
        old = element.attrib.pop("id", None)
        for key, value in element.attrib.items():
            element.set(key, REFERENCE.sub(lambda match: names[match[0]], value))
        if old in names:
            element.set("id", names[old])


def _label(root: ElementTree.Element, label: str) -> None:
    for old in root.findall("title"):
        root.remove(old)
    root.set("role", "img")
    if label:
        root.set("aria-label", printable(label))
        title = ElementTree.Element("title")
        title.text = printable(label)
        root.insert(0, title)


def _written(root: ElementTree.Element) -> str:
    return ElementTree.tostring(root, encoding="unicode") + "\n"
