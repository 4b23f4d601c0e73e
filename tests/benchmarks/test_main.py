"""The command line of the measurements."""

import pytest
from benchmarks.record import BenchmarkResult, text_table

from benchmarks import __main__ as command


def made(name):
    return lambda: BenchmarkResult(name, {}, [], [], f"the table of {name}")


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr(command, "BENCHMARKS", {"one": made("one"), "two": made("two")})


@pytest.mark.parametrize(("names", "expected"), [([], ["one", "two"]), (["two"], ["two"])])
def test_runs_those_named_or_all(names, expected, two, tmp_path, capsys):
    assert command.main([*names, "--out", str(tmp_path / "new")]) == 0
    stored = sorted(path.name.split("-")[0] for path in (tmp_path / "new").iterdir())
    assert stored == expected
    printed = capsys.readouterr().out
    assert all(f"the table of {name}" in printed for name in expected)


def test_an_unknown_name_is_refused(two, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["three"])
    assert ended.value.code == 2
    assert "'three'; there are one, two, docs" in capsys.readouterr().err


def test_the_help_names_what_there_is():
    cases = (
        "evaluate fit search explore neighbours predict memory reading health deformation epochs "
        "start checkpoints beside"
    )
    assert {"passes", "notebook", "overhead", *cases.split()} == set(command.BENCHMARKS)
    for name in (*command.BENCHMARKS, command.DOCS):
        assert f"python -m benchmarks {name} " in command.__doc__


def test_text_table_is_aligned():
    table = text_table("Title", ["name", "x"], [["a", "1.0"], ["longer", "12.0"]])
    assert table.splitlines() == [
        "Title",
        "name       x",
        "------------",
        "a        1.0",
        "longer  12.0",
    ]
