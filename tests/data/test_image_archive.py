import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from layerlab.data import image_archive, image_rows
from layerlab.data.image_archive import is_archive, read_image_archive
from layerlab.data.image_options import ImageOptions
from layerlab.errors import DataWarning

AS_IT_IS = ImageOptions()
PACKINGS = ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"]


def png(value):
    buffer = io.BytesIO()
    Image.fromarray(np.full((3, 4), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def pack(path, members):
    """Write an archive of the kind that the path's name says."""
    if path.name.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, f"w:{path.suffix.removeprefix('.').replace('tar', '')}") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name.rstrip("/"))
                info.size = len(content)
                info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
                archive.addfile(info, io.BytesIO(content))
    return str(path)


MEMBERS = {
    "d/": b"",
    "d/b/": b"",
    "./d/b/2.png": png(4),
    "d/b/1.png": png(3),
    "d/a/10.png": png(2),
    "d/a/9.png": png(1),
    "d/test/a/1.png": png(5),
    "d/test/b/1.png": png(6),
    "LICENSE": b"free",
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_an_archive_is_read_as_the_folder_would_be(tmp_path, packing):
    path = pack(tmp_path / f"x.{packing}", MEMBERS)
    with pytest.warns(DataWarning, match="'test' beside the class folders"):
        raw = read_image_archive(path, AS_IT_IS)
    assert raw.y.tolist() == ["a", "a", "b", "b"]
    assert raw.rows[:, 0, 0].tolist() == [1, 2, 3, 4]
    assert raw.test.rows[:, 0, 0].tolist() == [5, 6]
    with open(path, "rb") as file:
        assert is_archive(file.read(4096))


@pytest.mark.parametrize("packing", PACKINGS)
def test_many_are_decoded_by_helpers_and_kept(tmp_path, packing, monkeypatch):
    members = {f"{i % 3}/{i}.png": png(i) for i in range(240)}
    path = pack(tmp_path / f"x.{packing}", members)
    monkeypatch.setenv("LAYERLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(image_rows, "_WORTH_KEEPING", 100)
    monkeypatch.setattr("layerlab.data.image_crew._WORTH_SECONDS", 0)
    for _ in range(2):
        raw = read_image_archive(path, AS_IT_IS)
        assert raw.rows[:, 0, 0].tolist() == [i for k in range(3) for i in range(k, 240, 3)]
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_flat_archive_has_its_table(tmp_path):
    members = {"a.png": png(1), "b.png": png(2), "labels.csv": b"file,label\na.png,x\nb.png,y\n"}
    raw = read_image_archive(pack(tmp_path / "x.zip", members), AS_IT_IS)
    assert raw.y.tolist() == ["x", "y"]


def test_one_damaged_member_of_many_is_left_out(tmp_path):
    path = pack(tmp_path / "x.zip", {f"{i % 2}/{i}.png": png(i) for i in range(200)})
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("1/7.png").header_offset + 30 + len("1/7.png")
    content = bytearray((tmp_path / "x.zip").read_bytes())
    content[at + 20] ^= 255
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.warns(DataWarning, match=r"1 of 200 images .* 1/7.png: it cannot be unpacked"):
        raw = read_image_archive(path, AS_IT_IS)
    assert len(raw.rows) == 199


def test_memory_is_bounded_by_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(image_archive, "_IN_MEMORY", 1)
    raw = read_image_archive(pack(tmp_path / "x.tar.gz", {"0/a.png": png(7)}), AS_IT_IS)
    assert raw.rows.tolist() == [[[7] * 4] * 3]


def test_what_is_no_archive_is_told(tmp_path):
    for content in (b"", b"0,1", b"\x1f\x8b", b"\xfd7zXZ\0", bytes(4096)):
        assert not is_archive(content)
