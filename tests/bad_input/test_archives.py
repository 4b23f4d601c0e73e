"""Archives of images, good and bad."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from layerlab.data import load_data


def png(value):
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


PLAIN = {"a/1.png": png(1), "b/1.png": png(2)}


def zipped(members, edit=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if edit:
                edit(info)
            archive.writestr(info, content)
    return buffer.getvalue()


def tarred(members, edit=None, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if edit:
                edit(info)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zip_link(info):
    info.external_attr = 0o120777 << 16


def tar_kind(kind):
    def edit(info):
        info.type, info.linkname, info.size = kind, "/etc/passwd", 0

    return edit


def overlapping():
    """Return a zip whose directory names one member many times."""
    content = zipped({"a/1.png": zlib.compress(bytes(1000), 0) * 90})
    at = content.index(b"PK\1\2")
    entry, end = content[at : content.index(b"PK\5\6")], content[content.index(b"PK\5\6") :]
    entries = b"".join(entry.replace(b"a/1.png", f"a/{i}.png".encode()) for i in range(9))
    tail = end[:8] + struct.pack("<HHII", 9, 9, len(entries), at) + end[20:]
    return content[:at] + entries + tail


def encrypted():
    content = bytearray(zipped(PLAIN))
    for sign, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := content.find(sign, at + 1)) >= 0:
            content[at + offset] |= 1
    return bytes(content)


UP = {**PLAIN, "../c.png": png(3)}
BOMB = {**PLAIN, "a/2.png": bytes(3_000_000)}

# name: content, what must happen, what the message must hold
CASES = {
    "zip": (zipped(PLAIN), "OK", ()),
    "tar": (tarred(PLAIN), "OK", ()),
    "tar.gz": (gzip.compress(tarred(PLAIN)), "OK", ()),
    "tar.bz2": (tarred(PLAIN, mode="w:bz2"), "OK", ()),
    "tar.xz": (tarred(PLAIN, mode="w:xz"), "OK", ()),
    "zip with ..": (zipped(UP), "E", ("'../c.png'", "leads out of the archive")),
    "tar with ..": (tarred(UP), "E", ("'../c.png'", "leads out of the archive")),
    "zip with a root": (zipped({**PLAIN, "/etc/c.png": b""}), "E", ("'/etc/c.png'",)),
    "zip with a drive": (zipped({**PLAIN, "C:\\c.png": b""}), "E", ("leads out",)),
    "zip link": (zipped(PLAIN, zip_link), "E", ("the link 'a/1.png'",)),
    "tar link": (tarred(PLAIN, tar_kind(tarfile.SYMTYPE)), "E", ("the link 'a/1.png'",)),
    "tar hard link": (tarred(PLAIN, tar_kind(tarfile.LNKTYPE)), "E", ("the link 'a/1.png'",)),
    "tar device": (tarred(PLAIN, tar_kind(tarfile.CHRTYPE)), "E", ("neither a plain file nor",)),
    "zip bomb": (zipped(BOMB), "E", ("would grow to 3000", "more than 100 times is refused")),
    "tar.gz bomb": (gzip.compress(tarred(BOMB)), "E", ("would grow to more than",)),
    "tar.xz bomb": (tarred(BOMB, mode="w:xz"), "E", ("would grow to more than",)),
    "zip overlapping": (overlapping(), "E", ("its parts overlap",)),
    "zip encrypted": (encrypted(), "E", ("it is encrypted", "without a password")),
    "zip cut short": (zipped(PLAIN)[:-30], "E", ("the archive is damaged", "copy it again")),
    "tar cut short": (tarred(PLAIN)[:700], "E", ("the archive is damaged",)),
    "tar.gz cut short": (gzip.compress(tarred(PLAIN))[:-20], "E", ("the archive is damaged",)),
    "zip without images": (zipped({"a.txt": b"x"}), "E", ("there are no images",)),
    "zip with hidden files": (
        zipped({**PLAIN, "__MACOSX/a/._1.png": b"x"}),
        "W",
        ("left out: __MACOSX",),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_archives(case, tmp_path, judged):
    content, expected, mentions = CASES[case]
    path = tmp_path / "data.archive"  # what it is its content says
    path.write_bytes(content)
    where = ("data.archive",) if expected != "OK" else ()
    judged(lambda: load_data(str(path)), expected, (*where, *mentions))
    assert [one.name for one in tmp_path.iterdir()] == ["data.archive"]


def test_a_zip_with_a_name_twice(tmp_path, judged):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.png", png(1))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a/1.png", png(2))
    judged(lambda: load_data(str(path)), "E", ("it holds 'a/1.png' twice",))
