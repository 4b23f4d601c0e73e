"""Bad input in files of arrays: what must happen, and what must be said."""

import io
import pickle
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from layerlab.data import load_data

ROWS = np.arange(12.0).reshape(3, 4)
Y = np.array([1, 0, 1])


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle was run')",))


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def workbook():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def claiming(shape, descr="<f8"):
    """Return a header and a few bytes."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(96)


TERABYTES = claiming("(1000000000, 1000)")
LONG_HEADER = b"\x93NUMPY\2\0" + b"\xff" * 4 + bytes(96)
OBJECTS = npy(np.array([[Bomb()]], dtype=object), allow_pickle=True)
PICKLE = pickle.dumps(Bomb())

CASES = [
    # name, content, expected, mentions
    ("good npy", npy(ROWS), "OK", []),
    ("good npz", npz(X=ROWS, y=Y), "OK", []),
    ("npy claims terabytes", TERABYTES, "E", ["claims 8000000000000 bytes", "holds 96"]),
    ("npy claims a negative side", claiming("(-3, -4)"), "E", ["damaged", "negative"]),
    ("npy claims no type", claiming("(3, 4)", "<f9"), "E", ["damaged"]),
    ("npy claims a long header", LONG_HEADER, "E", ["damaged", "header claims 4294967295 bytes"]),
    ("npy claims texts of no length", claiming("(1000000000000,)", "<U0"), "E", ["holds nothing"]),
    ("npy with code", claiming("f(x)"), "E", ["damaged (malformed node or string"]),
    ("npy truncated", npy(ROWS)[:-8], "E", ["claims 96 bytes", "holds 88", "Write the file again"]),
    ("npy with more", npy(ROWS) + b"more", "E", ["claims 96 bytes", "holds 100"]),
    ("npy header truncated", npy(ROWS)[:40], "E", ["damaged"]),
    ("npy pickled", OBJECTS, "E", ["Python objects", "never unpickled"]),
    ("npy of text", npy(np.array([["a"]])), "E", ["<U1", "Convert"]),
    ("npy of one row", npy(ROWS[0]), "E", ["the shape (4,)"]),
    ("npy with NaN", npy(ROWS * np.nan), "E", ["row 0, column 0 ('x0')", "no finite number"]),
    ("npz claims terabytes", zipped(X=TERABYTES, y=npy(Y)), "E", ["array 'X'", "claims 8000"]),
    ("npz pickled labels", zipped(X=npy(ROWS), y=OBJECTS), "E", ["array 'y'", "never unpickled"]),
    ("npz with a pickle", zipped(X=npy(ROWS), y=PICKLE), "E", ["array 'y'", "damaged"]),
    ("npz without labels", npz(X=ROWS), "E", ["no array of labels", "It holds 'X'"]),
    ("npz without rows", npz(y=Y), "E", ["no array of rows"]),
    ("npz with two labels", npz(X=ROWS, y=Y, target=Y), "E", ["'y' and 'target'", "Keep one"]),
    ("npz with more arrays", npz(X=ROWS, y=Y, z=Y), "W", ["'z' are not read"]),
    ("npz truncated", npz(X=ROWS, y=Y)[:300], "E", ["damaged"]),
    ("npz too few labels", npz(X=ROWS, y=Y[:2]), "E", ["3 rows and 2 labels"]),
    ("parquet damaged", b"PAR1" + bytes(50) + b"PAR1", "E", ["damaged"]),
    ("arrow damaged", b"ARROW1\0\0" + bytes(50), "E", ["damaged"]),
    ("a pickle", PICKLE, "E", ["is a pickle, which is never opened"]),
    ("HDF5", b"\x89HDF\r\n\x1a\n", "E", ["HDF5", "numpy.savez"]),
    ("a workbook", workbook(), "E", ["workbook", "as CSV"]),
    ("PDF", b"%PDF-1.7\n", "E", ["PDF"]),
]


@pytest.mark.parametrize(
    ("content", "expected", "mentions"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_load_data(judged, tmp_path, content, expected, mentions):
    path = tmp_path / "rows.bin"
    path.write_bytes(content)
    np.save(tmp_path / "y.npy", Y)
    if b"ARROW1" in content[:6] or b"PAR1" in content[:4]:
        pytest.importorskip("pyarrow")
    mentions = mentions if expected == "OK" else [*mentions, "rows.bin"]
    judged(lambda: load_data(path), expected, mentions)


def test_a_folder_for_the_labels(judged, tmp_path):
    np.save(tmp_path / "X.npy", ROWS)
    said = ["cannot be read", "Check the path"]
    judged(lambda: load_data(tmp_path / "X.npy", label="."), "E", said)


def test_arrow_files_with_values_that_lie_outside_them(judged, tmp_path):
    """pyarrow maps such a file without a word, and reading it would end the process."""
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"a": [1.0, 2.0], "label": ["first", "second"]})
    path = tmp_path / "rows.arrow"
    with pyarrow.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    offsets = struct.pack("<3i", 0, 5, 11)
    content = path.read_bytes()
    assert content.count(offsets) == 1
    path.write_bytes(content.replace(offsets, struct.pack("<3i", 0, 5, 2**31 - 1)))
    judged(lambda: load_data(path), "E", ["rows.arrow", "damaged"])


def test_missing_files(judged, tmp_path):
    (tmp_path / "flowers.csv").write_text("a,label\n1,u\n")
    said = ["flower.csv", "no such file", "Did you mean 'flowers.csv'"]
    judged(lambda: load_data(tmp_path / "flower.csv"), "E", said)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what this test limits")
def test_a_small_archive_that_grows_beyond_reason_is_refused_before_it_does(tmp_path):
    """A gigabyte and more of zeros in a megabyte, in a process that may not allocate that."""
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("y.npy", npy(Y))
        with archive.open("X.npy", "w", force_zip64=True) as member:
            shape = (1100, 1 << 20)
            np.lib.format.write_array_header_1_0(
                member, {"descr": "|u1", "fortran_order": False, "shape": shape}
            )
            zeros = bytes(1 << 20)
            for _ in range(shape[0]):
                member.write(zeros)
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, str(path)], capture_output=True, text=True
    )
    assert "array 'X'" in done.stdout, done.stderr
    assert "would grow to 1153433600" in done.stdout


GUARDED = """
import resource, sys
from layerlab.data import load_data
from layerlab.errors import DataError

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
used = int(status["VmData"].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + 100 * 2**20,) * 2)
try:
    load_data(sys.argv[1])
except DataError as error:
    print(error)
"""
