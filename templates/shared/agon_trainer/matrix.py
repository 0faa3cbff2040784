"""What linear models and neural nets share: a fold as matrices, and the way from their scores to an answer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agon_trainer.dense_encoder import DenseEncoder, DenseOptions, fit_dense
from agon_trainer.folds import Fold
from agon_trainer.graph import Graph
from agon_trainer.search import Session
from agon_trainer.table import Float32
from agon_trainer.target import Scale, suits_log

MATRIX_MEMORY_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Link:
    """From scores to predictions: a softmax over the classes that were present, or the way back from z to numbers."""

    classes: int
    present: npt.NDArray[np.int64]
    scale: Scale | None

    @property
    def width(self) -> int:
        """Scores a row."""
        return 1 if self.scale else len(self.present)

    def apply(self, scores: Float32) -> Float32:
        if self.scale:
            return self.scale.back(scores).astype(np.float32)
        everything = np.zeros((len(scores), self.classes), dtype=np.float32)
        everything[:, self.present] = softmax(scores)
        return everything

    def to_onnx(self, graph: Graph, scores: str) -> str:
        if self.scale:
            return self.scale.to_onnx(graph, scores)
        known = graph.node("Softmax", scores, axis=1)
        if len(self.present) == self.classes:
            return known
        return graph.node("MatMul", known, graph.constant(np.eye(self.classes, dtype=np.float32)[self.present]))


def softmax(scores: Float32) -> Float32:
    power = np.exp(scores - scores.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Matrices:
    """A fold, encoded. `y` and `valid_y`: positions in `link.present` (-1: absent), or standardised numbers."""

    encoder: DenseEncoder
    link: Link
    x: Float32
    y: npt.NDArray[Any]
    valid_x: Float32
    valid_y: npt.NDArray[Any]


def encode_fold(
    session: Session, fold: Fold, options: DenseOptions, *, log: bool, rows_max: int, seed: int
) -> Matrices | None:
    """The fold's matrices, of at most `rows_max` training rows and a share of the memory. None: nothing to learn."""
    target = session.target
    width = sum(options.bins + 2 for _ in session.table.numbers) + 42 * len(session.table.strings)
    affordable = int(MATRIX_MEMORY_SHARE * session.memory_bytes / (4 * max(1, width)))
    rows = fold.train
    limit = max(100, min(rows_max, affordable))
    if len(rows) > limit:
        rows = np.sort(np.random.default_rng(seed).choice(rows, limit, replace=False))
    y, valid_y = target.y[rows], target.y[fold.valid]
    if target.is_classes:
        present = np.unique(y)
        link = Link(target.width, present, None)
        place = np.full(target.width, -1, dtype=np.int64)
        place[present] = np.arange(len(present))
        z, learned, judged = None, place[y], place[valid_y]
    else:
        scale = Scale.fit(y, log=log and suits_log(target.y))
        link = Link(1, np.zeros(0, dtype=np.int64), scale)
        z = scale.forward(y)
        learned, judged = z, scale.forward(valid_y)
    if target.is_classes and link.width < 2:
        return None
    encoder, x = fit_dense(session.table, rows, target, z, options, seed)
    if encoder.width == 0:
        return None
    return Matrices(encoder, link, x, learned, encoder.apply(session.table.take(fold.valid)), judged)
