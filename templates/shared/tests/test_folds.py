"""What folds promise."""

import numpy as np

from agon_trainer.folds import make_folds
from agon_trainer.target import Target


def _target(y: list[int], classes: int) -> Target:
    return Target(np.array(y), tuple(f"class {k}" for k in range(classes)), "log_loss")


def test_folds_share_out_all_rows_and_spread_classes() -> None:
    folds = make_folds(_target([0] * 90 + [1] * 10, 2), 5, seed=1)
    held_out = np.concatenate([fold.valid for fold in folds])
    assert sorted(held_out) == list(range(100))
    assert all((fold.valid >= 90).sum() == 2 for fold in folds)
    assert all(not set(fold.train) & set(fold.valid) for fold in folds)


def test_the_only_row_of_a_class_is_never_held_out() -> None:
    for count in (1, 5):
        folds = make_folds(_target([0] * 50 + [1], 2), count, seed=1)
        assert all(50 not in fold.valid and 50 in fold.train for fold in folds)


def test_a_seed_gives_the_same_folds_again() -> None:
    target = Target(np.random.default_rng(1).normal(size=200), (), "rmse")
    first, second = make_folds(target, 3, seed=9), make_folds(target, 3, seed=9)
    assert all((a.valid == b.valid).all() for a, b in zip(first, second, strict=True))
    assert not all((a.valid == b.valid).all() for a, b in zip(first, make_folds(target, 3, seed=8), strict=True))
