"""Tables as dense float32 matrices for models that add and multiply: linear models and neural nets.

Numbers: missing ones become the median and get an indicator; outliers are clipped; then standardised, and, if wanted,
spread over bins (piecewise linear encoding: each bin holds how far the number has come through it, from 0 to 1) and
multiplied pairwise. Strings: one-hot, rare and unseen ones together; with many levels, codes by the target instead.
The same arithmetic runs in float32 in training and in the exported graph.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agon_trainer.graph import ML_DOMAIN, Graph
from agon_trainer.level_codes import LevelCodes, fit_level_codes
from agon_trainer.table import Float32, Rows, StringColumn, Table
from agon_trainer.target import Target

ONE_HOT_LEVELS_MAX = 40
PAIR_COLUMNS_MAX = 12
QUANTILE_ROWS_MAX = 20_000
OUTLIER_SPANS = 2.0
BIN_WIDTH_MIN = 1e-3
MAGNITUDE_MAX = 1e30  # float32 differences and products of standardised numbers stay finite


@dataclass(frozen=True, slots=True)
class DenseOptions:
    """`bins` per number column (0: none); `pairs`: products of number columns."""

    bins: int
    pairs: bool


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Per number column used: where it is, what fills it, its bounds, and its standard scale."""

    inputs: tuple[str, ...]
    fill: Float32
    low: Float32
    high: Float32
    mean: Float32
    inverse: Float32
    flagged: npt.NDArray[np.int64]
    bin_column: npt.NDArray[np.int64]
    bin_start: Float32
    bin_inverse: Float32
    pair_left: npt.NDArray[np.int64]
    pair_right: npt.NDArray[np.int64]

    @property
    def width(self) -> int:
        return len(self.inputs) + len(self.flagged) + len(self.bin_column) + len(self.pair_left)

    def apply(self, table: Table) -> list[Float32]:
        columns = {c.input: c.values for c in table.numbers}
        raw = np.stack([columns[name] for name in self.inputs], axis=1)
        missing = np.isnan(raw)
        z = np.where(missing, self.fill, raw)
        z = np.minimum(np.maximum(z, self.low), self.high)
        z = (z - self.mean) * self.inverse
        parts = [z]
        if len(self.flagged):
            parts.append(missing[:, self.flagged].astype(np.float32))
        if len(self.bin_column):
            parts.append(np.clip((z[:, self.bin_column] - self.bin_start) * self.bin_inverse, 0, 1))
        if len(self.pair_left):
            parts.append(z[:, self.pair_left] * z[:, self.pair_right])
        return parts

    def to_onnx(self, graph: Graph) -> list[str]:
        raw = graph.concat([graph.number_input(name) for name in self.inputs])
        missing = graph.node("IsNaN", raw)
        z = graph.node("Where", missing, graph.constant(self.fill[None]), raw)
        z = graph.node("Min", graph.node("Max", z, graph.constant(self.low[None])), graph.constant(self.high[None]))
        z = graph.mul(graph.node("Sub", z, graph.constant(self.mean[None])), graph.constant(self.inverse[None]))
        parts = [z]
        if len(self.flagged):
            parts.append(graph.gather(graph.node("Cast", missing, to=1), self.flagged))
        if len(self.bin_column):
            past = graph.node("Sub", graph.gather(z, self.bin_column), graph.constant(self.bin_start[None]))
            share = graph.mul(past, graph.constant(self.bin_inverse[None]))
            parts.append(graph.node("Clip", share, graph.number(0), graph.number(1)))
        if len(self.pair_left):
            parts.append(graph.mul(graph.gather(z, self.pair_left), graph.gather(z, self.pair_right)))
        return parts


@dataclass(frozen=True, slots=True)
class _OneHot:
    """One column of 0 and 1 for each of `levels`; all 0 for every other string."""

    input: str
    levels: tuple[str, ...]

    def apply(self, column: StringColumn) -> Float32:
        position = {level: i for i, level in enumerate(self.levels)}
        rows = np.zeros((len(column.levels), len(self.levels)), dtype=np.float32)
        for i, level in enumerate(column.levels):
            if level in position:
                rows[i, position[level]] = 1
        return rows[column.codes]

    def to_onnx(self, graph: Graph) -> str:
        codes = graph.node(
            "LabelEncoder",
            graph.string_input(self.input),
            domain=ML_DOMAIN,
            keys_strings=list(self.levels),
            values_int64s=list(range(len(self.levels))),
            default_int64=-1,
        )
        same = graph.node("Equal", codes, graph.constant(np.arange(len(self.levels))[None], np.int64))
        return graph.node("Cast", same, to=1)


@dataclass(frozen=True, slots=True)
class _ScaledCodes:
    """Codes by the target, standardised."""

    codes: LevelCodes
    mean: Float32
    inverse: Float32

    def scale(self, values: Float32) -> Float32:
        return (values - self.mean) * self.inverse

    def to_onnx(self, graph: Graph) -> str:
        values = graph.concat(self.codes.to_onnx(graph))
        return graph.mul(graph.node("Sub", values, graph.constant(self.mean[None])), graph.constant(self.inverse[None]))


@dataclass(frozen=True, slots=True)
class DenseEncoder:
    """Fitted by `fit_dense`. `width` may be 0: then no column tells rows apart."""

    numbers: _Numbers | None
    one_hots: tuple[_OneHot, ...]
    coded: tuple[_ScaledCodes, ...]

    @property
    def width(self) -> int:
        levels = sum(len(part.levels) for part in self.one_hots) + sum(len(part.mean) for part in self.coded)
        return levels + (self.numbers.width if self.numbers else 0)

    def apply(self, table: Table) -> Float32:
        """[N, width], float32."""
        return self._join(table, [c.scale(c.codes.apply(_string(table, c.codes.input))) for c in self.coded])

    def _join(self, table: Table, coded: list[Float32]) -> Float32:
        parts = self.numbers.apply(table) if self.numbers else []
        parts += [part.apply(_string(table, part.input)) for part in self.one_hots]
        parts += coded
        return np.concatenate(parts, axis=1) if parts else np.zeros((table.rows, 0), dtype=np.float32)

    def to_onnx(self, graph: Graph) -> str:
        parts = self.numbers.to_onnx(graph) if self.numbers else []
        parts += [part.to_onnx(graph) for part in self.one_hots]
        parts += [part.to_onnx(graph) for part in self.coded]
        return graph.concat(parts)


def _string(table: Table, name: str) -> StringColumn:
    return next(c for c in table.strings if c.input == name)


def fit_dense(
    table: Table, rows: Rows, target: Target, z: npt.NDArray[np.float64] | None, options: DenseOptions, seed: int
) -> tuple[DenseEncoder, Float32]:
    """Fit on `rows` and return the encoder with their matrix. `z`: as for `fit_level_codes`."""
    part = table.take(rows)
    one_hots: list[_OneHot] = []
    coded: list[_ScaledCodes] = []
    trained: list[Float32] = []
    for index, (column, whole) in enumerate(zip(part.strings, table.strings, strict=True)):
        levels = _frequent_levels(column)
        if len(levels) <= ONE_HOT_LEVELS_MAX:
            if levels:
                one_hots.append(_OneHot(column.input, levels))
            continue
        fitted = fit_level_codes(whole, rows, target, z, seed + index)
        if fitted:
            codes, values = fitted
            scaled = _ScaledCodes(codes, values.mean(axis=0), _inverse(values.std(axis=0)))
            coded.append(scaled)
            trained.append(scaled.scale(values))
            one_hots.append(_OneHot(column.input, levels[: ONE_HOT_LEVELS_MAX // 2]))
    encoder = DenseEncoder(_fit_numbers(part, options), tuple(one_hots), tuple(coded))
    return encoder, encoder._join(part, trained)


def _frequent_levels(column: StringColumn) -> tuple[str, ...]:
    """Levels with enough rows to learn from, most frequent first; none where all rows are alike."""
    counts = np.bincount(column.codes, minlength=len(column.levels))
    enough = max(2, min(10, len(column.codes) // 200))
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i] >= enough]
    if not order or counts[order[0]] == len(column.codes):
        return ()
    return tuple(column.levels[i] for i in order)


def _inverse(deviation: Float32) -> Float32:
    return np.where(deviation > 1e-12, 1 / np.maximum(deviation, 1e-12), 0).astype(np.float32)


def _fit_numbers(part: Table, options: DenseOptions) -> _Numbers | None:
    step = max(1, part.rows // QUANTILE_ROWS_MAX)
    kept: list[tuple[str, float, float, float, float, float, bool]] = []
    edges: list[Float32] = []
    for column in part.numbers:
        known = column.values[~np.isnan(column.values)]
        flagged = 0 < len(known) < part.rows
        if len(known) == 0 or (known.min() == known.max() and not flagged):
            continue
        sample = known[::step].astype(np.float64)
        fill = float(np.median(sample))
        low, high = _bounds(known, sample)
        filled = np.clip(np.where(np.isnan(column.values), fill, column.values), low, high).astype(np.float64)
        deviation = float(filled.std())
        inverse = 1 / deviation if deviation > 0 else 0.0
        kept.append((column.input, fill, low, high, float(filled.mean()), inverse, flagged))
        edges.append(_edges((np.clip(sample, low, high) - filled.mean()) * inverse, options.bins))
    if not kept:
        return None
    names, fills, lows, highs, means, inverses, flags = zip(*kept, strict=True)
    pairs = len(names) if options.pairs and len(names) <= PAIR_COLUMNS_MAX else 0
    left, right = np.triu_indices(pairs)
    return _Numbers(
        inputs=names,
        fill=np.array(fills, dtype=np.float32),
        low=np.array(lows, dtype=np.float32),
        high=np.array(highs, dtype=np.float32),
        mean=np.array(means, dtype=np.float32),
        inverse=np.array(inverses, dtype=np.float32),
        flagged=np.flatnonzero(flags),
        bin_column=np.concatenate([np.full(max(0, len(e) - 1), i, dtype=np.int64) for i, e in enumerate(edges)]),
        bin_start=np.concatenate([e[:-1] for e in edges]),
        bin_inverse=np.concatenate([1 / np.diff(e) for e in edges]).astype(np.float32),
        pair_left=left.astype(np.int64),
        pair_right=right.astype(np.int64),
    )


def _bounds(known: Float32, sample: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The range of the numbers, cut where they lie far outside of the middle nine tenths."""
    low, high = float(known.min()), float(known.max())
    early, late = np.quantile(sample, [0.05, 0.95])
    if late > early:
        low = max(low, early - OUTLIER_SPANS * (late - early))
        high = min(high, late + OUTLIER_SPANS * (late - early))
    return max(low, -MAGNITUDE_MAX), min(high, MAGNITUDE_MAX)


def _edges(z: npt.NDArray[np.float64], bins: int) -> Float32:
    """Quantile edges of the bins, at least BIN_WIDTH_MIN apart; an empty array for fewer than two bins."""
    if bins < 2:
        return np.zeros(0, dtype=np.float32)
    edges: list[float] = []
    for value in np.quantile(z, np.linspace(0, 1, bins + 1)):
        if not edges or value - edges[-1] >= BIN_WIDTH_MIN:
            edges.append(float(value))
    return np.array(edges if len(edges) > 2 else [], dtype=np.float32)
