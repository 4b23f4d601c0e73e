"""Bugs planted one at a time in a copy of layerlab, which its fast tests must catch.

The table is `bugs.toml`. A bug counts as caught when a test fails in the copy that holds it;
without a bug the same tests pass in a copy, so that being caught means something.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import layerlab

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
SOURCE = Path(layerlab.__file__).parent
PASSED, FAILED = 0, 1

# A plugin of the inner pytest: where the copy is not what is imported, it ends with neither of
# the two codes above.
PLUGIN = """
from pathlib import Path

import pytest

import layerlab


def pytest_configure():
    if Path(layerlab.__file__).parent != Path(__file__).with_name("layerlab"):
        raise pytest.UsageError(f"imported {layerlab.__file__} and not the copy")
"""

# What a slip of the planter's looks like, and not the bug that was meant.
CLUMSY = re.compile(r"^E +(\w*(?:Syntax|Name|Import|Attribute|Type)Error\b.*)", re.MULTILINE)


@dataclass(frozen=True)
class Bug:
    """A fault: what to replace by what in which file, and the tests that should see it."""

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]

    @classmethod
    def of(cls, entry):
        edits = [entry, *entry.get("also", [])]
        replaced = tuple((edit["old"].strip("\n"), edit["new"].strip("\n")) for edit in edits)
        return cls(entry["name"], entry["file"], replaced, tuple(entry["tests"]))

    def misfits(self, text):
        """Return what does not stand exactly once in the source."""
        return [old for old, _ in self.edits if text.count(old) != 1]

    def planted_in(self, text):
        assert not self.misfits(text)
        for old, new in self.edits:
            text = text.replace(old, new)
        compile(text, self.file, "exec")
        return text


@dataclass(frozen=True)
class Outcome:
    """How the tests ended in one copy."""

    name: str
    code: int
    output: str

    @property
    def caught(self):
        return self.code == FAILED

    @property
    def clumsy(self):
        found = CLUMSY.search(self.output)
        return found and found[1]

    @property
    def caught_by(self):
        """The summary's line on the first test that failed, its reason left out."""
        lines = re.findall(r"^(?:FAILED|ERROR) (.*)", self.output, re.MULTILINE)
        return lines[0].split(" - ")[0] if lines else "no test"


BUGS = [Bug.of(entry) for entry in tomllib.loads((HERE / "bugs.toml").read_text("utf-8"))["bug"]]


def copied_to(folder):
    package = folder / "layerlab"
    shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "planted_copy.py").write_text(PLUGIN, "utf-8")
    return package


def environment(folder):
    """Return the variables of an inner pytest that imports the copy and leaves no trace."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return kept | {
        "PYTHONPATH": path,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # half a second a bug
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        # Examples found with a bug must not be tried again without it.
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }


def outcome(name, folder, tests):
    options = ["-p", "xdist", "-n0", "-x", "-q", "-p", "no:cacheprovider", "-p", "planted_copy"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"tests/{test}" for test in tests)],
        cwd=HERE.parents[1],
        env=environment(folder),
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    return Outcome(name, done.returncode, done.stdout + done.stderr)


def outcome_with(bug, folder):
    file = copied_to(folder) / bug.file
    file.write_text(bug.planted_in(file.read_text("utf-8")), "utf-8")
    return outcome(bug.name, folder, bug.tests)


def outcomes(folder):
    """Try every bug, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(outcome_with, BUGS, [folder / str(i) for i in range(len(BUGS))]))


def test_every_bug_has_a_name_of_its_own_and_fits_the_source():
    """The table cannot rot: what it replaces stands in the source, and just once."""
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 20
    sources = {bug.name: (SOURCE / bug.file).read_text("utf-8") for bug in BUGS}
    misfits = {bug.name: bug.misfits(sources[bug.name]) for bug in BUGS}
    assert not {name: olds for name, olds in misfits.items() if olds}
    assert all(bug.planted_in(sources[bug.name]) != sources[bug.name] for bug in BUGS)


def test_without_a_bug_the_same_tests_pass(tmp_path):
    copied_to(tmp_path)
    tests = dict.fromkeys(test for bug in BUGS for test in bug.tests)
    found = outcome("no bug", tmp_path, tests)
    assert found.code == PASSED, found.output


def test_at_most_one_bug_slips_through(tmp_path):
    """Show what caught which with ``pytest -n0 -m slow -rP tests/planted_bugs``."""
    found = outcomes(tmp_path)
    report = "\n".join(f"{o.name}: {o.caught_by}" for o in found)
    sys.stdout.write(report + "\n")
    assert {o.code for o in found} <= {PASSED, FAILED}, [
        o.output for o in found if o.code not in (PASSED, FAILED)
    ]
    assert not [(o.name, o.clumsy) for o in found if o.clumsy]
    slipped = [o.name for o in found if not o.caught]
    assert len(found) - len(slipped) >= 19
    assert len(slipped) <= 1, f"not caught: {slipped}\n{report}"
