"""Trees in ONNX answer as LightGBM does, on the edges too."""

import importlib.util
import sys
from pathlib import Path

import lightgbm
import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto

from agon_trainer.graph import Graph

sys.path.insert(0, str(Path(__file__).parent))
trees = importlib.import_module("trees")
openmp = importlib.import_module("openmp")


def test_rounding_down_keeps_every_comparison() -> None:
    chance = np.random.default_rng(1)
    x = chance.normal(size=2000).astype(np.float32)
    thresholds = np.concatenate([x.astype(np.float64), x.astype(np.float64) + chance.normal(size=2000) * 1e-9])
    rounded = trees.round_down(thresholds)
    for t, r in zip(thresholds[::20], rounded[::20], strict=True):
        np.testing.assert_array_equal(x.astype(np.float64) <= t, x <= r)


@pytest.mark.parametrize("classes", [1, 3])
def test_exported_trees_agree_with_lightgbm(classes: int) -> None:
    chance = np.random.default_rng(2)
    x = chance.normal(size=(800, 4)).astype(np.float32)
    x[chance.random(x.shape) < 0.2] = np.nan
    x[:, 3] = np.where(np.isnan(x[:, 3]), 5, x[:, 3])  # never missing in training
    score = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1], nan=2.0)
    y = score if classes == 1 else np.digitize(score, [0, 1.5])
    parameters = {"objective": "l2" if classes == 1 else "multiclass", "verbosity": -1, "num_threads": 1}
    if classes > 1:
        parameters["num_class"] = classes
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, label=y), num_boost_round=30)
    fill = np.array([np.nan, np.nan, np.nan, 5], dtype=np.float32)
    graph = Graph()
    features = graph.concat([graph.number_input(name) for name in "abcd"])
    raw = trees.parse_trees(booster.model_to_string(), fill).to_onnx(graph, features, classes)
    graph.named("Identity", "raw", raw)
    model = graph.build({"raw": (TensorProto.FLOAT, ["N", classes])})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    probe = np.concatenate([x, np.full((1, 4), np.nan, dtype=np.float32)])
    found = session.run(None, {name: probe[:, [i]] for i, name in enumerate("abcd")})[0]
    filled = np.where(np.isnan(probe) & ~np.isnan(fill), fill, probe)
    expected = np.asarray(booster.predict(filled, raw_score=True)).reshape(len(probe), -1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_scikit_learn_carries_an_openmp_runtime() -> None:
    if sys.platform != "linux":
        pytest.skip("other systems have their own way")
    copy = openmp.bundled_copy()
    assert copy is not None
    assert copy.is_file()
