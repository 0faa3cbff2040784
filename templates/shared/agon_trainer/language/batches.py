"""Rows of like length together, in batches that hold at most so many tokens, padding included."""

from collections.abc import Sequence

import numpy as np


def make_batches(
    lengths: Sequence[int], rows: Sequence[int], tokens_max: int, chance: np.random.Generator
) -> list[list[int]]:
    """Shares `rows` out into batches with `longest * rows <= tokens_max`, in a random order.

    A little noise on the lengths mixes the batches anew each time. A row over `tokens_max` has a batch for itself.
    """
    if not len(rows):
        return []
    noise = chance.uniform(0.9, 1.1, len(rows))
    order = np.argsort(np.array([lengths[row] for row in rows]) * noise, kind="stable")
    batches: list[list[int]] = []
    longest = 0
    for place in order:
        row = rows[int(place)]
        longest = max(longest, lengths[row])
        if not batches or longest * (len(batches[-1]) + 1) > tokens_max:
            batches.append([])
            longest = lengths[row]
        batches[-1].append(row)
    return [batches[int(i)] for i in chance.permutation(len(batches))]


def split_rows(count: int, seed: int, *, share: float = 0.1, rows_max: int = 400) -> tuple[list[int], list[int]]:
    """Rows to learn from, and rows to judge by: a random tenth, at least one, at most `rows_max`."""
    order = np.random.default_rng(seed).permutation(count)
    held_out = min(max(1, round(count * share)), rows_max, max(1, count - 1))
    return sorted(int(i) for i in order[held_out:]), sorted(int(i) for i in order[:held_out])
