"""What could be done next with a trained circuit of many qubits: gates for its end, gates that it would not miss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qtrain.architecture.build import build
from qtrain.budget import Budget
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import PauliProgram, lower
from qtrain.errors import QTrainError
from qtrain.growth.edits import GateList
from qtrain.growth.pools import PoolGate
from qtrain.growth.suggest import Suggestions, additions_of, removals_of
from qtrain.growth.sweep import Sweep
from qtrain.growth.wide.local_gains import local_gains
from qtrain.simulators.truncated.choice import choose
from qtrain.simulators.truncated.matrix_products import MatrixProduct

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

WIDE_QUBITS = 20  # beyond, the statevector is left
BOND = 32  # of the state that says which gate to try: a ranking, not a result
MOST_PLANNING = 20_000  # gates that are looked at for light cones and networks
SILENCED = 32  # parameters whose angle is tried at 0, those nearest to it


def problem_of(program: PauliProgram, hamiltonian: SparsePauliOp, budget: Budget | None = None) -> Problem:
    """An energy at given angles; what is planned is counted, so that the digits are the same on every machine."""
    memory = Budget().memory_bytes if budget is None else budget.memory_bytes
    return Problem(
        program, hamiltonian, budget=Budget(seconds=1e6, max_planning=MOST_PLANNING, memory_bytes=memory)
    )


def wide_sweep(
    program: PauliProgram, hamiltonian: SparsePauliOp, angles: np.ndarray, pool: Sequence[PoolGate]
) -> Sweep:
    """Slopes and gains of a pool's gates at the end, by a matrix-product state of bond ``BOND``.

    Raises:
        QTrainError: too many terms of the Hamiltonian cross one cut.
    """
    if program.angle_map is not None:
        raise QTrainError("circuit should have angles that are affine in its parameters. Got other functions of them.")
    value, reduced = MatrixProduct(program, hamiltonian, BOND).local_states(angles)
    return local_gains(value, hamiltonian, pool, reduced)


def suggest_wide(
    gates: GateList, num_qubits: int, hamiltonian: SparsePauliOp, pool: Sequence[PoolGate], *, most: int | None = None
) -> Suggestions:  # fmt: skip
    """Additions at the end, and removals of the parameters whose angles are nearest to 0.

    Args:
        most: additions that are kept; None: two for each qubit, so that a layer can come of them.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.growth.pools import rotation
        >>> found = suggest_wide(GateList((), ()), 2, SparsePauliOp(["ZZ", "XI"]), [rotation("Y", (1,))])
        >>> found.additions[0].gate, round(found.additions[0].gain, 6)
        (0, 2.414214)
    """
    program = lower(build(gates.gates, num_qubits))
    angles = np.array(gates.angles)
    found = wide_sweep(program, hamiltonian, angles, pool)
    additions = additions_of(
        found, [len(gates.gates)], pool, lambda row, k: round(float(found.angle[row, k]), 9), most or 2 * num_qubits
    )
    silenced = np.full(len(angles), np.inf)
    if len(angles) > 1:
        chosen = choose(problem_of(program, hamiltonian), SILENCED)
        rows = np.argsort(np.abs(np.remainder(angles + np.pi, 2 * np.pi) - np.pi), kind="stable")[:SILENCED]
        each = np.tile(angles, (len(rows) + 1, 1))
        each[np.arange(len(rows)), rows] = 0.0
        costs = chosen.evaluator.costs(each)
        silenced[rows] = found.value + costs[:-1] - costs[-1]
    removals = [r for r in removals_of(gates, silenced, lambda places: np.inf, found.value) if np.isfinite(r.loss)]
    steepest = float(np.abs(found.slope).max(initial=0.0))
    return Suggestions(found.value, steepest, additions, tuple(removals[:SILENCED]))
