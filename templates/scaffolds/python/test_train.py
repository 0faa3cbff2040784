"""The trainer on a job folder of ten rows; `agon template test` tries the whole contract."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROWS = "age,work,income\n" + "39,clerk,low\n52,,high\n" * 5


def make_job(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "out").mkdir()
    (folder / "data" / "train.csv").write_text(ROWS, encoding="utf-8")
    columns = [
        {"name": "age", "input": "column_1", "kind": "number"},
        {"name": "work", "input": "column_2", "kind": "category"},
    ]
    job = {
        "task": "tabular-classification",
        "seed": 1,
        "deadline_unix": time.time() + 30,
        "data": {"path": "data/train.csv", "format": "csv", "rows": 10},
        "table": {"target": "income", "classes": ["low", "high"], "columns": columns},
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def test_a_job_becomes_a_submission(tmp_path: Path) -> None:
    make_job(tmp_path)
    program = Path(__file__).with_name("train.py")
    environment = os.environ | {"AGON_JOB": str(tmp_path)}
    ended = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[0])["step"] >= 1
    submission = json.loads((tmp_path / "out" / "submission.json").read_text(encoding="utf-8"))
    assert submission["format"] == "onnx"
    assert all((tmp_path / "out" / name).stat().st_size > 0 for name in submission["files"])
