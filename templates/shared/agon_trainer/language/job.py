"""The job folder of a language task as typed values."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agon_trainer.errors import DataError
from agon_trainer.job import Means, read_raw

LanguageTask = Literal["chat", "preference", "text-classification"]
TASKS: tuple[LanguageTask, ...] = ("chat", "preference", "text-classification")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A read-only folder in Hugging Face layout and what it is called."""

    folder: Path
    name: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageJob(Means):
    """`classes` is empty but for text classification."""

    task: LanguageTask
    base: BaseModel | None
    tokens_max: int
    rank_max: int
    classes: tuple[str, ...]

    @property
    def named_base(self) -> BaseModel:
        """The base model. Raises DataError where there is none."""
        if self.base is None:
            raise DataError("This template tunes a base model; the job has none.")
        return self.base


def read_language_job(folder: Path) -> LanguageJob:
    """Read `job.json`. Raises DataError for another task or format."""
    raw = read_raw(folder)
    if raw["task"] not in TASKS:
        raise DataError(f"This template does language tasks only; the job's task is {raw['task']!r}.")
    if raw["data"]["format"] != "jsonl":
        raise DataError(f"This template reads JSON lines; the data's format is {raw['data']['format']!r}.")
    base, limits, table = raw.get("base_model"), raw.get("text") or {}, raw.get("table") or {}
    classes = tuple(table.get("classes") or ())
    if raw["task"] == "text-classification" and len(classes) < 2:
        raise DataError("A text classification needs at least two classes.")
    return LanguageJob(
        **Means.fields(folder, raw),
        task=raw["task"],
        base=BaseModel(folder / base["path"], base["name"], base.get("revision") or "main") if base else None,
        tokens_max=int(limits.get("max_tokens", 512)),
        rank_max=int(limits.get("lora_rank_max", 64)),
        classes=classes,
    )


def read_rows(job: LanguageJob) -> Iterator[Row]:
    """The rows of the training file. Raises DataError with the number of a line that is not an object."""
    with job.data.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise DataError(f"Line {number} of the training file is not a JSON object.")
            yield row


def read_labelled(job: LanguageJob) -> tuple[list[str], list[int], list[str]]:
    """Texts, the codes of their classes, and notices. Raises DataError where nothing can be learned."""
    codes = {name: code for code, name in enumerate(job.classes)}
    texts, labels, dropped = [], [], 0
    for row in read_rows(job):
        code = codes.get(str(row.get("label")))
        if code is None or not isinstance(row.get("text"), str):
            dropped += 1
            continue
        texts.append(row["text"])
        labels.append(code)
    if len(texts) < 2:
        raise DataError("Fewer than two rows have a text and a known label: there is nothing to learn from.")
    return texts, labels, [f"{dropped} rows without a text or a known label were left out"] if dropped else []
