"""The columns of a program: elementary Cliffords and Pauli rotations, written op by op or in one sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Parameter, ParameterExpression, ParameterVectorElement

from qtrain.circuits.angles import QUARTER, Angle, Angles, quarter_turns
from qtrain.kernels import opcodes as op

X, Z, Y = op.LETTER_X, op.LETTER_Z, op.LETTER_Y
_LETTER = {"X": X, "Y": Y, "Z": Z}

# (letter, quarter turns) -> the same single-qubit rotation as elementary Cliffords, in time order
_QUARTERS: dict[tuple[int, int], tuple[int, ...]] = {
    (X, 1): (op.SX,), (X, 2): (op.X,), (X, 3): (op.SXDG,),
    (Y, 1): (op.Z, op.H), (Y, 2): (op.Y,), (Y, 3): (op.H, op.Z),
    (Z, 1): (op.S,), (Z, 2): (op.Z,), (Z, 3): (op.SDG,),
}  # fmt: skip
_PLAIN_ROTATIONS = {"rx": -op.LETTER_X, "ry": -op.LETTER_Y, "rz": -op.LETTER_Z}
_PLAIN_CLIFFORDS = {
    "h": op.H, "s": op.S, "sdg": op.SDG, "x": op.X, "y": op.Y, "z": op.Z, "sx": op.SX, "sxdg": op.SXDG,
    "cx": op.CX, "cz": op.CZ, "swap": op.SWAP,
}  # fmt: skip
_KIND = _PLAIN_ROTATIONS | _PLAIN_CLIFFORDS
_SKIPPED = {"barrier"}


class Columns(Angles):
    """What is written of a program so far; :mod:`qtrain.circuits.program` freezes it into arrays."""

    def __init__(
        self, weights: Sequence[Parameter], inputs: Sequence[Parameter], *, functions: bool = False
    ) -> None:
        super().__init__(weights, inputs, functions=functions)
        # (opcode, qubit, qubit, number of letters, weight, coefficient, offset, gate) of each op
        self.ops: list[tuple[int, int, int, int, int, float, float, int]] = []
        self.support: list[int] = []
        self.letters: list[int] = []
        self.expressions: dict[int, ParameterExpression] = {}
        self.now = 0  # index into circuit.data of the gate being lowered
        self.name = ""

    def here(self) -> str:
        return f"at gate {self.now} ({self.name})"

    def clifford(self, code: int, a: int, b: int = -1) -> None:
        self.ops.append((code, a, b, 0, -1, 0.0, 0.0, self.now))

    def plain(self, index: int, support: tuple[int, ...], letters: tuple[int, ...]) -> None:
        """exp(-i weight P / 2), the weight as it is."""
        self.ops.append((op.ROTATION, -1, -1, 1, index, 1.0, 0.0, self.now))
        self.support.append(support[0])
        self.letters.append(letters[0])

    def rotate(self, angle: Angle, support: Sequence[int], letters: Sequence[int]) -> None:
        """exp(-i angle P / 2), one op per piece; ``support`` ascending."""
        if not support:
            return
        for k, coefficient, offset, expression in angle:
            if k < 0 and expression is None:
                turns = quarter_turns(offset)
                if turns == 0:
                    continue
                if turns > 0:
                    if len(support) == 1:
                        for code in _QUARTERS[letters[0], turns]:
                            self.clifford(code, support[0])
                        continue
                    offset = turns * QUARTER
            if expression is not None:
                self.expressions[len(self.ops)] = expression
            self.ops.append((op.ROTATION, -1, -1, len(support), k, coefficient, offset, self.now))
            self.support.extend(support)
            self.letters.extend(letters)

    def rotate_pair(self, angle: Angle, a: int, letter_a: int, b: int, letter_b: int) -> None:
        if a < b:
            self.rotate(angle, (a, b), (letter_a, letter_b))
        else:
            self.rotate(angle, (b, a), (letter_b, letter_a))

    def pauli_rotation(self, angle: Angle, label: str, qubits: Sequence[int]) -> None:
        """``label[i]`` acts on ``qubits[i]``."""
        pairs = sorted((q, _LETTER[letter]) for q, letter in zip(qubits, label) if letter != "I")
        self.rotate(angle, [q for q, _ in pairs], [letter for _, letter in pairs])

    def arrays(self) -> dict[str, np.ndarray]:
        """The columns under their names in :class:`~qtrain.circuits.program.PauliProgram`."""
        opcode, a, b, sizes, parameter, coefficient, offset, gate = zip(*self.ops) if self.ops else [()] * 8
        return {
            "opcode": np.array(opcode, dtype=np.int8),
            "qubits": np.array([a, b], dtype=np.int32).T.copy(),
            "start": np.cumsum((0, *sizes), dtype=np.int64),
            "support": np.array(self.support, dtype=np.int32),
            "letters": np.array(self.letters, dtype=np.int8),
            "parameter": np.array(parameter, dtype=np.int32),
            "coefficient": np.array(coefficient, dtype=np.float64),
            "offset": np.array(offset, dtype=np.float64),
            "gate": np.array(gate, dtype=np.int32),
        }


def plain_columns(circuit: QuantumCircuit, weights: Sequence[str]) -> dict[str, np.ndarray] | None:
    """The columns of a circuit of elementary Cliffords and rotations by plain parameters, in one sweep.

    Most ansätze are of this kind. The walk in ``lowering.py`` gives the same, gate by gate.

    Args:
        weights: names of all parameters of the circuit, in its order.

    Returns:
        As :meth:`Columns.arrays`; None where another gate or angle is in the circuit.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> circuit = real_amplitudes(2, reps=1)
        >>> plain_columns(circuit, [p.name for p in circuit.parameters])["opcode"].tolist()
        [0, 0, 9, 0, 0]
        >>> plain_columns(circuit.assign_parameters([0.1] * 4), []) is None
        True
    """
    items = list(circuit.data)
    names = [item.name for item in items]
    kinds = set(names)
    if not kinds <= _KIND.keys() | _SKIPPED:
        return None
    gate: np.ndarray = np.arange(len(items), dtype=np.int32)
    if kinds & _SKIPPED:
        keep = [k for k, name in enumerate(names) if name not in _SKIPPED]
        items, names, gate = [items[k] for k in keep], [names[k] for k in keep], gate[keep]
    if False in map(CircuitInstruction.is_standard_gate, items):  # somebody's own gate may have any name
        return None
    kind = np.array([_KIND[name] for name in names], dtype=np.int8)
    rotation = kind < 0
    angles = [items[k].params[0] for k in np.flatnonzero(rotation).tolist()]
    if not set(map(type, angles)) <= {Parameter, ParameterVectorElement}:
        return None
    index = {name: k for k, name in enumerate(weights)}  # by name, which Qiskit keeps unique: half the time
    places = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    flat = np.array([places[qubit] for item in items for qubit in item.qubits], dtype=np.int32)
    two = kind >= op.CX
    first = np.cumsum(1 + two) - 1 - two
    qubits: np.ndarray = np.full((len(items), 2), -1, dtype=np.int32)
    qubits[~rotation, 0] = flat[first[~rotation]]
    qubits[two, 1] = flat[first[two] + 1]
    parameter: np.ndarray = np.full(len(items), -1, dtype=np.int32)
    parameter[rotation] = [index[angle.name] for angle in angles]
    return {
        "opcode": np.where(rotation, op.ROTATION, kind).astype(np.int8),
        "qubits": qubits,
        "start": np.concatenate([[0], np.cumsum(rotation)]),
        "support": flat[first[rotation]],
        "letters": -kind[rotation],
        "parameter": parameter,
        "coefficient": rotation.astype(np.float64),
        "offset": np.zeros(len(items)),
        "gate": gate,
    }
