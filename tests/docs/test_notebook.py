"""docs/notebook.md cannot rot: its blocks are run, and the tests it names are looked up."""

import ast
import contextlib
import io
import re
from pathlib import Path

import matplotlib
import pytest
from threadpoolctl import threadpool_limits
from typer.testing import CliRunner

from layerlab.cli.app import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "notebook.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIME = re.compile(r"[\d.,]+ (µs|s)\b")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?")
ROUNDING = 1e-6  # shown with a negative exponent: rounding errors, of any size below this


def steps(page):
    """Yield each block of Python, the line it begins in, and the output that follows it."""
    blocks = [
        (found[1], found[2], page.count("\n", 0, found.start()) + 2)
        for found in BLOCK.finditer(page)
        if found[1] in ("python", "text")
    ]
    for (kind, code, line), (following, shown, _) in zip(
        blocks, [*blocks[1:], ("", "", 0)], strict=True
    ):
        if kind == "python":
            yield code, line, shown if following == "text" else ""


def run(code, line, namespace):
    """Return what the block prints; a traceback names the line of the page."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * (line - 1) + code, "docs/notebook.md", "exec"), namespace)
    return printed.getvalue()


def agrees(shown, printed):
    """Whether the words are equal and the numbers are, to the digits shown; times are not asked."""
    shown, printed = (TIME.sub(r"time \1", text) for text in (shown, printed))
    if NUMBER.sub("#", shown).split() != NUMBER.sub("#", printed).split():
        return False
    return all(map(near, NUMBER.findall(shown), NUMBER.findall(printed)))


def near(shown, printed):
    """Whether a number is the one shown, but for one in its last digit; integers are exact."""
    a, b = (float(number.replace(",", "")) for number in (shown, printed))
    if "e-" in shown:
        return a == b or max(a, b) < ROUNDING
    decimals = len(shown.partition(".")[2])
    return abs(a - b) <= (1.001 * 10.0**-decimals if decimals else 0)


@pytest.fixture
def tidy(tmp_path, monkeypatch):
    """A folder to write to, and one BLAS thread, as the page advises: several take ten times."""
    monkeypatch.chdir(tmp_path)
    with matplotlib.rc_context(), threadpool_limits(1):
        yield tmp_path


def test_every_block_prints_what_the_page_shows(tidy):
    pytest.importorskip("pandas", reason="pandas, which N1 shows, is not installed")
    namespace = {"__name__": "__main__"}
    for code, line, shown in steps(PAGE):
        printed = run(code, line, namespace)
        assert agrees(shown, printed), f"line {line} of docs/notebook.md prints\n{printed}"
    assert {path.name for path in tidy.iterdir()} == {"digits.svg", "knn.svg", "units.svg"}


@pytest.mark.slow
def test_the_command_answers_as_the_page_says(tmp_path):
    """The words are those of the page; which network it is, may differ between processors."""
    shown = re.search(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1]
    printed = CliRunner().invoke(app, ["explore", "digits", "-q", "--out", str(tmp_path / "run")])
    first = printed.stdout.partition("\n")[0]
    assert first.startswith("A network ")
    shown, first = (" ".join(text.split()).partition(" names ")[2] for text in (shown, first))
    assert NUMBER.sub("#", shown) == NUMBER.sub("#", first)
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(first), strict=True)
    assert all(abs(float(a) - float(b)) <= 2 for a, b in pairs)  # percentages, rows, neighbours


def test_every_step_is_there_in_its_order():
    assert re.findall(r"^## (N\d+)\. ", PAGE, re.MULTILINE) == [f"N{i}" for i in range(1, 15)]


def test_every_link_within_the_page_leads_to_a_heading():
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= anchors


def test_every_test_named_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert named
    missing = [f"{file}::{name}" for file, name in named if name not in functions(ROOT / file)]
    assert not missing


def functions(path):
    if not path.is_file():
        return set()
    return {node.name for node in ast.parse(path.read_text("utf-8")).body if hasattr(node, "name")}


def test_each_of_the_ten_faults_names_a_test():
    faults = re.split(r"^### Fault (\d+): ", PAGE, flags=re.MULTILINE)[1:]
    assert faults[::2] == [str(i) for i in range(1, 11)]
    for text in faults[1::2]:
        parts = [text.index(f"**{part}.**") for part in ("What goes wrong", "What layerlab does")]
        assert parts == sorted(parts)
        assert "`tests/" in text.partition("**Tests.**")[2]


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        ("cost 0.45", "cost 0.4501", True),
        ("cost 0.45", "cost 0.46", True),
        ("cost 0.45", "cost 0.47", False),
        ("cost 0.45", "costs 0.45", False),
        ("(1077, 64)", "(1077, 64)", True),
        ("(1077, 64)", "(1078, 64)", False),
        ("-1.50", "1.50", False),
        ("took 1.25 s", "took 12.5 s", True),
        ("took 1.25 s", "took 12.5 rows", False),
        ("747,240 bytes", "747,248 bytes", False),
        ("norm 1.3e-09", "norm 8.1e-10", True),
        ("norm 1.3e-09", "norm 1.3e-03", False),
        ("a b", "a  b\n", True),
        ("a", "", False),
    ],
)
def test_the_comparison_itself(shown, printed, equal):
    assert agrees(shown, printed) is equal
