"""The job folder's `job.json` as typed values. Fields are those of the trainer contract, version 1."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agon_trainer.errors import DataError

Kind = Literal["number", "category", "text"]
Task = Literal["classification", "regression"]

TASKS: dict[str, Task] = {
    "tabular-classification": "classification",
    "tabular-regression": "regression",
}
DEFAULT_METRIC: dict[Task, str] = {"classification": "log_loss", "regression": "rmse"}
OUTPUTS: dict[Task, tuple[str, ...]] = {
    "classification": ("probabilities", "label"),
    "regression": ("prediction",),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A feature: `name` is its header in the file, `input` the name of its ONNX input."""

    name: str
    input: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every job has: what to judge by, and how much there is to train with."""

    folder: Path
    metric: str
    seed: int
    threads: int
    memory_bytes: int
    submission_bytes: int
    data: Path
    rows: int

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @staticmethod
    def fields(folder: Path, raw: dict[str, Any]) -> dict[str, Any]:
        """The fields of this class, from `job.json`."""
        limits = raw["limits"]
        return {
            "folder": folder,
            "metric": raw["objective"]["metric"],
            "seed": int(raw["seed"]),
            "threads": max(1, int(limits["cpus"])),
            "memory_bytes": int(limits["memory_mib"]) << 20,
            "submission_bytes": int(limits["submission_bytes"]),
            "data": folder / raw["data"]["path"],
            "rows": int(raw["data"]["rows"]),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Means):
    """A table to learn from."""

    task: Task
    target: str
    classes: tuple[str, ...]
    columns: tuple[Column, ...]


def read_raw(folder: Path) -> dict[str, Any]:
    """`job.json` as it is. Raises DataError for another version of the contract."""
    raw: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    if raw.get("contract") != 1:
        raise DataError(f"This template speaks contract 1; the job speaks {raw.get('contract')!r}.")
    return raw


def read_job(folder: Path) -> Job:
    """Read `job.json`. Raises DataError for a task, format or column layout that templates cannot use."""
    raw = read_raw(folder)
    if raw["task"] not in TASKS:
        raise DataError(f"This template does tables only; the job's task is {raw['task']!r}.")
    if raw["data"]["format"] != "csv" or not raw.get("table"):
        raise DataError("This template reads a CSV with a described table; the job has none.")
    task = TASKS[raw["task"]]
    table = raw["table"]
    columns = tuple(Column(c["name"], c["input"], c["kind"]) for c in table["columns"])
    clash = {c.input for c in columns} & set(OUTPUTS[task])
    if clash:
        raise DataError(f"A column's input may not be called {sorted(clash)[0]!r}: the model's output has that name.")
    return Job(
        **Means.fields(folder, raw),
        task=task,
        target=table["target"],
        classes=tuple(table["classes"] or ()),
        columns=columns,
    )
