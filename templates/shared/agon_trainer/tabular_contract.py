"""What every recipe for tables is tested for, as a miner runs it. A recipe's test says how well it must learn."""

import signal
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from agon_trainer.testing import ODD_NAMES, Submitted, make_job, make_rows, odd_rows, started, train


class TabularContract:
    """Inherit it as `Test…` next to the recipe."""

    template: ClassVar[Path]
    # Of labels that must be right, and of the target's variance that must be explained.
    accuracy_min: ClassVar[float]
    explained_min: ClassVar[float]

    def test_a_classifier_keeps_the_contract(self, tmp_path: Path) -> None:
        rows = make_rows(600, 1, kind="classification")
        job = make_job(
            tmp_path, rows, metric="f1_macro", seconds=8, classes=["yes", "no", "unheard of"], names=ODD_NAMES
        )
        ended = train(self.template, job)
        assert ended.code == 0, ended.errors
        assert any("free text" in line.get("message", "") for line in ended.progress)
        assert [line["step"] for line in ended.progress] == sorted(line["step"] for line in ended.progress)
        assert "loss" in ended.progress[-1]
        model = Submitted(job)
        fresh = make_rows(400, 2, kind="classification")
        answers = model.predict(fresh)
        assert answers["probabilities"].shape == (400, 3)
        assert answers["probabilities"].dtype == np.float32
        np.testing.assert_allclose(answers["probabilities"].sum(axis=1), 1, atol=1e-5)
        truth = [row["target"] for row in fresh]
        majority = np.mean([t == "no" for t in truth])
        right = np.mean(answers["label"] == np.array(truth))
        assert right > max(majority, self.accuracy_min)
        odd = model.predict(odd_rows())["probabilities"]
        assert np.isfinite(odd).all()
        assert model.predict(fresh[:1])["probabilities"].shape == (1, 3)

    def test_a_regressor_keeps_the_contract(self, tmp_path: Path) -> None:
        job = make_job(tmp_path, make_rows(600, 1, kind="regression"), metric="rmse", seconds=7, names=ODD_NAMES)
        ended = train(self.template, job)
        assert ended.code == 0, ended.errors
        model = Submitted(job)
        fresh = make_rows(400, 2, kind="regression")
        found = model.predict(fresh)["prediction"]
        assert found.shape == (400, 1)
        truth = np.array([row["target"] for row in fresh])
        assert 1 - np.mean((found[:, 0] - truth) ** 2) / np.var(truth) > self.explained_min
        assert np.isfinite(model.predict(odd_rows())["prediction"]).all()

    def test_sigterm_saves_the_best_so_far(self, tmp_path: Path) -> None:
        rows = make_rows(20_000, 1, kind="regression")
        job = make_job(tmp_path, rows, metric="mae", seconds=300)
        with started(self.template, job) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if "to train" in line:
                    break
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)  # far less than the deadline
            assert process.returncode == 0
        assert np.isfinite(Submitted(job).predict(odd_rows())["prediction"]).all()

    @pytest.mark.parametrize(
        ("columns", "reason"), [(["note"], "does not use text"), (["note", "x"], "Fewer than two rows have a target")]
    )
    def test_useless_data_ends_with_64_and_a_sentence(self, tmp_path: Path, columns: list[str], reason: str) -> None:
        rows = [{key: row[key] for key in columns} | {"target": ""} for row in make_rows(50, 1, kind="regression")]
        ended = train(self.template, make_job(tmp_path, rows, metric="rmse", seconds=10))
        assert ended.code == 64
        assert reason in ended.errors
        assert "Traceback" not in ended.errors

    def test_columns_that_tell_nothing_still_give_a_model(self, tmp_path: Path) -> None:
        keys = ["never", "empty", "target"]
        rows = [{key: row[key] for key in keys} for row in make_rows(60, 1, kind="classification")]
        job = make_job(tmp_path, rows, metric="log_loss", seconds=10, classes=["no", "yes"])
        ended = train(self.template, job)
        assert ended.code == 0, ended.errors
        assert Submitted(job).predict(rows[:2])["probabilities"].shape == (2, 2)

    def test_a_seed_gives_the_same_model_again(self, tmp_path: Path) -> None:
        rows = [{key: row[key] for key in ("colour", "target")} for row in make_rows(60, 3, kind="classification")]
        models = []
        for name in ("first", "second"):
            job = make_job(tmp_path / name, rows, metric="log_loss", seconds=60, classes=["no", "yes"])
            assert train(self.template, job).code == 0
            models.append((job / "out" / "model.onnx").read_bytes())
        assert models[0] == models[1]
