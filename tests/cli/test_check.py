import json

import numpy as np
import pytest

from layerlab import check


@pytest.fixture
def torn(tmp_path):
    """A CSV file with a constant column and a row of two labels."""
    random = np.random.default_rng(0)
    X = np.round(random.random((90, 3)), 4)
    X[:, 2] = 5
    X[88] = X[1]
    rows = [f"{a},{b},{c},{'uv'[i % 2]}" for i, (a, b, c) in enumerate(X)]
    path = tmp_path / "torn.csv"
    path.write_text("\n".join(["a,b,c,label", *rows]) + "\n")
    return path


def test_digits_have_notes_only(layerlab):
    done = layerlab("check", "digits")
    assert (done.code, done.err) == (0, "")
    assert "Rows: 1,437 development, 360 test" in done.out
    assert "neighbouring rows are alike" in done.out
    assert "warning" not in done.out


def test_warnings_leave_the_exit_code(layerlab, torn):
    done = layerlab("check", torn, "--split", "contiguous:98/1/1")
    assert done.code == 0
    assert "1 column with one value in every row" in done.out
    assert "column 'c'" in done.out


def test_json_is_the_report_of_the_library(layerlab, torn):
    done = layerlab("check", torn, "--json", "--seed", "3")
    assert done.err == ""
    assert json.loads(done.out) == check(str(torn), seed=3).to_dict()


def test_a_test_part_is_compared_and_counted_by_itself(layerlab, torn, tmp_path):
    lines = torn.read_text().splitlines()
    (tmp_path / "test.csv").write_text("\n".join([lines[0], "1,1,1,u", lines[8]]) + "\n")
    done = layerlab("check", torn, "--test", tmp_path / "test.csv")
    assert "Rows: 90 development, 2 test" in done.out
    assert "1 test row (50 %) also among the development rows" in done.out
    assert "row test 1 like 7" in done.out


def test_data_that_explore_refuses_is_an_error(layerlab, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("a,label\n" + "".join(f"{i},u\n" for i in range(30)))
    done = layerlab("check", path)
    assert done.code == 2
    assert "all rows are of one class" in done.out
    assert layerlab("explore", path).code == 2


def test_a_class_too_small_to_split_is_an_error(layerlab, tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("a,label\n" + "".join(f"{i},{'uv'[i > 28]}\n" for i in range(30)))
    done = layerlab("check", path, "--json")
    assert done.code == 2
    first = json.loads(done.out)["findings"][0]
    assert (first["level"], first["kind"]) == ("error", "cannot-split")
    assert layerlab("explore", path).code == 2


def test_what_cannot_be_read_is_said_in_one_line(layerlab):
    done = layerlab("check", "nothing.csv")
    assert (done.code, done.out) == (2, "")
    assert "nothing.csv" in done.err


def test_explore_warns_first_and_keeps_the_findings(layerlab, torn, tmp_path):
    done = layerlab("explore", torn, "--out", "run")
    assert done.code == 0
    assert done.err.index("Warning:") < done.err.index("searching")
    assert "1 column with one value in every row (column 'c')" in done.err
    kept = json.loads((tmp_path / "run" / "results.json").read_text())["health"]
    assert kept == check(str(torn)).to_dict()
    page = (tmp_path / "run" / "report.html").read_text()
    assert "1 column with one value in every row" in page
