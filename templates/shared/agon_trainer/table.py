"""The training table, compact in memory: numbers as float32 with NaN, strings as codes into their levels."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from agon_trainer.errors import DataError
from agon_trainer.job import Column, Job

Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]

CHUNK_CELLS = 2_000_000
TABLE_MEMORY_SHARE = 0.2
MAGNITUDE_MAX = 1e37  # below what float32 holds: differences and means of two stay finite


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """float32, NaN where missing."""

    input: str
    values: Float32


@dataclass(frozen=True, slots=True)
class StringColumn:
    """`levels[codes]` are the strings; the empty string is a missing value."""

    input: str
    codes: Codes
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Feature columns of equal length."""

    numbers: tuple[NumberColumn, ...]
    strings: tuple[StringColumn, ...]
    rows: int

    @property
    def width(self) -> int:
        return len(self.numbers) + len(self.strings)

    def take(self, rows: Rows) -> "Table":
        return Table(
            tuple(NumberColumn(c.input, c.values[rows]) for c in self.numbers),
            tuple(StringColumn(c.input, c.codes[rows], c.levels) for c in self.strings),
            len(rows),
        )

    def feed(self) -> dict[str, npt.NDArray[Any]]:
        """The columns as ONNX inputs, shape [N, 1]."""
        feed: dict[str, npt.NDArray[Any]] = {c.input: c.values[:, None] for c in self.numbers}
        for column in self.strings:
            feed[column.input] = np.array(column.levels, dtype=object)[column.codes][:, None]
        return feed


@dataclass(slots=True)
class _Levels:
    """Gives each distinct string a code, across chunks."""

    index: dict[str, int] = field(default_factory=dict)
    parts: list[Codes] = field(default_factory=list)

    def add(self, values: pd.Series, keep: npt.NDArray[np.bool_]) -> None:
        codes = values.cat.codes.to_numpy(dtype=np.int64)[keep]
        names = [*values.cat.categories.tolist(), ""]  # code -1, missing, reads the last one
        present = np.unique(codes)
        mapping = np.zeros(len(names), dtype=np.int32)
        for code in present:
            mapping[code] = self.index.setdefault(str(names[code]), len(self.index))
        self.parts.append(mapping[codes])


def read_table(job: Job) -> tuple[Table, npt.NDArray[Any], list[str]]:
    """Read the features and the target of rows that have one.

    Returns the table, the target (int64 class codes, or float64) and notices about what was left out.
    Raises DataError where nothing can be learned.
    """
    used = [c for c in job.columns if c.kind != "text"]
    notices = [f"column {c.name!r} is free text: not used" for c in job.columns if c.kind == "text"]
    if not used:
        raise DataError("The table has no number or category column, and this template does not use text.")
    rows_max = int(TABLE_MEMORY_SHARE * job.memory_bytes / (4 * (len(used) + 2)))
    share = min(1.0, rows_max / max(1, job.rows))
    if share < 1:
        notices.append(f"memory allows {share:.0%} of the rows: a random part is used")
    try:
        table, target, dropped = _read(job, used, share, exact=True)
    except ValueError:
        notices.append("a number column holds text: such cells are read as missing")
        table, target, dropped = _read(job, used, share, exact=False)
    if dropped:
        notices.append(f"{dropped} rows without a usable target were left out")
    if table.rows < 2:
        raise DataError("Fewer than two rows have a target: there is nothing to learn from.")
    return table, target, notices


def _read(job: Job, used: list[Column], share: float, *, exact: bool) -> tuple[Table, npt.NDArray[Any], int]:
    numbers: dict[str, list[Float32]] = {c.name: [] for c in used if c.kind == "number"}
    strings: dict[str, _Levels] = {c.name: _Levels() for c in used if c.kind != "number"}
    targets: list[npt.NDArray[Any]] = []
    chance = np.random.default_rng(job.seed)
    dropped = 0
    for chunk in _chunks(job, used, exact=exact):
        y = _target(job, chunk[job.target])
        usable = y >= 0 if job.classes else np.isfinite(y)
        dropped += int((~usable).sum())
        keep = usable & (chance.random(len(y)) < share) if share < 1 else usable
        targets.append(y[keep])
        for name, parts in numbers.items():
            parts.append(_float32(chunk[name])[keep])
        for name, levels in strings.items():
            levels.add(chunk[name], keep)
    if not targets:
        raise DataError("The training file has no rows.")
    target = np.concatenate(targets)
    return _assemble(used, numbers, strings, len(target)), target, dropped


def _assemble(used: list[Column], numbers: dict[str, list[Float32]], strings: dict[str, _Levels], rows: int) -> Table:
    number_columns = tuple(
        NumberColumn(c.input, np.concatenate(numbers.pop(c.name))) for c in used if c.kind == "number"
    )
    string_columns = []
    for column in used:
        if column.kind != "number":
            levels = strings.pop(column.name)
            string_columns.append(StringColumn(column.input, np.concatenate(levels.parts), tuple(levels.index)))
    return Table(number_columns, tuple(string_columns), rows)


def _chunks(job: Job, used: list[Column], *, exact: bool) -> Iterator[pd.DataFrame]:
    """Read by position, so that no column name can be odd enough to matter."""
    with job.data.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    names = [c.name for c in used] + [job.target]
    missing = [name for name in names if name not in header]
    if missing:
        raise DataError(f"The training file has no column {missing[0]!r}.")
    position = {name: header.index(name) for name in names}
    dtype: dict[Any, Any] = {
        position[c.name]: "category" if c.kind != "number" else (np.float64 if exact else str) for c in used
    }
    dtype[position[job.target]] = "category" if job.classes else (np.float64 if exact else str)
    reader = pd.read_csv(
        job.data,
        header=0,
        names=list(range(len(header))),
        usecols=sorted(position.values()),
        dtype=dtype,
        keep_default_na=False,
        na_values=[""],
        skip_blank_lines=False,
        chunksize=max(1000, CHUNK_CELLS // len(names)),
        encoding="utf-8",
    )
    back = {place: name for name, place in position.items()}
    with reader:
        for chunk in reader:
            yield chunk.rename(columns=back)


def _target(job: Job, values: pd.Series) -> npt.NDArray[Any]:
    if not job.classes:
        return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    index = {name: code for code, name in enumerate(job.classes)}
    mapping = np.array([*(index.get(str(name), -1) for name in values.cat.categories), -1], dtype=np.int64)
    return mapping[values.cat.codes.to_numpy(dtype=np.int64)]


def _float32(values: pd.Series) -> Float32:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    return np.clip(numbers, -MAGNITUDE_MAX, MAGNITUDE_MAX).astype(np.float32)
