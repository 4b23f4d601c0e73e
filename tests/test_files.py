"""Atomic writes, canonical JSON and the tensor container."""

import json
import os
import struct

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layerlab import _files
from layerlab._files import (
    TEMPORARY_FILE,
    canonical_json,
    pack_tensors,
    parse_json,
    unpack_tensors,
    write_atomically,
)
from layerlab.errors import ModelFileError

TYPES = st.sampled_from(["?", "u1", "i1", "i4", "i8", "<f4", ">f4", "<f8", ">f8", ">i4"])
ARRAYS = TYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
)


def container(header, body=b""):
    """Return a safetensors file written by hand; a dict is written as JSON."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(dtype="F64", shape=(1,), start=0, end=8):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


# --- Atomic writes ---


def test_write_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_interrupted_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def interrupt(source, target):
        assert TEMPORARY_FILE.fullmatch(source.name)
        assert source.read_bytes() == b"new"
        raise KeyboardInterrupt

    monkeypatch.setattr(_files.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_missing_folder_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "no" / "a.txt", b"")


@pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")
def test_permissions_follow_the_umask_and_links_are_followed(tmp_path):
    plain, path, link = tmp_path / "plain", tmp_path / "a.txt", tmp_path / "link"
    plain.write_bytes(b"")
    write_atomically(path, b"")
    assert path.stat().st_mode == plain.stat().st_mode
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


# --- JSON ---


def test_canonical_json_by_hand():
    value = {"ö": [1, 0.1, 1e-05, None, True], "a": {"c": "x\n", "b": -0.0}}
    assert canonical_json(value) == ('{"a":{"b":-0.0,"c":"x\\n"},"ö":[1,0.1,1e-05,null,true]}')


def test_canonical_json_takes_numpy_scalars():
    value = [np.int64(3), np.float64(0.5), np.float32(0.5), np.bool_(True)]
    assert canonical_json(value) == "[3,0.5,0.5,true]"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), np.float32("nan")])
def test_canonical_json_refuses_what_json_cannot_hold(number):
    with pytest.raises(ValueError):
        canonical_json([number])


def test_canonical_json_refuses_objects():
    with pytest.raises(TypeError, match="object has no form in JSON"):
        canonical_json(object())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_json_round_trip(value):
    assert json.loads(canonical_json(value)) == value
    assert parse_json(canonical_json(value)) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 17 + "]" * 17, "nested more than 16"),
        ("[" * 10**6, "nested more than 16"),
        ('{"a":1,"a":2}', "twice"),
        ("[NaN]", "NaN"),
        ("[-Infinity]", "Infinity"),
        ("[1e999]", "too large"),
        ("[" + "9" * 5000 + "]", "20 characters"),
        ("{", "line 1"),
        ('"\\', "line 1"),
        ("", "line 1"),
    ],
)
def test_parse_json_refuses(text, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        parse_json(text)
    assert "\n" not in str(caught.value)


def test_brackets_in_strings_are_no_nesting():
    text = json.dumps(["[" * 100 + '\\"' + "{" * 100])
    assert parse_json(text) == json.loads(text)
    assert parse_json("[" * 16 + "]" * 16) == json.loads("[" * 16 + "]" * 16)


def test_unclosed_string_full_of_quotes_is_read_once():
    # Looked for again from every quote, this would take hours.
    with pytest.raises(ValueError):
        parse_json('"' + '\\"' * 10**6)


# --- The container ---


def same(a, b):
    a = np.asarray(a)
    return (
        a.shape == b.shape
        and a.dtype.newbyteorder("=") == b.dtype
        and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    )


@given(st.dictionaries(st.text("abcW01", min_size=1), ARRAYS, max_size=4), st.text())
def test_round_trip(tensors, header):
    back, text = unpack_tensors(pack_tensors(tensors, header))
    assert text == header
    assert back.keys() == tensors.keys()
    assert all(same(tensors[name], back[name]) for name in tensors)


@pytest.mark.parametrize(
    "strided",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0)[::-1],
        np.arange(12.0)[::3],
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.broadcast_to(np.float64(2), (3, 2)),
        np.arange(6, dtype=">f8"),
    ],
)
def test_any_memory_layout_is_stored_as_it_reads(strided):
    back, _ = unpack_tensors(pack_tensors({"a": strided}, ""))
    assert back["a"].tolist() == strided.tolist()


def test_scrambled_array_is_noticed(monkeypatch):
    """What safetensors 0.8 does to strided memory, done to it here on purpose."""
    save = safetensors.numpy.save

    def scramble(tensors, metadata):
        return save({name: array[::-1].copy() for name, array in tensors.items()}, metadata)

    monkeypatch.setattr(safetensors.numpy, "save", scramble)
    with pytest.raises(ModelFileError, match="'a' reads back"):
        pack_tensors({"a": np.arange(3.0)}, "")


def test_same_bytes_whatever_the_order():
    a, b = np.arange(3.0), np.arange(4, dtype=np.float32)
    assert pack_tensors({"a": a, "b": b}, "x") == pack_tensors({"b": b, "a": a}, "x")


def test_safetensors_itself_reads_it():
    data = pack_tensors({"a": np.arange(6.0).reshape(2, 3)}, "x")
    assert safetensors.numpy.load(data)["a"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_arrays_are_read_only():
    back, _ = unpack_tensors(pack_tensors({"a": np.arange(3.0)}, ""))
    with pytest.raises(ValueError, match="read-only"):
        back["a"][0] = 1


@pytest.mark.parametrize("array", [np.array(["x"]), np.array([None]), np.zeros(2, complex)])
def test_other_types_are_refused(array):
    with pytest.raises(ModelFileError, match="cannot be stored"):
        pack_tensors({"a": array}, "")


def test_file_written_by_hand():
    header = {"__metadata__": {"layerlab": "{}"}, "a": entry("F32", (2,), 0, 8)}
    tensors, text = unpack_tensors(container(header, struct.pack("<2f", 1.5, -2)))
    assert text == "{}"
    assert tensors["a"].tolist() == [1.5, -2]


ONE = {"__metadata__": {"layerlab": ""}}
ATTACKS = {
    "empty": b"",
    "short": b"abc",
    "pickle": b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system",
    "zip": b"PK\x03\x04" + b"\0" * 60,
    "text": b"label,a,b\n1,2,3\n" * 9,
    "length of 2**63": struct.pack("<Q", 2**63) + b"{}",
    "length beyond the end": struct.pack("<Q", 100) + b"{}",
    "no JSON": container(b"{nonsense"),
    "no UTF-8": container(b'{"\xff":1}'),
    "deep JSON": container(b'{"a":' + b"[" * 10**5 + b"]" * 10**5 + b"}"),
    "no metadata": container({"a": entry()}, b"\0" * 8),
    "metadata of two keys": container({"__metadata__": {"layerlab": "", "x": ""}}),
    "metadata of another": container({"__metadata__": {"format": "pt"}}),
    "metadata a number": container({"__metadata__": {"layerlab": 1}}),
    "metadata a list": container({"__metadata__": []}),
    "key twice": container(b'{"__metadata__":{"layerlab":"a","layerlab":"b"}}'),
    "hole": container({**ONE, "a": entry(start=8, end=16)}, b"\0" * 16),
    "overlap": container({**ONE, "a": entry(), "b": entry()}, b"\0" * 8),
    "bytes left over": container({**ONE, "a": entry()}, b"\0" * 9),
    "beyond the end": container({**ONE, "a": entry()}, b"\0" * 7),
    "huge shape": container({**ONE, "a": entry(shape=(2**62, 2**62))}, b"\0" * 8),
    "huge empty shape": container({**ONE, "a": entry(shape=(0, 2**62, 2**62), end=0)}),
    "65 dimensions": container({**ONE, "a": entry(shape=(1,) * 65)}, b"\0" * 8),
    "negative shape": container({**ONE, "a": entry(shape=(-1,))}, b"\0" * 8),
    "shape and size differ": container({**ONE, "a": entry(shape=(2,))}, b"\0" * 8),
    "unknown type": container({**ONE, "a": entry(dtype="F99")}, b"\0" * 8),
    "type of no model": container({**ONE, "a": entry("BF16", (4,))}, b"\0" * 8),
    "no entry": container({**ONE, "a": 3}),
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS)
def test_attacks_are_refused_in_one_line(data):
    with pytest.raises(ModelFileError) as caught:
        unpack_tensors(data)
    assert 10 < len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(ModelFileError):
        unpack_tensors(data)


@given(st.dictionaries(st.text("ab", min_size=1), JSON), st.binary(max_size=32))
def test_any_header_is_read_or_refused(entries, body):
    try:
        tensors, _ = unpack_tensors(container({**entries, **ONE}, body))
    except ModelFileError:
        return
    assert sum(array.nbytes for array in tensors.values()) == len(body)
