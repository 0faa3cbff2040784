"""What the templates' tests share: job folders of generated data, a trainer run as a miner would, contract checks."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

SHARED = Path(__file__).resolve().parents[1]
ODD_NAMES = {"x": 'we"ird, näme\n ☃', "z": " ", "colour": "label?"}
Rows = list[dict[str, Any]]


def make_rows(count: int, seed: int, *, kind: str) -> Rows:
    """Rows with numbers, a category, missing values, a constant and free text, and a target of some of them."""
    chance = np.random.default_rng(seed)
    rows: Rows = []
    for i in range(count):
        x, z, colour = chance.normal(), chance.normal(), str(chance.choice(["red", "blue", "green", ""]))
        score = x + x * z + 2 * (colour == "red") + 0.3 * chance.normal()
        row: dict[str, Any] = {
            "x": "" if chance.random() < 0.1 else round(x, 4),
            "z": round(z, 4),
            "colour": colour,
            "never": 7,
            "empty": "",
            "note": f"a text that no other row has, number {i}",
        }
        row["target"] = round(100 + 10 * score, 3) if kind == "regression" else ("yes" if score > 2 else "no")
        rows.append(row)
    return rows


def make_job(
    folder: Path,
    rows: Rows,
    *,
    metric: str,
    seconds: float,
    classes: list[str] | None = None,
    names: dict[str, str] | None = None,
) -> Path:
    """Write a job folder; `names` renames columns. The deadline is `seconds` from now."""
    (folder / "data").mkdir(parents=True)
    (folder / "out").mkdir()
    names = names or {}
    kinds = {"x": "number", "z": "number", "never": "number", "empty": "category", "note": "text"}
    columns = [key for key in rows[0] if key != "target"]
    with (folder / "data" / "train.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([names.get(key, key) for key in rows[0]])
        writer.writerows(list(row.values()) for row in rows)
    job = {
        "contract": 1,
        "run": "run_test",
        "job": "job_test",
        "task": "tabular-classification" if classes else "tabular-regression",
        "objective": {"metric": metric, "direction": "minimize", "goal": None},
        "seed": 1234,
        "deadline_unix": time.time() + seconds,
        "limits": {"cpus": 1, "memory_mib": 1024, "submission_bytes": 50_000_000},
        "data": {"path": "data/train.csv", "format": "csv", "rows": len(rows)},
        "table": {
            "target": "target",
            "classes": classes,
            "columns": [
                {
                    "name": names.get(key, key),
                    "input": f"column_{i}" if key in names else key,
                    "kind": kinds.get(key, "category"),
                }
                for i, key in enumerate(columns)
            ],
        },
        "base_model": None,
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return folder


@contextmanager
def started(template: Path, job: Path) -> Iterator[subprocess.Popen[str]]:
    """The trainer as a process with the environment that the contract promises and nothing else."""
    manifest = json.loads((template / "template.json").read_text(encoding="utf-8"))
    command = [sys.executable if part == "{python}" else part for part in manifest["command"]]
    home = job / "home"
    home.mkdir(exist_ok=True)
    environment = {
        "AGON_JOB": str(job),
        "PYTHONPATH": str(SHARED),
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
    }
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=template, env=environment, stdout=pipe, stderr=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    progress: list[dict[str, Any]]
    errors: str


def train(template: Path, job: Path) -> Ended:
    """Run the trainer to its end."""
    with started(template, job) as process:
        out, errors = process.communicate(timeout=60)
        return Ended(process.returncode, [json.loads(line) for line in out.splitlines()], errors)


class Submitted:
    """The submission of a job folder, checked against the contract as it is loaded."""

    def __init__(self, job: Path) -> None:
        self.job = json.loads((job / "job.json").read_text(encoding="utf-8"))
        submission = json.loads((job / "out" / "submission.json").read_text(encoding="utf-8"))
        assert submission == {"format": "onnx", "files": ["model.onnx"]}
        assert sorted(p.name for p in (job / "out").iterdir()) == ["model.onnx", "submission.json"]
        path = job / "out" / "model.onnx"
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        assert model.ir_version <= 10
        versions = {entry.domain: entry.version for entry in model.opset_import}
        assert versions[""] <= 22
        assert set(versions) <= {"", "ai.onnx.ml"}
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self._check_inputs()

    def _check_inputs(self) -> None:
        kinds = {column["input"]: column["kind"] for column in self.job["table"]["columns"]}
        for entry in self.session.get_inputs():
            assert entry.type == ("tensor(float)" if kinds[entry.name] == "number" else "tensor(string)")
            assert entry.shape[1] == 1
            assert isinstance(entry.shape[0], str)

    def predict(self, rows: Rows) -> dict[str, npt.NDArray[Any]]:
        """Outputs by name. Rows have the keys of `make_rows`, in that order."""
        wanted = {entry.name for entry in self.session.get_inputs()}
        feed = {}
        for key, column in zip(rows[0], self.job["table"]["columns"], strict=False):
            cells = [row[key] for row in rows]
            if column["input"] not in wanted:
                continue
            if column["kind"] == "number":
                values = np.array([float("nan") if cell == "" else float(cell) for cell in cells], dtype=np.float32)
            else:
                values = np.array([str(cell) for cell in cells], dtype=object)
            feed[column["input"]] = values[:, None]
        names = [entry.name for entry in self.session.get_outputs()]
        return dict(zip(names, self.session.run(None, feed), strict=True))


def odd_rows() -> Rows:
    """Everything missing; a category never seen; numbers far outside of the training range."""
    row = {"x": "", "z": "", "colour": "", "never": "", "empty": "", "note": ""}
    return [row, row | {"colour": "ultraviolet", "empty": "full"}, row | {"x": -1e30, "z": 1e30, "never": 3e38}]
