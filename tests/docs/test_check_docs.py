"""docs/check.md and the checks say the same."""

import re
from pathlib import Path

import layerlab
from layerlab.data import checks
from layerlab.data.checks import near_rows, order, pictures, ranges, suspect_labels
from layerlab.data.checks.balance import FEW
from layerlab.models import nearest_rows

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text("utf-8")
API = Path(layerlab.__file__).parent / "api"
SOURCES = [*Path(checks.__file__).parent.glob("*.py"), API / "checking.py"]


def test_every_kind_of_finding_is_listed_and_no_other():
    listed = re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)
    code = "".join(path.read_text("utf-8") for path in SOURCES)
    kinds = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', code))
    assert set(listed) <= kinds | {"order"}
    assert kinds - set(listed) == set()
    assert len(listed) == len(set(listed))


def test_numbers_are_those_of_the_code():
    assert f"fewer than {FEW} rows" in PAGE
    assert f"{nearest_rows.DISTANCES / 1e6:.0f} million distances" in PAGE
    assert f"more than {nearest_rows.NARROW} columns" in PAGE
    assert f"at least {near_rows.COLUMNS} columns" in PAGE
    assert f"at least {100 * order.SHARE:.0f} % nearer" in PAGE
    assert f"more than {order.SURE:.0f} standard errors" in PAGE
    assert f"of the {suspect_labels.VOTERS} nearest" in PAGE
    assert f"over {100 * suspect_labels.SHARE:.0f} %" in PAGE
    assert (near_rows.CLOSE, near_rows.CLOSER, near_rows.SHARE) == (0.1, 0.25, 0.01)
    assert (ranges.DIM, ranges.MOST, pictures.FAR, pictures.CLEAR) == (1 / 8, 0.5, 5, 0.9)
