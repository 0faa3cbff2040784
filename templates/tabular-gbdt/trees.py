"""LightGBM's trees as arrays and as one ONNX TreeEnsembleRegressor.

Read from the model's text form, field by field: `left_child`, `right_child` (a negative child ~i is leaf i),
`decision_type` (bit 1: missing goes left; bits 2-3: how missing is told, 0 not, 1 zero, 2 NaN).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agon_trainer.graph import ML_DOMAIN, Graph

DEFAULT_LEFT = 2
MISSING_SHIFT = 2
MISSING_NAN = 2
FLOAT32_MAX = np.finfo(np.float32).max


@dataclass(frozen=True, slots=True)
class Trees:
    """All trees' nodes, one after another; inner nodes first, then leaves, in each tree."""

    tree: npt.NDArray[np.int64]
    node: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    missing_left: npt.NDArray[np.int64]
    leaf: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]

    def to_onnx(self, graph: Graph, features: str, outputs: int) -> str:
        """Raw scores, [N, outputs]; tree i adds to output i modulo `outputs`."""
        leaf = self.leaf
        return graph.node(
            "TreeEnsembleRegressor",
            features,
            domain=ML_DOMAIN,
            n_targets=outputs,
            aggregate_function="SUM",
            post_transform="NONE",
            nodes_treeids=self.tree.tolist(),
            nodes_nodeids=self.node.tolist(),
            nodes_featureids=self.feature.tolist(),
            nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
            nodes_values=self.threshold.tolist(),
            nodes_truenodeids=self.left.tolist(),
            nodes_falsenodeids=self.right.tolist(),
            nodes_missing_value_tracks_true=self.missing_left.tolist(),
            target_treeids=self.tree[leaf].tolist(),
            target_nodeids=self.node[leaf].tolist(),
            target_ids=(self.tree[leaf] % outputs).tolist(),
            target_weights=self.value[leaf].tolist(),
        )


def round_down(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest float32 that is not above: for float32 x, `x <= threshold` stays as it was."""
    near = np.clip(thresholds, -FLOAT32_MAX, FLOAT32_MAX).astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def parse_trees(model: str, fill: npt.NDArray[np.float32]) -> Trees:
    """Trees of LightGBM's text model. `fill[feature]` stands for missing where it is not NaN."""
    parts: list[tuple[npt.NDArray[np.generic], ...]] = []
    for index, block in enumerate(model.split("\nTree=")[1:]):
        fields = dict(line.split("=", 1) for line in block.split("\n\n", 1)[0].split("\n") if "=" in line)
        parts.append(_tree(index, fields, fill))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Trees(*columns)


def _tree(index: int, fields: dict[str, str], fill: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.generic], ...]:
    leaves = int(fields["num_leaves"])
    if int(fields.get("num_cat", "0")):
        raise ValueError("trees with categorical splits are not handled: strings are coded before")
    inner = leaves - 1
    leaf_value = np.array(fields["leaf_value"].split(), dtype=np.float64)
    pad = np.zeros(leaves, dtype=np.int64)
    if inner:
        feature = np.array(fields["split_feature"].split(), dtype=np.int64)
        threshold = np.array(fields["threshold"].split(), dtype=np.float64)
        decision = np.array(fields["decision_type"].split(), dtype=np.int64)
        left = _children(fields["left_child"], inner)
        right = _children(fields["right_child"], inner)
    else:
        feature = decision = left = right = np.zeros(0, dtype=np.int64)
        threshold = np.zeros(0)
    by_default = (decision & DEFAULT_LEFT) > 0
    stands_for = np.where(np.isnan(fill[feature]), 0.0, fill[feature])  # LightGBM reads an unexpected NaN as 0
    told = (decision >> MISSING_SHIFT) == MISSING_NAN
    missing_left = np.where(told & np.isnan(fill[feature]), by_default, stands_for <= threshold)
    return (
        np.full(inner + leaves, index, dtype=np.int64),
        np.arange(inner + leaves),
        np.concatenate([feature, pad]),
        np.concatenate([round_down(threshold), pad.astype(np.float32)]),
        np.concatenate([left, pad]),
        np.concatenate([right, pad]),
        np.concatenate([missing_left.astype(np.int64), pad]),
        np.concatenate([np.zeros(inner, dtype=bool), np.ones(leaves, dtype=bool)]),
        np.concatenate([np.zeros(inner, dtype=np.float32), leaf_value.astype(np.float32)]),
    )


def _children(text: str, inner: int) -> npt.NDArray[np.int64]:
    child = np.array(text.split(), dtype=np.int64)
    return np.where(child < 0, inner + ~child, child)
