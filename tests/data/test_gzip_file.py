import gzip
import io

import pytest

from layerlab.data.gzip_file import gunzip, gunzip_head
from layerlab.errors import DataError

CONTENT = bytes(range(256)) * 40_000  # 10 MB: more than is unpacked in one go


def unpack(packed, expected):
    return gunzip(io.BytesIO(packed), len(packed), expected, "f.gz")


def test_what_was_packed_comes_back():
    data = unpack(gzip.compress(CONTENT), len(CONTENT))
    assert data.tobytes() == CONTENT
    assert not data.flags.writeable


def test_members_are_read_one_after_another_with_padding():
    packed = gzip.compress(CONTENT[:1000]) + gzip.compress(CONTENT[1000:]) + bytes(600)
    assert unpack(packed, len(CONTENT)).tobytes() == CONTENT


def test_the_head_alone_is_unpacked():
    packed = gzip.compress(CONTENT)
    assert gunzip_head(packed[:200], 4) == CONTENT[:4]
    assert gunzip_head(b"\x1f\x8bnothing", 4) == b""


@pytest.mark.parametrize(
    ("packed", "expected", "message"),
    [
        (gzip.compress(CONTENT)[:-9], len(CONTENT), "it is cut short"),
        (gzip.compress(CONTENT)[:-1], len(CONTENT), "it is cut short"),
        (gzip.compress(CONTENT) + b"more", len(CONTENT), "something stands behind its end"),
        (gzip.compress(CONTENT), len(CONTENT) - 1, "it holds more than that"),
        (gzip.compress(CONTENT), len(CONTENT) + 1, "it holds 10240000 bytes instead of that"),
        (gzip.compress(CONTENT), 1 << 40, "packed bytes cannot hold that"),
        (gzip.compress(CONTENT)[:-8] + bytes(8), len(CONTENT), "incorrect data check"),
    ],
)
def test_what_is_wrong_is_said(packed, expected, message):
    with pytest.raises(DataError) as error:
        unpack(packed, expected)
    assert str(error.value).startswith("f.gz: ")
    assert message in str(error.value)
