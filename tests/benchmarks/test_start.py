"""Start: a process a time, compared with scikit-learn's import."""

from benchmarks import start


def test_the_commands_run():
    start.command(start.COMMANDS["python alone"], None)()
    start.command(start.COMMANDS["layerlab --help"], None)()


def test_the_stored_file_is_complete(only, stored, monkeypatch):
    monkeypatch.setitem(start.COMMANDS, start.PEER, ["-c", "pass"])
    only(start, start.PEER, "python alone")
    result = start.run(start.Settings(rounds=1))
    peer, alone = stored(result)["summary"]
    assert (peer["over_peer"], peer["ratio"]) == (0, None)
    assert alone["over_peer"] == alone["median"] - peer["median"]
    assert "+0 ms" in result.table
