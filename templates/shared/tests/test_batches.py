"""Batches hold every row once and keep to their size."""

import numpy as np

from agon_trainer.language.batches import make_batches, split_rows


def test_each_row_is_in_one_batch_that_fits() -> None:
    chance = np.random.default_rng(1)
    lengths = [int(n) for n in chance.integers(1, 90, 300)]
    batches = make_batches(lengths, range(300), 256, chance)
    assert sorted(row for batch in batches for row in batch) == list(range(300))
    assert max(len(batch) * max(lengths[row] for row in batch) for batch in batches) <= 256
    padding = sum(len(batch) * max(lengths[row] for row in batch) for batch in batches) / sum(lengths)
    assert padding < 1.3


def test_a_row_that_is_too_long_has_a_batch_for_itself() -> None:
    batches = make_batches([10, 900, 10], [0, 1, 2], 64, np.random.default_rng(1))
    assert sorted(sorted(batch) for batch in batches) == [[0, 2], [1]]


def test_a_split_leaves_rows_on_both_sides() -> None:
    for count in (2, 3, 50, 10_000):
        train, held_out = split_rows(count, 3)
        assert sorted(train + held_out) == list(range(count))
        assert train
        assert 1 <= len(held_out) <= 400
