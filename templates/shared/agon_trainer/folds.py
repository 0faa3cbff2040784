"""Which rows a trial learns from and which it is judged on: stratified folds, or one holdout for larger data."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agon_trainer.table import Rows
from agon_trainer.target import Target

HOLDOUT_ROWS_MAX = 20_000
SMALL_ROWS = 1_500
SMALL_WIDTH = 150


@dataclass(frozen=True, slots=True)
class Fold:
    """`alone`: there is no other fold, so one fit makes a trial and may take all the time that is left."""

    train: Rows
    valid: Rows
    alone: bool


def make_folds(target: Target, count: int, seed: int) -> list[Fold]:
    """`count` folds that share out the rows; with `count` 1 a single holdout.

    Classes (or, for a number, tenths of its distribution) are spread evenly. The only row of a class is never held
    out: no model could learn it then.
    """
    part = _spread(_strata(target), max(count, 2) if count > 1 else _holdout_parts(len(target.y)), seed)
    if target.is_classes:
        sizes = np.bincount(target.y, minlength=target.width)
        part[sizes[target.y] < 2] = -1
    return [
        Fold(np.flatnonzero(part != k), np.flatnonzero(part == k), count == 1)
        for k in range(count)
        if (part == k).any()
    ]


def _holdout_parts(rows: int) -> int:
    return max(5, -(-rows // HOLDOUT_ROWS_MAX))


def _strata(target: Target) -> npt.NDArray[np.int64]:
    if target.is_classes:
        return target.y
    edges = np.quantile(target.y, np.linspace(0.1, 0.9, 9))
    return np.searchsorted(edges, target.y).astype(np.int64)


def _spread(strata: npt.NDArray[np.int64], parts: int, seed: int) -> npt.NDArray[np.int64]:
    """Gives each row a part, so that each stratum's rows go round the parts in turn, after a shuffle."""
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    part = np.empty(len(strata), dtype=np.int64)
    part[order] = np.arange(len(strata)) % parts
    return part


def fold_count(rows: int, width: int, outputs: int, seconds: float, threads: int) -> int:
    """More folds where many trials fit into the time: 5, 3, or 1 (a holdout)."""
    work = rows * max(5, width) * max(1, min(outputs, 50) if outputs > 2 else 1)
    affordable = max(1.0, seconds) * threads * 150_000
    if work * 4 < affordable or (rows <= SMALL_ROWS and width <= SMALL_WIDTH):
        return 5
    return 3 if work < affordable else 1
