"""What is handed in: a weighted mean of members, with what makes it a full answer (all classes, labels, bounds)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto

from agon_trainer.graph import Graph
from agon_trainer.metrics import f1_macro_of_labels
from agon_trainer.table import Float32, Table
from agon_trainer.target import Target

LABEL_WEIGHT_STEPS = (0.5, 0.7, 0.85, 1.2, 1.4, 2.0)
LABEL_WEIGHT_ROUNDS = 3
LABEL_WEIGHT_CLASSES_MAX = 30


class Member(Protocol):
    """One fitted model. Both ways give [N, classes] probabilities, or [N, 1] numbers, of the same rows."""

    def predict(self, table: Table) -> Float32: ...

    def to_onnx(self, graph: Graph) -> str: ...


@dataclass(frozen=True, slots=True)
class Constant:
    """Says the same of every row: what there is to hand in before anything has been learned."""

    column: str
    is_number: bool
    row: Float32

    @staticmethod
    def fit(table: Table, target: Target) -> "Constant":
        if target.is_classes:
            shares = np.bincount(target.y, minlength=target.width) / len(target.y)
            row = shares.astype(np.float32)
        else:
            centre = np.median(target.y) if target.metric == "mae" else target.y.mean()
            row = np.array([centre], dtype=np.float32)
        first = (table.numbers or table.strings)[0]
        return Constant(first.input, bool(table.numbers), row)

    def predict(self, table: Table) -> Float32:
        return np.tile(self.row, (table.rows, 1))

    def to_onnx(self, graph: Graph) -> str:
        column = graph.number_input(self.column) if self.is_number else graph.string_input(self.column)
        return graph.rows_like(column, self.row)


@dataclass(frozen=True, slots=True)
class Model:
    """The weighted mean of `members`.

    Classes: mixed with a little of the uniform distribution (`floor`), so that no class, seen or unseen, is held
    impossible; the label is the class of the largest `label_weights` x probability. Numbers: kept within `bounds`.
    """

    members: tuple[Member, ...]
    weights: tuple[float, ...]
    classes: tuple[str, ...]
    floor: float
    label_weights: Float32
    bounds: tuple[float, float]

    def predict(self, table: Table) -> Float32:
        total = np.zeros((table.rows, len(self.classes) or 1), dtype=np.float64)
        for member, weight in zip(self.members, self.weights, strict=True):
            total += weight * member.predict(table)
        if not self.classes:
            return np.clip(total, *self.bounds).astype(np.float32)
        total = total * (1 - self.floor) + self.floor / len(self.classes)
        return (total / total.sum(axis=1, keepdims=True)).astype(np.float32)

    def labels(self, probabilities: Float32) -> npt.NDArray[np.str_]:
        return np.array(self.classes)[(probabilities * self.label_weights).argmax(axis=1)]

    def to_onnx(self) -> onnx.ModelProto:
        graph = Graph()
        parts = [
            graph.mul(member.to_onnx(graph), graph.number(weight))
            for member, weight in zip(self.members, self.weights, strict=True)
        ]
        total = parts[0] if len(parts) == 1 else graph.node("Sum", *parts)
        if not self.classes:
            graph.named("Clip", "prediction", total, *(graph.number(bound) for bound in self.bounds))
            return graph.build({"prediction": (TensorProto.FLOAT, ["N", 1])})
        mixed = graph.mul(total, graph.number(1 - self.floor))
        mixed = graph.add(mixed, graph.number(self.floor / len(self.classes)))
        graph.named("Div", "probabilities", mixed, graph.node("ReduceSum", mixed, graph.integers([1]), keepdims=1))
        weighted = graph.mul("probabilities", graph.constant(self.label_weights[None]))
        best = graph.node("ArgMax", weighted, axis=1, keepdims=0)
        graph.named(
            "LabelEncoder",
            "label",
            best,
            keys_int64s=list(range(len(self.classes))),
            values_strings=list(self.classes),
        )
        return graph.build(
            {
                "probabilities": (TensorProto.FLOAT, ["N", len(self.classes)]),
                "label": (TensorProto.STRING, ["N"]),
            }
        )


def make_model(
    members: tuple[Member, ...],
    weights: tuple[float, ...],
    target: Target,
    held_out: tuple[npt.NDArray[np.int64], Float32] | None,
) -> Model:
    """The model of `members`; `held_out` (true classes, probabilities) tunes the labels for f1_macro."""
    total = sum(weights)
    label_weights = np.ones(target.width, dtype=np.float32)
    if target.is_classes:
        unseen = target.width - len(target.present())
        floor = min(0.01, 0.1 * (1 + unseen) / (len(target.y) + 1))
        bounds = (0.0, 1.0)
        if held_out is not None and target.metric == "f1_macro":
            label_weights = tune_label_weights(*held_out)
    else:
        floor = 0.0
        low, high = float(target.y.min()), float(target.y.max())
        bounds = (low - 0.05 * (high - low), high + 0.05 * (high - low))
    return Model(members, tuple(w / total for w in weights), target.classes, floor, label_weights, bounds)


def tune_label_weights(y: npt.NDArray[np.int64], probabilities: Float32) -> Float32:
    """Weights under which the largest weighted probability gives the best f1_macro on held-out rows."""
    classes = probabilities.shape[1]
    weights = np.ones(classes, dtype=np.float32)
    if classes > LABEL_WEIGHT_CLASSES_MAX or len(y) < 50:
        return weights
    best = f1_macro_of_labels(y, probabilities.argmax(axis=1), classes)
    for _ in range(LABEL_WEIGHT_ROUNDS):
        before = best
        for k in range(classes):
            for step in LABEL_WEIGHT_STEPS:
                trial = weights.copy()
                trial[k] *= np.float32(step)
                score = f1_macro_of_labels(y, (probabilities * trial).argmax(axis=1), classes)
                if score > best + 1e-4:
                    best, weights = score, trial
        if best == before:
            break
    return weights
