"""Rooms import downwards only, and siblings never each other."""

import ast
from pathlib import Path

import pytest

import layerlab

ROOT = Path(layerlab.__file__).parent
LAYERS = [
    {
        "errors",
        "_typing",
        "_validation",
        "_files",
        "_callbacks",
        "_checkpoint",
        "_random",
        "_guard",
        "_compiled",
        "_counter",
        "_memory",
        "_version",
    },
    {"callbacks", "data", "network", "solvers", "metrics"},
    {"engine"},
    {"models"},
    {"exploration", "storage"},
    {"reporting", "serving"},
    {"api"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
FILES = sorted(ROOT.rglob("*.py"))
ENTRANCES = {"__init__", "__main__"}  # of the package itself: they lead to api and cli


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Return the rooms that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
        found |= {name.split(".")[1] for name in names if name.startswith("layerlab.")}
    return found


def test_every_room_has_a_layer():
    assert {room_of(path) for path in FILES} - ENTRANCES <= set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_downwards(path):
    room = room_of(path)
    if room in ENTRANCES:
        return
    for other in imports_of(path) - {room}:
        # Within layer 0 the small modules may build on each other; no two rooms above it may.
        allowed = LEVEL[other] < LEVEL[room] or LEVEL[other] == LEVEL[room] == 0
        assert allowed, f"{path.relative_to(ROOT)} ({room}) imports {other}"


def test_no_import_cycle_within_a_room():
    graph = {}
    for path in FILES:
        name = ".".join(("layerlab", *path.relative_to(ROOT).with_suffix("").parts))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        graph[name] = {
            node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("layerlab.")
        }
    seen, path = set(), []

    def visit(name):
        assert name not in path, f"cycle back to {name}: {path}"
        if name in seen or name not in graph:
            return
        path.append(name)
        for other in graph[name]:
            visit(other)
        path.pop()
        seen.add(name)

    for name in graph:
        visit(name)
