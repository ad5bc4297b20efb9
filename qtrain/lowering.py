"""Gate by gate: how each Qiskit operation is written as elementary Cliffords and Pauli rotations.

An angle is a list of pieces ``(weight, coefficient, offset, expression)``: an affine function of several weights is
one rotation per weight about the same Pauli. All identities hold up to a global phase.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Parameter, ParameterExpression, Qubit

from qtrain.errors import QTrainError
from qtrain.kernels import opcodes as op

Piece = tuple[int, float, float, ParameterExpression | None]
Angle = list[Piece]

TOLERANCE = 1e-10  # radians: a fixed angle this close to a multiple of pi/2 is that multiple
QUARTER = math.pi / 2
MAX_DEPTH = 100
X, Z, Y = op.LETTER_X, op.LETTER_Z, op.LETTER_Y
_LETTER = {"X": X, "Y": Y, "Z": Z}

# (letter, quarter turns) -> the same single-qubit rotation as elementary Cliffords, in time order
_QUARTERS: dict[tuple[int, int], tuple[int, ...]] = {
    (X, 1): (op.SX,), (X, 2): (op.X,), (X, 3): (op.SXDG,),
    (Y, 1): (op.Z, op.H), (Y, 2): (op.Y,), (Y, 3): (op.H, op.Z),
    (Z, 1): (op.S,), (Z, 2): (op.Z,), (Z, 3): (op.SDG,),
}  # fmt: skip


def quarter_turns(angle: float) -> int:
    """0 to 3 where the angle is that many quarter turns (mod 4), else -1."""
    turns = round(angle / QUARTER)
    return turns % 4 if abs(angle - turns * QUARTER) <= TOLERANCE else -1


def _number(value: Any, what: str) -> float:
    number = complex(value)
    if not (math.isfinite(number.real) and abs(number.imag) <= TOLERANCE):
        raise QTrainError(f"circuit should have finite real angles. Got {value} {what}: bind it to a number or a Parameter.")
    return number.real


class Tape:
    """Growing columns of a program; :mod:`qtrain.program` freezes them into arrays."""

    def __init__(self, weights: Sequence[Parameter], inputs: Sequence[Parameter]) -> None:
        self.weight = {p: k for k, p in enumerate(weights)}
        self.inputs = frozenset(inputs)
        self.opcode: list[int] = []
        self.qubit_a: list[int] = []
        self.qubit_b: list[int] = []
        self.sizes: list[int] = []
        self.support: list[int] = []
        self.letters: list[int] = []
        self.parameter: list[int] = []
        self.coefficient: list[float] = []
        self.offset: list[float] = []
        self.gate: list[int] = []
        self.expressions: dict[int, ParameterExpression] = {}
        self.now = 0  # index into circuit.data of the gate being lowered
        self.name = ""

    def here(self) -> str:
        return f"at gate {self.now} ({self.name})"

    # ----------------------------------------------------------------- angles

    def angle(self, value: Any) -> Angle:
        """Split an angle into pieces; refuses what is not affine in the weights."""
        index = self.weight.get(value) if isinstance(value, Parameter) else None
        if index is not None:
            return [(index, 1.0, 0.0, None)]
        if not isinstance(value, ParameterExpression):
            return [(-1, 0.0, _number(value, self.here()), None)]
        free = value.parameters
        if not free:
            return [(-1, 0.0, _number(value.numeric(), self.here()), None)]
        weights = sorted((self.weight[p], p) for p in free if p in self.weight) if len(free) > 1 else [
            (self.weight[p], p) for p in free if p in self.weight]  # fmt: skip
        data = [p for p in free if p in self.inputs]
        if len(weights) + len(data) != len(free):
            raise QTrainError(f"circuit should own every Parameter it uses. Got {value} {self.here()}.")
        slopes = []
        for _, p in weights:
            slope = value.gradient(p)
            if isinstance(slope, ParameterExpression) and slope.parameters - self.inputs:
                raise QTrainError(
                    f"circuit should have angles that are affine in each trainable parameter. Got {value} "
                    f"{self.here()}: use a linear expression, or name data parameters in inputs=."
                )
            slopes.append(slope)
        rest = value.bind({p: 0.0 for _, p in weights}) if weights else value
        if not data:
            pieces: Angle = [(k, _number(s.numeric() if isinstance(s, ParameterExpression) else s, self.here()), 0.0, None)
                             for (k, _), s in zip(weights, slopes)]  # fmt: skip
            pieces = [piece for piece in pieces if piece[1] != 0.0]
            constant = _number(rest.numeric(), self.here())
            if not pieces:
                return [(-1, 0.0, constant, None)]
            return [(pieces[0][0], pieces[0][1], constant, None), *pieces[1:]]
        if not weights:
            return [(-1, 0.0, math.nan, value)]
        if len(weights) == 1:
            return [(weights[0][0], math.nan, math.nan, value)]
        parts = [(k, math.nan, math.nan, p * slope) for (k, p), slope in zip(weights, slopes)]
        return [(-1, 0.0, math.nan, rest), *parts]

    def total(self, *terms: tuple[Any, float]) -> Angle:
        """Sum of ``value * scale``: constants are added up, and weights that come twice."""
        constant, slopes, other = 0.0, {}, []
        for value, scale in terms:
            for k, coefficient, offset, expression in self.angle(value):
                if expression is not None:
                    other.append((k, coefficient, offset, expression * scale))
                    continue
                constant += offset * scale
                if k >= 0:
                    slopes[k] = slopes.get(k, 0.0) + coefficient * scale
        pieces: Angle = [(k, slope, 0.0, None) for k, slope in slopes.items() if slope != 0.0]
        if pieces:
            pieces[0] = (pieces[0][0], pieces[0][1], constant, None)
        elif constant != 0.0:
            pieces = [(-1, 0.0, constant, None)]
        return pieces + other

    # ----------------------------------------------------------------- ops

    def clifford(self, code: int, a: int, b: int = -1) -> None:
        self.opcode.append(code)
        self.qubit_a.append(a)
        self.qubit_b.append(b)
        self.sizes.append(0)
        self.parameter.append(-1)
        self.coefficient.append(0.0)
        self.offset.append(0.0)
        self.gate.append(self.now)

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
                self.expressions[len(self.opcode)] = expression
            self.opcode.append(op.ROTATION)
            self.qubit_a.append(-1)
            self.qubit_b.append(-1)
            self.sizes.append(len(support))
            self.support.extend(support)
            self.letters.extend(letters)
            self.parameter.append(k)
            self.coefficient.append(coefficient)
            self.offset.append(offset)
            self.gate.append(self.now)

    def rotate_pair(self, angle: Angle, a: int, letter_a: int, b: int, letter_b: int) -> None:
        if a < b:
            self.rotate(angle, (a, b), (letter_a, letter_b))
        else:
            self.rotate(angle, (b, a), (letter_b, letter_a))

    def pauli_rotation(self, angle: Angle, label: str, qubits: Sequence[int]) -> None:
        """``label[i]`` acts on ``qubits[i]``."""
        pairs = sorted((q, _LETTER[letter]) for q, letter in zip(qubits, label) if letter != "I")
        self.rotate(angle, [q for q, _ in pairs], [letter for _, letter in pairs])


# --------------------------------------------------------------------------- standard gates

Rule = Callable[[Tape, Sequence[int], Sequence[Any]], None]


def _fixed(*ops: tuple[int, ...]) -> Rule:
    """A fixed Clifford: (opcode, place) or (opcode, place, place) in time order."""

    def rule(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
        for code, *places in ops:
            tape.clifford(code, *(q[place] for place in places))

    return rule


def _single(letter: int) -> Rule:
    letters = (letter,)

    def rule(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
        tape.rotate(tape.angle(params[0]), q, letters)

    return rule


def _phase(angle: float) -> Rule:
    def rule(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
        tape.rotate([(-1, 0.0, angle, None)], q, (Z,))

    return rule


def _pair(letter_a: int, letter_b: int) -> Rule:
    def rule(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
        tape.rotate_pair(tape.angle(params[0]), q[0], letter_a, q[1], letter_b)

    return rule


def _controlled(letter: int) -> Rule:
    """exp(-i t (1 - Z_c)/2 P/2) = exp(-i (t/2) P/2) exp(+i (t/2) Z_c P/2)."""

    def rule(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
        tape.rotate(tape.total((params[0], 0.5)), (q[1],), (letter,))
        tape.rotate_pair(tape.total((params[0], -0.5)), q[0], Z, q[1], letter)

    return rule


def _cphase(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
    half = tape.total((params[0], 0.5))
    if not half:
        return
    if len(half) == 1 and half[0][0] < 0 and half[0][3] is None and quarter_turns(half[0][2]) in (1, 3):
        if abs(math.remainder(2 * half[0][2], 2 * math.pi)) > QUARTER:  # an angle of pi
            tape.clifford(op.CZ, q[0], q[1])
            return
    tape.rotate(half, (q[0],), (Z,))
    tape.rotate(half, (q[1],), (Z,))
    tape.rotate_pair(tape.total((params[0], -0.5)), q[0], Z, q[1], Z)


def _u(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
    tape.rotate(tape.angle(params[2]), q, (Z,))
    tape.rotate(tape.angle(params[0]), q, (Y,))
    tape.rotate(tape.angle(params[1]), q, (Z,))


def _u2(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
    _u(tape, q, (QUARTER, params[0], params[1]))


def _r(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
    tape.rotate(tape.total((params[1], -1.0)), q, (Z,))
    tape.rotate(tape.angle(params[0]), q, (X,))
    tape.rotate(tape.angle(params[1]), q, (Z,))


def _cu3(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
    theta, phi, lam = params[:3]
    control, target = (q[0],), (q[1],)
    gamma = ((params[3], 1.0),) if len(params) == 4 else ()
    tape.rotate(tape.total(*gamma, (lam, 0.5), (phi, 0.5)), control, (Z,))
    tape.rotate(tape.total((lam, 0.5), (phi, -0.5)), target, (Z,))
    tape.clifford(op.CX, q[0], q[1])
    tape.rotate(tape.total((lam, -0.5), (phi, -0.5)), target, (Z,))
    tape.rotate(tape.total((theta, -0.5)), target, (Y,))
    tape.clifford(op.CX, q[0], q[1])
    tape.rotate(tape.total((theta, 0.5)), target, (Y,))
    tape.rotate(tape.angle(phi), target, (Z,))


def _hopping(sign: float, place: int) -> Rule:
    """XX + YY (sign 1, frame on qubit 0) and XX - YY (sign -1, frame on qubit 1)."""

    def rule(tape: Tape, q: Sequence[int], params: Sequence[Any]) -> None:
        theta, beta = params
        tape.rotate(tape.total((beta, sign)), (q[place],), (Z,))
        tape.rotate_pair(tape.total((theta, 0.5)), q[0], X, q[1], X)
        tape.rotate_pair(tape.total((theta, 0.5 * sign)), q[0], Y, q[1], Y)
        tape.rotate(tape.total((beta, -sign)), (q[place],), (Z,))

    return rule


RULES: dict[str, Rule] = {
    "id": _fixed(), "global_phase": _fixed(), "delay": _fixed(),
    "h": _fixed((op.H, 0)), "s": _fixed((op.S, 0)), "sdg": _fixed((op.SDG, 0)),
    "x": _fixed((op.X, 0)), "y": _fixed((op.Y, 0)), "z": _fixed((op.Z, 0)),
    "sx": _fixed((op.SX, 0)), "sxdg": _fixed((op.SXDG, 0)), "t": _phase(math.pi / 4), "tdg": _phase(-math.pi / 4),
    "cx": _fixed((op.CX, 0, 1)), "cz": _fixed((op.CZ, 0, 1)), "swap": _fixed((op.SWAP, 0, 1)),
    "cy": _fixed((op.SDG, 1), (op.CX, 0, 1), (op.S, 1)), "dcx": _fixed((op.CX, 0, 1), (op.CX, 1, 0)),
    "iswap": _fixed((op.S, 0), (op.S, 1), (op.CZ, 0, 1), (op.SWAP, 0, 1)),
    "rx": _single(X), "ry": _single(Y), "rz": _single(Z), "p": _single(Z), "u1": _single(Z),
    "u": _u, "u3": _u, "u2": _u2, "r": _r,
    "rxx": _pair(X, X), "ryy": _pair(Y, Y), "rzz": _pair(Z, Z), "rzx": _pair(Z, X),
    "crx": _controlled(X), "cry": _controlled(Y), "crz": _controlled(Z),
    "cp": _cphase, "cu1": _cphase, "cu3": _cu3, "cu": _cu3,
    "xx_plus_yy": _hopping(1.0, 0), "xx_minus_yy": _hopping(-1.0, 1),
}  # fmt: skip


# --------------------------------------------------------------------------- anything else


class Walker:
    """Walks a circuit and the definitions of its gates, and writes what it finds on the tape."""

    def __init__(self, tape: Tape, num_qubits: int) -> None:
        self.tape = tape
        self.touched = bytearray(num_qubits)  # qubits that are no longer |0>
        self.measured: dict[int, int] = {}  # qubit -> gate index of its measurement
        self.definitions: dict[str, QuantumCircuit] = {}  # of standard gates without parameters

    def circuit(self, circuit: QuantumCircuit, qubits: Sequence[int] | None = None, depth: int = 0) -> None:
        """``qubits``: where the circuit's qubits lie in the whole; None: it is the whole."""
        tape, touched, measured = self.tape, self.touched, self.measured
        places: dict[Qubit, int] = dict(zip(circuit.qubits, range(circuit.num_qubits) if qubits is None else qubits))
        if depth > MAX_DEPTH:
            raise self.refuse("is defined more than 100 levels deep", "decompose it first")
        for k, instruction in enumerate(circuit.data):
            name = instruction.name
            if qubits is None:
                tape.now, tape.name = k, name
            q = tuple([places[bit] for bit in instruction.qubits])
            rule = RULES.get(name) if instruction.is_standard_gate() else None
            if measured and name not in ("measure", "barrier", "delay"):
                self.check_not_measured(q)
            if rule is not None:
                rule(tape, q, instruction.params)
                for a in q:
                    touched[a] = 1
            else:
                self.other(instruction, name, q, depth)

    def refuse(self, why: str, advice: str) -> QTrainError:
        return QTrainError(
            f"circuit should hold unitary gates, and measurements only at its end. "
            f"Got gate {self.tape.now} ({self.tape.name}), which {why}: {advice}."
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
            self.measured.update(dict.fromkeys(q, self.tape.now))
            return
        if name == "reset":
            if self.touched[q[0]]:
                raise self.refuse("is a reset in mid-circuit", "remove it, or start a new circuit there")
            return
        if name == "box":
            for block in instruction.operation.blocks:
                self.circuit(block, q, depth + 1)
            return
        if instruction.is_control_flow() or name in ("store", "break_loop", "continue_loop"):
            raise self.refuse("is classical control flow", "bind or unroll it first")
        if instruction.is_standard_gate() and not instruction.params:
            definition = self.definitions.get(name)
            if definition is None:
                definition = self.definitions[name] = instruction.operation.definition
        else:
            operation = instruction.operation
            if self.pauli_operation(operation, name, q):
                for a in q:
                    self.touched[a] = 1
                return
            definition = self.definition(operation)
        self.circuit(definition, q, depth + 1)

    def pauli_operation(self, operation: Any, name: str, q: Sequence[int]) -> bool:
        """Pauli strings, and evolution under sums of them by a product formula; False for anything else."""
        from qiskit.circuit.library import PauliEvolutionGate, PauliGate
        from qiskit.synthesis import ProductFormula, QDrift

        tape = self.tape
        if isinstance(operation, PauliGate):
            for a, letter in zip(q, reversed(operation.params[0])):
                if letter != "I":
                    tape.clifford({"X": op.X, "Y": op.Y, "Z": op.Z}[letter], a)
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
                tape.pauli_rotation(tape.angle(angle), label, [q[place] for place in places])
            return True
        return False

    def definition(self, operation: Any) -> QuantumCircuit:
        """The operation as a circuit of simpler ones."""
        from qiskit.circuit.library import UnitaryGate
        from qiskit.exceptions import QiskitError
        from qiskit.quantum_info import Clifford

        if isinstance(operation, Clifford):
            return operation.to_circuit()
        if isinstance(operation, UnitaryGate) and operation.num_qubits <= 3:
            try:
                return Clifford.from_matrix(operation.to_matrix()).to_circuit()
            except QiskitError:
                pass
        try:
            definition = getattr(operation, "definition", None)
            if definition is None:
                definition = _synthesise(operation)
        except QTrainError:
            raise
        except Exception as error:  # a gate's own code may raise anything
            raise self.refuse(f"could not be decomposed ({type(error).__name__}: {error})", "decompose it first") from None
        if definition is None:
            raise self.refuse("has no definition as unitary gates", "decompose it, or give it a definition")
        return definition


def _synthesise(operation: Any) -> QuantumCircuit | None:
    """Operations without a definition: annotated ones by Qiskit's synthesis, others by their matrix."""
    from qiskit.circuit import AnnotatedOperation
    from qiskit.circuit.library import UnitaryGate
    from qiskit.transpiler.passes import HighLevelSynthesis

    if isinstance(operation, AnnotatedOperation):
        circuit = QuantumCircuit(operation.num_qubits)
        circuit.append(operation, range(operation.num_qubits))
        return HighLevelSynthesis(basis_gates=[name for name in RULES if name not in ("delay", "global_phase")])(circuit)
    if hasattr(operation, "to_matrix"):
        return UnitaryGate(operation.to_matrix()).definition
    return None
