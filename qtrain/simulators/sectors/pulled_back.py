"""A circuit as rotations about Pauli strings alone: every fixed Clifford is moved behind the last of them.

There the charges of a circuit are plain to see. Ladders of CX around a rotation, changes of basis, X gates that
prepare a basis state and swaps are gone, and whatever stabilises the input |0...0> is made of Z letters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.angles import QUARTER
from qtrain.circuits.angles import TOLERANCE as CLIFFORD
from qtrain.circuits.observables import pack
from qtrain.circuits.program import PauliProgram
from qtrain.kernels.gf2 import as_words, unpack_bits
from qtrain.kernels.opcodes import ROTATION

TOLERANCE = (
    1e-12  # offsets, relative coefficients closer than this count as equal, as nearby Clifford angles do
)


@dataclass(frozen=True, eq=False)
class PulledBack:
    """exp(-i angle P / 2) in time order on |0...0>, and the observable as seen in front of all Cliffords.

    Attributes:
        num_qubits: n. num_weights: of the program.
        x, z: (rotations, words) uint64, the strings, each i^|x & z| X^x Z^z.
        parameter: (rotations,) its weight, -1 for a fixed one.
        coefficient, offset: (rotations,) angle = coefficient * weight + offset, the string's sign included.
        terms_x, terms_z, terms: (terms, words) and (terms,) float, the observable.
    """

    num_qubits: int
    num_weights: int
    x: np.ndarray
    z: np.ndarray
    parameter: np.ndarray
    coefficient: np.ndarray
    offset: np.ndarray
    terms_x: np.ndarray
    terms_z: np.ndarray
    terms: np.ndarray


def pull_back(program: PauliProgram, observable: SparsePauliOp) -> PulledBack:
    """The program with its Cliffords moved into the observable.

    Args:
        program: inputs bound. observable: on its qubits.

    Example:
        >>> from qiskit.circuit import Parameter, QuantumCircuit
        >>> from qtrain.circuits.program import lower
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.h(0), circuit.cx(0, 1), circuit.rz(Parameter("a"), 1), circuit.cx(0, 1)
        >>> found = pull_back(lower(circuit), SparsePauliOp("ZI"))
        >>> found.x.tolist(), found.z.tolist()  # the rotation about ZZ, in front of H on qubit 0
        ([[1]], [[2]])
    """
    from qtrain.kernels.clifford import compose

    n, turns = program.num_qubits, program.turns
    ops = np.flatnonzero((program.opcode == ROTATION) & (turns < 0))
    slot = np.full(len(program), -1, np.int64)
    slot[ops] = np.arange(len(ops))
    offset = np.where(slot >= 0, program.offset, 0.0)
    quarters = np.round(offset / QUARTER)
    behind = (turns < 0) & (np.abs(offset - quarters * QUARTER) <= CLIFFORD) & (program.parameter >= 0)
    turns = np.where(behind, quarters % 4, turns).astype(np.int8)  # with such an offset: a Clifford behind it
    x, z, phase, images_x, images_z, images_phase = compose(
        n, program.opcode, program.qubits, program.start, program.support, program.letters, np.maximum(turns, 0),
        slot, len(ops), False,
    )  # fmt: skip
    offset[behind] = 0.0
    sign = _signs(x, z, phase)
    terms_x, terms_z, terms = _images(observable, n, images_x, images_z, images_phase)
    return PulledBack(
        n, len(program.weights), as_words(x), as_words(z), program.parameter[ops].astype(np.int64),
        sign * np.where(program.parameter[ops] >= 0, program.coefficient[ops], 0.0), sign * offset[ops],
        terms_x, terms_z, terms,
    )  # fmt: skip


def _signs(x: np.ndarray, z: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """+1 or -1: what i^phase X^x Z^z is of the Hermitian string i^|x & z| X^x Z^z."""
    return 1.0 - (phase - np.bitwise_count(x & z).sum(axis=1, dtype=np.int64)) % 4


def _images(
    observable: SparsePauliOp, n: int, images_x: np.ndarray, images_z: np.ndarray, images_phase: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The observable's terms, conjugated: products of the images of X_q (row q) and Z_q (row n + q)."""
    given_x, given_z, coefficients = pack(observable)
    letters = np.hstack([unpack_bits(given_x, n), unpack_bits(given_z, n)])
    phase = np.bitwise_count(given_x & given_z).sum(axis=1, dtype=np.int64)
    x, z = np.zeros_like(given_x), np.zeros_like(given_z)
    order = np.arange(2 * n).reshape(2, n).T.reshape(-1)  # X_q before Z_q
    for row in order:
        has = np.flatnonzero(letters[:, row])
        if len(has):
            crossed = np.bitwise_count(z[has] & images_x[row]).sum(axis=1, dtype=np.int64)
            phase[has] += images_phase[row] + 2 * crossed
            x[has] ^= images_x[row]
            z[has] ^= images_z[row]
    return x, z, coefficients * _signs(x, z, phase)
