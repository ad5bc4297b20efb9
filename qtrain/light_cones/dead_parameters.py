"""Which parameters the cost cannot depend on, by what its two ends can reach together.

From the measurement the observable spreads over an affine set of Pauli strings, from the input the
state's stabilisers spread over a linear one. A gradient needs a string in both that anticommutes with
the rotation; GF(2) algebra decides it in polynomial time, and never kills a live parameter.
"""

from __future__ import annotations

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import clock
from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.observables import as_observable
from qtrain.circuits.problem import Problem, part
from qtrain.circuits.program import PauliProgram
from qtrain.kernels import reachability as kernel
from qtrain.kernels.paulis import pack_bits
from qtrain.light_cones.light_cone import changes, effective, meets, of_weights, shifted_tape

ONE_BY_ONE = 16  # terms up to which each gets a set of its own, which is sharper
WORK = 1e9  # word operations of one round over one set
ROUNDS = 8


def provably_zero(program: PauliProgram, observable: SparsePauliOp | str) -> np.ndarray:
    """(weights,) bool: the gradient vanishes at every angle, by what both ends of the circuit can reach.

    Args:
        program: inputs count as fixed rotations. observable: text or SparsePauliOp.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.program import lower
        >>> provably_zero(lower(real_amplitudes(2, reps=1)), "IZ").tolist()
        [False, False, False, True]
    """
    return dead(Problem(program, as_observable(observable, program.num_qubits)))


@part
def dead(problem: Problem) -> np.ndarray:
    """`provably_zero` of a problem, once: at every angle, for every data point, under its noise as well.

    Damped Paulis stay in the sets of both ends. Where noise moves Paulis to the identity, each end is asked alone.
    """
    deadline = clock() + problem.share(0.2)
    alive = changes(problem).weights & felt(problem)
    if alive.any() and problem.unital and clock() < deadline:
        alive &= _meeting_weights(problem, deadline)
    return np.asarray(~problem.program.of_parameters(alive))


def all_dead(problem: Problem, weights: np.ndarray) -> bool:
    """Whether these (places of weights) are all `dead`; one end alone is asked first, as it costs least."""
    return not changes(problem).weights[weights].any() or bool(dead(problem)[weights].all())


@part
def felt(problem: Problem) -> np.ndarray:
    """(weights,) bool: not proven dead because |0...0> evolved to the rotation is invariant under it.

    The Paulis of the state lie in the span of the input's Z and of the generators that moved it: a
    rotation that commutes with all of them changes nothing.
    """
    tape, n = shifted_tape(problem), problem.program.num_qubits
    rows, _ = meets(tape, np.zeros((n, n), np.uint8), np.eye(n, dtype=np.uint8), forward=True)
    return of_weights(problem.program, tape, rows)


def _meeting_weights(problem: Problem, deadline: float) -> np.ndarray:
    """(weights,) bool: not proven dead; all of the effective cone where the algebra is too large to follow.

    Args:
        deadline: of `qtrain.budget.clock`; terms that are not followed by then prove nothing.
    """
    small, operator = effective(problem)
    alive = np.zeros(len(small.weights), bool)
    qubits = small.num_qubits
    if 3 * qubits * (2 * qubits) ** 2 * 4 * ((qubits + 63) // 64) > WORK:
        alive[small.parameter[small.rotations]] = True
        return alive
    table, frame = small.generators(fixed=True), small.frame()
    generators = np.ascontiguousarray(np.hstack([table.x, table.z]))
    stabilizers = np.ascontiguousarray(np.hstack([frame.x, frame.z]))
    x, z, _ = unpack_terms(operator)
    rows = np.hstack([pack_bits(x), pack_bits(z)])
    rows = np.ascontiguousarray(rows[rows.any(axis=1)])
    step = 1 if len(rows) <= ONE_BY_ONE else len(rows)
    met = np.zeros(len(generators), np.bool_)
    for first in range(0, len(rows), step):
        if first and clock() > deadline:
            met[:] = True
            break
        some = generators.any(axis=1)
        kernel.settle(generators, rows[first : first + step], stabilizers, some, ROUNDS)
        met |= some
    owner = small.parameter[table.index]
    alive[owner[met & (owner >= 0)]] = True
    return alive
