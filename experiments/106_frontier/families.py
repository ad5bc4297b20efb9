"""Circuits on n qubits with one observable, and where their angles begin.

A layer is RX and RZ on every qubit and CZ on every bond of a line; the observable is Z of the middle qubit.

- **identity**: angles around 0, the input |0...0>: the small-angle start of 2602.10049's trainable block.
- **clifford**: angles around a random multiple of pi/2 each, the input |0...0>.
- **encoder**: the same point behind a Clifford encoder that makes the cost linear there, after 2507.06344: a stabilizer state of
  operators i P_k O, so that the derivative by each chosen angle is +-1 at the point. At most n of them commute: so many are chosen.
- **generative**: after 2602.10049, ceil(log2 n) layers of RX, RZ at uniform angles and CZ on a random matching of all qubits, and
  behind them ceil(log2 n) trained layers around 0.
- **local**: 2 ceil(log2 n) layers, to be drawn uniformly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import StabilizerState

WIDE = 40.0  # radians: a normal angle of this width is uniform, E cos = e^-800


@dataclass(frozen=True)
class Member:
    """One circuit. trained: how many of its parameters, in order; the others are a latent variable."""

    circuit: QuantumCircuit
    observable: str
    trained: int
    depth: int


def member(family: str, n: int, depth: int, width: float, *, seed: int) -> Member:
    """``width``: of the trained angles, in radians, as the latent ones are scaled to be uniform at any."""
    rng = np.random.default_rng([seed, n, depth])
    observable = f"Z{n // 2}"
    if family == "generative":
        return _generative(n, depth, width, rng)
    quarters = rng.integers(0, 4, (depth, 2, n)) if family in ("clifford", "encoder") else np.zeros((depth, 2, n), int)
    circuit = QuantumCircuit(n)
    if family == "encoder":
        circuit.compose(encoder(n, quarters, rng), inplace=True)
    angles = ParameterVector("a", 2 * n * depth)
    _layers(circuit, angles, quarters)
    return Member(circuit, observable, len(angles), depth)


def _layers(circuit: QuantumCircuit, angles: ParameterVector, quarters: np.ndarray) -> None:
    """The angles as ``quarters`` quarter turns and a parameter each: around such a point is around 0 of the parameters."""
    n, names = circuit.num_qubits, iter(angles)
    for first, second in quarters:
        for q in range(n):
            circuit.rx(next(names) + float(first[q]) * math.pi / 2, q)
        for q in range(n):
            circuit.rz(next(names) + float(second[q]) * math.pi / 2, q)
        for q in range(n - 1):
            circuit.cz(q, q + 1)


def _generative(n: int, depth: int, width: float, rng: np.random.Generator) -> Member:
    circuit, latent = QuantumCircuit(n), math.ceil(math.log2(n))
    drawn, angles = iter(ParameterVector("z", 2 * n * latent)), ParameterVector("a", 2 * n * depth)
    for _ in range(latent):
        for q in range(n):
            circuit.rx(WIDE / width * next(drawn), q)
            circuit.rz(WIDE / width * next(drawn), q)
        for a, b in rng.permutation(n)[: n // 2 * 2].reshape(-1, 2):
            circuit.cz(int(a), int(b))
    _layers(circuit, angles, np.zeros((depth, 2, n), int))
    return Member(circuit, f"Z{n // 2}", len(angles), depth)


def encoder(n: int, quarters: np.ndarray, rng: np.random.Generator) -> QuantumCircuit:
    """A Clifford circuit whose output is an eigenstate of i P_k O for as many angles k as commute, up to n.

    Strings are rows (x, z) of bits, pulled back through the layers at the Clifford point; signs do not matter.
    """
    depth = len(quarters)
    x, z = np.zeros((2, 1, n), np.uint8)
    z[0, n // 2] = 1  # the observable; behind it one row for each angle that it does not commute with
    for layer in range(depth - 1, -1, -1):
        z = z ^ np.pad(x, ((0, 0), (1, 1)))[:, :-2] ^ np.pad(x, ((0, 0), (1, 1)))[:, 2:]
        for kind in (1, 0):  # RZ, then RX
            seen = np.flatnonzero((x if kind else z)[0])
            more_x, more_z = x[:1].repeat(len(seen), axis=0), z[:1].repeat(len(seen), axis=0)
            (more_z if kind else more_x)[np.arange(len(seen)), seen] ^= 1
            x, z = np.vstack([x, more_x]), np.vstack([z, more_z])
            odd = (quarters[layer, kind] % 2).astype(np.uint8)
            x, z = (x, z ^ (x & odd)) if kind else (x ^ (z & odd), z)
    chosen = _commuting(x[1:], z[1:], rng)
    state = StabilizerState.from_stabilizer_list(_completed(chosen, n), allow_underconstrained=True)
    return state.clifford.to_circuit()


def _commuting(x: np.ndarray, z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(rows, 2n) bits of commuting, independent strings, greedily in a random order."""
    n = x.shape[1]
    kept, basis = np.zeros((0, 2 * n), np.uint8), np.zeros((0, 2 * n), np.uint8)
    for k in rng.permutation(len(x)):
        row = np.concatenate([x[k], z[k]])
        if len(kept) == n or ((kept[:, :n] @ row[n:] + kept[:, n:] @ row[:n]) % 2).any():
            continue
        rest = row.copy()
        for known in basis:  # reduced so far
            if rest[np.flatnonzero(known)[0]]:
                rest = rest ^ known
        if rest.any():
            kept, basis = np.vstack([kept, row]), np.vstack([basis, rest])
    return kept


def _completed(rows: np.ndarray, n: int) -> list[str]:
    """Their labels."""
    letters = np.array(["I", "X", "Z", "Y"])
    return ["".join(letters[row[:n] + 2 * row[n:]][::-1]) for row in rows]
