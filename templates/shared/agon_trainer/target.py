"""The target as models learn it: class codes, or a standardised number on a plain or logarithmic scale."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agon_trainer.graph import Graph

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """z = (f(y) - mean) / deviation, where f is log(1 + y) if `log`, else y."""

    log: bool
    mean: float
    deviation: float

    @staticmethod
    def fit(y: Float64, *, log: bool) -> "Scale":
        values = np.log1p(y) if log else y
        deviation = float(values.std())
        return Scale(log, float(values.mean()), deviation if deviation > 0 else 1.0)

    def forward(self, y: Float64) -> Float64:
        return ((np.log1p(y) if self.log else y) - self.mean) / self.deviation

    def back(self, z: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        values = z * z.dtype.type(self.deviation) + z.dtype.type(self.mean)
        return np.expm1(np.minimum(values, z.dtype.type(80))) if self.log else values

    def to_onnx(self, graph: Graph, z: str) -> str:
        """Appends the way back from z to y."""
        values = graph.add(graph.mul(z, graph.number(self.deviation)), graph.number(self.mean))
        if not self.log:
            return values
        power = graph.node("Exp", graph.node("Min", values, graph.number(80.0)))
        return graph.node("Sub", power, graph.number(1.0))


def suits_log(y: Float64) -> bool:
    """True for a target without negatives whose right tail is long, such as counts and prices."""
    if y.min() < 0 or y.std() == 0:
        return False
    skew = float((((y - y.mean()) / y.std()) ** 3).mean())
    return skew > 0.8


@dataclass(frozen=True, slots=True)
class Target:
    """`y`: int64 codes into `classes`, or float64 where `classes` is empty."""

    y: npt.NDArray[Any]
    classes: tuple[str, ...]
    metric: str

    @property
    def width(self) -> int:
        """Columns of a prediction."""
        return len(self.classes) or 1

    @property
    def is_classes(self) -> bool:
        return bool(self.classes)

    def present(self) -> npt.NDArray[np.int64]:
        """Codes of the classes that occur in training."""
        return np.unique(self.y).astype(np.int64)
