"""What a circuit would gain by each gate of a pool at each of some places: all slopes from one adjoint sweep.

A gate at angle 0 changes nothing, so a circuit that holds every gate of the pool at angle 0 has the same cost, and one
gradient of it says how fast each gate would lower the cost. For a rotation about one Pauli string P the cost is a
sinusoid of its angle, f(θ) = (f + f')/2 + (f - f')/2 cos θ + g sin θ with f' the cost at θ = π: two numbers give its
lowest value, the gain that energy sorting selects by (ADAPT-VQE, 1812.11173, takes the slope alone).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from qtrain.circuits.program import PauliProgram
from qtrain.growth.pools import PoolGate
from qtrain.kernels.opcodes import ROTATION
from qtrain.simulators.statevector import KEPT, Simulation, states

if TYPE_CHECKING:
    from qiskit.quantum_info import PauliList, SparsePauliOp

_LETTER = {"X": 1, "Z": 2, "Y": 3}
_ONE_THREAD = 1  # the digits must not depend on how many run beside


@dataclass(frozen=True, eq=False)
class Sweep:
    """Of every gate of the pool (columns) at every place (rows).

    Attributes:
        value: the cost now.
        slope: (places, gates) derivative of the cost by the gate's angle, at 0.
        gain: (places, gates) by how much the best angle of this gate alone lowers the cost; NaN where only the slope
            is known. angle: (places, gates) that best angle, NaN likewise.
    """

    value: float
    slope: np.ndarray
    gain: np.ndarray
    angle: np.ndarray


def sweep(
    program: PauliProgram, hamiltonian: SparsePauliOp, weights: np.ndarray, pool: Sequence[PoolGate], *,
    places: Sequence[int] = (), exact: int = 32,
) -> Sweep:  # fmt: skip
    """Slopes and gains of the pool's gates on a trained circuit.

    Args:
        program: of the circuit; weights: (num_weights,) its angles.
        places: indices in ``circuit.data`` before which gates are tried; always also the end, the last row.
        exact: of so many gates with the steepest slopes the gain is computed at the places before the end, and of
            gates with several Pauli strings. At the end rotations about one string have it for all.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.architecture.blocks import Gate
        >>> from qtrain.architecture.build import build
        >>> from qtrain.circuits.program import lower
        >>> from qtrain.growth.pools import rotation
        >>> program = lower(build([Gate("ry", (0,), (0,))], 1))
        >>> found = sweep(program, SparsePauliOp("X"), np.array([0.0]), [rotation("Y", (0,)), rotation("X", (0,))])
        >>> found.gain.round(6).tolist()
        [[1.0, 0.0]]
    """
    ends = [*(int(np.searchsorted(program.gate, place)) for place in places), len(program)]
    state = states(program, weights[None, :], num_threads=_ONE_THREAD)
    slope = np.empty((len(ends), len(pool)))
    ready, terms, paulis = _ready(hamiltonian)
    tail = ready.on(spliced(ready.program, [(0, gate) for gate in pool]))
    none = np.zeros((1, len(pool)))
    value, slopes, _ = tail.run(none, gradient=True, start=state, num_threads=_ONE_THREAD)
    slope[-1] = slopes[0]
    for row, place in enumerate(ends[:-1]):
        filled = ready.on(spliced(program, [(place, gate) for gate in pool]))
        full = np.concatenate([weights[None, :], none], axis=1)
        slope[row] = filled.run(full, gradient=True, num_threads=_ONE_THREAD).gradients[0, len(weights) :]
    gain, angle = np.full(slope.shape, np.nan), np.full(slope.shape, np.nan)
    now = float(value[0, 0])
    simple = np.array([gate.is_rotation for gate in pool], bool)
    if simple.any():
        opposite = _at_pi(paulis, terms, state, [gate for gate in pool if gate.is_rotation])
        gain[-1, simple], angle[-1, simple] = sinusoid(now, opposite, slope[-1, simple])
    unknown = np.argwhere(np.isnan(gain))
    steepest = unknown[np.argsort(-np.abs(slope[tuple(unknown.T)]), kind="stable")][:exact]
    for row, k in steepest:
        with_gate = ready.on(spliced(program, [(ends[row], pool[k])]))
        gain[row, k], angle[row, k] = _line(with_gate, weights, pool[k], now, slope[row, k])
    return Sweep(now, slope, gain, angle)


def sinusoid(now: np.ndarray | float, opposite: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gain and best angle of f(θ) = (now + opposite)/2 + (now - opposite)/2 cos θ + slope sin θ."""
    half = (now - opposite) / 2
    depth = np.hypot(half, slope)
    return half + depth, np.arctan2(-slope, -half)


def _ready(hamiltonian: SparsePauliOp) -> tuple[Simulation, Simulation, PauliList]:
    """The Hamiltonian and each of its terms behind no circuit, and the terms: a growth asks at every step."""
    n, paulis = int(hamiltonian.num_qubits), hamiltonian.paulis
    make = _kept if len(paulis) << n <= KEPT else _new
    return make(n, paulis.z.tobytes(), paulis.x.tobytes(), np.asarray(hamiltonian.coeffs, complex).tobytes())


def _new(n: int, z: bytes, x: bytes, coefficients: bytes) -> tuple[Simulation, Simulation, PauliList]:
    from qiskit.quantum_info import PauliList, SparsePauliOp

    letters = [np.frombuffer(part, bool).reshape(-1, n) for part in (z, x)]
    operator = SparsePauliOp(PauliList.from_symplectic(*letters), np.frombuffer(coefficients, complex)).simplify()
    empty = _nothing(n)
    each = [operator[k : k + 1] for k in range(len(operator))]
    return Simulation(empty, [operator]), Simulation(empty, each), operator.paulis


_kept = lru_cache(maxsize=4)(_new)


def _at_pi(paulis: PauliList, terms: Simulation, state: np.ndarray, pool: Sequence[PoolGate]) -> np.ndarray:
    """⟨P H P⟩ for each rotation's P: the terms of H that anticommute with P change their sign."""
    n = terms.program.num_qubits
    parts = terms.run(np.zeros((1, 0)), start=state, num_threads=_ONE_THREAD).values[0]
    x, z = np.zeros((len(pool), n), np.int64), np.zeros((len(pool), n), np.int64)
    for row, gate in enumerate(pool):
        letters, qubits, _ = gate.terms[0]
        for q, letter in zip(qubits, letters):
            x[row, q], z[row, q] = letter != "Z", letter != "X"
    crossing = (x @ paulis.z.T.astype(np.int64) + z @ paulis.x.T.astype(np.int64)) % 2
    return np.asarray((1 - 2 * crossing) @ parts)


def _line(filled: Simulation, weights: np.ndarray, gate: PoolGate, now: float, slope: float) -> tuple[float, float]:
    """Gain and angle of one gate by the cost along its angle: a sinusoid, or points of a trigonometric polynomial.

    ``filled``: of the circuit with the gate in it, its angle the last weight.
    """

    def along(angles: np.ndarray) -> np.ndarray:
        rows = np.concatenate([np.tile(weights, (len(angles), 1)), angles[:, None]], axis=1)
        return filled.run(rows, num_threads=_ONE_THREAD).values[:, 0]

    if gate.is_rotation:
        gain, angle = sinusoid(now, along(np.array([np.pi])), np.array([slope]))
        return float(gain[0]), float(angle[0])
    # Strings with factor 1 have whole frequencies, up to their number; an excitation has 1/2 and 1. A grid over one
    # period, four points to the fastest, then a parabola.
    period = period_of(gate)
    count = int(np.clip(4 * sum(abs(c) for _, _, c in gate.terms) * period / (2 * np.pi), 16, 64))
    grid = np.linspace(-period / 2, period / 2, count, endpoint=False)
    costs = along(grid)
    best = int(np.argmin(costs))
    step = grid[1] - grid[0]
    left, right = costs[best - 1], costs[(best + 1) % len(costs)]
    bend = left - 2 * costs[best] + right
    shift = 0.5 * (left - right) / bend if bend > 0 else 0.0
    refined = float(grid[best] + step * np.clip(shift, -1, 1))
    lowest = float(along(np.array([refined]))[0])
    tried = ((lowest, refined), (float(costs[best]), float(grid[best])), (now, 0.0))
    cost, at = min(tried)
    return now - cost, at


def period_of(gate: PoolGate) -> float:
    """Of costs as a function of the gate's angle."""
    return 2 * np.pi if min(abs(c) for _, _, c in gate.terms) >= 1 else 4 * np.pi


def spliced(program: PauliProgram, inserts: Sequence[tuple[int, PoolGate]]) -> PauliProgram:
    """The program with gates of a pool in it, each with a weight of its own behind the program's weights.

    Args:
        inserts: (op before which it stands, the gate), the ops ascending; len(program): the end.
    """
    support: list[int] = []
    letters: list[int] = []
    sizes, parameter, coefficient, at = [], [], [], []
    for k, (place, gate) in enumerate(inserts):
        for text, qubits, factor in gate.terms:
            for q, letter in sorted(zip(qubits, text)):
                support.append(q)
                letters.append(_LETTER[letter])
            sizes.append(len(qubits))
            parameter.append(program.num_weights + k)
            coefficient.append(factor)
            at.append(place)
    where = np.array(at, np.int64)
    old = np.diff(program.start)
    lengths = np.insert(old, where, sizes)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(program.start.dtype)
    cells = np.repeat(program.start[where], sizes) if len(where) else np.zeros(0, np.int64)
    count = len(where)
    return dataclasses.replace(
        program,
        opcode=np.insert(program.opcode, where, np.full(count, ROTATION, program.opcode.dtype)),
        qubits=np.insert(program.qubits, where, np.full((count, 2), -1, program.qubits.dtype), axis=0),
        start=start,
        support=np.insert(program.support, cells, np.array(support, program.support.dtype)),
        letters=np.insert(program.letters, cells, np.array(letters, program.letters.dtype)),
        parameter=np.insert(program.parameter, where, np.array(parameter, program.parameter.dtype)),
        coefficient=np.insert(program.coefficient, where, coefficient),
        offset=np.insert(program.offset, where, np.zeros(count)),
        gate=np.insert(program.gate, where, np.full(count, -1, program.gate.dtype)),
        expressions={
            op + int(np.searchsorted(np.sort(where), op, side="right")): expression
            for op, expression in program.expressions.items()
        },
        weights=(*program.weights, *(f"pool[{k}]" for k in range(len(inserts)))),
    )


def _nothing(n: int) -> PauliProgram:
    from qiskit import QuantumCircuit

    from qtrain.circuits.program import lower

    return lower(QuantumCircuit(n))
