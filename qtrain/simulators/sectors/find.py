"""The smallest sector that is found of a circuit: by charges, or by parities alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.problem import Problem, part
from qtrain.circuits.program import PauliProgram
from qtrain.simulators.evaluators import Evaluator, MappedSurrogate, StatevectorSurrogate
from qtrain.simulators.sectors.charges import charges_of
from qtrain.simulators.sectors.evaluator import LANES, SectorSurrogate
from qtrain.simulators.sectors.pulled_back import PulledBack, pull_back
from qtrain.simulators.sectors.steps import Steps, may_conserve, steps_of
from qtrain.simulators.sectors.tapering import dimension_log2, taper

MOST_ROTATIONS = 200_000  # of circuits whose charges are looked for
BYTES_OF_AMPLITUDE = 4 * 16 * 8  # of a statevector: four copies of eight points, complex


@dataclass(frozen=True, eq=False)
class Sector:
    """What holds the evolving state.

    Attributes:
        log2: of the number of basis states, at most. detail: which symmetry it is of.
        steps: where charges give it; None where parities alone do, which leave ``log2`` qubits.
        dimension: where charges give it.
    """

    program: PauliProgram
    circuit: PulledBack
    log2: float
    detail: str
    steps: Steps | None = None
    dimension: int = 0

    @property
    def operations(self) -> float:
        """Amplitudes touched by one value."""
        steps = len(self.circuit.x) if self.steps is None else len(self.steps.move)
        return 2.0 ** min(self.log2, 1000.0) * max(steps, 1)

    @property
    def memory_bytes(self) -> float:
        """Tables of pairs, the observable's elements, amplitudes: an upper bound."""
        if self.steps is None:
            return 2.0 ** min(self.log2, 1000.0) * BYTES_OF_AMPLITUDE
        flips = len({x.tobytes() for x in self.circuit.terms_x})
        pairs = sum(4.0 if move.flips else 8.0 for move in self.steps.moves)
        each = pairs + 40.0 * flips + 2 * 16 * LANES * 2 + 8 * self.circuit.x.shape[1] + 32
        return float(min(self.dimension, 2**1000)) * each

    def surrogate(self, memory_bytes: int) -> Evaluator:
        """What evaluates the cost in it."""
        found: Evaluator
        if self.steps is not None:
            found = SectorSurrogate(self.circuit, self.steps, self.dimension, memory_bytes)
        else:
            found = StatevectorSurrogate(*taper(self.circuit, self.program.weights), memory_bytes)
        return found if self.program.angle_map is None else MappedSurrogate(found, self.program.angle_map)


def sector(program: PauliProgram, observable: SparsePauliOp) -> Sector:
    """The smallest sector found, without listing its states: quick at any width.

    Args:
        program: inputs bound. observable: on its qubits; it does not decide the sector.

    Example:
        >>> from qiskit.circuit.library import excitation_preserving
        >>> from qtrain.circuits.program import lower
        >>> circuit = excitation_preserving(40, entanglement="linear")
        >>> start = circuit.copy_empty_like()
        >>> _ = start.x([3, 7, 9])
        >>> found = sector(lower(start.compose(circuit)), SparsePauliOp("Z" + 39 * "I"))
        >>> found.dimension, found.detail
        (9880, '3 particles on 40 qubits')
    """
    circuit = pull_back(program, observable)
    left = dimension_log2(circuit)
    symmetries = program.num_qubits - left
    name = f"{symmetries} Pauli symmetr{'y' if symmetries == 1 else 'ies'}"
    parities = Sector(program, circuit, float(left), name)
    if len(circuit.x) > MOST_ROTATIONS or not may_conserve(circuit):
        return parities
    steps = steps_of(circuit)
    charges = charges_of(steps.moves, program.num_qubits)
    if charges is None or charges.dimension >= 2**left:
        return parities
    log = math.log2(charges.dimension)
    return Sector(program, circuit, log, charges.detail, steps, charges.dimension)


@part
def sector_of(problem: Problem) -> Sector:
    """The smallest sector found of a problem without free inputs."""
    return sector(problem.program, problem.observable)
