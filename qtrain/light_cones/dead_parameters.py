"""Which rotations the cost cannot depend on, by what its two ends can reach together.

From the measurement the observable spreads over an affine set of Pauli strings, from the input the
state's stabilisers spread over a linear one. A gradient needs a string in both that anticommutes with
the rotation; GF(2) algebra decides it in polynomial time, and never kills a live parameter.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.program import PauliProgram
from qtrain.kernels import joint_reachability as kernel
from qtrain.kernels.paulis import pack_bits

ONE_BY_ONE = 16  # terms up to which each gets a set of its own, which is sharper
WORK = 1e9  # word operations of one round over one set
ROUNDS = 8


def meeting_weights(program: PauliProgram, operator: SparsePauliOp, ops: np.ndarray) -> np.ndarray:
    """(weights,) bool: not proven dead; all that the ops hold where the algebra is too large to follow.

    Args:
        program: inputs count as fixed rotations. operator: the observable.
        ops: (ops,) bool, the effective cone: no other op changes the expectation value.
    """
    small, places = restrict(program, operator, ops)
    alive = np.zeros(len(program.weights), bool)
    qubits = len(places)
    if 3 * qubits * (2 * qubits) ** 2 * 4 * ((qubits + 63) // 64) > WORK:
        alive[small.parameter[small.rotations]] = True
        return alive
    table, frame = small.generators(fixed=True), small.frame()
    generators = np.ascontiguousarray(np.hstack([table.x, table.z]))
    stabilizers = np.ascontiguousarray(np.hstack([frame.x, frame.z]))
    x, z, _ = unpack_terms(operator)
    rows = np.hstack([pack_bits(x[:, places]), pack_bits(z[:, places])])
    rows = np.ascontiguousarray(rows[rows.any(axis=1)])
    step = 1 if len(rows) <= ONE_BY_ONE else len(rows)
    met = np.zeros(len(generators), np.bool_)
    for first in range(0, len(rows), step):
        part = generators.any(axis=1)
        kernel.settle(generators, rows[first : first + step], stabilizers, part, ROUNDS)
        met |= part
    owner = small.parameter[table.index]
    alive[owner[met & (owner >= 0)]] = True
    return alive


def restrict(
    program: PauliProgram, operator: SparsePauliOp, ops: np.ndarray
) -> tuple[PauliProgram, np.ndarray]:
    """The marked ops alone, on the qubits that they and the observable touch; those qubits, ascending.

    The weights stay as they are, and keep their places.
    """
    sizes = np.diff(program.start)
    entries = np.repeat(ops, sizes)
    touched = (operator.paulis.x | operator.paulis.z).any(axis=0)
    touched[program.support[entries]] = True
    pairs = program.qubits[ops]
    touched[pairs[pairs >= 0]] = True
    places = np.flatnonzero(touched)
    if len(places) == 0:
        places = np.zeros(1, np.int64)
    new = np.full(program.num_qubits + 1, -1, np.int32)  # the last entry keeps -1 for "no qubit"
    new[places] = np.arange(len(places), dtype=np.int32)
    return dataclasses.replace(
        program, num_qubits=len(places), opcode=program.opcode[ops], qubits=np.ascontiguousarray(new[pairs]),
        start=np.concatenate([[0], np.cumsum(sizes[ops])]).astype(np.int64),
        support=np.ascontiguousarray(new[program.support[entries]]), letters=program.letters[entries],
        parameter=program.parameter[ops], coefficient=program.coefficient[ops], offset=program.offset[ops],
        gate=program.gate[ops], inputs=(), expressions={},
    ), places  # fmt: skip
