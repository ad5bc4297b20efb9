"""QuantumCircuit -> PauliProgram: fixed Cliffords and Pauli rotations, the arrays that every criterion reads.

Order and packing, said once: operations are in time order; qubit q is bit ``q % 64`` of word ``q // 64``;
letters are 1 = X, 2 = Z, 3 = Y (bit 0 the x bit, bit 1 the z bit); a rotation is exp(-i angle P / 2) with
``angle = coefficient * weights[parameter] + offset``, in radians. Global phases are dropped.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterExpression

from qtrain.circuits.angles import QUARTER, TOLERANCE, InputFunction, choose_inputs, number
from qtrain.circuits.columns import Columns, plain_columns
from qtrain.circuits.lowering import Walker, readable
from qtrain.errors import QTrainError
from qtrain.kernels.opcodes import CX, CZ, ROTATION, SDG, SWAP, SX, SXDG, H, S, X, Y, Z

if TYPE_CHECKING:
    from qtrain.circuits.expressions.angle_map import AngleMap
    from qtrain.kernels.paulis import PauliTable

__all__ = [
    "CX", "CZ", "H", "ROTATION", "S", "SDG", "SWAP", "SX", "SXDG", "X", "Y", "Z", "PauliProgram", "lower",
]  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class PauliProgram:
    """A circuit as data.

    Attributes:
        num_qubits: n.
        opcode: (ops,) int8, see ``qtrain.kernels.opcodes``.
        qubits: (ops, 2) int32, the qubits of a Clifford (CX: control, target); -1 where unused.
        start: (ops + 1,) int64; ``support[start[i]:start[i + 1]]`` are the qubits of rotation i, ascending.
        support: int32 qubits; letters: int8, the Pauli letter on each of them.
        parameter: (ops,) int32, index into ``weights``; -1 where the op has no weight.
        coefficient, offset: (ops,) float64; NaN where the angle waits for its inputs.
        gate: (ops,) int32, index into ``circuit.data`` the op came from.
        weights: names of the trainable parameters, in the order of ``circuit.parameters``.
        inputs: names of the data parameters, in the same order.
        expressions: op -> its whole angle, for the ops that depend on inputs; empty once bound.
        angle_map: from the circuit's parameters to ``weights``, where some angle is no affine function of them:
            ``weights`` are then the parameters and, behind them, each such expression. None: they are the parameters.
    """

    num_qubits: int
    opcode: np.ndarray
    qubits: np.ndarray
    start: np.ndarray
    support: np.ndarray
    letters: np.ndarray
    parameter: np.ndarray
    coefficient: np.ndarray
    offset: np.ndarray
    gate: np.ndarray
    weights: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    expressions: Mapping[int, ParameterExpression] = field(default_factory=dict)
    angle_map: AngleMap | None = None

    def __len__(self) -> int:
        return len(self.opcode)

    def __repr__(self) -> str:
        return (
            f"PauliProgram(num_qubits={self.num_qubits}, ops={len(self)}, rotations={len(self.rotations)}, "
            f"weights={len(self.weights)}, inputs={len(self.inputs)})"
        )

    @property
    def num_weights(self) -> int:
        return len(self.weights)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the circuit's trainable parameters."""
        return self.weights if self.angle_map is None else self.angle_map.weights

    def of_parameters(self, marked: np.ndarray) -> np.ndarray:
        """(parameters,) bool: drives one of the marked weights (weights,) bool."""
        return marked if self.angle_map is None else self.angle_map.any_of(marked)

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    @cached_property
    def rotations(self) -> np.ndarray:
        """Indices of the rotations that have a weight, ascending: int64."""
        return np.flatnonzero(self.parameter >= 0)

    @cached_property
    def turns(self) -> np.ndarray:
        """(ops,) int8: quarter turns (0 to 3) of fixed rotations that are Cliffords; else -1."""
        turns = np.full(len(self), -1, dtype=np.int8)
        fixed = np.flatnonzero((self.opcode == ROTATION) & (self.parameter < 0) & np.isfinite(self.offset))
        nearest = np.round(self.offset[fixed] / QUARTER)
        clifford = np.abs(self.offset[fixed] - nearest * QUARTER) <= TOLERANCE
        turns[fixed[clifford]] = (nearest[clifford] % 4).astype(np.int8)
        return turns

    @cached_property
    def fixed_rotations(self) -> np.ndarray:
        """Indices of rotations without a weight that are no Cliffords (unbound inputs count): int64."""
        return np.flatnonzero((self.opcode == ROTATION) & (self.parameter < 0) & (self.turns < 0))

    @cached_property
    def shared(self) -> np.ndarray:
        """(num_weights,) bool: used in more than one rotation, or with a coefficient other than +1 or -1."""
        ops = self.rotations
        often = np.bincount(self.parameter[ops], minlength=self.num_weights) > 1
        scaled = ~np.isclose(np.abs(self.coefficient[ops]), 1.0, rtol=0, atol=1e-12)
        often[self.parameter[ops[scaled]]] = True
        return often

    def pauli(self, index: int) -> str:
        """Label of rotation ``index`` in Qiskit's order (the last letter is qubit 0)."""
        text = ["I"] * self.num_qubits
        for j in range(self.start[index], self.start[index + 1]):
            text[self.num_qubits - 1 - self.support[j]] = "IXZY"[self.letters[j]]
        return "".join(text)

    # ----------------------------------------------------------------- numbers

    def angles(self, weights: np.ndarray | Sequence[float]) -> np.ndarray:
        """Angle of each op, in radians; 0 for Cliffords.

        Args:
            weights: (num_weights,), or (batch, num_weights); with an ``angle_map`` the circuit's parameters.

        Returns:
            (ops,) float64, or (batch, ops).

        Raises:
            QTrainError: wrong shape, a number that is not finite, or inputs that are not bound.
        """
        self._check_bound()
        values = _floats("weights", weights, len(self.parameters))
        if self.angle_map is not None:
            values = self.angle_map.angles(values).reshape(*values.shape[:-1], self.num_weights)
        out = np.broadcast_to(self.offset, (*values.shape[:-1], len(self))).copy()
        ops = self.rotations
        out[..., ops] += self.coefficient[ops] * values[..., self.parameter[ops]]
        return out

    def bind_weights(self, values: Mapping[int, float]) -> PauliProgram:
        """Fix some weights: they leave ``weights``; the others are numbered anew, in the same order.

        Args:
            values: weight index -> radians.
        """
        if self.angle_map is not None:
            raise QTrainError("program should have plain weights to fix some. Got functions of weights.")
        for k, value in values.items():
            if not (isinstance(k, (int, np.integer)) and 0 <= k < self.num_weights):
                raise QTrainError(f"values should have keys from 0 to {self.num_weights - 1}. Got {k!r}.")
            number(value, f"for weight {k}")
        if self.expressions:
            self._check_bound()
        bound = np.zeros(self.num_weights + 1, dtype=bool)  # the last entry stands for "no weight" (index -1)
        fixed = np.zeros(self.num_weights + 1)
        for k, value in values.items():
            bound[k], fixed[k] = True, float(value)
        hit = bound[self.parameter]
        renumbered = np.append(np.cumsum(~bound[:-1]) - 1, -1)
        return dataclasses.replace(
            self,
            parameter=np.where(hit, -1, renumbered[self.parameter]).astype(np.int32),
            coefficient=np.where(hit, 0.0, self.coefficient),
            offset=self.offset + np.where(hit, self.coefficient * fixed[self.parameter], 0.0),
            weights=tuple(name for k, name in enumerate(self.weights) if not bound[k]),
        )

    def bind_inputs(self, x: np.ndarray | Sequence[float]) -> PauliProgram:
        """Put one data point in: ``x`` (num_inputs,) in the order of ``inputs``.

        Example:
            >>> from qiskit.circuit.library import zz_feature_map
            >>> program = lower(zz_feature_map(2, reps=1), inputs="x")
            >>> program.inputs, program.bind_inputs([0.1, 0.2]).inputs
            (('x[0]', 'x[1]'), ())
        """
        values = _floats("x", x, self.num_inputs)
        if values.ndim != 1:
            raise QTrainError(f"x should be one data point of {self.num_inputs} numbers. Got shape {values.shape}.")
        ops, coefficient, offset = self.input_angles(values[None, :])
        new_coefficient, new_offset = self.coefficient.copy(), self.offset.copy()
        new_coefficient[ops], new_offset[ops] = coefficient[0], offset[0]
        return dataclasses.replace(
            self, coefficient=new_coefficient, offset=new_offset, inputs=(), expressions={},
            angle_map=None if self.angle_map is None else self.angle_map.bound(values),
        )  # fmt: skip

    def input_angles(self, x: np.ndarray | Sequence[Sequence[float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same for many data points at once, as columns.

        Args:
            x: (points, num_inputs).

        Returns:
            ops: (k,) the ops that depend on inputs; coefficient, offset: (points, k) what they are there.
        """
        values = _floats("x", x, self.num_inputs)
        if values.ndim != 2:
            raise QTrainError(f"x should have shape (points, {self.num_inputs}). Got {values.shape}.")
        ops = np.array(sorted(self.expressions), dtype=np.int64)
        coefficient, offset = np.zeros((len(values), len(ops))), np.zeros((len(values), len(ops)))
        for column, (slope, rest) in enumerate(self._input_functions):
            coefficient[:, column], offset[:, column] = slope(values), rest(values)
        return ops, coefficient, offset

    @cached_property
    def _input_functions(self) -> list[tuple[InputFunction, InputFunction]]:
        functions = []
        for i in sorted(self.expressions):
            expression = self.expressions[i]
            weight = self.weights[self.parameter[i]] if self.parameter[i] >= 0 else None
            own = [p for p in expression.parameters if p.name == weight]
            slope = expression.gradient(own[0]) if own else 0.0
            rest = expression.bind({own[0]: 0.0}) if own else expression
            where = f"at gate {self.gate[i]}"
            functions.append((InputFunction(slope, self.inputs, where), InputFunction(rest, self.inputs, where)))
        return functions

    def _check_bound(self) -> None:
        if self.expressions:
            raise QTrainError(
                f"program should have its {self.num_inputs} inputs bound. Got free ones: call bind_inputs first."
            )

    def fingerprint(self) -> str:
        """Hash of everything that decides what the program computes: 32 hex digits."""
        digest = hashlib.sha256(repr((self.num_qubits, self.weights, self.inputs)).encode())
        for name in ("opcode", "qubits", "start", "support", "letters", "parameter", "coefficient", "offset"):
            digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        for i in sorted(self.expressions):
            digest.update(f"{i}:{self.expressions[i]}".encode())
        if self.angle_map is not None:
            digest.update(self.angle_map.fingerprint().encode())
        return digest.hexdigest()[:32]

    # ----------------------------------------------------------------- frames

    @cached_property
    def _pushed(self) -> tuple[PauliTable, PauliTable, PauliTable]:
        from qtrain.kernels.clifford import compose
        from qtrain.kernels.paulis import PauliTable

        n, turns = self.num_qubits, self.turns
        ops = np.flatnonzero((self.opcode == ROTATION) & (turns < 0))
        slot = np.full(len(self), -1, dtype=np.int64)
        slot[ops] = np.arange(len(ops))
        x, z, phase, fx, fz, fphase = compose(
            n, self.opcode, self.qubits, self.start, self.support, self.letters, np.maximum(turns, 0), slot, len(ops),
            True,
        )  # fmt: skip

        def table(x: np.ndarray, z: np.ndarray, phase: np.ndarray, index: np.ndarray) -> PauliTable:
            letters_y = np.bitwise_count(x & z).sum(axis=1, dtype=np.int64)
            return PauliTable(n, x, z, (1 - (phase - letters_y) % 4).astype(np.int8), index)

        places = np.arange(n)
        return (table(x, z, phase, ops), table(fx[:n], fz[:n], fphase[:n], places),
                table(fx[n:], fz[n:], fphase[n:], places))  # fmt: skip

    def generators(self, *, fixed: bool = False) -> PauliTable:
        """Paulis of the rotations pushed through all later Cliffords: U = R W with rotations R about them.

        Fixed rotations by multiples of pi/2 count as Cliffords. ``index`` of the table is the op.

        Args:
            fixed: also give the fixed rotations that are no Cliffords (T gates and the like).

        Example:
            >>> from qiskit.circuit import Parameter
            >>> circuit = QuantumCircuit(2)
            >>> _ = circuit.rx(Parameter("a"), 0)
            >>> _ = circuit.cx(0, 1)
            >>> lower(circuit).generators().labels
            ['XX']
        """
        table = self._pushed[0]
        if fixed:
            return table
        keep = self.parameter[table.index] >= 0
        return dataclasses.replace(
            table, x=table.x[keep], z=table.z[keep], signs=table.signs[keep], index=table.index[keep]
        )

    def frame(self) -> PauliTable:
        """W Z_q W^dagger for each qubit, W = all Cliffords: the stabilisers of W |0...0>.

        For rho = |0...0><0...0|, Tr[W rho W^dagger Q] is the sign with which Q is a product of these rows,
        or 0 where it is none.
        """
        return self._pushed[2]

    def frame_x(self) -> PauliTable:
        """W X_q W^dagger for each qubit: the other half of the tableau of W."""
        return self._pushed[1]

    def expectations(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """(rows,) Tr[W |0...0><0...0| W^dagger Q] of packed strings Q: +1, -1 or 0."""
        from qtrain.kernels.pauli_modules import stabilizer_expectations

        _, flips, frame = self._pushed
        return stabilizer_expectations(x, z, frame.x, frame.z, frame.signs, flips.x, flips.z)


def _floats(name: str, values: Any, length: int) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise QTrainError(f"{name} should hold {length} real numbers. Got {values!r}.") from None
    if array.ndim == 0 or array.ndim > 2 or array.shape[-1] != length:
        raise QTrainError(f"{name} should have {length} entries in its last axis. Got shape {array.shape}.")
    if not np.isfinite(array).all():
        raise QTrainError(f"{name} should hold finite numbers. Got NaN or infinity.")
    return array


def lower(
    circuit: QuantumCircuit | PauliProgram | str | Path, *, inputs: Any = (), functions: bool = False
) -> PauliProgram:
    """Write a circuit as fixed Cliffords and Pauli rotations, exactly, up to a global phase.

    Final measurements, barriers and delays are dropped. A PauliEvolutionGate becomes the rotations of its own
    product formula. An angle that is affine in several weights becomes one rotation per weight.

    Args:
        circuit: unitary gates; a QASM or QPY file; or a program, which is returned as it is.
        inputs: the data parameters: names, Parameters, a ParameterVector, or a prefix of their names.
            Angles may depend on them in any way.
        functions: take angles that are not affine in the weights; the program then has an ``angle_map``.

    Raises:
        QTrainError: a mid-circuit measurement, reset or control flow, an operation without a definition,
            an angle that is not finite, or, without ``functions``, not affine in the weights; the gate is named.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> lower(real_amplitudes(2, reps=1))
        PauliProgram(num_qubits=2, ops=5, rotations=4, weights=4, inputs=0)
    """
    if isinstance(circuit, PauliProgram):
        if inputs:
            raise QTrainError("inputs should be given with a circuit. Got a program, which has its own.")
        return circuit
    if isinstance(circuit, (str, Path)):
        from qtrain.circuits.files import read_circuit

        circuit = read_circuit(circuit)
    if not isinstance(circuit, QuantumCircuit):
        raise QTrainError(f"circuit should be a QuantumCircuit or a file. Got {type(circuit).__name__}.")
    if circuit.num_qubits == 0:
        raise QTrainError("circuit should have at least 1 qubit. Got 0.")
    parameters = list(circuit.parameters)
    data = choose_inputs(parameters, inputs)
    given = set(data)
    trainable = [p for p in parameters if p not in given] if given else parameters
    names = [p.name for p in trainable]
    with readable():
        columns = None if data else plain_columns(circuit, names)
    expressions: Mapping[int, ParameterExpression] = {}
    angle_map = None
    if columns is None:
        written = Columns(trainable, data, functions=functions)
        with readable():
            Walker(written, circuit.num_qubits).circuit(circuit)
        columns, expressions = written.arrays(), written.expressions
        if written.functions:
            from qtrain.circuits.expressions.angle_map import AngleMap
            from qtrain.circuits.expressions.functions import Functions

            data_names = tuple([p.name for p in data])
            found = Functions([value for _, value in written.functions.values()], (*names, *data_names))
            angle_map = AngleMap(tuple(names), data_names, found)
    return PauliProgram(
        num_qubits=circuit.num_qubits,
        **columns,
        weights=tuple(names) if angle_map is None else angle_map.names,
        inputs=tuple([p.name for p in data]),
        expressions=expressions,
        angle_map=angle_map,
    )
