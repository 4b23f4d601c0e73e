import ast
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from layerlab import (
    FeedforwardClassifier,
    evaluate,
    explore,
    load_data,
    load_model,
    load_parts,
    load_rows,
    save_model,
)
from layerlab.api import running, scoring
from layerlab.data import Dataset, split_rows
from layerlab.errors import DataError, ParameterError
from layerlab.exploration import Configuration, plan
from layerlab.reporting.script import reproduction_script

NAMES = ("width", "height", "depth", "weight")


def blobs(m=90, seed=0):
    random = np.random.default_rng(seed)
    y = np.arange(m) % 3
    X = random.normal(size=(m, 4))
    X[np.arange(m), y] += 5.0
    return X, np.array(["a", "b", "c"])[y]


@pytest.fixture
def trained(tmp_path):
    """Return a function that fits a model, saves it with what it knows, and loads it."""

    def trained(**options):
        model = FeedforwardClassifier((), random_state=0).fit(*blobs())
        save_model(model, tmp_path / "m.layerlab", **options)
        return load_model(tmp_path / "m.layerlab")

    return trained


def dataset(columns=(0, 1, 2, 3), **options):
    X, y = blobs()
    return Dataset.from_arrays(X[:, columns], y, source="here", **options)


def test_features_are_taken_by_name(trained):
    model = trained(feature_names=NAMES)
    order = (2, 3, 1, 0)
    given = evaluate(model, dataset(feature_names=NAMES))
    turned = evaluate(model, dataset(order, feature_names=tuple(NAMES[j] for j in order)))
    assert given.score.accuracy > 0.9
    assert turned == given
    # Without names nothing tells that the columns are turned, and the score shows what that costs.
    assert evaluate(trained(), dataset(order)).score.accuracy < 0.9


def test_a_feature_too_many_is_left_out(trained):
    X, y = blobs()
    wider = Dataset.from_arrays(
        np.column_stack([np.arange(len(X)), X]), y, feature_names=("id", *NAMES)
    )
    model = trained(feature_names=NAMES)
    assert evaluate(model, wider) == evaluate(model, dataset(feature_names=NAMES))


@pytest.mark.parametrize("known", [None, ("x0", "x1", "x2", "x3")])
def test_by_order_where_the_model_knows_no_names(trained, known):
    model = trained(feature_names=known)
    assert evaluate(model, dataset(feature_names=NAMES)) == evaluate(model, dataset())


@pytest.mark.parametrize(
    ("known", "data", "said"),
    [
        ({"feature_names": NAMES}, dataset(), "4 features by name, and 4 are missing"),
        (
            {"feature_names": NAMES},
            dataset(feature_names=("width", "height", "depht", "weight")),
            "1 is missing: 'depth'.*Did you mean 'depht'",
        ),
        ({}, dataset((0, 1, 2)), "takes 4 features, and there are 3 columns"),
        (
            {"image_shape": (2, 2)},
            dataset(image_shape=(1, 4)),
            "images of 2×2 = 4 values, and the images are 1×4",
        ),
    ],
)
def test_rows_that_do_not_fit_the_model_are_refused(trained, known, data, said):
    with pytest.raises(DataError, match=f"^here: the model .*{said}"):
        evaluate(trained(**known), data)


def test_what_a_model_takes(trained):
    assert scoring.model_takes(trained(feature_names=NAMES, image_shape=(2, 2))) == {
        "n_features": 4,
        "feature_names": NAMES,
        "image_shape": (2, 2),
    }
    bare = FeedforwardClassifier(()).fit(*blobs())
    assert set(scoring.model_takes(bare).values()) == {4, None}


def test_a_model_of_the_digits_takes_them():
    data = load_data("digits").subset(slice(0, 300))
    model = FeedforwardClassifier((), max_iter=200, tol=1e-2).fit(data.rows, data.y)
    assert evaluate(model, data).score.correct == (model.predict(data.rows) == data.y).sum()


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Return the name of a CSV file with a column of groups, where a run tries few networks."""
    small = tuple(Configuration(shape, 0.1) for shape in ((), (4,), (4, 4)))
    monkeypatch.setattr(plan, "default_grid", lambda: small)
    monkeypatch.chdir(tmp_path)
    X, y = blobs(120)
    lines = ["a,b,c,d,kind,who", *(f"{row},{y[i]},{i % 8}" for i, row in enumerate(texts(X)))]
    (tmp_path / "k.csv").write_text("\n".join(lines))
    return "k.csv"


def texts(X):
    return [",".join(f"{value:.4f}" for value in row) for row in X]


def run_script(path, out, monkeypatch):
    """Run a script in this process, where the list of networks is the short one."""
    monkeypatch.setattr(sys, "argv", [str(path), str(out)])
    exec(compile(path.read_text("utf-8"), path, "exec"), {"__file__": str(path)})


def test_the_script_redoes_a_run_of_data_loaded_with_options(file, tmp_path, monkeypatch):
    data = load_data(file, label="kind", groups="who", image_shape=(2, 2))
    explore(data, out="run")
    run_script(tmp_path / "run" / "reproduce.py", "again", monkeypatch)
    records = [json.loads((tmp_path / f / "results.json").read_text()) for f in ("run", "again")]
    for record in records:
        del record["run"]
    assert records[0] == records[1]
    assert records[0]["data"]["image_shape"] == [2, 2]
    models = [(tmp_path / f / "model.layerlab").read_bytes() for f in ("run", "again")]
    assert models[0] == models[1]


def loading(data):
    """Return the line before the call of `load_data` in a script, and that call."""
    split = SimpleNamespace(test_given=False)
    preset = SimpleNamespace(preset=SimpleNamespace(asked="auto"))
    e = SimpleNamespace(data=data, seed=0, split=split, preset=preset)
    script = reproduction_script(e, "1.0")
    ast.parse(script)
    lines = script.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("data = "))
    return lines[at - 1], lines[at].removeprefix("data = layerlab.load_data")


def test_the_script_names_file_and_options(file, tmp_path):
    path = str(tmp_path / file)
    assert loading(load_data("digits")) == ("", "('digits')")
    assert loading(load_data("digits", image_shape=[4, 16])) == (
        "",
        "('digits', image_shape=(4, 16))",
    )
    assert loading(load_data(file, label=np.str_("kind"), groups=-1)) == (
        "",
        f"({path!r}, label='kind', groups=-1)",
    )


def test_the_script_leaves_a_marked_place_for_what_came_from_memory(file, tmp_path):
    pd = pytest.importorskip("pandas")
    X, y = blobs()
    calls = {
        "(..., y=..., image_shape=(2, 2))": load_data(X, y, image_shape=(2, 2)),
        "(..., label='kind')": load_data(pd.read_csv(file).drop(columns="who"), label="kind"),
        f"({str(tmp_path / file)!r}, label='kind', groups=...)": load_data(
            file, label="kind", groups=np.arange(120) % 7
        ),
        "(...)": dataset(),
    }
    for call, data in calls.items():
        place, found = loading(data)
        assert place.startswith("# PUT THE DATA HERE")
        assert found == call


@pytest.mark.parametrize("option", [{"label": "kind"}, {"groups": 0}])
def test_columns_beside_a_loaded_dataset_are_refused(file, tmp_path, option):
    ((name, value),) = option.items()
    with pytest.raises(ParameterError, match=f"'{name}' parameter.*{name}={value!r}") as refusal:
        explore(load_data(file, label="kind"), out="run", **option)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "run").exists()


def test_a_model_keeps_no_extreme_of_the_sealed_test_rows(file):
    X, y = blobs(120)
    sealed = split_rows(Dataset.from_arrays(X, y), random_state=0).test
    X[sealed[0], 0], X[sealed[1], 1] = 99.0, -99.0
    run = explore(load_data(X, y), out="run")
    assert sealed.tolist() == run.results["split"]["test"]
    rows = np.delete(X, sealed, axis=0)
    assert load_model(run.path / "model.layerlab").value_range_ == (rows.min(), rows.max())


def test_a_model_keeps_a_stated_range(file):
    run = explore(dataset(value_range=(-50, 50)), out="run")
    assert load_model(run.path / "model.layerlab").value_range_ == (-50, 50)


def test_an_interrupt_names_the_folder_that_is_unfinished(file, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(running.Explorer, "explore", interrupted)
    with pytest.raises(KeyboardInterrupt) as end:
        explore(file, label="kind", out="run")
    assert end.value.__notes__ == ["The run folder run is marked unfinished."]
    monkeypatch.setattr(running, "require_classes", interrupted)
    with pytest.raises(KeyboardInterrupt) as end:
        explore(file, label="kind", out="other")
    assert not hasattr(end.value, "__notes__")


def test_rows_too_large_for_a_network_are_refused_with_their_place():
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    model = FeedforwardClassifier((4,), "relu", random_state=0).fit(X, y)
    X[7] = 3e38
    with np.errstate(over="ignore"), pytest.raises(DataError, match=r"Row 7 .* too large"):
        model.predict_proba(X)
    with np.errstate(over="ignore"), pytest.raises(DataError, match="arrays: Row 7 "):
        evaluate(model, load_data(X, y))


def test_evaluate_wants_a_fitted_model_and_a_dataset():
    with pytest.raises(ValueError, match="not fitted"):
        evaluate(FeedforwardClassifier(), load_data("digits"))
    X, y = np.eye(4), [0, 1, 0, 1]
    model = FeedforwardClassifier((2,), random_state=0).fit(X, y)
    with pytest.raises(ParameterError, match="a Dataset"):
        evaluate(model, X)


@pytest.mark.parametrize("out", ["", "bad\udcff"])
def test_a_folder_that_cannot_be_named_is_refused_before_anything_is_done(out):
    with pytest.raises(ParameterError):
        explore("digits", out=out)


def same_results(tmp_path, *folders):
    records = [json.loads((tmp_path / f / "results.json").read_text()) for f in folders]
    for record in records:
        del record["run"]
    models = {(tmp_path / f / "model.layerlab").read_bytes() for f in folders}
    return all(record == records[0] for record in records) and len(models) == 1


@pytest.fixture
def early(file, tmp_path):
    """Return the file of development rows without a column of groups."""
    lines = (tmp_path / file).read_text().splitlines()
    (tmp_path / "early.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines))
    return "early.csv"


@pytest.fixture
def later(file, tmp_path):
    """Return the file of a test part, whose columns stand in another order."""
    X, y = blobs(60, seed=1)
    lines = ["kind,d,c,b,a", *(f"{y[i]},{row}" for i, row in enumerate(texts(X[:, ::-1])))]
    (tmp_path / "later.csv").write_text("\n".join(lines))
    return "later.csv"


def test_a_test_part_is_sealed_whole_and_the_script_redoes_the_run(
    early, later, tmp_path, monkeypatch
):
    run = explore(early, label="kind", test=later, split="stratified:80/20", out="run")
    split = run.exploration.split
    assert (split.kind, split.test_given) == ("stratified", True)
    assert split.test.tolist() == list(range(120, 180))
    assert [len(split.train), len(split.validation)] == [96, 24]
    assert run.results["test"]["rows"] == 60
    assert run.results["test"]["accuracy"] > 0.9
    assert run.results["split"]["test_given"]
    assert "test part given: 96 training" in (run.path / "report.html").read_text("utf-8")
    run_script(tmp_path / "run" / "reproduce.py", "again", monkeypatch)
    assert same_results(tmp_path, "run", "again")


def test_a_test_part_may_be_given_as_parts_arrays_or_a_data_set(early, later, tmp_path):
    explore(early, label="kind", test=later, out="run")
    explore(load_parts(early, label="kind", test=later), out="parts")
    explore(load_data(early, label="kind"), test=load_data(later, label="kind"), out="sets")
    assert same_results(tmp_path, "run", "parts", "sets")
    run = explore(*blobs(120), test=blobs(60, seed=1), out="arrays")
    assert run.results["test"]["rows"] == 60
    assert "PUT THE DATA HERE" in (tmp_path / "arrays" / "reproduce.py").read_text("utf-8")


def test_parts_take_no_second_test_part_and_no_options(early, later):
    parts = load_parts(early, label="kind", test=later)
    with pytest.raises(ParameterError, match="Leave 'test' out"):
        explore(parts, test=later)
    with pytest.raises(ParameterError, match="'grey' parameter is for data that is yet"):
        explore(parts, grey=True)


def test_the_split_of_a_run_goes_with_its_test_part_only(early, later, tmp_path):
    explore(early, label="kind", test=later, out="run")
    explore(early, label="kind", test=later, split="run/results.json", out="again")
    assert same_results(tmp_path, "run", "again")
    with pytest.raises(DataError, match="of 180 rows and the data has 120"):
        explore(early, label="kind", split="run/results.json")
    with pytest.raises(DataError, match="not those of the test part"):
        explore(*blobs(90), test=blobs(90, seed=1), split="run/results.json")


def test_a_model_of_resized_images_takes_images_as_it_was_trained(tmp_path, file):
    folder = coloured_folder(tmp_path)
    run = explore(folder, resize=(4, 4), out="run")
    assert run.results["data"]["image_shape"] == [4, 4, 3]
    model = load_model(run.path / "model.layerlab")
    assert model.image_options_["resize"] == [4, 4]
    rows = load_rows(folder / "red" / "3.png", **scoring.model_takes(model))
    assert rows.rows.shape == (1, 48)
    assert scoring.predict_rows(model, rows)[0].tolist() == ["red"]


def coloured_folder(tmp_path):
    from PIL import Image

    random = np.random.default_rng(0)
    for channel, name in enumerate(("red", "green", "blue")):
        (tmp_path / "colours" / name).mkdir(parents=True)
        for i in range(30):
            pixels = random.integers(0, 90, (6, 6, 3), np.uint8)
            pixels[1:5, 1:5, channel] += 150
            Image.fromarray(pixels).save(tmp_path / "colours" / name / f"{i}.png")
    return tmp_path / "colours"
