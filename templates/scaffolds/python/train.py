"""Keeps the trainer contract and answers what is usual in the training rows. Make it learn from the columns."""

import csv
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

folder = Path(os.environ["AGON_JOB"])
job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
target, classes, first = job["table"]["target"], job["table"]["classes"], job["table"]["columns"][0]
told: list[int] = []
signal.signal(signal.SIGTERM, lambda number, _: told.append(number))  # save now: the loop below looks at it

usual, step = np.ones(len(classes)) if classes else np.zeros(1), 0
with (folder / job["data"]["path"]).open(encoding="utf-8", newline="") as file:
    for step, row in enumerate(csv.DictReader(file), 1):
        usual += [row[target] == name for name in classes] if classes else (float(row[target]) - usual) / step
        if step % 100 == 1:
            print(json.dumps({"step": step}), flush=True)
        if told or time.time() > job["deadline_unix"] - 2:
            break
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on it saves without being told
answer = (usual / usual.sum() if classes else usual).astype(np.float32)[None, :]

nodes = [
    helper.make_node("Shape", [first["input"]], ["rows"], start=0, end=1),
    helper.make_node("Concat", ["rows", "width"], ["shape"], axis=0),
    helper.make_node("Expand", ["answer", "shape"], [output := "probabilities" if classes else "prediction"]),
]
kind = TensorProto.FLOAT if first["kind"] == "number" else TensorProto.STRING
feed = helper.make_tensor_value_info(first["input"], kind, ["N", 1])
result = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", answer.shape[1]])
stored = [numpy_helper.from_array(answer, "answer"), numpy_helper.from_array(np.array([answer.shape[1]]), "width")]
graph = helper.make_graph(nodes, "usual", [feed], [result], stored)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
save(model, folder / "out" / "model.onnx")
(folder / "out" / "submission.json").write_text('{"format": "onnx", "files": ["model.onnx"]}', encoding="utf-8")
