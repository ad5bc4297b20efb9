"""Z_2 symmetries: a smaller program on the qubits that are left when every conserved Pauli string is set to +1.

Pulled back to |0...0>, all that is reached are sums of the rotations' flips: a linear space of bit strings.
Its coordinates are the new qubits (tapering, arXiv 1701.08213, without a search for Cliffords).
"""

from __future__ import annotations

import numpy as np
from qiskit.quantum_info import PauliList, SparsePauliOp

from qtrain.circuits.program import PauliProgram
from qtrain.kernels.gf2 import gf2_eliminate, unpack_bits
from qtrain.kernels.opcodes import ROTATION
from qtrain.simulators.sectors.pulled_back import PulledBack


def dimension_log2(circuit: PulledBack) -> int:
    """Number of qubits that are left."""
    n = circuit.num_qubits
    rows = circuit.x[:0]
    for first in range(0, len(circuit.x), 4 * n):  # deep circuits move every bit within their first layers
        rows, _ = gf2_eliminate(np.concatenate([rows, circuit.x[first : first + 4 * n]]), n)
        if len(rows) == n:
            break
    return len(rows)


def taper(circuit: PulledBack, weights: tuple[str, ...]) -> tuple[PauliProgram, SparsePauliOp]:
    """The same cost on fewer qubits; terms that anticommute with a symmetry are gone, as their mean is 0.

    Args:
        weights: their names.

    Example:
        >>> from qiskit.circuit import Parameter, QuantumCircuit
        >>> from qtrain.circuits.program import lower
        >>> from qtrain.simulators.sectors.pulled_back import pull_back
        >>> circuit = QuantumCircuit(3)
        >>> _ = circuit.rxx(Parameter("a"), 0, 1), circuit.rzz(Parameter("b"), 1, 2)
        >>> taper(pull_back(lower(circuit), SparsePauliOp(["ZZZ", "IXI"])), ("a", "b"))
        (PauliProgram(num_qubits=1, ops=2, rotations=2, weights=2, inputs=0), SparsePauliOp(['I'],
                      coeffs=[1.+0.j]))
    """
    n = circuit.num_qubits
    rows, pivots = gf2_eliminate(circuit.x, n)
    basis = unpack_bits(rows, n)
    x, z, sign = _reduced(circuit.x, circuit.z, basis, pivots)
    flips = unpack_bits(circuit.terms_x, n)
    inside = ((flips[:, pivots].astype(np.int64) @ basis % 2).astype(bool) == flips).all(axis=1)
    terms_x, terms_z, terms_sign = _reduced(circuit.terms_x[inside], circuit.terms_z[inside], basis, pivots)
    width = max(len(pivots), 1)
    observable = SparsePauliOp(["I" * width], [0.0])
    if inside.any():
        observable = SparsePauliOp(
            PauliList.from_symplectic(_wide(terms_z, width), _wide(terms_x, width)),
            circuit.terms[inside] * terms_sign,
        ).simplify()
    return _rotations(circuit, x, z, sign, weights, width), observable


def _wide(bits: np.ndarray, width: int) -> np.ndarray:
    return bits if bits.shape[1] == width else np.zeros((len(bits), width), bool)


def _reduced(
    x: np.ndarray, z: np.ndarray, basis: np.ndarray, pivots: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Strings in coordinates: x, z (rows, rank) bool and signs (rows,).

    A state is the sum of c_i basis_i, and c_i its bit at pivot i; so z acts by its product with each basis_i.
    """
    n = basis.shape[1]
    flips, phases = unpack_bits(x, n), unpack_bits(z, n)
    new_x = flips[:, pivots]
    new_z = (phases.astype(np.int64) @ basis.T % 2).astype(bool)
    ys = (flips & phases).sum(axis=1) - (new_x & new_z).sum(axis=1)
    return new_x, new_z, 1.0 - ys % 4


def _rotations(
    circuit: PulledBack, x: np.ndarray, z: np.ndarray, sign: np.ndarray, weights: tuple[str, ...], width: int
) -> PauliProgram:
    letters = x.astype(np.int8) + 2 * z.astype(np.int8)
    live = letters.any(axis=1)  # the others are global phases
    letters = letters[live]
    row, support = np.nonzero(letters)
    count = len(letters)
    return PauliProgram(
        num_qubits=width,
        opcode=np.full(count, ROTATION, np.int8),
        qubits=np.full((count, 2), -1, np.int32),
        start=np.append(0, np.cumsum((letters != 0).sum(axis=1))).astype(np.int64),
        support=support.astype(np.int32),
        letters=letters[row, support],
        parameter=circuit.parameter[live].astype(np.int32),
        coefficient=(sign * circuit.coefficient)[live],
        offset=(sign * circuit.offset)[live],
        gate=np.flatnonzero(live).astype(np.int32),
        weights=weights,
    )
