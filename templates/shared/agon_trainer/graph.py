"""A small writer of ONNX graphs: constants are stored once, names never clash, the parts are appended in order."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
OPSET_ML = 3
IR_VERSION = 8
ML_DOMAIN = "ai.onnx.ml"


class Graph:
    """Nodes, constants and the inputs used so far. Internal names start with `agon:`."""

    def __init__(self) -> None:
        self._model = onnx.ModelProto(ir_version=IR_VERSION, producer_name="agon-templates")
        self._model.opset_import.add(domain="", version=OPSET)
        self._model.opset_import.add(domain=ML_DOMAIN, version=OPSET_ML)
        self._graph = self._model.graph  # filled in place: trees are large, and each copy of them takes time
        self._graph.name = "agon"
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._inputs: dict[str, int] = {}
        self._count = 0
        self._parts: dict[Hashable, str] = {}

    def once(self, key: Hashable, make: Callable[[], str]) -> str:
        """What `make` appends, or what it appended at the first call with this key."""
        if key not in self._parts:
            self._parts[key] = make()
        return self._parts[key]

    def at_least(self, opset: int, ir_version: int) -> None:
        """For operators that are newer than OPSET."""
        self._model.opset_import[0].version = max(self._model.opset_import[0].version, opset)
        self._model.ir_version = max(self._model.ir_version, ir_version)

    def _name(self) -> str:
        self._count += 1
        return f"agon:{self._count}"

    def number_input(self, name: str) -> str:
        """A float32 column, [N, 1]."""
        self._inputs[name] = TensorProto.FLOAT
        return name

    def string_input(self, name: str) -> str:
        """A string column, [N, 1]."""
        self._inputs[name] = TensorProto.STRING
        return name

    def constant(self, values: npt.ArrayLike, dtype: type[np.generic] = np.float32) -> str:
        array = np.ascontiguousarray(values, dtype=dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self._name()
            self._graph.initializer.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def number(self, value: float) -> str:
        return self.constant(np.float32(value))

    def integers(self, values: Sequence[int]) -> str:
        return self.constant(np.array(values), np.int64)

    def node(self, operator: str, *inputs: str, domain: str = "", spare: int = 0, **attributes: Any) -> str:
        """Append a node and return its first output's name; `spare` further ones are not used.

        Attributes that are numpy arrays are written without checks.
        """
        output = self._name()
        self._append(operator, [output, *(self._name() for _ in range(spare))], inputs, domain, attributes)
        return output

    def named(self, operator: str, name: str, *inputs: str, **attributes: Any) -> None:
        """A node whose output is called `name`: an output of the model."""
        domain = ML_DOMAIN if operator == "LabelEncoder" else ""
        self._append(operator, [name], inputs, domain, attributes)

    def _append(
        self, operator: str, outputs: Sequence[str], inputs: Sequence[str], domain: str, attributes: dict[str, Any]
    ) -> None:
        node = self._graph.node.add(op_type=operator, domain=domain, input=inputs, output=outputs)
        for name, value in attributes.items():
            if not isinstance(value, np.ndarray):
                node.attribute.append(helper.make_attribute(name, value))
            elif value.dtype.kind == "S":
                node.attribute.add(name=name, type=onnx.AttributeProto.STRINGS, strings=value.tolist())
            elif value.dtype.kind == "f":
                node.attribute.add(name=name, type=onnx.AttributeProto.FLOATS, floats=value.tolist())
            else:
                node.attribute.add(name=name, type=onnx.AttributeProto.INTS, ints=value.tolist())

    def add(self, left: str, right: str) -> str:
        return self.node("Add", left, right)

    def mul(self, left: str, right: str) -> str:
        return self.node("Mul", left, right)

    def concat(self, parts: Sequence[str]) -> str:
        """Side by side, [N, sum of widths]."""
        return parts[0] if len(parts) == 1 else self.node("Concat", *parts, axis=1)

    def gather(self, values: str, columns: npt.ArrayLike) -> str:
        """Columns of [N, D] by position."""
        return self.node("Gather", values, self.constant(columns, np.int64), axis=1)

    def lookup(self, column: str, codes: dict[str, float], default: float) -> str:
        """Strings [N, 1] to float32 codes [N, 1]; `default` for strings that have none."""
        if not codes:  # a LabelEncoder needs a key: this one changes nothing
            codes = {"": default}
        return self.node(
            "LabelEncoder",
            column,
            domain=ML_DOMAIN,
            keys_strings=list(codes),
            values_floats=[float(v) for v in codes.values()],
            default_float=float(default),
        )

    def rows_like(self, column: str, row: npt.ArrayLike) -> str:
        """One constant row, repeated for each row of the input `column`: [N, len(row)]."""
        constant = self.constant(np.asarray(row, dtype=np.float32).reshape(1, -1))
        count = self.node("Gather", self.node("Shape", column), self.integers([0]), axis=0)
        return self.node("Expand", constant, self.node("Concat", count, self.integers([1]), axis=0))

    def build(self, outputs: dict[str, tuple[int, list[int | str]]]) -> onnx.ModelProto:
        """The model with these outputs (name to element type and shape). Ends the graph: call it once."""
        for name, kind in self._inputs.items():
            self._graph.input.append(helper.make_tensor_value_info(name, kind, ["N", 1]))
        for name, (kind, shape) in outputs.items():
            self._graph.output.append(helper.make_tensor_value_info(name, kind, shape))
        return self._model
