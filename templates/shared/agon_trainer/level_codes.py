"""Numbers for strings: each level becomes the smoothed mean of the target over its rows.

Levels with few rows would give the target away to the model that trains on them, so columns with many levels get, for
training, means over the other folds (as in target encoding with cross-fitting); a model in use sees the whole means.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agon_trainer.graph import Graph
from agon_trainer.table import Float32, Rows, StringColumn
from agon_trainer.target import Target

SMOOTHING = 10.0
FOLDS = 5
FEW_LEVELS = 24
ROWS_PER_LEVEL_MIN = 20
LEVELS_MAX = 20_000
CELLS_MAX = 4_000_000
DIRECTIONS_MAX = 3


@dataclass(frozen=True, slots=True)
class LevelCodes:
    """`codes[level]` and, for all other strings, `default`; each has `len(default)` numbers."""

    input: str
    codes: dict[str, Float32]
    default: Float32

    def apply(self, column: StringColumn) -> Float32:
        """[N, len(default)]."""
        per_level = np.array([self.codes.get(level, self.default) for level in column.levels], dtype=np.float32)
        return per_level.reshape(len(column.levels), len(self.default))[column.codes]

    def to_onnx(self, graph: Graph) -> list[str]:
        column = graph.string_input(self.input)
        return [
            graph.lookup(column, {level: float(code[i]) for level, code in self.codes.items()}, float(default))
            for i, default in enumerate(self.default)
        ]


def fit_level_codes(
    column: StringColumn, rows: Rows, target: Target, z: npt.NDArray[np.float64] | None, seed: int
) -> tuple[LevelCodes, Float32] | None:
    """Codes for a column and their values on `rows`, or None where no two levels can be told apart.

    `z` is the standardised target of `rows` for regression, None for classes.
    """
    codes = column.codes[rows]
    counts = np.bincount(codes, minlength=len(column.levels))
    outputs = target.width if z is None else 1
    kept = _kept_levels(counts, outputs)
    if len(kept) == 0 or (len(kept) == 1 and counts[kept[0]] == len(rows)):
        return None
    position = np.full(len(column.levels), len(kept), dtype=np.int64)  # the last place is every other string
    position[kept] = np.arange(len(kept))
    place = position[codes]
    few = len(kept) <= FEW_LEVELS and len(rows) >= ROWS_PER_LEVEL_MIN * len(kept)
    part = np.random.default_rng(seed).integers(0, FOLDS, len(rows))
    sums, sizes = _sums(place, part, len(kept) + 1, target.y[rows] if z is None else None, z, outputs)
    means, prior = _smooth(sums.sum(axis=0), sizes.sum(axis=0))
    direction = _directions(means, sizes.sum(axis=0), prior)
    whole = (means @ direction).astype(np.float32)
    default = (prior @ direction).astype(np.float32)
    whole[-1] = default
    trained = whole[place] if few else _cross_fitted(sums, sizes, direction, place, part)
    if not few:
        rarity = np.log1p(np.append(counts[kept], 0)).astype(np.float32)[:, None]
        whole, default = np.hstack([whole, rarity]), np.append(default, np.float32(0))
        trained = np.hstack([trained, rarity[place]])
    levels = {column.levels[k]: whole[i] for i, k in enumerate(kept)}
    return LevelCodes(column.input, levels, default), trained


def _kept_levels(counts: npt.NDArray[np.int64], outputs: int) -> npt.NDArray[np.int64]:
    """Levels with two rows or more, the most frequent ones if there are too many."""
    limit = min(LEVELS_MAX, max(2, CELLS_MAX // (outputs * (FOLDS + 1))))
    order = np.argsort(-counts, kind="stable")[:limit]
    return np.sort(order[counts[order] >= 2])


def _sums(
    place: npt.NDArray[np.int64],
    part: npt.NDArray[np.int64],
    levels: int,
    y: npt.NDArray[np.int64] | None,
    z: npt.NDArray[np.float64] | None,
    outputs: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Per fold and level: the sum of the target, [FOLDS, levels, outputs], and the rows, [FOLDS, levels]."""
    cell = part * levels + place
    sizes = np.bincount(cell, minlength=FOLDS * levels).astype(np.float64).reshape(FOLDS, levels)
    if y is not None:
        flat = np.bincount(cell * outputs + y, minlength=FOLDS * levels * outputs)
    else:
        flat = np.bincount(cell, weights=z, minlength=FOLDS * levels)
    return flat.astype(np.float64).reshape(FOLDS, levels, outputs), sizes


def _smooth(
    sums: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    prior = sums.sum(axis=0) / max(1.0, sizes.sum())
    return (sums + SMOOTHING * prior) / (sizes[:, None] + SMOOTHING), prior


def _directions(
    means: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], prior: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The few axes along which the levels' class shares differ most, [outputs, d]."""
    outputs = means.shape[1]
    if outputs <= 2:
        return np.eye(outputs)[:, -1:]
    weighted = (means - prior) * np.sqrt(sizes)[:, None]
    _, vectors = np.linalg.eigh(weighted.T @ weighted)
    return vectors[:, ::-1][:, : min(DIRECTIONS_MAX, outputs - 1)]


def _cross_fitted(
    sums: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.float64],
    direction: npt.NDArray[np.float64],
    place: npt.NDArray[np.int64],
    part: npt.NDArray[np.int64],
) -> Float32:
    codes = np.empty((len(place), direction.shape[1]), dtype=np.float32)
    for fold in range(FOLDS):
        means, prior = _smooth(sums.sum(axis=0) - sums[fold], sizes.sum(axis=0) - sizes[fold])
        means[-1] = prior
        mine = part == fold
        codes[mine] = (means @ direction)[place[mine]]
    return codes
