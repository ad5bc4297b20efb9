"""Symmetry sectors that hold the evolving state: their dimension is what a simulation has to follow."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from qtrain.circuits.program import PauliProgram
from qtrain.kernels.paulis import commutation_matrix, gf2_rank, pack_bits

X, Z, Y = 1, 2, 3  # letters
_DIAGONAL = (2, 3, 6, 10)  # S, SDG, Z, CZ


def sector_log2(program: PauliProgram) -> tuple[float, str]:
    """log2 of the dimension of the smallest sector found, and which symmetry it is of.

    Pauli symmetries: strings that commute with every rotation and stabilise the input state. Particle
    number: from a basis state, diagonal gates, swaps and equal rotations about XX and YY of one pair.

    Args:
        program: inputs bound.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qtrain.circuits.program import lower
        >>> circuit = QuantumCircuit(3)
        >>> _ = circuit.rxx(Parameter("a"), 0, 1), circuit.rzz(Parameter("b"), 1, 2)
        >>> sector_log2(lower(circuit))
        (1.0, '2 Pauli symmetries')
    """
    n = program.num_qubits
    table, frame = program.generators(fixed=True), program.frame()
    # R = sum of stabilisers that commutes with every generator: the kernel of stabilisers x generators
    form = commutation_matrix(table.x, table.z, frame.x, frame.z)
    symmetries = n - gf2_rank(pack_bits(form), n) if len(form) else n
    best, name = float(n - symmetries), f"{symmetries} Pauli symmetries"
    particles = _particles(program)
    if particles is not None:
        log = math.log2(math.comb(n, particles))
        if log < best:
            best, name = log, f"{particles} particles on {n} qubits"
    return best, name


def _particles(program: PauliProgram) -> int | None:
    """Number of ones of the basis state that the circuit keeps; None where it keeps none."""
    ones: NDArray[np.bool_] = np.zeros(program.num_qubits, bool)
    moved = False
    i, ops = 0, len(program.opcode)
    while i < ops:
        code = int(program.opcode[i])
        if code == 4 and not moved:
            ones[program.qubits[i, 0]] ^= True
        elif code == 11:
            a, b = program.qubits[i]
            ones[[a, b]] = ones[[b, a]]
        elif code == 0:
            letters = program.letters[program.start[i] : program.start[i + 1]]
            if not (letters == Z).all():
                if not _hop(program, i):
                    return None
                moved = True
                i += 1
        elif code not in _DIAGONAL:
            return None
        i += 1
    return int(ones.sum())


def _hop(program: PauliProgram, i: int) -> bool:
    """Whether ops i and i + 1 are rotations by one angle about XX and YY of the same pair."""
    if i + 1 >= len(program.opcode) or program.opcode[i + 1] != 0:
        return False
    first, second = (slice(int(program.start[k]), int(program.start[k + 1])) for k in (i, i + 1))
    letters = [program.letters[part].tolist() for part in (first, second)]
    return bool(
        sorted(letters) == [[X, X], [Y, Y]]
        and (program.support[first] == program.support[second]).all()
        and program.parameter[i] == program.parameter[i + 1]
        and program.coefficient[i] == program.coefficient[i + 1]
        and program.offset[i] == program.offset[i + 1]
    )
