"""Near-Clifford circuits: the few Pauli strings that the observable becomes, rotation by rotation.

r rotations that are no Cliffords make at most 2^r strings of one; paths that meet again merge. In the frame behind all
Cliffords strings never move, so each rotation is a set of plane rotations on the strings met so far: a module that is
followed in time, instead of one that is closed under all rotations at once.
"""

from __future__ import annotations

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.observables import pack
from qtrain.circuits.program import PauliProgram
from qtrain.simulators.gsim import Module

MAX_STRINGS = 2**16
MAX_PAIRS = 500_000
MAX_LOOKS = 3_000_000  # strings looked at, over all rotations


class StringTable:
    """Packed strings, each with a number, found again by a hash that is linear in their bits."""

    def __init__(self, x: np.ndarray, z: np.ndarray) -> None:
        self.keys = np.random.default_rng(0).integers(0, 2**64, (2, 64 * x.shape[1]), np.uint64)
        self.x, self.z, self.count = x.copy(), z.copy(), len(x)
        self.name = self.names(x, z)
        self.order = np.argsort(self.name)

    def names(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """(rows,) uint64: the name of a product is the names' exclusive or."""
        found = np.zeros(len(x), np.uint64)
        for words, keys in zip((x, z), self.keys, strict=True):
            rows, places = np.nonzero(np.unpackbits(words.view(np.uint8), axis=1, bitorder="little"))
            np.bitwise_xor.at(found, rows, keys[places])
        return found

    def find(self, names: np.ndarray) -> np.ndarray:
        """Numbers of strings, -1 where a name is new."""
        ordered = self.name[self.order]
        at = np.minimum(np.searchsorted(ordered, names), len(ordered) - 1)
        return np.where(ordered[at] == names, self.order[at], -1)

    def grow(self, x: np.ndarray, z: np.ndarray, names: np.ndarray) -> None:
        """Add strings that are new."""
        self.x, self.z = np.concatenate([self.x, x]), np.concatenate([self.z, z])
        self.name = np.concatenate([self.name, names])
        self.order = np.argsort(self.name)


def meets(x: np.ndarray, z: np.ndarray, gx: np.ndarray, gz: np.ndarray) -> np.ndarray:
    """Rows that anticommute with one string, ascending."""
    return np.flatnonzero(np.bitwise_count((x & gz) ^ (z & gx)).sum(axis=1, dtype=np.int64) & 1)


def product_signs(gx: np.ndarray, gz: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """s of i P Q = s R for one P and rows Q that anticommute with it."""

    def ones(word: np.ndarray) -> np.ndarray:
        return np.bitwise_count(word).sum(axis=-1, dtype=np.int64)

    phase = ones(gx & gz) + ones(x & z) + 2 * ones(gz & x) - ones((gx ^ x) & (gz ^ z))
    return np.where(phase % 4 == 3, 1.0, -1.0)


def reached_strings(
    program: PauliProgram, observable: SparsePauliOp, *, max_strings: int = MAX_STRINGS, max_pairs: int = MAX_PAIRS
) -> Module | None:
    """The observable's strings and their plane rotations, as a module for g-sim; None beyond the limits.

    Args:
        program: inputs bound.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qtrain.circuits.program import lower
        >>> circuit = QuantumCircuit(50)
        >>> _ = circuit.ry(Parameter("a"), 0), circuit.t(0), circuit.cx(0, 49)
        >>> reached_strings(lower(circuit), SparsePauliOp("X" + 48 * "I" + "X")).dimension
        3
    """
    x, z, c = pack(observable)
    other = (x | z).any(axis=1)
    table = program.generators(fixed=True)
    strings = StringTable(x[other], z[other])
    turns = strings.names(table.x, table.z)
    pairs: list[np.ndarray] = []
    signs: list[np.ndarray] = []
    used: list[int] = []
    total = looks = 0
    for k in range(len(table) - 1, -1, -1):
        gx, gz = table.x[k], table.z[k]
        looks += len(strings.x)
        a = meets(strings.x, strings.z, gx, gz)
        if not len(a):
            continue
        names = strings.name[a] ^ turns[k]
        b = strings.find(names)
        new = np.flatnonzero(b < 0)
        b[new] = len(strings.x) + np.arange(len(new))
        once = b > a  # partners that are there already meet each other
        pairs.append(np.stack([a, b], axis=1)[once])
        signs.append(product_signs(gx, gz, strings.x[a[once]], strings.z[a[once]]))
        used.append(k)
        total += len(pairs[-1])
        if len(strings.x) + len(new) > max_strings or total > max_pairs or looks > MAX_LOOKS:
            return None
        if len(new):
            strings.grow(strings.x[a[new]] ^ gx, strings.z[a[new]] ^ gz, names[new])
    initial = np.zeros(len(strings.x))
    initial[: np.count_nonzero(other)] = c[other]
    order = np.array(used[::-1], np.int64)  # in time order
    ops, sign = table.index[order], table.signs[order]
    return Module(
        num_weights=len(program.weights), x=strings.x, z=strings.z, initial=initial,
        expectation=program.expectations(strings.x, strings.z), constant=float(c[~other].sum()),
        start=np.concatenate([[0], np.cumsum([len(p) for p in pairs[::-1]])]).astype(np.int64),
        pairs=np.concatenate(pairs[::-1] or [np.zeros((0, 2))]).astype(np.int32),
        signs=np.concatenate(signs[::-1] or [np.zeros(0)]), generator=np.arange(len(order)),
        parameter=program.parameter[ops].astype(np.int64),
        coefficient=sign * program.coefficient[ops], offset=sign * program.offset[ops],
    )  # fmt: skip
