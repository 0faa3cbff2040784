"""Answers what is usual in the training rows. Put a program of any language in its place; see template.json."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
target, classes, first = job["table"]["target"], job["table"]["classes"], job["table"]["columns"][0]
with (folder / job["data"]["path"]).open(encoding="utf-8", newline="") as file:
    values = [row[target] for row in csv.DictReader(file)]
usual = [values.count(name) / len(values) for name in classes] if classes else [np.mean([float(v) for v in values])]
answer = np.array([usual], np.float32)

output, kind = ("probabilities" if classes else "prediction"), first["kind"]
feed = helper.make_tensor_value_info(
    first["input"], TensorProto.FLOAT if kind == "number" else TensorProto.STRING, ["N", 1]
)
result = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", answer.shape[1]])
nodes = [
    helper.make_node("Shape", [first["input"]], ["rows"], start=0, end=1),
    helper.make_node("Concat", ["rows", "width"], ["shape"], axis=0),
    helper.make_node("Expand", ["answer", "shape"], [output]),
]
stored = [numpy_helper.from_array(answer, "answer"), numpy_helper.from_array(np.array([answer.shape[1]]), "width")]
graph = helper.make_graph(nodes, "usual", [feed], [result], stored)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
save(model, folder / "out" / "model.onnx")
