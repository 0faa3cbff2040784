"""What reading a table promises."""

import json
from pathlib import Path

import numpy as np
import pytest

from agon_trainer import table as table_module
from agon_trainer.errors import DataError
from agon_trainer.job import Job, read_job
from agon_trainer.table import read_table


def _job(folder: Path, text: str, columns: dict[str, str], classes: list[str] | None) -> Job:
    (folder / "data").mkdir()
    (folder / "data" / "train.csv").write_bytes(text.encode())
    raw = {
        "contract": 1,
        "task": "tabular-classification" if classes else "tabular-regression",
        "objective": {"metric": "rmse", "direction": "minimize", "goal": None},
        "seed": 1,
        "deadline_unix": 0,
        "limits": {"cpus": 1, "memory_mib": 512, "submission_bytes": 1000},
        "data": {"path": "data/train.csv", "format": "csv", "rows": text.count("\n")},
        "table": {
            "target": "y",
            "classes": classes,
            "columns": [{"name": n, "input": n, "kind": k} for n, k in columns.items()],
        },
    }
    (folder / "job.json").write_text(json.dumps(raw))
    return read_job(folder)


def test_values_are_read_as_the_contract_says(tmp_path: Path) -> None:
    text = 'a,b,y\n1e3,NA,x\n,"say ""hi"", you\nthere",z\n-2.5,,x\n'
    table, y, notices = read_table(_job(tmp_path, text, {"a": "number", "b": "category"}, ["z", "x"]))
    np.testing.assert_array_equal(table.numbers[0].values, np.array([1000, np.nan, -2.5], dtype=np.float32))
    strings = [table.strings[0].levels[code] for code in table.strings[0].codes]
    assert strings == ["NA", 'say "hi", you\nthere', ""]
    assert y.tolist() == [1, 0, 1]
    assert notices == []


def test_levels_keep_their_codes_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "CHUNK_CELLS", 1)
    names = [f"level {i * 7 % 13}" for i in range(2500)]
    text = "b,y\n" + "".join(f"{name},{i}\n" for i, name in enumerate(names))
    table, y, _ = read_table(_job(tmp_path, text, {"b": "category"}, None))
    assert [table.strings[0].levels[code] for code in table.strings[0].codes] == names
    assert y.tolist() == list(range(2500))


def test_rows_without_a_target_are_left_out_and_told(tmp_path: Path) -> None:
    table, y, notices = read_table(_job(tmp_path, "a,y\n1,\n2,5\n3,6\n", {"a": "number"}, None))
    assert y.tolist() == [5, 6]
    assert table.rows == 2
    assert notices == ["1 rows without a usable target were left out"]


def test_text_in_a_number_column_is_missing_and_told(tmp_path: Path) -> None:
    table, _, notices = read_table(_job(tmp_path, "a,y\nn/a,1\n2,5\n", {"a": "number"}, None))
    assert np.isnan(table.numbers[0].values[0])
    assert "read as missing" in notices[0]


def test_a_column_named_like_an_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="prediction"):
        _job(tmp_path, "prediction,y\n1,2\n", {"prediction": "number"}, None)
