"""The angles by quarter turns at which a circuit's cost is lowest: where to start training (CAFQA, arXiv 2202.12924).

At such a point the circuit is a Clifford and its state a stabiliser state, so costs are exact at any number of qubits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from qtrain.circuits.angles import QUARTER, TOLERANCE
from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import PauliProgram, lower
from qtrain.errors import QTrainError
from qtrain.json_results import Shown, count
from qtrain.simulators.sectors.pulled_back import PulledBack, pull_back

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

EVALUATIONS = 20_000  # at least, where no other number is given
PER_PARAMETER = 50
SWEEPS = 8  # proposals of one annealing, for each parameter
HOT, COLD = 0.5, 0.02  # temperatures at its beginning and end, of the root mean square coefficient
MOST_WORDS = 2**25  # of the strings that are kept
_DENOMINATOR = 64  # of ratios between coefficients of one parameter


@dataclass(frozen=True, eq=False, repr=False)
class CliffordPoint(Shown):
    """What the search found.

    Attributes:
        angles: (num_parameters,) radians. energy: the cost there.
        evaluations: costs that were looked at.
        exact: False where the circuit has rotations that no choice of angles makes Clifford (T gates): they were
            rounded to quarter turns, and ``energy`` is that of the rounded circuit.
    """

    angles: np.ndarray
    energy: float
    evaluations: int
    exact: bool

    def _brief(self) -> str:
        exact = "" if self.exact else ", of the rounded circuit"
        return f"{count(len(self.angles), 'angle')}, energy {self.energy:.6g}{exact}"


@dataclass(frozen=True, eq=False)
class _Turns:
    """A circuit in quarter turns: rotation i turns by ``factor[i] * value + offset[i]`` of them.

    ``origin + step * value`` is a parameter's angle; ``first``, ``own``: CSR of its rotations, the last first.
    """

    factor: np.ndarray
    offset: np.ndarray
    first: np.ndarray
    own: np.ndarray
    origin: np.ndarray
    step: np.ndarray
    exact: bool


def clifford_point(
    program: PauliProgram | QuantumCircuit, hamiltonian: SparsePauliOp, *, seed: int = 0,
    evaluations: int | None = None,
) -> CliffordPoint:  # fmt: skip
    """Descend from all angles 0, then anneal and descend from random points while evaluations are left.

    Each end is a point that no change of one angle improves, except where the evaluations ran out.

    Args:
        program: or a circuit; inputs bound, angles affine in its parameters.
        evaluations: costs that may be looked at, by default ``EVALUATIONS`` or ``PER_PARAMETER`` for each. The best of
            all ends is returned, of those alike the one of fewest turns: more never give a higher energy.

    Raises:
        QTrainError: no parameter, functions of parameters, or too many strings to keep.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> found = clifford_point(real_amplitudes(3), SparsePauliOp(["XXX", "ZZI", "IZZ"]))
        >>> found.energy, bool(np.isin(found.angles / (np.pi / 2), (-1, 0, 1, 2)).all())
        (-3.0, True)
    """
    program = lower(program)
    if program.angle_map is not None:
        raise QTrainError("program should have angles that are affine in its parameters. Got other functions of them.")
    if not program.weights:
        raise QTrainError("circuit should have at least one parameter. Got none.")
    if evaluations is None:
        evaluations = max(EVALUATIONS, PER_PARAMETER * len(program.weights))
    if evaluations < 1:
        raise QTrainError(f"evaluations should be at least 1. Got {evaluations}.")
    circuit = pull_back(program, as_observable(hamiltonian, program.num_qubits))
    rotations, words = circuit.x.shape
    if len(circuit.terms) * (rotations + 2) * words > MOST_WORDS:
        raise QTrainError(
            f"circuit should have fewer rotations for a search of Clifford angles: {len(circuit.terms)} terms times "
            f"rotations should stay below {MOST_WORDS // words}. Got {rotations} rotations."
        )
    turns = _quarter_turns(circuit)
    best, energy, used = _search(circuit, turns, seed, evaluations)
    signed = np.where(best == 3, -1, best)  # three quarters forwards are one back
    return CliffordPoint(turns.origin + turns.step * signed, energy, used, turns.exact)


def clifford_starts(
    program: PauliProgram, hamiltonian: SparsePauliOp, starts: int, *, width: float, seed: int
) -> np.ndarray:
    """(starts, num_parameters) angles near the best Clifford points of as many searches, which share the evaluations.

    Args:
        width: standard deviation of what is added, in radians: at such points slopes often vanish.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.circuits.program import lower
        >>> clifford_starts(lower(real_amplitudes(2)), SparsePauliOp(["XX", "ZZ"]), 3, width=0.1, seed=0).shape
        (3, 8)
    """
    children = np.random.default_rng([seed, 11]).integers(0, 2**63, starts)
    each = max(1, max(EVALUATIONS, PER_PARAMETER * len(program.weights)) // starts)
    found = [clifford_point(program, hamiltonian, seed=int(s), evaluations=each).angles for s in children]
    return np.array(found) + np.random.default_rng([seed, 12]).normal(0.0, width, (starts, len(program.weights)))


def _search(circuit: PulledBack, turns: _Turns, seed: int, evaluations: int) -> tuple[np.ndarray, float, int]:
    """Values of the best point, its cost, and the evaluations spent."""
    from qtrain.kernels.stabilizers.quarter_turns import lower_cost

    rotations, words = circuit.x.shape
    count, size = circuit.num_weights, len(circuit.terms)
    x, z = (np.zeros((size, rotations + 2, words), np.uint64) for _ in range(2))
    x[:, rotations], z[:, rotations] = circuit.terms_x, circuit.terms_z
    sign = np.ones((size, rotations + 2), np.int8)
    terms = (x, z, sign, np.zeros(size, np.int64), circuit.terms)
    gates = (circuit.x, circuit.z, turns.factor, turns.offset, turns.first, turns.own)
    rng = np.random.default_rng(seed)
    scale = float(np.sqrt(np.mean(circuit.terms**2))) or 1.0
    least = 1e-9 * scale
    live = np.flatnonzero((np.diff(turns.first) > 0) & (turns.step != 0))
    best, lowest, used = np.zeros(count, np.int64), math.inf, 0
    restart = 0
    while used < evaluations and (restart == 0 or len(live)):
        values = np.zeros(count, np.int64)
        proposals = SWEEPS * len(live) if restart else 0
        if restart:
            values[live] = rng.integers(0, 4, len(live))
        picked = live[rng.integers(0, len(live), proposals)] if proposals else np.zeros(0, np.int64)
        cost, spent = lower_cost(
            gates, terms, values, picked, rng.integers(1, 4, proposals), rng.random(proposals),
            scale * np.geomspace(HOT, COLD, proposals), least, evaluations - used,
        )  # fmt: skip
        used += spent
        alike = abs(cost - lowest) <= least and np.count_nonzero(values) < np.count_nonzero(best)
        if cost < lowest - least or alike:
            best, lowest = values, cost
        restart += 1
    return best, float(lowest), used


def _quarter_turns(circuit: PulledBack) -> _Turns:
    count, rotations = circuit.num_weights, len(circuit.x)
    parameter = np.where(circuit.coefficient != 0, circuit.parameter, -1)
    factor, rest = np.zeros(rotations, np.int64), circuit.offset.copy()
    origin, step = np.zeros(count), np.zeros(count)
    order = np.argsort(-np.arange(rotations), kind="stable")
    own = order[np.argsort(parameter[order], kind="stable")]
    first = np.searchsorted(parameter[own], np.arange(count + 1))
    for k in range(count):
        rows = own[first[k] : first[k + 1]]
        ratios = [Fraction(float(c)).limit_denominator(_DENOMINATOR) for c in circuit.coefficient[rows]]
        close = np.abs(np.array(ratios, float) - circuit.coefficient[rows]) <= TOLERANCE
        if len(rows) and close.all():
            common = Fraction(math.gcd(*(r.numerator for r in ratios)), math.lcm(*(r.denominator for r in ratios)))
            step[k] = QUARTER / float(common)
            factor[rows] = [int(r / common) for r in ratios]
        if len(rows):
            shift = math.remainder(circuit.offset[rows[0]], QUARTER)
            origin[k] = -shift / circuit.coefficient[rows[0]]
            rest[rows] += circuit.coefficient[rows] * origin[k]
    nearest = np.round(rest / QUARTER)
    exact = bool((np.abs(rest - nearest * QUARTER) <= TOLERANCE).all())
    return _Turns(factor, nearest.astype(np.int64), first.astype(np.int64), own.astype(np.int64), origin, step, exact)
