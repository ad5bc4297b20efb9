"""A lowered circuit as the tape the Pauli-path kernels read: from the measurement to the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qtrain.circuits.noise.channels import Channel, tape_steps
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.kernels.clifford import Steps
from qtrain.kernels.opcodes import FIXED_ROTATION, NOTHING, ROTATION


@dataclass(frozen=True, eq=False)
class Tape:
    """The circuit, last gate first.

    Attributes:
        steps: what every kernel takes; without noise, one place for each op of the program.
        weight, coefficient, offset: (rows,) which weight a rotation uses, and its angle's factor and rest.
        gate: (rows,) index in ``circuit.data``; op: (rows,) place in ``steps``.
    """

    num_qubits: int
    steps: Steps
    weight: np.ndarray
    coefficient: np.ndarray
    offset: np.ndarray
    gate: np.ndarray
    op: np.ndarray

    def __len__(self) -> int:
        return len(self.steps.opcode)

    @property
    def num_rows(self) -> int:
        return len(self.weight)


def build_tape(
    program: PauliProgram, channels: Sequence[Channel] = (), *, fixed_rotations: bool = False
) -> Tape:
    """The tape of a program, with channels behind the gates they follow.

    Args:
        program: without fixed non-Clifford rotations.
        channels: in time order.
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
    rotation = program.opcode == ROTATION
    sizes = np.diff(program.start)
    turned = program.turns >= 0
    opcode = program.opcode.astype(np.int8)
    opcode[turned] = np.array(FIXED_ROTATION, np.int8)[program.turns[turned]]
    opcode[rotation & (sizes == 0)] = NOTHING  # a rotation about the identity is a phase
    qubits = program.qubits.astype(np.int32)
    qubits[sizes > 0, 0] = program.support[program.start[:-1][sizes > 0]]

    place = np.arange(len(opcode), dtype=float)
    noise = [(channel.gate, *step) for channel in channels for step in tape_steps(channel)]
    gates, ops_of, first, second, codes, rates = zip(*noise, strict=True) if noise else ((),) * 6
    behind = np.searchsorted(program.gate, np.array(gates, np.int64), side="right") - 0.5
    order = np.argsort(np.concatenate([place, behind]), kind="stable")[::-1]
    source = np.where(order < len(opcode), order, -1)  # op of the program, or -1 for a channel

    def column(values: np.ndarray, others: Sequence[float]) -> np.ndarray:
        return np.concatenate([values, np.array(others, values.dtype)])[order]

    is_row = np.append((program.parameter >= 0) & (sizes > 0), False)[source]
    ops = np.flatnonzero(is_row)[::-1]
    row: np.ndarray = np.full(len(order), -1, np.int32)
    row[ops] = np.arange(len(ops), dtype=np.int32)  # rows in time order
    length = np.append(sizes, 0)[source]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    begin = np.append(program.start[:-1], 0)[source]
    pieces = np.arange(start[-1]) + np.repeat(begin - start[:-1], length)
    steps = Steps(
        opcode=column(opcode, ops_of),
        q0=column(qubits[:, 0], first),
        q1=column(qubits[:, 1], second),
        start=start,
        support=program.support[pieces].astype(np.int32),
        letters=program.letters[pieces].astype(np.int8),
        row=row,
        turns=column(np.maximum(program.turns, 0), codes),
        rate=column(np.ones(len(opcode)), rates),
    )
    from_op = source[ops]
    return Tape(
        program.num_qubits, steps, program.parameter[from_op].astype(np.int64),
        program.coefficient[from_op].astype(float), program.offset[from_op].astype(float),
        program.gate[from_op].astype(np.int64), ops.astype(np.int64),
    )  # fmt: skip
