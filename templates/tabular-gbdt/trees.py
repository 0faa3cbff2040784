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
            nodes_treeids=self.tree,
            nodes_nodeids=self.node,
            nodes_featureids=self.feature,
            nodes_modes=np.where(leaf, b"LEAF", b"BRANCH_LEQ"),
            nodes_values=self.threshold,
            nodes_truenodeids=self.left,
            nodes_falsenodeids=self.right,
            nodes_missing_value_tracks_true=self.missing_left,
            target_treeids=self.tree[leaf],
            target_nodeids=self.node[leaf],
            target_ids=self.tree[leaf] % outputs,
            target_weights=self.value[leaf],
        )


def round_down(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest float32 that is not above: for float32 x, `x <= threshold` stays as it was."""
    near = np.clip(thresholds, -FLOAT32_MAX, FLOAT32_MAX).astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def parse_trees(model: str, fill: npt.NDArray[np.float32]) -> Trees:
    """Trees of LightGBM's text model. `fill[feature]` stands for missing where it is not NaN."""
    blocks = [_fields(block) for block in model.split("\nTree=")[1:]]
    if any(block.get("num_cat", "0") != "0" for block in blocks):
        raise ValueError("trees with categorical splits are not handled: strings are coded before")
    leaves = np.array([int(block["num_leaves"]) for block in blocks])
    inner, size = leaves - 1, 2 * leaves - 1
    tree = np.repeat(np.arange(len(blocks)), size)
    node = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    leaf = node >= inner[tree]
    feature = np.zeros(len(tree), dtype=np.int64)
    threshold = np.zeros(len(tree))
    value = np.zeros(len(tree), dtype=np.float32)
    feature[~leaf] = _numbers(blocks, "split_feature")
    threshold[~leaf] = _numbers(blocks, "threshold")
    value[leaf] = _numbers(blocks, "leaf_value")
    return Trees(
        tree=tree,
        node=node,
        feature=feature,
        threshold=round_down(threshold),
        left=_children(blocks, "left_child", tree, leaf, inner),
        right=_children(blocks, "right_child", tree, leaf, inner),
        missing_left=_missing_left(_numbers(blocks, "decision_type"), feature, threshold, leaf, fill),
        leaf=leaf,
        value=value,
    )


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n\n", 1)[0].split("\n") if "=" in line)


def _numbers(blocks: list[dict[str, str]], field: str) -> npt.NDArray[np.float64]:
    """A field of all trees, one after another. Trees of a single leaf have none but `leaf_value`."""
    several = [block[field] for block in blocks if field == "leaf_value" or block["num_leaves"] != "1"]
    return np.fromstring(" ".join(several), sep=" ")


def _children(
    blocks: list[dict[str, str]],
    field: str,
    tree: npt.NDArray[np.int64],
    leaf: npt.NDArray[np.bool_],
    inner: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    child = _numbers(blocks, field).astype(np.int64)
    nodes = np.zeros(len(tree), dtype=np.int64)
    nodes[~leaf] = np.where(child < 0, inner[tree[~leaf]] + ~child, child)
    return nodes


def _missing_left(
    decision: npt.NDArray[np.float64],
    feature: npt.NDArray[np.int64],
    threshold: npt.NDArray[np.float64],
    leaf: npt.NDArray[np.bool_],
    fill: npt.NDArray[np.float32],
) -> npt.NDArray[np.int64]:
    """1 where a missing value goes left."""
    bits = decision.astype(np.int64)
    instead = fill[feature[~leaf]]
    told = (bits >> MISSING_SHIFT == MISSING_NAN) & np.isnan(instead)
    stands_for = np.where(np.isnan(instead), 0.0, instead)  # LightGBM reads a NaN that it does not expect as 0
    left = np.zeros(len(leaf), dtype=np.int64)
    left[~leaf] = np.where(told, bits & DEFAULT_LEFT > 0, stands_for <= threshold[~leaf])
    return left
