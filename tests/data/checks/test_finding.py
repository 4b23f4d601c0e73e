from layerlab.data.checks import Finding, HealthReport


def finding(level="note", **more):
    return Finding(level, "kind", "two rows are odd", 2, advice="Look.", **more)


def report(*findings, test_start=None):
    return HealthReport.of("f.csv", {"rows": 9}, findings, test_start)


def test_the_gravest_come_first_and_others_keep_their_order():
    levels = ["note", "warning", "error", "warning"]
    found = report(*(finding(level, detail=str(i)) for i, level in enumerate(levels)))
    assert [(f.level, f.detail) for f in found.findings] == [
        ("error", "2"),
        ("warning", "1"),
        ("warning", "3"),
        ("note", "0"),
    ]
    assert [f.detail for f in found.of_level("warning")] == ["1", "3"]


def test_a_line_names_source_rows_and_remedy():
    assert report().line(finding(rows=(3, 5))) == "f.csv: two rows are odd (rows 3, 5). Look."
    pairs = finding(rows=(3,), others=(1,))
    assert report().line(pairs) == "f.csv: two rows are odd (row 3 like 1, …). Look."
    assert report().line(finding(features=("a", "b"))) == (
        "f.csv: two rows are odd (columns 'a', 'b'). Look."
    )


def test_rows_of_a_test_part_of_its_own_are_counted_in_it():
    told = report(test_start=6).places(finding(rows=(7, 8), others=(0, 5), part="test"))
    assert told == "rows test 1 like 0, test 2 like 5"


def test_json_holds_lists():
    record = report(finding(rows=(1, 2))).to_dict()
    assert record["rows"] == 9
    assert record["findings"][0]["rows"] == [1, 2]
    assert record["findings"][0]["level"] == "note"
