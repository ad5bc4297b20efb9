"""Walks a circuit, and the definitions of its gates, and writes elementary operations into columns."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Parameter, Qubit

from qtrain.circuits.angles import TOLERANCE
from qtrain.circuits.columns import Columns
from qtrain.circuits.composites import MAX_DEPTH, definition_of
from qtrain.circuits.gate_rules import RULES
from qtrain.errors import QTrainError
from qtrain.kernels import opcodes as op

MAX_GATES = 1_000_000  # inside definitions: a small file can define more than any memory holds
MAX_DENSE = 5  # qubits of a dense Hamiltonian that evolves for a free time
X, Z, Y = op.LETTER_X, op.LETTER_Z, op.LETTER_Y

_ROTATIONS = {"rx": (X,), "ry": (Y,), "rz": (Z,)}
_CLIFFORDS = {"cx": op.CX, "cz": op.CZ, "h": op.H}


class Walker:
    """Walks a circuit and the definitions of its gates, and writes what it finds."""

    def __init__(self, columns: Columns, num_qubits: int) -> None:
        self.columns = columns
        self.touched = bytearray(num_qubits)  # qubits that are no longer |0>
        self.measured: dict[int, int] = {}  # qubit -> gate index of its measurement
        self.definitions: dict[str, QuantumCircuit] = {}  # of standard gates without parameters
        self.unfolded = 0

    def circuit(self, circuit: QuantumCircuit, qubits: Sequence[int] | None = None, depth: int = 0) -> None:
        """``qubits``: where the circuit's qubits lie in the whole; None: it is the whole."""
        columns, touched, measured = self.columns, self.touched, self.measured
        where = range(circuit.num_qubits) if qubits is None else qubits
        places: dict[Qubit, int] = dict(zip(circuit.qubits, where))
        self.unfolded += len(circuit.data) if depth else 0
        if depth > MAX_DEPTH or self.unfolded > MAX_GATES:
            raise self.refuse(f"unfolds to more than {MAX_GATES} gates or {MAX_DEPTH} levels", "use a smaller circuit")
        weight, letter_of, code_of = columns.weight.get, _ROTATIONS.get, _CLIFFORDS.get
        for k, instruction in enumerate(circuit.data):
            name = instruction.name
            if qubits is None:
                columns.now, columns.name = k, name
            q = tuple([places[bit] for bit in instruction.qubits])
            standard = instruction.is_standard_gate()
            if standard and not measured:  # most gates of most circuits, without the detour over their rules
                if (letters := letter_of(name)) is not None:
                    value = instruction.params[0]
                    index = weight(value) if isinstance(value, Parameter) else None  # others may have no hash
                    if index is not None:
                        columns.plain(index, q, letters)
                        touched[q[0]] = 1
                        continue
                elif (code := code_of(name)) is not None:
                    columns.clifford(code, *q)
                    for a in q:
                        touched[a] = 1
                    continue
            rule = RULES.get(name) if standard else None
            if measured and name not in ("measure", "barrier", "delay"):
                self.check_not_measured(q)
            if rule is not None:
                rule(columns, q, instruction.params)
                for a in q:
                    touched[a] = 1
            else:
                self.other(instruction, name, q, depth)

    def refuse(self, why: str, advice: str) -> QTrainError:
        return QTrainError(
            f"circuit should hold unitary gates, and measurements only at its end. "
            f"Got gate {self.columns.now} ({self.columns.name}), which {why}: {advice}."
        )

    def check_not_measured(self, q: Iterable[int]) -> None:
        for a in q:
            if a in self.measured:
                raise self.refuse(
                    f"acts on qubit {a} after its measurement at gate {self.measured[a]}", "remove the measurement"
                )

    def other(self, instruction: CircuitInstruction, name: str, q: tuple[int, ...], depth: int) -> None:
        """Directives, measurements, composite gates: everything without a rule."""
        if name in ("barrier", "delay") or instruction.is_directive():
            return
        if name == "measure":
            self.measured.update(dict.fromkeys(q, self.columns.now))
            return
        if name == "reset":
            if self.touched[q[0]]:
                raise self.refuse("is a reset in mid-circuit", "remove it, or start a new circuit there")
            return
        if name == "box":
            for block in instruction.operation.blocks:
                self.circuit(block, q, depth + 1)
            return
        if name == "for_loop":
            self.loop(instruction.operation, q, depth)
            return
        if instruction.is_control_flow() or name in ("store", "break_loop", "continue_loop"):
            raise self.refuse("is classical control flow", "bind or unroll it first")
        if instruction.is_standard_gate() and not instruction.params:
            definition = self.definitions.get(name)
            if definition is None:
                definition = self.definitions[name] = instruction.operation.definition
        else:
            operation = instruction.operation
            dense = name == "hamiltonian" and self.evolution(operation, q)
            if dense or self.pauli_operation(operation, name, q):
                for a in q:
                    self.touched[a] = 1
                return
            definition = self.definition(operation)
        self.circuit(definition, q, depth + 1)

    def loop(self, operation: Any, q: tuple[int, ...], depth: int) -> None:
        """A loop over known values, each round written out."""
        values, variable, body = operation.params
        for value in values:
            bound = body if variable is None else body.assign_parameters({variable: value}, strict=False)
            self.circuit(bound, q, depth + 1)

    def pauli_operation(self, operation: Any, name: str, q: Sequence[int]) -> bool:
        """Pauli strings, and evolution under sums of them by a product formula; False for anything else."""
        from qiskit.circuit.library import PauliEvolutionGate, PauliGate
        from qiskit.synthesis import ProductFormula, QDrift

        columns = self.columns
        if isinstance(operation, PauliGate):
            for a, letter in zip(q, reversed(operation.params[0])):
                if letter != "I":
                    columns.clifford({"X": op.X, "Y": op.Y, "Z": op.Z}[letter], a)
            return True
        if type(operation).__name__ == "PauliProductRotationGate" and name == "pauli_product_rotation":
            label = reversed(operation.pauli().to_label())  # Qiskit 2.3 and later
            columns.pauli_rotation(columns.angle(operation.params[0]), "".join(label), q)
            return True
        if isinstance(operation, PauliEvolutionGate):
            formula = operation.synthesis
            # QDrift draws its terms each time it is asked: only the definition is drawn once and kept.
            if not isinstance(formula, ProductFormula) or isinstance(formula, QDrift) or formula.atomic_evolution:
                return False
            terms = formula.expand(operation)
            if any(label.strip("IXYZ") for label, _, _ in terms):  # projectors of controlled evolutions
                return False
            for label, places, angle in terms:
                columns.pauli_rotation(columns.angle(angle), label, [q[place] for place in places])
            return True
        return False

    def evolution(self, operation: Any, q: Sequence[int]) -> bool:
        """exp(-i H t) of a dense H and a free time t: rotations about Z in the basis of its eigenvectors."""
        from qiskit.circuit.library import UnitaryGate

        matrix, time = operation.params
        n = len(q)
        if n > MAX_DENSE or not getattr(time, "parameters", None):
            return False
        energies, vectors = np.linalg.eigh(np.asarray(matrix, complex))
        signs = 1 - 2 * (np.bitwise_count(np.arange(2**n)[:, None] & np.arange(2**n)).astype(int) % 2)
        basis = QuantumCircuit(n)
        basis.append(UnitaryGate(vectors.conj().T), range(n))
        self.circuit(basis, q, 1)
        for subset, weight in enumerate((signs @ energies) / 2**n):
            if subset and abs(weight) > TOLERANCE * max(float(np.abs(energies).max()), 1.0):
                label = "".join("Z" if subset >> k & 1 else "I" for k in range(n))
                self.columns.pauli_rotation(self.columns.total((time, 2.0 * float(weight))), label, q)
        self.circuit(basis.inverse(), q, 1)
        return True

    def definition(self, operation: Any) -> QuantumCircuit:
        """The operation as a circuit of simpler ones, or one sentence about why not."""
        try:
            definition = definition_of(operation)
        except QTrainError:
            raise
        except Exception as error:  # a gate's own code may raise anything
            why = f"could not be decomposed ({type(error).__name__}: {error})"
            raise self.refuse(why, "decompose it first") from None
        if definition is None:
            raise self.refuse("has no definition as unitary gates", "decompose it, or give it a definition")
        return definition


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Qiskit's Rust panics at gates on qubits that the circuit lacks, which its library does not look for."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise QTrainError(f"circuit should be one that Qiskit can read. Got one that it cannot: {error}.") from None
