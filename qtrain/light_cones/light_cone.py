"""Which parameters the observable can see: on the graph, and past what commutes.

Structural: backward reachability from the observable's support. Effective: walking backwards with
the affine set Q + span(active generators), a rotation is dead if its Pauli commutes with all of the
set, and only one that does not joins the span. The relaxation keeps too much, never too little.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliList, SparsePauliOp

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.noise.channels import Channel
from qtrain.circuits.observables import as_observable
from qtrain.circuits.pauli_tape import Tape, build_tape
from qtrain.circuits.problem import Problem, part, whole_tape
from qtrain.circuits.product_states import drop_ops
from qtrain.circuits.program import PauliProgram, lower
from qtrain.kernels import reachability as kernel
from qtrain.kernels.opcodes import NOISE_1, NOISE_SHIFT, ROTATION
from qtrain.light_cones.result import LightCone

ONE_BY_ONE = 16  # terms up to which each gets a set of its own, which is sharper


def light_cone(circuit: QuantumCircuit | PauliProgram, observable: SparsePauliOp | str) -> LightCone:
    """Structural and effective light cone of an observable, per parameter.

    Args:
        circuit: unitary gates. observable: text or SparsePauliOp.

    Returns:
        Masks over the parameters; width, depth, qubits and gates of the structural cone; width and
        gates of the effective one, which alone change the expectation value.

    Raises:
        QTrainError: a circuit that cannot be lowered, an observable of another width.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> int((~light_cone(efficient_su2(4, reps=2), "ZIII").effective).sum())
        15
    """
    program = circuit if isinstance(circuit, PauliProgram) else lower(circuit, functions=True)
    return cone(Problem(program, as_observable(observable, program.num_qubits)))


class Changes(NamedTuple):
    """Of the effective cone: weights (weights,) bool that may matter; ops (ops,) bool that change the value."""

    weights: np.ndarray
    ops: np.ndarray


class Reduced(NamedTuple):
    """A program on fewer qubits, and the observable on them."""

    program: PauliProgram
    observable: SparsePauliOp


@part
def cone(problem: Problem) -> LightCone:
    """`light_cone` of a problem, once; it holds at every angle and at every data point."""
    program, operator = problem.program, problem.observable
    seen = np.ascontiguousarray((operator.paulis.x | operator.paulis.z).any(axis=0))
    kept = _reach(program, seen)
    structural = _weights_of(program, kept)
    alive, changing = changes(problem)
    return LightCone(
        structural=program.of_parameters(structural),
        effective=program.of_parameters(alive & structural),
        width=int(seen.sum()),
        depth=_depth(program, kept),
        qubits=tuple(np.flatnonzero(seen).tolist()),
        gates=_gates(program, kept),
        effective_width=int(_touched(program, operator, changing).sum()),
        effective_gates=_gates(program, changing),
    )


def _gates(program: PauliProgram, ops: np.ndarray) -> tuple[int, ...]:
    """Indices in ``circuit.data`` of the marked ops, once each; ``program.gate`` ascends."""
    gates = program.gate[ops]
    return tuple(gates[np.diff(gates, prepend=-1) > 0].tolist())


def _touched(program: PauliProgram, operator: SparsePauliOp, ops: np.ndarray) -> np.ndarray:
    """(qubits,) bool: in the observable's support, or under one of the marked ops."""
    seen = (operator.paulis.x | operator.paulis.z).any(axis=0)
    entries = np.repeat(ops, np.diff(program.start))
    seen[program.support[entries]] = True
    places = program.qubits[ops].ravel()
    seen[places[places >= 0]] = True
    return np.asarray(seen)


def ops_behind(program: PauliProgram, qubit: int) -> np.ndarray:
    """(ops,) bool: in the light cone of one qubit, on the circuit's graph."""
    seen = np.zeros(program.num_qubits, np.bool_)
    seen[qubit] = True
    return _reach(program, seen)


def _reach(program: PauliProgram, seen: np.ndarray) -> np.ndarray:
    """(ops,) bool: behind them is a marked qubit; ``seen`` (qubits,) bool becomes all qubits that they touch."""
    kept = np.zeros(len(program.opcode), np.bool_)
    kernel.reach(
        len(program.opcode), program.opcode, program.qubits, program.start.astype(np.int64), program.support,
        seen, kept,
    )  # fmt: skip
    return kept


def _depth(program: PauliProgram, kept: np.ndarray) -> int:
    """Layers of the kept gates: each gate of the circuit counts once."""
    level = np.zeros(program.num_qubits, np.int64)
    kernel.depth(
        len(program.opcode), program.opcode, program.qubits, program.start.astype(np.int64), program.support,
        program.gate.astype(np.int64), kept, level,
    )  # fmt: skip
    return int(level.max(initial=0))


def meets(tape: Tape, x: np.ndarray, z: np.ndarray, *, forward: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (rows,) that anticommute with the growing set of Paulis (lanes, qubits) uint8; ops that change it."""
    lanes = len(x)
    more = int(((tape.steps.opcode == ROTATION) | (tape.steps.opcode == NOISE_SHIFT)).sum())
    words = (lanes + more + 63) // 64 + 1
    planes = []
    for bits in (x, z):
        plane: np.ndarray = np.zeros((tape.num_qubits, words), np.uint64)
        packed = np.packbits(bits.T, axis=1, bitorder="little")
        plane.view(np.uint8)[:, : packed.shape[1]] = packed
        planes.append(plane)
    alive = np.zeros(max(tape.num_rows, 1), np.bool_)
    kept = np.zeros(len(tape), np.bool_)
    kernel.meets(tape.steps, forward, *planes, lanes, alive, kept)
    return alive[: tape.num_rows], kept


@part
def shifted_tape(problem: Problem) -> Tape:
    """The whole circuit, and what pulls Z towards a constant; damping changes no set of Paulis."""
    shifts = [channel for channel in problem.channels if channel.shifts]
    return build_tape(problem.program, shifts, fixed_rotations=True) if shifts else whole_tape(problem)


@part
def changes(problem: Problem) -> Changes:
    """Which weights and ops may matter to the observable, at every angle and every data point.

    Noise that damps Paulis keeps their set, so what holds without it holds; noise that moves Z to the identity
    brings that Z into the set.
    """
    tape = shifted_tape(problem)
    x, z, _ = unpack_terms(problem.observable)
    alive, kept = np.zeros(tape.num_rows, bool), np.zeros(len(tape), bool)
    for first in range(0, len(x), 1 if len(x) <= ONE_BY_ONE else len(x)):
        some = slice(first, first + 1 if len(x) <= ONE_BY_ONE else None)
        rows, ops = meets(tape, x[some], z[some], forward=False)
        alive |= rows
        kept |= ops
    # the tape runs from the measurement to the input
    return Changes(of_weights(problem.program, tape, alive), kept[tape.steps.opcode < NOISE_1][::-1])


def term_cones(program: PauliProgram, observable: SparsePauliOp) -> tuple[np.ndarray, np.ndarray]:
    """Of each term of an observable: qubits and layers of gates in its structural cone, (terms,) int64 each.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> program = lower(real_amplitudes(5, reps=1, entanglement="reverse_linear"))
        >>> [v.tolist() for v in term_cones(program, SparsePauliOp(["IIIIZ", "ZIIII"]))]
        [[5, 2], [6, 3]]
    """
    support = observable.paulis.x | observable.paulis.z
    shapes, place = np.unique(support, axis=0, return_inverse=True)  # what several terms touch is walked once
    found = np.zeros((2, len(shapes)), np.int64)
    for k, seen in enumerate(np.ascontiguousarray(shapes)):
        kept = _reach(program, seen)
        found[:, k] = seen.sum(), _depth(program, kept)
    widths, depths = found[:, np.asarray(place).reshape(-1)]
    return widths, depths


def _weights_of(program: PauliProgram, ops: np.ndarray) -> np.ndarray:
    """(weights,) bool: in one of the marked ops."""
    found = np.zeros(len(program.weights), bool)
    found[program.parameter[ops & (program.parameter >= 0)]] = True
    return found


@part
def effective(problem: Problem) -> Reduced:
    """`effective_program` of a problem, its observable without the identity."""
    return _reduce(problem.program, problem.traceless, changes(problem).ops)


@part
def effective_channels(problem: Problem) -> tuple[Channel, ...]:
    """The noise on the qubits of `effective`, also that behind gates which change nothing themselves."""
    inside = _touched(problem.program, problem.traceless, changes(problem).ops)
    inside[0] |= not inside.any()
    place = {int(q): k for k, q in enumerate(np.flatnonzero(inside))}
    return tuple(found for channel in problem.channels if (found := channel.on(place)) is not None)


def _reduce(program: PauliProgram, operator: SparsePauliOp, ops: np.ndarray) -> Reduced:
    inside = _touched(program, operator, ops)
    inside[0] |= not inside.any()
    if inside.all() and ops.all():
        return Reduced(program, operator)
    return restrict(program, operator, ops, inside)


def restrict(
    program: PauliProgram, operator: SparsePauliOp, ops: np.ndarray, inside: np.ndarray | None = None
) -> Reduced:
    """The marked ops alone, on the qubits that they and the observable touch.

    The weights stay as they are, and keep their places.

    Args:
        ops: (ops,) bool. inside: (qubits,) bool, the qubits to keep; None: those that are touched, at least one.
    """
    if inside is None:
        inside = _touched(program, operator, ops)
        inside[0] |= not inside.any()
    kept = drop_ops(program, ops)
    place = np.append(np.cumsum(inside) - 1, -1).astype(np.int32)  # the last entry stands for "no qubit"
    smaller = dataclasses.replace(
        kept, num_qubits=int(inside.sum()), qubits=np.ascontiguousarray(place[kept.qubits]),
        support=np.ascontiguousarray(place[kept.support]),
    )  # fmt: skip
    paulis = operator.paulis
    paulis = PauliList.from_symplectic(paulis.z[:, inside], paulis.x[:, inside], paulis.phase)
    return Reduced(smaller, SparsePauliOp(paulis, operator.coeffs))


def effective_program(
    program: PauliProgram, observable: SparsePauliOp | str
) -> tuple[PauliProgram, SparsePauliOp]:
    """The effective cone on qubits of its own: the same expectation value at every angle, from less.

    Returns:
        A program with the same weights and inputs, whose ops and qubits are those of the cone (at least one
        qubit), and the observable on these qubits.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> effective_program(lower(efficient_su2(30, reps=1, entanglement="pairwise")), "I" * 29 + "Z")[0]
        PauliProgram(num_qubits=2, ops=6, rotations=5, weights=120, inputs=0)
    """
    operator = as_observable(observable, program.num_qubits)
    return _reduce(program, operator, changes(Problem(program, operator)).ops)


def of_weights(program: PauliProgram, tape: Tape, rows: np.ndarray) -> np.ndarray:
    """(weights,) bool: in one of the marked rows of the tape."""
    result = np.zeros(len(program.weights), bool)
    result[tape.weight[rows]] = True
    return result
