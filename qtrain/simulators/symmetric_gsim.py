"""g-sim on sums: symmetric circuits whose strings are too many, but fall into few orbits (arXiv 2308.01432).

Where every layer of commuting rotations that shares a parameter is unchanged by permutations of qubits, and so is
the observable, sums over orbits of Pauli strings are closed under the circuit: C(n + 3, 3) of them for full
permutation symmetry (arXiv 2210.09974) instead of 4^n strings. A layer is then one rotation exp(theta A) with
an antisymmetric A, which falls into small blocks that are diagonalised once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from qtrain.budget import clock
from qtrain.kernels.paulis import commutation_matrix, pack_bits, unpack_bits
from qtrain.lie.orbits import reach
from qtrain.lie.qubit_symmetries import Pauli, find_symmetry

if TYPE_CHECKING:
    from qtrain.circuits.program import PauliProgram
    from qtrain.kernels.paulis import PauliTable

MAX_BLOCK = 1500  # rows of a block that is diagonalised
ENTRY_BYTES = 48  # of one orbit with one term, while they are collected
Block = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows (b, d), eigenvalues (b, d), eigenvectors (b, d, d)


@dataclass(frozen=True, eq=False)
class OrbitModule:
    """The module on normalised orbit sums.

    Attributes:
        num_weights: columns of the weights; dimension: number of orbits.
        rows: (dimension, n) int8 letters of each orbit's smallest string (0 I, 1 X, 2 Z, 3 Y).
        initial, expectation: (dimension,) observable and input state on the orbit sums; constant.
        layers: (weight or -1, blocks) in time order: A = V (-i lambda) V^dagger, angle = the weight, or 1.
    """

    num_weights: int
    rows: np.ndarray
    initial: np.ndarray
    expectation: np.ndarray
    constant: float
    layers: tuple[tuple[int, tuple[Block, ...]], ...]

    @property
    def dimension(self) -> int:
        return len(self.initial)

    @property
    def cost(self) -> float:
        """Multiplications of one evaluation of the cost."""
        return float(sum(4 * vectors.size for _, blocks in self.layers for _, _, vectors in blocks))


def _layers(program: PauliProgram, table: PauliTable) -> list[tuple[int, list[int]]]:
    """(weight or -1, rows of the table) of commuting rotations that can be moved together, in time order."""
    x, z, which = table.distinct()
    anticommute = commutation_matrix(x, z)
    layers: list[tuple[int, list[int]]] = []
    latest_row = np.full(len(x), -1)  # layer that holds a string last
    latest_weight: dict[int, int] = {}
    for k, op in enumerate(table.index):
        weight, row = int(program.parameter[op]), int(which[k])
        place = latest_weight.get(weight, -1)
        if place <= latest_row[anticommute[row]].max(initial=-1):  # something in between is in its way, or it is new
            place = len(layers)
            layers.append((weight, []))
        layers[place][1].append(k)
        latest_row[row] = max(latest_row[row], place)
        latest_weight[weight] = place
    return layers


def _sum(letters: np.ndarray, numbers: np.ndarray) -> dict[bytes, float]:
    """Equal strings added up, to 13 digits each: so that numbers a symmetry exchanges are equal, however small."""
    total: dict[bytes, float] = {}
    for row, c in zip(letters, numbers):
        total[row.tobytes()] = total.get(row.tobytes(), 0.0) + float(c)
    return {key: float(f"{c:.12e}") for key, c in total.items() if c != 0}


def _bits(key: bytes) -> Pauli:
    row = np.frombuffer(key, np.int8)
    x, z = (np.packbits(row & half, bitorder="little").tobytes() for half in (1, 2))
    return int.from_bytes(x, "little"), int.from_bytes(z, "little")


def _pack(letters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return pack_bits((letters & 1).astype(bool)), pack_bits((letters & 2).astype(bool))


def orbit_module(
    program: PauliProgram, x: np.ndarray, z: np.ndarray, numbers: np.ndarray, constant: float, limit: int, *,
    memory_bytes: float = math.inf, seconds: float = math.inf,
) -> OrbitModule | None:  # fmt: skip
    """Close the observable on orbit sums.

    Args:
        program: bound; x, z (terms, words), numbers (terms,): the observable without its identity, on the
            program's qubits; constant: the identity's coefficient; limit: orbits to follow at most.
        memory_bytes, seconds: what the closure may take, about; fewer orbits are followed where it would take more.

    Returns:
        OrbitModule, or None where there is no symmetry, or too many orbits.
    """
    deadline = clock() + seconds
    if not program.shared.any():  # a symmetric layer moves several qubits by one angle
        return None
    n = program.num_qubits

    def letters(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (unpack_bits(a, n) + 2 * unpack_bits(b, n)).astype(np.int8)

    table = program.generators(fixed=True)
    strings = letters(table.x, table.z)
    slope = table.signs * program.coefficient[table.index]
    shift = table.signs * program.offset[table.index]
    steps: list[tuple[int, dict[bytes, float]]] = []
    for weight, members in _layers(program, table):
        if weight >= 0:
            steps.append((weight, _sum(strings[members], slope[members])))
        fixed = _sum(strings[members], shift[members])
        if fixed:
            steps.append((-1, fixed))
    observable = _sum(letters(x, z), numbers)
    distinct = {tuple(sorted(terms.items())): terms for _, terms in steps}
    symmetry = find_symmetry([{_bits(k): c for k, c in terms.items()} for terms in (observable, *distinct.values())], n)
    if not symmetry.name or not observable:
        return None
    stabilizers = program.frame()
    stabilizer_letters = letters(stabilizers.x, stabilizers.z)
    for order in symmetry.generators:  # the input state has to share the symmetry
        if not np.array_equal(program.expectations(*_pack(stabilizer_letters[:, order])), stabilizers.signs):
            return None
    keys = list({key for _, terms in steps for key in terms})
    terms_array = np.array([np.frombuffer(key, np.int8) for key in keys], np.int8).reshape(-1, n)
    seeds = {symmetry.smallest(np.frombuffer(key, np.int8)).tobytes(): c for key, c in observable.items()}
    seed_rows = np.array([np.frombuffer(key, np.int8) for key in seeds], np.int8)
    entries = int(min(memory_bytes / ENTRY_BYTES, 2**62))
    found = reach(seed_rows, terms_array, symmetry, int(limit), deadline, entries)
    if not found.complete or len(found.rows) > limit:
        return None
    rows, start, term, other, sign = found.rows, found.start, found.term, found.other, found.sign
    root = np.sqrt([symmetry.orbit_size(row) for row in rows])
    orbit = np.repeat(np.arange(len(rows)), np.diff(start))
    scaled = sign * root[orbit] / root[other]
    blocks: dict[tuple[tuple[bytes, float], ...], tuple[Block, ...]] = {}
    for identity, terms in distinct.items():
        if clock() > deadline:
            return None
        coefficient = np.array([terms.get(key, 0.0) for key in keys])
        used = np.flatnonzero(coefficient[term])
        matrix = coo_array(
            (coefficient[term[used]] * scaled[used], (orbit[used], other[used])), shape=(len(rows), len(rows))
        ).tocsr()
        parts = _diagonalize(matrix)
        if parts is None:
            return None
        blocks[identity] = parts
    initial = np.zeros(len(rows))
    initial[: len(seeds)] = np.array(list(seeds.values())) * root[: len(seeds)]
    layers = tuple((weight, blocks[tuple(sorted(terms.items()))]) for weight, terms in steps)
    return OrbitModule(len(program.weights), rows, initial, program.expectations(*_pack(rows)) * root, constant, layers)


def _diagonalize(matrix: csr_array) -> tuple[Block, ...] | None:
    """Blocks of an antisymmetric sparse matrix, those of equal size side by side; None if one is too large."""
    _, label = connected_components(matrix, directed=False)
    order = np.argsort(label, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    out: list[Block] = []
    for size in sorted({len(m) for m in members} - {1}):
        if size > MAX_BLOCK:
            return None
        rows = np.array([m for m in members if len(m) == size])
        dense = np.stack([matrix[m][:, m].toarray() for m in rows])
        values, vectors = np.linalg.eigh(1j * dense)
        out.append((rows, values, vectors))
    return tuple(out)


def orbit_values_and_gradients(module: OrbitModule, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """values (B,) and gradients (B, num_weights) at theta (B, num_weights)."""
    samples = len(theta)
    gradients = np.zeros((samples, module.num_weights))

    def angle(weight: int) -> np.ndarray:
        return theta[:, weight] if weight >= 0 else np.ones(samples)

    v = np.repeat(module.initial[:, None], samples, axis=1)
    for weight, blocks in reversed(module.layers):
        for rows, values, vectors in blocks:
            inner = vectors.conj().swapaxes(1, 2) @ v[rows]
            inner *= np.exp(-1j * values[:, :, None] * angle(weight))
            v[rows] = (vectors @ inner).real
    out = module.expectation @ v
    u = np.repeat(module.expectation[:, None], samples, axis=1)
    for weight, blocks in module.layers:
        for rows, values, vectors in blocks:
            adjoint = vectors.conj().swapaxes(1, 2)
            a, b = adjoint @ v[rows], adjoint @ u[rows]
            if weight >= 0:
                gradients[:, weight] += (values[:, :, None] * (b.conj() * a).imag).sum(axis=(0, 1))
            undo = np.exp(1j * values[:, :, None] * angle(weight))
            v[rows] = (vectors @ (undo * a)).real
            u[rows] = (vectors @ (undo * b)).real
    return out + module.constant, gradients
