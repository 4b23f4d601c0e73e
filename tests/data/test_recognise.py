"""Every source goes in everywhere: `load_data`, `load_rows` and `load_labelled_rows`."""

import gzip
import os
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

from layerlab.data import load_data, load_labelled_rows, load_rows
from layerlab.errors import DataError, ParameterError

N = 20
ROWS = (load_digits().data[:N] * 15).astype(np.uint8)
Y = load_digits().target[:N]
ORDER = np.argsort(Y, kind="stable")  # a folder's: class by class
NAMES = tuple(f"pixel_{i}_{j}" for i in range(8) for j in range(8))
LINES = "\n".join(",".join(map(str, [*row, y])) for row, y in zip(ROWS, Y, strict=True))
HEADER = ",".join([*NAMES, "label"])


def csv(folder):
    path = folder / "digits.any"
    path.write_text(f"{HEADER}\n{LINES}\n")
    return path


def tsv(folder):
    path = folder / "digits.any"
    path.write_text(f"{HEADER}\n{LINES}\n".replace(",", "\t"))
    return path


def frame(library):
    frames = pytest.importorskip(library)
    return frames.DataFrame({**dict(zip(NAMES, ROWS.T, strict=True)), "label": Y})


def polars(folder):
    return frame("polars")


def pandas(folder):
    return frame("pandas")


def parquet(folder):
    pytest.importorskip("pyarrow")
    frame("polars").write_parquet(folder / "digits.any")
    return folder / "digits.any"


def feather(folder):
    pytest.importorskip("pyarrow")
    frame("polars").write_ipc(folder / "digits.any", compression="lz4")
    return folder / "digits.any"


def npz(folder):
    path = folder / "digits.any"
    with path.open("wb") as file:
        np.savez(file, images=ROWS.reshape(N, 8, 8), labels=Y)
    return path


def npy(folder):
    np.save(folder / "X.npy", ROWS.reshape(N, 8, 8))
    np.save(folder / "y.npy", Y)
    return folder / "X.npy"


def idx_bytes(array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def idx(folder):
    (folder / "train-images-idx3-ubyte").write_bytes(idx_bytes(ROWS.reshape(N, 8, 8)))
    (folder / "train-labels-idx1-ubyte").write_bytes(idx_bytes(Y))
    return folder / "train-images-idx3-ubyte"


def idx_folder(folder):
    for path in (idx(folder), folder / "train-labels-idx1-ubyte"):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return folder


def images(folder):
    for i, (row, y) in enumerate(zip(ROWS, Y, strict=True)):
        place = folder / "digits" / str(y)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(row.reshape(8, 8)).save(place / f"{i:03}.png")
    return folder / "digits"


def archive(folder):
    with zipfile.ZipFile(folder / "digits.any", "w") as file:
        for path in sorted(images(folder).rglob("*.png")):
            file.write(path, path.relative_to(folder))
    return folder / "digits.any"


def bunch(folder):
    return Bunch(data=ROWS, target=Y, images=ROWS.reshape(N, 8, 8), feature_names=list(NAMES))


def arrays(folder):
    return ROWS.reshape(N, 8, 8)


SOURCES = [
    csv,
    tsv,
    polars,
    pandas,
    parquet,
    feather,
    npz,
    npy,
    idx,
    idx_folder,
    images,
    archive,
    bunch,
    arrays,
]


@pytest.mark.parametrize("make", SOURCES, ids=lambda make: make.__name__)
def test_a_source_is_the_same_to_all(make, tmp_path):
    source = make(tmp_path)
    order = ORDER if make in (images, archive) else np.arange(N)
    y = Y if make is arrays else None
    tables = (csv, tsv, polars, pandas, parquet, feather)
    data = load_data(source, y, image_shape=(8, 8) if make in tables else None)
    assert data.rows.tolist() == ROWS[order].tolist()
    assert data.y.tolist() == Y[order].tolist()
    assert (data.image_shape, data.feature_names) == ((8, 8), NAMES)
    takes = {"n_features": 64, "feature_names": NAMES, "image_shape": (8, 8)}
    assert load_rows(source, **takes).rows.tolist() == ROWS[order].tolist()
    again = load_labelled_rows(source, y, **takes)
    assert again.rows.tolist() == ROWS[order].tolist()
    assert again.y.tolist() == Y[order].tolist()
    with pytest.raises(DataError, match="takes"):
        load_rows(source, n_features=63)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("make", [csv, npz])
def test_a_pipe_is_read_once(tmp_path, make):
    content = make(tmp_path).read_bytes()
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit((tmp_path / "pipe").write_bytes, content)
        if make is csv:
            assert load_data(tmp_path / "pipe").rows.tolist() == ROWS.tolist()
        else:
            with pytest.raises(DataError, match="through a pipe only CSV text"):
                load_data(tmp_path / "pipe")
        writing.result()


def test_image_files_are_rows_without_labels(tmp_path):
    files = sorted(images(tmp_path).rglob("*.png"))
    rows = load_rows(files, n_features=64, image_shape=(8, 8)).rows
    assert rows.tolist() == [ROWS[int(path.stem)].tolist() for path in files]
    assert load_rows(files[3], n_features=64).rows.tolist() == rows[3:4].tolist()
    assert load_data(files, Y[ORDER]).image_shape == (8, 8)
    with pytest.raises(DataError, match="no labels come with the rows"):
        load_data(files[0])


def test_columns_of_what_has_none_are_refused(tmp_path):
    for source in (idx(tmp_path), images(tmp_path), archive(tmp_path)):
        with pytest.raises(ParameterError, match=r"'label' names a column, and .* have none"):
            load_data(source, label="kind")
        with pytest.raises(ParameterError, match="brings its own labels"):
            load_data(source, Y)


def test_grey_image_files_for_a_model_of_colour(tmp_path):
    file = sorted(images(tmp_path).rglob("*.png"))[0]
    takes = {"n_features": 192, "image_shape": (8, 8, 3)}
    rows = load_rows(file, **takes).rows
    assert rows.reshape(8, 8, 3)[..., 2].ravel().tolist() == ROWS[int(file.stem)].tolist()
    assert load_labelled_rows([file], [7], **takes).image_shape == (8, 8, 3)
    with pytest.raises(DataError, match="images of 8×8×3 = 192 values, and the images are 8×8"):
        load_rows(ROWS.reshape(N, 8, 8), **takes)
