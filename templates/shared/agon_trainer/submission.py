"""Writes `out/model.onnx` and `out/submission.json`, after making sure that the one does what was trained."""

import json
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from agon_trainer.errors import ExportError
from agon_trainer.job import Means
from agon_trainer.model import Model
from agon_trainer.table import NumberColumn, StringColumn, Table

TOLERANCE = 1e-4
SAMPLE_ROWS = 100
UNSEEN = "agon: a value no training row has"


def submit(job: Means, model: Model, table: Table) -> int:
    """Export, check, write. Returns the model's bytes. Raises ExportError; writes nothing then."""
    exported = model.to_onnx()
    content = exported.SerializeToString()
    if len(content) > job.submission_bytes:
        raise ExportError(f"The model has {len(content)} bytes; the job allows {job.submission_bytes}.")
    check_parity(content, model, probe_rows(table, job.seed), job.threads)
    job.out.mkdir(parents=True, exist_ok=True)
    write(job.out / "model.onnx", content)
    write(job.out / "submission.json", json.dumps({"format": "onnx", "files": ["model.onnx"]}).encode())
    return len(content)


def write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def probe_rows(table: Table, seed: int) -> Table:
    """Some training rows; then the same with single cells missing or unseen, and a row with nothing at all."""
    chance = np.random.default_rng(seed)
    rows = np.sort(chance.choice(table.rows, min(SAMPLE_ROWS, table.rows), replace=False))
    plain = table.take(np.concatenate([rows, rows, rows[:1]]))
    odd = slice(len(rows), 2 * len(rows))
    numbers = []
    for number in plain.numbers:
        values = number.values.copy()
        values[odd] = np.where(chance.random(len(rows)) < 0.3, np.nan, values[odd])
        values[-1] = np.nan
        numbers.append(NumberColumn(number.input, values))
    strings = []
    for string in plain.strings:
        levels = (*string.levels, UNSEEN, "") if "" not in string.levels else (*string.levels, UNSEEN)
        codes = string.codes.copy()
        unseen, missing = levels.index(UNSEEN), levels.index("")
        draw = chance.random(len(rows))
        codes[odd] = np.where(draw < 0.2, unseen, np.where(draw < 0.4, missing, codes[odd]))
        codes[-1] = missing
        strings.append(StringColumn(string.input, codes, levels))
    return Table(tuple(numbers), tuple(strings), plain.rows)


def check_parity(content: bytes, model: Model, probe: Table, threads: int) -> None:
    """Compare the exported model's answers with the trained one's. Raises ExportError where they differ."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    feed = probe.feed()
    answers = session.run(None, {i.name: feed[i.name] for i in session.get_inputs()})
    expected = model.predict(probe)
    if not model.classes:
        low, high = model.bounds
        _compare("prediction", answers[0], expected, TOLERANCE * max(high - low, 1e-3 * abs(high), 1e-30))
        return
    _compare("probabilities", answers[0], expected, TOLERANCE)
    weighted = np.sort(expected * model.label_weights, axis=1)
    clear = np.ones(len(weighted), dtype=bool) if weighted.shape[1] < 2 else weighted[:, -1] - weighted[:, -2] > 1e-3
    wrong = int((answers[1][clear] != model.labels(expected)[clear]).sum())
    if wrong:
        raise ExportError(f"The exported model labels {wrong} of {len(clear)} rows differently. Nothing is submitted.")


def _compare(output: str, found: npt.NDArray[np.float32], expected: npt.NDArray[np.float32], tolerance: float) -> None:
    if found.shape != expected.shape:
        raise ExportError(f"Output {output!r} has shape {found.shape}, not {expected.shape}. Nothing is submitted.")
    difference = np.abs(found.astype(np.float64) - expected)
    worst = float(difference.max(initial=0.0)) if np.isfinite(found).all() else float("inf")
    if not worst <= tolerance:
        raise ExportError(
            f"Output {output!r} of the exported model is off by up to {worst:.3g} (allowed {tolerance:.3g}) "
            f"in {int((~(difference.max(axis=1) <= tolerance)).sum())} of {len(found)} rows. Nothing is submitted."
        )
