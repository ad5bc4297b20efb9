"""Terms of an observable that interfere, as independent classes of Pauli paths.

Two terms interfere exactly where their product commutes with every generator in its frame. The
terms of one coset share every branch, so their amplitudes differ by constants: a coset is a few
classes, one for each pattern of X bits at which a path of its first term has an expectation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.pauli_tape import Tape
from qtrain.kernels.clifford import evolve_terms


@dataclass(frozen=True, eq=False)
class PathClasses:
    """Classes of paths of one observable on |0...0>.

    Attributes:
        x, z: (classes, qubits) uint8, the Pauli a path starts from at the measurement.
        target: (classes, qubits) uint8, X bits at the input of a path that counts.
        value: (classes,) what a path that counts adds to the second moment.
        scale: S, the sum over cosets of the squared sum of absolute coefficients.
        mean: E f over uniform angles, exact.
    """

    x: np.ndarray
    z: np.ndarray
    target: np.ndarray
    value: np.ndarray
    scale: float
    mean: float

    @property
    def total(self) -> float:
        return float(self.value.sum())


def seen_letters(target: np.ndarray) -> np.ndarray:
    """(qubits, 4) 1 for the letters I, X, Z, Y by which a path counts on |0...0>, from its X bits there (qubits,)."""
    return np.where(target[:, None] == 1, [0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0])


def unpack_terms(observable: SparsePauliOp) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X bits, Z bits (terms, qubits) uint8 and real coefficients (terms,), identities kept."""
    paulis = observable.paulis
    return (
        np.ascontiguousarray(paulis.x.astype(np.uint8)),
        np.ascontiguousarray(paulis.z.astype(np.uint8)),
        np.real(observable.coeffs * (-1j) ** paulis.phase).astype(float),
    )


def walk_terms(
    tape: Tape, x: np.ndarray, z: np.ndarray, seed: int = 0, *, active: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Each term at the input if no rotation branched: x, z, sign, and its syndrome (terms, 2).

    Args:
        active: (terms, rows) uint8, where given: set to 1 at the rotations a term anticommutes with.
    """
    x, z = x.copy(), z.copy()
    sign = np.ones(len(x), np.int8)
    syndrome = np.zeros((len(x), 2), np.uint64)
    keys = np.random.default_rng(seed).integers(0, 2**64, (max(tape.num_rows, 1), 2), np.uint64)
    evolve_terms(tape.steps, keys, x, z, sign, syndrome, np.zeros((0, 1), np.uint8) if active is None else active)
    return x, z, sign, syndrome


def interference_phases(
    x0: np.ndarray, z0: np.ndarray, x: np.ndarray, z: np.ndarray, sign0: int, sign: np.ndarray
) -> np.ndarray:
    """Phases kappa of Tr[rho Q_a] relative to the first term's, for terms (rows) of one coset.

    Within one X pattern they differ by +-1. From Q_a = Q_0 R with R = Q_0 Q_a at the unbranched end
    and P(x, z) = i^|xz| X^x Z^z.
    """
    power = (
        (x0 & z0).sum(dtype=np.int64)
        + (x & z).sum(axis=1, dtype=np.int64)
        + 2 * (z0 & x).sum(axis=1, dtype=np.int64)
    )
    return np.asarray(sign0 * sign * 1j ** (power % 4))


def path_classes(tape: Tape, observable: SparsePauliOp) -> PathClasses:
    """The classes of an observable's terms, by their syndromes and X patterns.

    Args:
        tape: without noise. observable: width of the tape, real coefficients.
    """
    x, z, c = unpack_terms(observable)
    x_end, z_end, sign, syndrome = walk_terms(tape, x, z)
    constant = (syndrome == 0).all(axis=1)
    mean = float(np.sum((c * sign)[constant & ~x_end.any(axis=1)]))
    groups: dict[bytes, list[int]] = {}
    for a in np.flatnonzero(~constant):
        groups.setdefault(syndrome[a].tobytes(), []).append(int(a))
    starts: list[int] = []
    targets: list[np.ndarray] = []
    values: list[float] = []
    scale = 0.0
    for members in groups.values():
        first = members[0]
        scale += float(np.abs(c[members]).sum()) ** 2
        phases = interference_phases(
            x_end[first], z_end[first], x_end[members], z_end[members], int(sign[first]), sign[members]
        )
        patterns: dict[bytes, list[int]] = {}
        difference = x_end[members] ^ x_end[first]
        for i in range(len(members)):
            patterns.setdefault(difference[i].tobytes(), []).append(i)
        for inside in patterns.values():
            relative = np.real(phases[inside] / phases[inside[0]])  # +-1
            amplitude = math.fsum(c[[members[i] for i in inside]] * relative)  # 0 only where terms cancel exactly
            if amplitude != 0:
                starts.append(first)
                targets.append(difference[inside[0]])
                values.append(amplitude**2)
    n = tape.num_qubits
    return PathClasses(
        np.ascontiguousarray(x[starts]).reshape(-1, n),
        np.ascontiguousarray(z[starts]).reshape(-1, n),
        np.array(targets, np.uint8).reshape(-1, n),
        np.array(values, float),
        scale,
        mean,
    )
