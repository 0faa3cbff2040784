"""The model family: fully connected nets with ReLU and dropout, trained by AdamW, stopped early."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from agon_trainer.dense_encoder import DenseEncoder, DenseOptions
from agon_trainer.folds import Fold
from agon_trainer.graph import Graph
from agon_trainer.matrix import Link, encode_fold
from agon_trainer.search import Fit, Session, Setting
from agon_trainer.table import Float32, Table
from network import Layers, forward, train_network

QUICK_ROWS = 20_000

PORTFOLIO: tuple[Setting, ...] = (
    {
        "width": 64,
        "depth": 1,
        "bins": 0,
        "dropout": 0.0,
        "rate": 5e-3,
        "decay": 1e-3,
        "epochs": 15,
        "log": False,
        "quick": True,
    },
    {"width": 128, "depth": 2, "bins": 8, "dropout": 0.2, "rate": 3e-3, "decay": 1e-2, "epochs": 30, "log": False},
    {"width": 128, "depth": 2, "bins": 0, "dropout": 0.1, "rate": 3e-3, "decay": 1e-2, "epochs": 40, "log": True},
    {"width": 192, "depth": 2, "bins": 16, "dropout": 0.3, "rate": 2e-3, "decay": 3e-2, "epochs": 40, "log": True},
    {"width": 96, "depth": 3, "bins": 4, "dropout": 0.1, "rate": 2e-3, "decay": 1e-2, "epochs": 60, "log": False},
)
RANGES: dict[str, tuple[Any, ...]] = {
    "width": (32, 64, 96, 128, 192, 256),
    "depth": (1, 2, 2, 3),
    "bins": (0, 4, 8, 16, 32),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.5),
    "rate": (1e-3, 2e-3, 3e-3, 5e-3, 1e-2),
    "decay": (1e-4, 1e-3, 1e-2, 3e-2, 0.1),
    "epochs": (15, 30, 40, 60, 80),
    "log": (False, True),
}


@dataclass(frozen=True, slots=True)
class Net:
    """scores = the layers over encoder(table)."""

    encoder: DenseEncoder
    link: Link
    layers: Layers

    def predict(self, table: Table) -> Float32:
        return self.of_matrix(self.encoder.apply(table))

    def of_matrix(self, x: Float32) -> Float32:
        return self.link.apply(forward(self.layers, x))

    def to_onnx(self, graph: Graph) -> str:
        values = self.encoder.to_onnx(graph)
        for index, (weights, offsets) in enumerate(self.layers):
            values = graph.node("Gemm", values, graph.constant(weights), graph.constant(offsets))
            if index < len(self.layers) - 1:
                values = graph.node("Relu", values)
        return self.link.to_onnx(graph, values)


class Mlp:
    """See `agon_trainer.search.Family`."""

    def propose(self, trial: int, best: Setting | None, chance: np.random.Generator) -> Setting | None:
        if trial < len(PORTFOLIO):
            return dict(PORTFOLIO[trial])
        if best is None or chance.random() < 0.2:
            return {name: values[chance.integers(len(values))] for name, values in RANGES.items()}
        setting = {name: best[name] for name in RANGES}
        for name in chance.choice(list(RANGES), size=chance.integers(0, 4), replace=False):  # none: a new seed only
            setting[str(name)] = RANGES[name][chance.integers(len(RANGES[name]))]
        return setting

    def fit(self, session: Session, setting: Setting, fold: Fold, seed: int) -> Fit | None:
        options = DenseOptions(bins=setting["bins"], pairs=False)
        rows_max = QUICK_ROWS if setting.get("quick") else len(fold.train)
        data = encode_fold(session, fold, options, log=setting["log"], rows_max=rows_max, seed=session.seed)
        if data is None:
            return None
        loss = "classes" if not data.link.scale else "absolute" if session.target.metric == "mae" else "squared"
        layers, complete = train_network(session, fold, data, setting, loss, seed)
        net = Net(data.encoder, data.link, layers)
        return Fit(net, net.of_matrix(data.valid_x), sum(w.size for w, _ in layers) // 8, complete)
