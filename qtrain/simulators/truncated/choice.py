"""What gives a cost and its gradient at given angles: the cheapest exact row, or a truncation and a larger one.

A truncation is exact for no angles in particular: an error that is averaged over angles says nothing about the ones a
training ends at, and low-weight propagation drifts towards angles where it is wrong (arXiv 2508.06358). So its value is
compared, at the very angles, with that of a larger truncation; the difference is an estimate of the error, no bound.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qtrain.circuits.pauli_tape import build_tape
from qtrain.circuits.problem import Problem
from qtrain.errors import QTrainError
from qtrain.extensions import Table
from qtrain.kernels.opcodes import ROTATION
from qtrain.simulators.evaluators import Evaluator, MappedSurrogate
from qtrain.simulators.pauli_propagation import low_weight
from qtrain.simulators.table import quickest
from qtrain.simulators.truncated.matrix_products import MatrixProduct, channels

EXACT_QUBITS = 30  # up to here nothing is cut off where an exact row fits the memory
SLOW = 2e9  # operations of a statevector for one gradient: beyond, on more qubits, a truncation is asked first
BONDS = (16, 32, 64, 128, 256)
WEIGHTS = (4, 6, 8, 10, 12)
STRINGS = 4_000_000  # entries of a low-weight propagation, at most


@dataclass(frozen=True)
class Truncation:
    """One row: ``build`` makes the evaluator of a size for a problem, or says in a clause why it cannot.

    ``sizes``: that are tried, ascending; each is the check of the one before. ``least``: the smallest one that does
    not cut the observable itself: below it, all sizes would agree on what they all leave out.
    """

    build: Callable[[Problem, int], Evaluator | str]
    sizes: tuple[int, ...]
    unit: str
    least: Callable[[Problem], int] = lambda problem: 1


TRUNCATIONS: Table[Truncation] = Table("truncation")
register_truncation = TRUNCATIONS.add


@dataclass(frozen=True, eq=False)
class Chosen:
    """An evaluator, and what it is.

    Attributes:
        name: of the row, ``detail``: with its figures. exact: at every angle, to rounding.
        problem, size: what a larger one is built from.
    """

    name: str
    detail: str
    evaluator: Evaluator
    exact: bool
    problem: Problem
    size: int = 0

    def larger(self) -> Chosen | None:
        """The same with the next size; None: exact already, or no larger one fits."""
        if self.exact:
            return None
        row = TRUNCATIONS[self.name]
        sizes = [size for size in row.sizes if size > self.size]
        made = _truncated(self.name, row, self.problem, sizes[0]) if sizes else ""
        return made if isinstance(made, Chosen) else None

    def check(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
        """Values (points,), their errors (points,) and a clause: by the next size, or of what is exact 0.

        Where no larger one fits, by the size before; the error is infinite where there is none either.
        """
        if self.exact:
            return self.evaluator.costs(points), np.zeros(len(points)), f"{self.name}, exact"
        own = self.evaluator.costs(points)
        other = self.larger()
        if other is not None:
            values = other.evaluator.costs(points)
            return values, np.abs(values - own), f"{self.detail}, checked by {other.detail}"
        row = TRUNCATIONS[self.name]
        smaller = [size for size in row.sizes if row.least(self.problem) <= size < self.size]
        before = _truncated(self.name, row, self.problem, smaller[-1]) if smaller else None
        if not isinstance(before, Chosen):
            return own, np.full(len(points), np.inf), f"{self.detail}, with nothing to check it by"
        return own, np.abs(before.evaluator.costs(points) - own), f"{self.detail}, checked by {before.detail}"


def choose(problem: Problem, points: int = 1) -> Chosen:
    """The cheapest evaluator of a problem for gradients at so many points.

    Exact where a row of the table of simulators takes few operations; else the first truncation that fits; else
    whatever exact row fits the memory. What is compared is counted, not timed: the same on every machine.

    Raises:
        QTrainError: nothing takes the problem's terms within its memory.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> from qtrain.circuits.problem import pose
        >>> choose(pose(efficient_su2(4, reps=1), "ZZII")).name
        'statevector'
    """
    found = quickest(problem, points)
    few = found is not None and (problem.program.num_qubits <= EXACT_QUBITS or found[1].operations <= SLOW)
    if found is not None and few:
        return Chosen(found[0], f"{found[0]}: {found[1].detail}", found[1].build(), True, problem)
    reasons = []
    for name, row in TRUNCATIONS.items():
        least = row.least(problem)
        sizes = [size for size in row.sizes if size >= least]
        made = _truncated(name, row, problem, sizes[0]) if sizes else f"a {row.unit} of {least} would be needed"
        if isinstance(made, Chosen):
            return made
        reasons.append(f"{name}: {made}")
    if found is not None:
        return Chosen(found[0], f"{found[0]}: {found[1].detail}", found[1].build(), True, problem)
    raise QTrainError(
        f"circuit should be one whose energy some evaluator takes. Got {problem.program.num_qubits} qubits, where none "
        f"of the exact ones fits the memory ({'; '.join(reasons)})."
    )


def _truncated(name: str, row: Truncation, problem: Problem, size: int) -> Chosen | str:
    angle_map = problem.program.angle_map
    plain = problem
    if angle_map is not None:
        plain = problem.but(program=dataclasses.replace(problem.program, angle_map=None))
    made = row.build(plain, size)
    if isinstance(made, str):
        return made
    evaluator = made if angle_map is None else MappedSurrogate(made, angle_map)
    return Chosen(name, f"{name} of {row.unit} {size}", evaluator, False, problem, size)


def _matrix_product(problem: Problem, bond: int) -> Evaluator | str:
    program = problem.program
    found = MatrixProduct(program, problem.observable, bond)
    steps = channels(problem.observable, found.place)
    if isinstance(steps, str):
        return steps
    widest = max(step.shape[1] for step in steps)
    size = np.where(program.opcode == ROTATION, np.diff(program.start), np.where(program.qubits[:, 1] >= 0, 2, 1))
    # what is kept to undo a gate: the tensors of its span and of the way there, some eight of them; the image's tensors
    tensors = 8 * int(np.count_nonzero(size > 1)) + int(np.count_nonzero(size == 1))
    memory = 32.0 * bond**2 * (tensors + program.num_qubits * widest**2)
    if memory > problem.budget.memory_bytes:
        return f"a bond of {bond} takes {memory / 1e6:.3g} MB"
    return found


def _low_weight(problem: Problem, weight: int) -> Evaluator | str:
    if len(problem.program.fixed_rotations):
        return "fixed rotations that are no Cliffords"
    found = low_weight(problem.program, build_tape(problem.program), problem.observable, weight, most=STRINGS)
    return f"more than {STRINGS:,} strings of weight {weight}" if found is None else found


def _heaviest(problem: Problem) -> int:
    """Weight of the observable's heaviest term."""
    terms = problem.observable.paulis
    return int((terms.x | terms.z).sum(axis=1).max(initial=1))


register_truncation("matrix product", Truncation(_matrix_product, BONDS, "bond"))
register_truncation("low weight", Truncation(_low_weight, WEIGHTS, "weight", _heaviest))
