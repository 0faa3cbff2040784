"""The model family: LightGBM, stopped early on the held-out rows of its fold."""

import time
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from agon_trainer.folds import Fold
from agon_trainer.graph import Graph
from agon_trainer.search import Fit, Session, Setting
from agon_trainer.table import Float32, Table
from agon_trainer.target import Scale, suits_log
from tree_encoder import TreeEncoder, fit_trees_encoder
from trees import Trees, parse_trees

ROUNDS_MAX = 2500
MEASURED_ROUNDS = 8
RATE_TIMES_ROUNDS = 12.0
RATE_MAX = 0.3
PATIENCE_ROUNDS = 40
IMPROVEMENT_SHARE = 2e-4
IMPROVEMENT_MIN = 2e-5
QUICK_ROWS = 20_000
QUICK_ROWS_MIN = 4_000
QUICK_ROUNDS = 300
FEW_CLASSES = 20  # each class has trees of its own: with more of them the trees are small
SMALL_LEAVES = 8
NODES_MAX_ALONE = 300_000
NODES_MAX = 100_000  # of each fold's model: all together are written, checked and loaded in a second or two
COLUMNS_A_TREE_MAX = 200

PORTFOLIO: tuple[Setting, ...] = (
    {"rate": 0.1, "leaves": 31, "quick": True},
    {"rate": 0.05, "leaves": 31, "columns": 0.7, "rows": 0.8, "l2": 1.0},
    {"rate": 0.05, "leaves": 8, "columns": 0.6, "rows": 0.8, "l2": 1.0, "leaf_rows": 10},
    {"rate": 0.04, "leaves": 63, "columns": 0.5, "rows": 0.7, "l2": 5.0, "leaf_rows": 40},
    {"rate": 0.05, "leaves": 31, "columns": 0.8, "l2": 1.0, "extra": True, "leaf_rows": 5},
    {"rate": 0.08, "leaves": 4, "columns": 0.8, "rows": 0.9, "l2": 0.1},
    {"rate": 0.03, "leaves": 16, "columns": 0.4, "rows": 0.6, "l2": 10.0, "leaf_rows": 5},
)
RANGES: dict[str, tuple[Any, ...]] = {
    "rate": (0.02, 0.03, 0.05, 0.08),
    "leaves": (3, 4, 6, 8, 12, 16, 24, 31, 47, 63, 95, 127),
    "leaf_rows": (2, 5, 10, 20, 40, 80),
    "columns": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0),
    "rows": (0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "l2": (0.0, 0.1, 1.0, 3.0, 10.0, 30.0),
    "l1": (0.0, 0.0, 0.1, 1.0),
    "gain": (0.0, 0.0, 0.01, 0.1),
    "bins": (63, 255, 255),
    "extra": (False, False, False, True),
    "log": (False, True),
}


@dataclass(frozen=True, slots=True)
class Boosted:
    """A booster behind its encoder. `present` are the codes of the classes that it knows."""

    encoder: TreeEncoder
    booster: lightgbm.Booster
    trees: Trees
    rounds: int
    classes: int
    present: npt.NDArray[np.int64]
    scale: Scale | None

    def predict(self, table: Table) -> Float32:
        return self.of_matrix(self.encoder.apply(table))

    def of_matrix(self, matrix: Float32) -> Float32:
        raw = self.booster.predict(matrix, num_iteration=self.rounds, raw_score=True)
        raw = np.asarray(raw, dtype=np.float64).reshape(len(matrix), -1)
        if self.scale:
            return self.scale.back(raw).astype(np.float32)
        if len(self.present) == 2:
            positive = 1 / (1 + np.exp(-raw))
            known = np.concatenate([1 - positive, positive], axis=1)
        else:
            power = np.exp(raw - raw.max(axis=1, keepdims=True))
            known = power / power.sum(axis=1, keepdims=True)
        everything = np.zeros((len(matrix), self.classes), dtype=np.float32)
        everything[:, self.present] = known
        return everything

    def to_onnx(self, graph: Graph) -> str:
        outputs = 1 if self.scale or len(self.present) == 2 else len(self.present)
        raw = self.trees.to_onnx(graph, self.encoder.to_onnx(graph), outputs)
        if self.scale:
            return self.scale.to_onnx(graph, raw)
        if outputs == 1:
            positive = graph.node("Sigmoid", raw)
            known = graph.concat([graph.node("Sub", graph.number(1), positive), positive])
        else:
            known = graph.node("Softmax", raw, axis=1)
        if len(self.present) == self.classes:
            return known
        spread = np.eye(self.classes, dtype=np.float32)[self.present]
        return graph.node("MatMul", known, graph.constant(spread))


class Gbdt:
    """See `agon_trainer.search.Family`."""

    def __init__(self) -> None:
        self._has_one = False

    def propose(self, trial: int, best: Setting | None, chance: np.random.Generator) -> Setting | None:
        if trial < len(PORTFOLIO):
            setting = dict(PORTFOLIO[trial])
            if trial > 0 and best and best.get("log"):
                setting["log"] = True
            return setting
        if best is None or chance.random() < 0.3:
            return {name: values[chance.integers(len(values))] for name, values in RANGES.items()}
        setting = {name: value for name, value in best.items() if name != "quick"}
        for name in chance.choice(list(RANGES), size=3, replace=False):
            values = RANGES[name]
            setting[str(name)] = values[chance.integers(len(values))]
        return setting

    def fit(self, session: Session, setting: Setting, fold: Fold, seed: int) -> Fit | None:
        target = session.target
        rows = fold.train
        if setting.get("quick"):
            rows = _some(rows, max(QUICK_ROWS_MIN, QUICK_ROWS // max(1, target.width // FEW_CLASSES)), seed)
        scale, z, present = _learnable(target, rows, setting)
        encoded = fit_trees_encoder(session.table, rows, target, z, seed)
        if encoded is None or (z is None and len(present) < 2):
            return None
        encoder, matrix = encoded
        valid = encoder.apply(session.table.take(fold.valid))
        y = z if z is not None else np.searchsorted(present, target.y[rows])
        parameters = _parameters(session, setting, matrix.shape, seed, 1 if z is not None else len(present))
        data = lightgbm.Dataset(matrix, label=y, params=parameters, free_raw_data=True)
        judged = _judged(target.y[fold.valid], present, scale)
        watched = lightgbm.Dataset(valid[judged[0]], label=judged[1], reference=data, params=parameters)
        stop = StopWithClock(session, parameters, hurry=fold.alone)
        booster = lightgbm.train(
            parameters,
            data,
            num_boost_round=QUICK_ROUNDS if setting.get("quick") else ROUNDS_MAX,
            valid_sets=[watched],
            callbacks=[stop],
        )
        if stop.cut_short and self._has_one and not fold.alone:
            return None  # its trial would be dropped: the time is better spent on export
        self._has_one = True
        booster.free_dataset()
        trees = parse_trees(booster.model_to_string(num_iteration=stop.best_rounds), encoder.fill)
        member = Boosted(encoder, booster, trees, stop.best_rounds, target.width, present, scale)
        return Fit(member, member.of_matrix(valid), len(trees.node), not stop.cut_short)


def _some(rows: npt.NDArray[np.int64], count: int, seed: int) -> npt.NDArray[np.int64]:
    if len(rows) <= count:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))


def _learnable(
    target: Any, rows: npt.NDArray[np.int64], setting: Setting
) -> tuple[Scale | None, npt.NDArray[np.float64] | None, npt.NDArray[np.int64]]:
    if target.is_classes:
        return None, None, np.unique(target.y[rows])
    y = target.y[rows]
    scale = Scale.fit(y, log=bool(setting.get("log")) and suits_log(target.y))
    return scale, scale.forward(y), np.zeros(0, dtype=np.int64)


def _judged(
    y: npt.NDArray[Any], present: npt.NDArray[np.int64], scale: Scale | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Held-out rows that early stopping can judge by, and their labels: those of classes that occur in training."""
    if scale:
        return np.arange(len(y)), scale.forward(y)
    known = np.flatnonzero(np.isin(y, present))
    return known, np.searchsorted(present, y[known])


def _parameters(session: Session, setting: Setting, shape: tuple[int, ...], seed: int, classes: int) -> dict[str, Any]:
    if classes == 1:
        objective: dict[str, Any] = {"objective": "l1" if session.target.metric == "mae" else "l2"}
    elif classes == 2:
        objective = {"objective": "binary"}
    else:
        objective = {"objective": "multiclass", "num_class": classes}
    metric = {"l1": "l1", "l2": "l2", "binary": "binary_logloss", "multiclass": "multi_logloss"}
    leaf_rows = min(int(setting.get("leaf_rows", 20)), max(2, shape[0] // 30))
    columns = min(setting.get("columns", 1.0), max(0.05, COLUMNS_A_TREE_MAX / shape[1]))
    return objective | {
        "metric": metric[objective["objective"]],
        "learning_rate": setting["rate"],
        "num_leaves": setting["leaves"] if classes <= FEW_CLASSES else min(SMALL_LEAVES, setting["leaves"]),
        "min_data_in_leaf": leaf_rows,
        "min_sum_hessian_in_leaf": 1e-3,
        "feature_fraction": columns,
        "bagging_fraction": setting.get("rows", 1.0),
        "bagging_freq": 1 if setting.get("rows", 1.0) < 1 else 0,
        "lambda_l2": setting.get("l2", 0.0),
        "lambda_l1": setting.get("l1", 0.0),
        "min_gain_to_split": setting.get("gain", 0.0),
        "max_bin": 63 if shape[1] > COLUMNS_A_TREE_MAX else setting.get("bins", 255),
        "extra_trees": setting.get("extra", False),
        "seed": seed % (2**31),
        "num_threads": session.threads,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }


class StopWithClock:
    """Early stopping, bounded model size, progress, and the clock, as one LightGBM callback."""

    order = 30
    before_iteration = False

    def __init__(self, session: Session, parameters: dict[str, Any], *, hurry: bool) -> None:
        self.session = session
        self.trees_a_round = int(parameters.get("num_class", 1))
        self.patience = max(
            PATIENCE_ROUNDS, int(4 / parameters["learning_rate"]) // (4 if self.trees_a_round > 10 else 1)
        )
        nodes_max = NODES_MAX_ALONE if hurry else NODES_MAX
        self.rounds_max = max(20, nodes_max // (2 * parameters["num_leaves"] * self.trees_a_round))
        self.best = 1e300
        self.best_rounds = 1
        self.cut_short = False
        self.hurry = hurry
        self.rate = float(parameters["learning_rate"])
        self.started = time.monotonic()

    def __call__(self, env: Any) -> None:
        loss = float(env.evaluation_result_list[0][2]) if env.evaluation_result_list else float("inf")
        rounds = env.iteration + 1
        if loss < self.best - max(IMPROVEMENT_SHARE * abs(self.best), IMPROVEMENT_MIN):
            self.best, self.best_rounds = loss, rounds
        if rounds == MEASURED_ROUNDS:
            self._learn_faster(env.model, (time.monotonic() - self.started) / rounds)
        self.session.progress.tick(round=rounds, validation=loss)
        if self.session.clock.stopping:
            self.cut_short = True
        if self.cut_short or rounds - self.best_rounds >= self.patience or rounds >= self.rounds_max:
            raise lightgbm.callback.EarlyStopException(self.best_rounds - 1, env.evaluation_result_list)

    def _learn_faster(self, booster: lightgbm.Booster, round_seconds: float) -> None:
        """Raise the learning rate where the rounds that fit into the model's size or the time are too few for it."""
        in_time = self.session.clock.left / round_seconds if self.hurry else float("inf")
        affordable = max(1.0, min(self.rounds_max, in_time))
        rate = min(RATE_MAX, max(self.rate, RATE_TIMES_ROUNDS / affordable))
        if rate > self.rate:
            booster.reset_parameter({"learning_rate": rate})
