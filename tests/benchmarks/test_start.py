"""Start: a process a time, compared with scikit-learn's import."""

from benchmarks import start


def test_the_commands_run():
    start.command(start.COMMANDS["python alone"], None)()
    start.command(start.COMMANDS["layerlab --help"], None)()


def test_the_stored_file_is_complete(only, stored):
    only(start, "both imports, the second added", "python alone")
    result = start.run(start.Settings(rounds=1))
    added, alone = stored(result)["summary"]
    assert alone["added"] is None
    assert 0 < added["added"]["median"] < added["median"]
    assert "added" in result.table
