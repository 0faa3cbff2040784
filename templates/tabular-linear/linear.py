"""The model family: softmax regression by L-BFGS, ridge regression in closed form, least absolute deviations."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve
from scipy.optimize import minimize

from agon_trainer.dense_encoder import DenseEncoder, DenseOptions
from agon_trainer.folds import Fold
from agon_trainer.graph import Graph
from agon_trainer.matrix import Link, Matrices, encode_fold, softmax
from agon_trainer.search import Fit, Session, Setting
from agon_trainer.table import Float32, Table

Float64 = npt.NDArray[np.float64]

QUICK_ROWS = 5_000
ITERATIONS_MAX = 300
REWEIGHTINGS = 12
BLOCK_ROWS = 50_000

PORTFOLIO: tuple[Setting, ...] = (
    {"bins": 0, "pairs": False, "penalty": 1e-3, "log": False, "quick": True},
    {"bins": 0, "pairs": False, "penalty": 1e-3, "log": True},
    {"bins": 6, "pairs": False, "penalty": 1e-3, "log": True},
    {"bins": 6, "pairs": True, "penalty": 3e-3, "log": True},
    {"bins": 12, "pairs": True, "penalty": 3e-3, "log": False},
    {"bins": 24, "pairs": False, "penalty": 3e-3, "log": False},
    {"bins": 0, "pairs": True, "penalty": 1e-2, "log": False},
)
RANGES: dict[str, tuple[Any, ...]] = {
    "bins": (0, 3, 6, 12, 24, 48),
    "pairs": (False, True),
    "penalty": (1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3),
    "log": (False, True),
}


@dataclass(frozen=True, slots=True)
class LinearModel:
    """scores = encoder(table) @ weights + offsets."""

    encoder: DenseEncoder
    link: Link
    weights: Float32
    offsets: Float32

    def predict(self, table: Table) -> Float32:
        return self.of_matrix(self.encoder.apply(table))

    def of_matrix(self, x: Float32) -> Float32:
        return self.link.apply(x @ self.weights + self.offsets)

    def to_onnx(self, graph: Graph) -> str:
        x = self.encoder.to_onnx(graph)
        scores = graph.node("Gemm", x, graph.constant(self.weights), graph.constant(self.offsets))
        return self.link.to_onnx(graph, scores)


class Linear:
    """See `agon_trainer.search.Family`. Settings are few: each is tried once."""

    def __init__(self) -> None:
        self._tried: set[tuple[Any, ...]] = set()

    def propose(self, trial: int, best: Setting | None, chance: np.random.Generator) -> Setting | None:
        if trial < len(PORTFOLIO):
            return self._new(dict(PORTFOLIO[trial])) or dict(PORTFOLIO[trial])
        for _ in range(50):
            start = best if best is not None and chance.random() < 0.8 else None
            names = chance.choice(list(RANGES), size=2, replace=False) if start else list(RANGES)
            setting = {name: (start or {}).get(name) for name in RANGES}
            for name in names:
                setting[str(name)] = RANGES[name][chance.integers(len(RANGES[name]))]
            if self._new(setting):
                return setting
        return None

    def _new(self, setting: Setting) -> Setting | None:
        key = (*(setting[name] for name in RANGES), setting.get("quick", False))
        if key in self._tried:
            return None
        self._tried.add(key)
        return setting

    def fit(self, session: Session, setting: Setting, fold: Fold, seed: int) -> Fit | None:  # noqa: ARG002  nothing random
        options = DenseOptions(bins=setting["bins"], pairs=setting["pairs"])
        rows_max = QUICK_ROWS if setting.get("quick") else len(fold.train)
        data = encode_fold(session, fold, options, log=setting["log"], rows_max=rows_max, seed=session.seed)
        if data is None:
            return None
        complete = True
        if not data.link.scale:
            weights, offsets, complete = _softmax_regression(session, data, setting["penalty"])
        elif session.target.metric == "mae":
            weights, offsets = _least_absolute(session, data.x, data.y, setting["penalty"])
        else:
            weights, offsets = _ridge(data.x, data.y, np.ones(len(data.y)), setting["penalty"])
            session.progress.tick()
        model = LinearModel(data.encoder, data.link, weights.astype(np.float32), offsets.astype(np.float32))
        return Fit(model, model.of_matrix(data.valid_x), weights.size, complete)


class _ClockStoppedError(Exception):
    pass


def _softmax_regression(session: Session, data: Matrices, penalty: float) -> tuple[Float64, Float64, bool]:
    """Minimise mean cross-entropy + penalty / 2 |weights|^2. Ends at the best point so far when the clock stops.

    Two classes have one column of weights: the other's scores are 0.
    """
    x, y = data.x, data.y
    width, classes = x.shape[1], data.link.width
    outputs = 1 if classes == 2 else classes
    shares = np.bincount(y, minlength=classes) / len(y)
    start = np.zeros((width + 1, outputs))
    start[-1] = np.log(shares[1] / shares[0]) if outputs == 1 else np.log(shares)
    best = {"loss": np.inf, "point": start.ravel()}

    def objective(point: Float64) -> tuple[float, Float64]:
        if session.clock.stopping:
            raise _ClockStoppedError
        loss, slope = _cross_entropy(x, y, point.reshape(width + 1, outputs), classes)
        weights = point.reshape(width + 1, outputs)[:-1]
        loss += 0.5 * penalty * float((weights**2).sum())
        slope[:-1] += penalty * weights
        if loss < best["loss"]:
            best["loss"], best["point"] = loss, point.copy()
        session.progress.tick(training=loss)
        return loss, slope.ravel()

    complete = True
    try:
        minimize(
            objective, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS_MAX, "ftol": 1e-7}
        )
    except _ClockStoppedError:
        complete = False
    solution = best["point"].reshape(width + 1, outputs)
    if outputs == 1:
        solution = np.concatenate([np.zeros_like(solution), solution], axis=1)
    return solution[:-1], solution[-1], complete


def _cross_entropy(x: Float32, y: npt.NDArray[np.int64], point: Float64, classes: int) -> tuple[float, Float64]:
    """The mean loss and its gradient, block by block to bound memory."""
    weights, offsets = point[:-1].astype(np.float32), point[-1].astype(np.float32)
    loss, slope = 0.0, np.zeros_like(point)
    for begin in range(0, len(x), BLOCK_ROWS):
        rows, truth = x[begin : begin + BLOCK_ROWS], y[begin : begin + BLOCK_ROWS]
        scores = rows @ weights + offsets
        if classes == 2:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        share = softmax(scores)
        each = np.arange(len(truth))
        loss -= float(np.log(np.maximum(share[each, truth], 1e-30)).sum(dtype=np.float64))
        share[each, truth] -= 1
        share = share[:, 1:] if classes == 2 else share
        slope[:-1] += rows.T @ share
        slope[-1] += share.sum(axis=0, dtype=np.float64)
    return loss / len(x), slope / len(x)


def _ridge(x: Float32, z: Float64, row_weights: Float64, penalty: float) -> tuple[Float64, Float64]:
    """Minimise the weighted mean of squared errors + penalty |weights|^2, by the normal equations."""
    width = x.shape[1]
    gram, moment = np.zeros((width + 1, width + 1)), np.zeros(width + 1)
    for begin in range(0, len(x), BLOCK_ROWS):
        block = slice(begin, begin + BLOCK_ROWS)
        rows = np.column_stack([x[block].astype(np.float64), np.ones(len(x[block]))])
        weighted = rows * row_weights[block, None]
        gram += weighted.T @ rows
        moment += weighted.T @ z[block]
    total = row_weights.sum()
    gram, moment = gram / total, moment / total
    gram[np.arange(width), np.arange(width)] += penalty + 1e-8
    solution = solve(gram, moment, assume_a="pos")
    return solution[:-1, None], solution[-1:]


def _least_absolute(session: Session, x: Float32, z: Float64, penalty: float) -> tuple[Float64, Float64]:
    """Least absolute deviations by reweighted least squares: a row weighs the inverse of its last error."""
    row_weights = np.ones(len(z))
    for _ in range(REWEIGHTINGS):
        weights, offsets = _ridge(x, z, row_weights, penalty)
        session.progress.tick()
        if session.clock.stopping:
            break
        error = np.abs(z - (x @ weights.astype(np.float32))[:, 0] - offsets[0])
        row_weights = 1 / np.maximum(error, 0.02)
    return weights, offsets
