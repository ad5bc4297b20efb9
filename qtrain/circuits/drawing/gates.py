"""What a picture of a circuit shows: its gates in columns, each with the parameters that drive it; plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from qtrain.json_results import JsonResult

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction, Operation

MOST = 60_000  # gates that are kept; no picture of more can be read
_DEPTH = 8  # of blocks in blocks that are opened
_LONGEST = 60


@dataclass(frozen=True)
class DrawnGate:
    """One gate.

    Attributes:
        name: as Qiskit has it; qubits: in its order, controls first. parameters: indices into the report's verdicts.
        text: its angles where they are more than the parameter itself, such as ``"2*θ[0]"``.
        index: in ``circuit.data``.
    """

    name: str
    qubits: tuple[int, ...]
    parameters: tuple[int, ...]
    text: str
    index: int


@dataclass(frozen=True)
class Drawing(JsonResult):
    """A circuit as it is drawn, in time order.

    Attributes:
        num_qubits: of the circuit. gates: blocks that hold parameters are opened, other blocks are one gate.
        complete: False where the circuit has more gates than are kept.
    """

    num_qubits: int
    gates: tuple[DrawnGate, ...]
    complete: bool = True

    def columns(self) -> list[int]:
        """Of each gate: the first column in which all qubits that it spans are free.

        Example:
            >>> from qiskit.circuit.library import real_amplitudes
            >>> drawing(real_amplitudes(3, reps=1)).columns()
            [0, 0, 0, 1, 2, 3, 3, 2]
        """
        free, found = [0] * self.num_qubits, []
        for gate in self.gates:
            low, high = (min(gate.qubits), max(gate.qubits) + 1) if gate.qubits else (0, 0)
            column = max(free[low:high], default=0)
            if gate.name != "barrier":
                found.append(column)
                free[low:high] = [column + 1] * (high - low)
            else:
                found.append(max(column - 1, 0))
                free[low:high] = [column] * (high - low)
        return found

    def to_fields(self) -> dict[str, Any]:
        """Short rows: a report has thousands of them."""
        rows = [[g.name, list(g.qubits), list(g.parameters), g.text, g.index] for g in self.gates]
        return {"num_qubits": self.num_qubits, "gates": rows, "complete": self.complete}

    @classmethod
    def from_fields(cls, data: Mapping[str, Any]) -> Drawing:
        """The inverse of `to_fields`.

        Raises:
            ValueError: qubits that the circuit does not have, or rows of something else.
        """
        size = int(data["num_qubits"])
        gates = tuple(
            DrawnGate(str(name), tuple(map(int, qubits)), tuple(map(int, driven)), str(text), int(index))
            for name, qubits, driven, text, index in data["gates"]
        )
        if any(not 0 <= q < size for gate in gates for q in gate.qubits):
            raise ValueError(f"a gate is on a qubit that {size} qubits do not have")
        if any(k < 0 for gate in gates for k in gate.parameters):
            raise ValueError("a gate has a parameter that does not exist")
        return cls(size, gates, bool(data.get("complete", True)))


def drawing(circuit: QuantumCircuit, parameters: Sequence[str] | None = None) -> Drawing:
    """What a picture of the circuit shows.

    Args:
        circuit: any. parameters: names of those that have a verdict, in its order; None: all of the circuit.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> [gate.name for gate in drawing(real_amplitudes(2, reps=1)).gates]
        ['ry', 'ry', 'cx', 'ry', 'ry']
    """
    names = [p.name for p in circuit.parameters] if parameters is None else parameters
    place = {name: k for k, name in enumerate(names)}
    found = list(islice(_gates(circuit, place), MOST + 1))
    return Drawing(circuit.num_qubits, tuple(found[:MOST]), len(found) <= MOST)


def _gates(circuit: QuantumCircuit, place: Mapping[str, int]) -> Iterator[DrawnGate]:
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    for index, item in enumerate(circuit.data):
        yield from _opened(item, tuple(number[q] for q in item.qubits), index, place, 0)


def _opened(
    item: CircuitInstruction, qubits: tuple[int, ...], index: int, place: Mapping[str, int], depth: int
) -> Iterator[DrawnGate]:
    operation = item.operation
    free = _parameters(operation)
    if free and depth < _DEPTH and operation.name not in _standard():
        inside = getattr(operation, "definition", None)
        if inside is not None and len(inside.data) > 0:
            number = {qubit: k for k, qubit in enumerate(inside.qubits)}
            for part in inside.data:
                yield from _opened(part, tuple(qubits[number[q]] for q in part.qubits), index, place, depth + 1)
            return
    driven = tuple(dict.fromkeys(place[name] for name in free if name in place))
    yield DrawnGate(str(operation.name), qubits, driven, _angles(operation, free), index)


@cache
def _standard() -> set[str]:
    """Gates that are never opened: those with a name of their own, and what reads as one gate."""
    from qiskit.circuit.library import get_standard_gate_name_mapping

    return {*get_standard_gate_name_mapping(), "PauliEvolution", "unitary"}


def _parameters(operation: Operation) -> list[str]:
    found: list[str] = []
    for value in getattr(operation, "params", ()):
        found += sorted(p.name for p in getattr(value, "parameters", ()))
    return found


def _angles(operation: Operation, free: Sequence[str]) -> str:
    """The angles as text; empty where a gate has none, or one that is a parameter itself."""
    values = [v for v in getattr(operation, "params", ()) if isinstance(v, (int, float)) or hasattr(v, "parameters")]
    text = ", ".join(f"{v:.4g}" if isinstance(v, (int, float)) else str(v) for v in values)
    if len(free) == 1 and text == free[0]:
        return ""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
