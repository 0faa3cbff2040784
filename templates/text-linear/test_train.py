"""The template as a miner runs it; needs neither PyTorch nor a base model."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from agon_trainer.language.testing import make_language_job
from agon_trainer.testing import train

TEMPLATE = Path(__file__).resolve().parent
DATASET = TEMPLATE.parents[1] / "datasets" / "definitions" / "definitions.jsonl"
CLASSES = ["state", "person", "act", "artifact", "cognition", "communication", "never seen"]


def make_job(folder: Path, rows: list[dict[str, Any]], *, metric: str, seconds: float, classes: list[str]) -> Path:
    return make_language_job(
        folder, rows, task="text-classification", metric=metric, base=None, seconds=seconds, classes=classes
    )


def load(job: Path) -> onnxruntime.InferenceSession:
    path = job / "out" / "model.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version <= 10
    versions = {entry.domain: entry.version for entry in model.opset_import}
    assert versions[""] <= 22
    assert set(versions) <= {"", "ai.onnx.ml"}
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def column(texts: list[str]) -> dict[str, np.ndarray]:
    return {"text": np.array(texts, dtype=object)[:, None]}


def test_definitions_are_told_apart(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in DATASET.read_text(encoding="utf-8").splitlines()]
    random.Random(1).shuffle(rows)  # noqa: S311
    job = make_job(tmp_path, rows[400:], metric="accuracy", seconds=15, classes=CLASSES)
    ended = train(TEMPLATE, job)
    assert ended.code == 0, ended.errors
    session = load(job)
    probabilities, labels = session.run(["probabilities", "label"], column([row["text"] for row in rows[:400]]))
    assert probabilities.shape == (400, 7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.mean(labels == np.array([row["label"] for row in rows[:400]])) > 0.6
    odd = ["", " ", "\n\n", "Nonsense xyzzy", "a\tb", "日本語 ÄÖ", "the " * 5000, "\n".join(["line"] * 999), "..."]
    for text in odd:
        alone = session.run(["probabilities"], column([text]))[0]
        assert np.isfinite(alone).all()
        together = session.run(["probabilities"], column([rows[0]["text"], text]))[0]
        np.testing.assert_allclose(together[1], alone[0], atol=1e-5)
        np.testing.assert_allclose(together[0], probabilities[0], atol=1e-5)


def test_a_word_counts_whatever_clings_to_it(tmp_path: Path) -> None:
    kinds = (("good", "yes"), ("bad", "no"))
    rows = [{"text": f"{word} number {n}", "label": label} for n in range(60) for word, label in kinds]
    job = make_job(tmp_path, rows, metric="log_loss", seconds=12, classes=["no", "yes"])
    ended = train(TEMPLATE, job)
    assert ended.code == 0, ended.errors
    texts = ["Good.", '"GOOD"', "very\ngood!", "it was (good), no?"]
    found = load(job).run(["probabilities"], column(texts))[0]
    assert (found[:, 1] > 0.8).all()


def test_unlabelled_rows_end_with_64(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": "unheard of"}, {"text": None, "label": "yes"}, {"text": "b", "label": "yes"}]
    ended = train(TEMPLATE, make_job(tmp_path, rows, metric="accuracy", seconds=12, classes=["no", "yes"]))
    assert ended.code == 64
    assert "Fewer than two rows" in ended.errors


def test_one_class_alone_gives_a_constant(tmp_path: Path) -> None:
    rows = [{"text": f"text {n}", "label": "yes"} for n in range(20)]
    job = make_job(tmp_path, rows, metric="accuracy", seconds=12, classes=["no", "yes"])
    assert train(TEMPLATE, job).code == 0
    assert load(job).run(["label"], column(["text 3", ""]))[0].tolist() == ["yes", "yes"]
