"""Job folders for the tests of language templates."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[dict[str, Any]]


def make_language_job(
    folder: Path,
    rows: Rows,
    *,
    task: str,
    metric: str,
    base: Path | None,
    seconds: float,
    classes: list[str] | None = None,
    limits: dict[str, int] | None = None,
    cpus: int = 1,
) -> Path:
    """Write a job folder. The deadline is `seconds` from now."""
    (folder / "data").mkdir(parents=True)
    (folder / "out").mkdir()
    if base:
        (folder / "base_model").symlink_to(base.resolve())
    (folder / "data" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    column = {"name": "text", "input": "text", "kind": "text"}
    job = {
        "contract": 1,
        "run": "run_test",
        "job": "job_test",
        "task": task,
        "objective": {"metric": metric, "direction": "minimize", "goal": None},
        "seed": 1234,
        "deadline_unix": time.time() + seconds,
        "limits": {"cpus": cpus, "memory_mib": 3072, "submission_bytes": 50_000_000} | (limits or {}),
        "data": {"path": "data/train.jsonl", "format": "jsonl", "rows": len(rows)},
        "text": {"max_tokens": 256, "lora_rank_max": 64},
        "table": {"target": "label", "classes": classes, "columns": [column]} if classes else None,
        "base_model": {"path": "base_model", "name": "agon/test", "revision": "main"} if base else None,
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return folder
