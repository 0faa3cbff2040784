"""A model that does not do what was trained is not handed in."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from agon_trainer.errors import ExportError
from agon_trainer.graph import Graph
from agon_trainer.job import Means
from agon_trainer.model import Constant, make_model, tune_label_weights
from agon_trainer.submission import probe_rows, submit
from agon_trainer.table import Float32, NumberColumn, StringColumn, Table
from agon_trainer.target import Target

TABLE = Table(
    (NumberColumn("a", np.arange(6, dtype=np.float32)),),
    (StringColumn("b", np.array([0, 1, 0, 1, 0, 1], dtype=np.int32), ("u", "v")),),
    6,
)
TARGET = Target(np.array([0, 0, 0, 0, 1, 1]), ("no", "yes"), "log_loss")


def _job(folder: Path, submission_bytes: int = 10_000) -> Means:
    return Means(
        folder=folder,
        metric="log_loss",
        seed=1,
        threads=1,
        memory_bytes=1 << 30,
        submission_bytes=submission_bytes,
        data=folder,
        rows=6,
    )


@dataclass(frozen=True)
class Liar:
    """Exports something other than what it predicts."""

    honest: Constant

    def predict(self, table: Table) -> Float32:
        return self.honest.predict(table)

    def to_onnx(self, graph: Graph) -> str:
        return replace(self.honest, row=self.honest.row[::-1].copy()).to_onnx(graph)


def test_a_constant_is_a_full_submission(tmp_path: Path) -> None:
    model = make_model((Constant.fit(TABLE, TARGET),), (1.0,), TARGET, None)
    submit(_job(tmp_path), model, TABLE)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["model.onnx", "submission.json"]


def test_an_export_that_differs_is_refused(tmp_path: Path) -> None:
    model = make_model((Liar(Constant.fit(TABLE, TARGET)),), (1.0,), TARGET, None)
    with pytest.raises(ExportError, match="off by up to"):
        submit(_job(tmp_path), model, TABLE)
    assert not (tmp_path / "out").exists()


def test_a_model_over_the_limit_is_refused(tmp_path: Path) -> None:
    model = make_model((Constant.fit(TABLE, TARGET),), (1.0,), TARGET, None)
    with pytest.raises(ExportError, match="allows 10"):
        submit(_job(tmp_path, submission_bytes=10), model, TABLE)


def test_probe_rows_hold_missing_and_unseen_values() -> None:
    probe = probe_rows(TABLE, seed=1)
    assert np.isnan(probe.numbers[0].values).any()
    strings = [probe.strings[0].levels[code] for code in probe.strings[0].codes]
    assert "" in strings
    assert any(level not in ("u", "v", "") for level in strings)


def test_label_weights_help_a_rare_class() -> None:
    y = np.array([0] * 90 + [1] * 10)
    rare = np.where(y == 1, 0.4, 0.1).astype(np.float32)
    weights = tune_label_weights(y, np.stack([1 - rare, rare], axis=1))
    assert (np.stack([1 - rare, rare], axis=1) * weights).argmax(axis=1).tolist() == y.tolist()
