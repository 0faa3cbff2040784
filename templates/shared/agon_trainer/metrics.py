"""The service's metrics, each also as a loss (smaller is better) for a trainer's own selection."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

EPSILON = 1e-15


def log_loss(y: Ints, probabilities: Floats) -> float:
    """Mean of -log p(true class)."""
    p = probabilities[np.arange(len(y)), y].astype(np.float64)
    return float(-np.log(np.clip(p, EPSILON, 1)).mean())


def accuracy(y: Ints, probabilities: Floats) -> float:
    return float((probabilities.argmax(axis=1) == y).mean())


def f1_macro(y: Ints, probabilities: Floats) -> float:
    """F1 of each class that occurs in `y` or in the labels, averaged."""
    return f1_macro_of_labels(y, probabilities.argmax(axis=1), probabilities.shape[1])


def f1_macro_of_labels(y: Ints, labels: Ints, classes: int) -> float:
    hits = np.bincount(y[labels == y], minlength=classes)
    both = np.bincount(y, minlength=classes) + np.bincount(labels, minlength=classes)
    seen = both > 0
    return float((2 * hits[seen] / both[seen]).mean())


def roc_auc(y: Ints, probabilities: Floats) -> float:
    """Binary: of class 1. More classes: one against the rest, averaged over the classes that occur."""
    classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    areas = [_area(y == k, probabilities[:, k]) for k in classes]
    known = [a for a in areas if not np.isnan(a)]
    return float(np.mean(known)) if known else 0.5


def _area(positive: npt.NDArray[np.bool_], score: Floats) -> float:
    """Mann-Whitney U over its maximum; NaN if one side is empty."""
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def rmse(y: Floats, prediction: Floats) -> float:
    return float(np.sqrt(np.mean((y - prediction) ** 2)))


def mae(y: Floats, prediction: Floats) -> float:
    return float(np.abs(y - prediction).mean())


def r2(y: Floats, prediction: Floats) -> float:
    spread = float(((y - y.mean()) ** 2).sum())
    return 1 - float(((y - prediction) ** 2).sum()) / spread if spread > 0 else 0.0


METRICS: dict[str, Callable[..., float]] = {
    "log_loss": log_loss,
    "accuracy": accuracy,
    "f1_macro": f1_macro,
    "roc_auc": roc_auc,
    "rmse": rmse,
    "mae": mae,
    "r2": r2,
}
LABEL_METRICS = ("accuracy", "f1_macro")
MAXIMIZED = ("accuracy", "f1_macro", "roc_auc", "r2")
LABEL_TIE_WEIGHT = 0.05


def selection_loss(metric: str, y: npt.NDArray[np.generic], prediction: Floats) -> float:
    """The metric as a loss. Coarse label metrics get a little log loss, which breaks their ties."""
    value = METRICS[metric](y, prediction)
    loss = 1 - value if metric in MAXIMIZED else value
    if metric in LABEL_METRICS:
        loss += LABEL_TIE_WEIGHT * log_loss(y.astype(np.int64), prediction)
    return loss
