"""Tables as matrices for trees: numbers as they are, strings as numbers ordered by the target."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agon_trainer.graph import Graph
from agon_trainer.level_codes import LevelCodes, fit_level_codes
from agon_trainer.table import Float32, Rows, Table
from agon_trainer.target import Target


@dataclass(frozen=True, slots=True)
class TreeEncoder:
    """`fill[i]` is what a missing value of feature i becomes; NaN where the trees have learned about missing ones."""

    numbers: tuple[str, ...]
    codes: tuple[LevelCodes, ...]
    fill: Float32

    def apply(self, table: Table) -> Float32:
        """[N, features], float32."""
        return self._join(table, [code.apply(_column(table, code.input)) for code in self.codes])

    def _join(self, table: Table, coded: list[Float32]) -> Float32:
        columns = {c.input: c.values for c in table.numbers}
        matrix = np.empty((table.rows, len(self.fill)), dtype=np.float32)
        for i, name in enumerate(self.numbers):
            values = columns[name]
            matrix[:, i] = values if np.isnan(self.fill[i]) else np.where(np.isnan(values), self.fill[i], values)
        if coded:
            matrix[:, len(self.numbers) :] = np.concatenate(coded, axis=1)
        return matrix

    def to_onnx(self, graph: Graph) -> str:
        parts = [graph.number_input(name) for name in self.numbers]
        for code in self.codes:
            parts += code.to_onnx(graph)
        return graph.concat(parts)


def _column(table: Table, name: str):  # noqa: ANN202
    return next(c for c in table.strings if c.input == name)


def fit_trees_encoder(
    table: Table, rows: Rows, target: Target, z: npt.NDArray[np.float64] | None, seed: int
) -> tuple[TreeEncoder, Float32] | None:
    """Fit on `rows`; the encoder and their matrix, or None where no column tells rows apart."""
    part = table.take(rows)
    numbers: list[str] = []
    fill: list[float] = []
    for column in part.numbers:
        known = column.values[~np.isnan(column.values)]
        complete = len(known) == part.rows
        if len(known) == 0 or (complete and known.min() == known.max()):
            continue
        numbers.append(column.input)
        fill.append(float(np.median(known)) if complete else float("nan"))
    fitted = [fit_level_codes(c, rows, target, z, seed + i) for i, c in enumerate(table.strings)]
    codes = [f for f in fitted if f is not None]
    for code, _ in codes:
        fill += [float("nan")] * len(code.default)
    if not fill:
        return None
    encoder = TreeEncoder(tuple(numbers), tuple(code for code, _ in codes), np.array(fill, dtype=np.float32))
    return encoder, encoder._join(part, [values for _, values in codes])
