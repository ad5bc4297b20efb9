"""Fixed one-qubit gates next to |0...0> as a product input state; cutting ops out of a program."""

from __future__ import annotations

import dataclasses

import numpy as np

from qtrain.circuits.program import PauliProgram


def split_product_input(program: PauliProgram) -> tuple[PauliProgram, np.ndarray]:
    """Fixed one-qubit gates directly on |0...0> as Bloch vectors (n, 3) in the order X, Z, Y; and the rest."""
    bloch = np.tile(np.array([0.0, 1.0, 0.0]), (program.num_qubits, 1))
    open_ = np.ones(program.num_qubits, bool)
    keep = np.ones(len(program.opcode), bool)
    for i in range(len(program.opcode)):
        if program.opcode[i] == 0:
            support = program.support[program.start[i] : program.start[i + 1]]
            if len(support) == 1 and program.parameter[i] < 0 and open_[support[0]]:
                letter = int(program.letters[program.start[i]])
                bloch[support[0]] = _turned(bloch[support[0]], letter, float(program.offset[i]))
                keep[i] = False
            else:
                open_[support] = False
        elif program.opcode[i] < 9 and open_[program.qubits[i, 0]]:
            q = program.qubits[i, 0]
            for letter, angle in _AS_TURNS[int(program.opcode[i])]:
                bloch[q] = _turned(bloch[q], letter, angle)
            keep[i] = False
        else:
            open_[program.qubits[i][program.qubits[i] >= 0]] = False
    return drop_ops(program, keep), bloch


_AS_TURNS = {  # one-qubit Cliffords as rotations (letter, angle) in time order
    1: ((3, np.pi / 2), (1, np.pi)), 2: ((2, np.pi / 2),), 3: ((2, -np.pi / 2),), 4: ((1, np.pi),),
    5: ((3, np.pi),), 6: ((2, np.pi),), 7: ((1, np.pi / 2),), 8: ((1, -np.pi / 2),),
}  # fmt: skip


def _turned(vector: np.ndarray, letter: int, angle: float) -> np.ndarray:
    """A Bloch vector in the order (X, Z, Y) rotated about an axis by the right hand."""
    x, z, y = vector
    c, s = np.cos(angle), np.sin(angle)
    if letter == 1:
        return np.array([x, c * z + s * y, c * y - s * z])
    if letter == 2:
        return np.array([c * x - s * y, z, c * y + s * x])
    return np.array([c * x + s * z, c * z - s * x, y])


def drop_ops(program: PauliProgram, keep: np.ndarray) -> PauliProgram:
    """The program without some of its ops."""
    sizes = np.diff(program.start)
    pieces = np.repeat(keep, sizes)
    moved = np.cumsum(keep) - 1
    return dataclasses.replace(
        program,
        opcode=program.opcode[keep], qubits=program.qubits[keep],
        start=np.concatenate([[0], np.cumsum(sizes[keep])]).astype(program.start.dtype),
        support=program.support[pieces], letters=program.letters[pieces], parameter=program.parameter[keep],
        coefficient=program.coefficient[keep], offset=program.offset[keep], gate=program.gate[keep],
        expressions={int(moved[op]): e for op, e in program.expressions.items() if keep[op]},
    )  # fmt: skip


def differs(a: PauliProgram, b: PauliProgram) -> bool:
    """Whether two programs are not the same circuit."""
    names = ("opcode", "qubits", "start", "support", "letters", "parameter", "coefficient", "offset")
    return any(not np.array_equal(getattr(a, name), getattr(b, name)) for name in names)
