"""Reading: everyone reads the same."""

import pytest

from benchmarks import reading


@pytest.fixture(autouse=True)
def no_mnist(monkeypatch):
    monkeypatch.delenv("LAYERLAB_DATA", raising=False)
    for made in (reading._idx_folder, reading._png_folder, reading._holder):
        made.cache_clear()


def test_all_read_the_same(monkeypatch):
    monkeypatch.setenv("LAYERLAB_CACHE", "off")
    asked = {"n": 40, "threads": None}
    assert reading.ours_idx(**asked)() == reading.plain_idx(**asked)()
    ours = reading.ours_png(**asked)()
    assert ours[0] == 40
    assert reading.kept_png(**asked)() == ours
    assert reading.plain_png(**asked)() == ours


def test_the_stored_file_is_complete(inside, stored, monkeypatch):
    monkeypatch.setenv("LAYERLAB_CACHE", "off")
    result = reading.run(reading.Settings(rows=30, files=20, rounds=1))
    summary = stored(result)["summary"]
    assert [line["problem"] for line in summary] == [
        *["30 images in one IDX file, gzip"] * 2,
        *["20 PNG files"] * 5,
    ]
    assert "Pillow" in result.table
