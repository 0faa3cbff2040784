"""The metrics agree with scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as reference

from agon_trainer.metrics import METRICS, selection_loss

CHANCE = np.random.default_rng(5)


def _classes(count: int) -> tuple[np.ndarray, np.ndarray]:
    y = CHANCE.integers(0, count, 300)
    p = CHANCE.dirichlet(np.ones(count), 300).round(2) + 0.01  # rounded: ties
    return y, p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("count", [2, 5])
def test_class_metrics_agree_with_the_reference(count: int) -> None:
    y, p = _classes(count)
    labels = p.argmax(axis=1)
    auc = reference.roc_auc_score(y, p[:, 1] if count == 2 else p, multi_class="ovr")
    assert METRICS["log_loss"](y, p) == pytest.approx(reference.log_loss(y, p))
    assert METRICS["accuracy"](y, p) == pytest.approx(reference.accuracy_score(y, labels))
    assert METRICS["f1_macro"](y, p) == pytest.approx(reference.f1_score(y, labels, average="macro"))
    assert METRICS["roc_auc"](y, p) == pytest.approx(auc)


def test_number_metrics_agree_with_the_reference() -> None:
    y, found = CHANCE.normal(size=200), CHANCE.normal(size=200)
    assert METRICS["rmse"](y, found) == pytest.approx(reference.root_mean_squared_error(y, found))
    assert METRICS["mae"](y, found) == pytest.approx(reference.mean_absolute_error(y, found))
    assert METRICS["r2"](y, found) == pytest.approx(reference.r2_score(y, found))


@pytest.mark.parametrize("metric", ["log_loss", "accuracy", "f1_macro", "roc_auc"])
def test_a_perfect_answer_has_the_least_loss(metric: str) -> None:
    y, p = _classes(3)
    assert selection_loss(metric, y, np.eye(3)[y]) < selection_loss(metric, y, p)


def test_a_class_that_never_occurs_leaves_roc_auc_known() -> None:
    y = np.array([0, 0, 1, 1])
    p = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1]])
    assert METRICS["roc_auc"](y, p) == 1
