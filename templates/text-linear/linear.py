"""Softmax regression over words and pairs, weighted by how few texts have them, each text scaled to length 1.

The square of a text's length is the sum of the squared weights of its words, each as often as it occurs: so the graph
need not count anything, it only sums rows of a table.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags

from agon_trainer.folds import Fold
from agon_trainer.graph import Graph
from agon_trainer.search import Fit, Session, Setting
from agon_trainer.table import Float32, Table
from words import Words, fit_words

Float64 = npt.NDArray[np.float64]

ITERATIONS_MAX = 200
SHORTEST = 1e-6
WEIGHTS_A_NODE = 8
PORTFOLIO: tuple[Setting, ...] = (
    {"pairs": False, "rarity": 1.0, "rows_min": 1, "penalty": 1e-4},
    {"pairs": True, "rarity": 1.0, "rows_min": 1, "penalty": 3e-5},
    {"pairs": True, "rarity": 1.0, "rows_min": 1, "penalty": 1e-5},
    {"pairs": True, "rarity": 1.5, "rows_min": 1, "penalty": 3e-5},
    {"pairs": True, "rarity": 0.5, "rows_min": 2, "penalty": 3e-4},
    {"pairs": False, "rarity": 1.0, "rows_min": 1, "penalty": 3e-5},
)
RANGES: dict[str, tuple[Any, ...]] = {
    "pairs": (False, True),
    "rarity": (0.0, 0.5, 1.0, 1.5),
    "rows_min": (1, 2, 3, 5),
    "penalty": (1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
}


@dataclass(frozen=True, slots=True)
class TextModel:
    """`table` [width + 1, classes + 1]: each word's weights and, last, the square of its part in a text's length."""

    column: str
    words: Words
    table: Float32
    offsets: Float32

    def predict(self, table: Table) -> Float32:
        column = next(c for c in table.strings if c.input == self.column)
        return self.of_counts(self.words.counts(column.levels))[column.codes]

    def of_counts(self, counts: csr_matrix) -> Float32:
        sums = np.asarray(counts @ self.table[:-1])
        length = np.sqrt(np.maximum(sums[:, -1:], SHORTEST))
        scores = sums[:, :-1] / length + self.offsets
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)

    def to_onnx(self, graph: Graph) -> str:
        ids = graph.once(id(self.words), lambda: self.words.to_onnx(graph, self.column))
        rows = graph.node("Gather", graph.constant(self.table), ids, axis=0)
        sums = graph.node("ReduceSum", rows, graph.integers([1]), keepdims=0)
        classes = len(self.offsets)
        length = graph.node("Sqrt", graph.node("Max", graph.gather(sums, [classes]), graph.number(SHORTEST)))
        scores = graph.node("Div", graph.gather(sums, np.arange(classes)), length)
        return graph.node("Softmax", graph.add(scores, graph.constant(self.offsets)), axis=1)


class TextLinear:
    """See `agon_trainer.search.Family`. The dictionary is of all texts, since no label has a part in it."""

    def __init__(self, column: str, texts: tuple[str, ...]) -> None:
        self._column = column
        self._words = fit_words(texts)
        self._counts = self._words.counts(texts)
        self._tried: set[tuple[Any, ...]] = set()

    def propose(self, trial: int, best: Setting | None, chance: np.random.Generator) -> Setting | None:
        if trial < len(PORTFOLIO):
            self._tried.add(tuple(PORTFOLIO[trial][name] for name in RANGES))
            return dict(PORTFOLIO[trial])
        for _ in range(50):
            setting = dict(best or PORTFOLIO[0])
            for name in chance.choice(list(RANGES), size=2, replace=False):
                setting[str(name)] = RANGES[name][chance.integers(len(RANGES[name]))]
            key = tuple(setting[name] for name in RANGES)
            if key not in self._tried:
                self._tried.add(key)
                return setting
        return None

    def fit(self, session: Session, setting: Setting, fold: Fold, seed: int) -> Fit | None:  # noqa: ARG002  nothing random
        codes = session.table.strings[0].codes
        train, y = self._counts[codes[fold.train]], session.target.y[fold.train]
        weight = self._weigh(train, setting)
        if not weight.any():
            return None
        length = np.sqrt(np.maximum(train @ weight**2, SHORTEST))
        x = diags(1 / length) @ train @ diags(weight)
        learned, offsets, complete = _softmax_regression(session, csr_matrix(x), y, setting["penalty"])
        table = np.zeros((self._words.width + 1, len(offsets) + 1), dtype=np.float32)
        table[:-1, :-1] = learned * weight[:, None]
        table[:-1, -1] = weight**2
        model = TextModel(self._column, self._words, table, offsets.astype(np.float32))
        return Fit(model, model.of_counts(self._counts[codes[fold.valid]]), table.size // WEIGHTS_A_NODE, complete)

    def _weigh(self, train: csr_matrix, setting: Setting) -> Float64:
        """Of each word and pair: (ln of rows over rows that have it, plus 1) ** rarity; 0 where it is not used."""
        rows = np.bincount(train.indices, minlength=self._words.width)
        weight = (np.log((1 + train.shape[0]) / (1 + rows)) + 1) ** setting["rarity"]
        weight[rows < setting["rows_min"]] = 0
        if not setting["pairs"]:
            weight[self._words.words :] = 0
        return np.asarray(weight, dtype=np.float64)


def _softmax_regression(
    session: Session, x: csr_matrix, y: npt.NDArray[np.int64], penalty: float
) -> tuple[Float64, Float64, bool]:
    """Weights [width, classes], offsets [classes], and whether the time sufficed. Classes without a row get none."""
    classes, width, rows = session.target.width, x.shape[1], x.shape[0]
    truth = np.zeros((rows, classes))
    truth[np.arange(rows), y] = 1
    shares = (truth.sum(axis=0) + 0.5) / (rows + 0.5 * classes)
    state = {"best": np.concatenate([np.zeros((width, classes)), np.log(shares)[None]])}

    def loss(flat: Float64) -> tuple[float, Float64]:
        both = flat.reshape(width + 1, classes)
        scores = x @ both[:-1] + both[-1]
        top = scores.max(axis=1, keepdims=True)
        log_sum = top + np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        error = np.exp(scores - log_sum) - truth
        value = float((log_sum[:, 0] - (scores * truth).sum(axis=1)).mean()) + penalty / 2 * float(
            (both[:-1] ** 2).sum()
        )
        gradient = np.concatenate([x.T @ error / rows + penalty * both[:-1], error.mean(axis=0)[None]])
        return value, gradient.ravel()

    def note(flat: Float64) -> None:
        state["best"] = flat.reshape(width + 1, classes).copy()
        session.progress.tick()
        if session.clock.stopping:
            raise StopIteration

    options = {"maxiter": ITERATIONS_MAX, "gtol": 1e-6}
    minimize(loss, state["best"].ravel(), jac=True, method="L-BFGS-B", callback=note, options=options)
    return state["best"][:-1], state["best"][-1], not session.clock.stopping
