"""A lowered circuit as the tape the Pauli-path kernels read: from the measurement to the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.kernels.tape import Steps

QUARTER = np.pi / 2
_CLIFFORD = {  # opcode of program.py -> tape code; Paulis only change signs and leave no entry
    1: 5,
    2: 6,
    3: 6,
    7: 7,
    8: 7,
    9: 8,
    10: 9,
    11: 10,
}


@dataclass(frozen=True, eq=False)
class Tape:
    """The circuit, last gate first.

    Attributes:
        code, q0, q1: (ops,) kernel code and qubits; row: (ops,) row of a weighted rotation or -1.
        start, support, letters: CSR of many-qubit rotations.
        opcode, turns: (ops,) the program's opcode, and quarter turns of a fixed rotation: what signs need.
        rate: (ops,) of a noise entry, the damping of a Pauli it touches; 1 elsewhere.
        weight, coefficient: (rows,) which weight a rotation uses, and its factor.
        gate: (rows,) index in ``circuit.data``; op: (rows,) index in the tape.
    """

    num_qubits: int
    code: np.ndarray
    q0: np.ndarray
    q1: np.ndarray
    row: np.ndarray
    start: np.ndarray
    support: np.ndarray
    letters: np.ndarray
    opcode: np.ndarray
    turns: np.ndarray
    rate: np.ndarray
    weight: np.ndarray
    coefficient: np.ndarray
    offset: np.ndarray
    gate: np.ndarray
    op: np.ndarray

    @property
    def num_rows(self) -> int:
        return len(self.weight)

    @cached_property
    def steps(self) -> Steps:
        """What every kernel takes first."""
        return Steps(
            self.code, self.q0, self.q1, self.row, self.start, self.support, self.letters, self.opcode, self.turns,
            self.rate,
        )  # fmt: skip


Channel = tuple[int, tuple[int, ...], float]


def build_tape(
    program: PauliProgram, channels: Sequence[Channel] = (), *, fixed_rotations: bool = False
) -> Tape:
    """The tape of a program, with Pauli channels behind the gates they follow.

    Args:
        program: without fixed non-Clifford rotations.
        channels: (gate index, one or two qubits, damping of a touched Pauli), in time order.
        fixed_rotations: keep fixed non-Clifford rotations, as rotations without a row (light cones).

    Raises:
        QTrainError: a rotation that is fixed and not Clifford, by its gate.
    """
    fixed = program.fixed_rotations
    if len(fixed) and not fixed_rotations:
        raise QTrainError(
            f"circuit should hold Clifford gates and rotations by parameters for Pauli paths. "
            f"Got a fixed rotation by {program.offset[fixed[0]]:g} at gate {program.gate[fixed[0]]}: "
            "use method='statevector'."
        )
    rotation = program.opcode == 0
    sizes = np.diff(program.start)
    weighted = rotation & (program.parameter >= 0)
    free = weighted.copy()
    free[fixed] = True
    single = free & (sizes == 1)
    code: np.ndarray = np.full(len(program.opcode), -1, np.int8)
    for gate, entry in _CLIFFORD.items():
        code[program.opcode == gate] = entry
    code[free & (sizes > 1)] = 3
    code[rotation & ~free & (sizes >= 1)] = 4
    first = np.minimum(program.start[:-1], max(len(program.letters) - 1, 0))
    q0: np.ndarray = program.qubits[:, 0].astype(np.int32)
    q1: np.ndarray = program.qubits[:, 1].astype(np.int32)
    if single.any():
        code[single] = program.letters[first[single]] - 1  # letters X, Z, Y are 1, 2, 3; codes 0, 1, 2
        q0[single] = program.support[first[single]]
    turns: np.ndarray = np.zeros(len(code), np.int8)
    quarter = rotation & ~weighted
    turns[quarter] = np.round(np.nan_to_num(program.offset[quarter]) / QUARTER).astype(np.int64) % 4
    keep = ~(weighted & (sizes == 0))  # a rotation about the identity is a phase
    code[program.opcode == 0] = np.where(sizes[program.opcode == 0] == 0, -1, code[program.opcode == 0])

    order = np.arange(len(code), dtype=float)
    rate: np.ndarray = np.ones(len(code))
    columns: list[np.ndarray] = [code, q0, q1, turns, rate, order, program.opcode.astype(np.int8)]
    sources: np.ndarray = np.arange(len(code))
    if channels:
        place = np.searchsorted(program.gate, [c[0] for c in channels], side="right") - 0.5
        extra: list[np.ndarray] = [
            np.array([11 if len(c[1]) == 1 else 12 for c in channels], np.int8),
            np.array([c[1][0] for c in channels], np.int32),
            np.array([c[1][-1] for c in channels], np.int32),
            np.zeros(len(channels), np.int8),
            np.array([c[2] for c in channels], float),
            place,
            np.full(len(channels), -1, np.int8),
        ]
        columns = [np.concatenate(pair) for pair in zip(columns, extra, strict=True)]
        sources = np.concatenate([sources, np.full(len(channels), -1)])
    turn = np.argsort(columns[5], kind="stable")[::-1]
    code, q0, q1, turns, rate, _, opcode = (column[turn] for column in columns)
    sources = sources[turn]

    is_row = np.zeros(len(code), bool)
    real = sources >= 0
    is_row[real] = (weighted & keep)[sources[real]]
    count = int(is_row.sum())
    row = np.full(len(code), -1, np.int32)
    row[is_row] = np.arange(count, dtype=np.int32)[::-1]  # rows in time order
    length = np.where(real & ((code == 3) | (code == 4)), sizes[np.maximum(sources, 0)], 0)
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    many = np.flatnonzero(length)
    if len(many):
        pieces = np.concatenate([np.arange(program.start[s], program.start[s + 1]) for s in sources[many]])
    else:
        pieces = np.zeros(0, np.int64)
    ops = np.flatnonzero(is_row)[::-1]
    from_op = sources[ops]
    return Tape(
        program.num_qubits, np.ascontiguousarray(code), np.ascontiguousarray(q0), np.ascontiguousarray(q1), row, start,
        np.ascontiguousarray(program.support[pieces].astype(np.int32)),
        np.ascontiguousarray(program.letters[pieces].astype(np.int8)),
        np.ascontiguousarray(opcode), np.ascontiguousarray(turns), np.ascontiguousarray(rate),
        program.parameter[from_op].astype(np.int64), program.coefficient[from_op].astype(float),
        program.offset[from_op].astype(float), program.gate[from_op].astype(np.int64), ops.astype(np.int64),
    )  # fmt: skip
