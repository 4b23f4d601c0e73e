"""Prediction: everyone gives the same probabilities, through whatever form of the model."""

import numpy as np
import pytest

from benchmarks import predict


@pytest.mark.parametrize("hidden", [[5], [4, 3]])
def test_everyone_predicts_alike(hidden):
    asked = {"hidden": hidden, "m": 3, "threads": 1}
    ours = predict.ours_predictor(**asked)()
    assert ours.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(predict.ours_predict_proba(**asked)(), ours, atol=1e-6)
    np.testing.assert_allclose(predict.sklearn_prediction(**asked)(), ours, atol=1e-5)


def test_onnx_runtime_predicts_alike():
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    asked = {"hidden": [5], "m": 3, "threads": 1}
    ours = predict.ours_predictor(**asked)()
    np.testing.assert_allclose(predict.onnx_prediction(**asked)(), ours, atol=1e-5)


def test_the_stored_file_is_complete(inside, only, stored):
    only(predict, "layerlab predictor()")
    settings = predict.Settings((predict.Problem((3,), 1), predict.Problem((3,), 2)), 1, 0.0)
    summary = stored(predict.run(settings))["summary"]
    assert [line["problem"] for line in summary][::2] == ["64-3-10, 1 row", "64-3-10, 2 rows"]
    assert all(line["ours"] and line["ratio"] == 1 for line in summary)
