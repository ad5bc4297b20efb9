"""How often `qtrain.scaling` is right, on families of circuits whose law is known.

Constant: brickworks of fixed depth under a local observable. Exponential: blocks of one or two qubits under their
product, V = E^(n / block); layered circuits deep enough to be 2-designs. Polynomial: means and weighted sums of local
terms on circuits of fixed depth, all pairs, deep RY + CZ at the edge, quantum convolutional networks.

Usage: python run.py [families of each kind]
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

import qtrain

HERE = Path(__file__).parent
BUDGET = qtrain.Budget(seconds=2, resolution=1e-9)


@dataclass(frozen=True)
class Family:
    """``law`` and ``rate`` hold for n to infinity; ``local``: depth and observable do not grow."""

    kind: str
    circuit: Callable[[int], QuantumCircuit]
    observable: Any
    sizes: list[int] | None
    law: str
    rate: float


class Circuit:
    """Gates with a fresh parameter each, on a QuantumCircuit."""

    def __init__(self, n: int) -> None:
        self.circuit = QuantumCircuit(n)

    def rotate(self, name: str, *qubits: int) -> None:
        getattr(self.circuit, name)(Parameter(f"p{self.circuit.num_parameters:05d}"), *qubits)

    def couple(self, name: str, a: int, b: int) -> None:
        if name in ("cx", "cz"):
            getattr(self.circuit, name)(a, b)
        else:
            self.rotate(name, a, b)


def brickwork(layers: list[tuple[tuple[str, ...], str]], ring: bool) -> Callable[[int], QuantumCircuit]:
    """Each layer: rotations on every qubit, then a coupler on every second bond."""

    def build(n: int) -> QuantumCircuit:
        made = Circuit(n)
        for index, (rotations, coupler) in enumerate(layers):
            for q in range(n):
                for name in rotations:
                    made.rotate(name, q)
            for q in range(index % 2, n if ring and n > 2 and n % 2 == 0 else n - 1, 2):
                made.couple(coupler, q, (q + 1) % n)
        for q in range(n):
            made.rotate("ry", q)
        return made.circuit

    return build


def random_layers(rng: np.random.Generator, depth: int) -> list[tuple[tuple[str, ...], str]]:
    kinds = (("ry",), ("ry", "rz"), ("rx", "rz"), ("rx", "ry"), ("rz", "ry", "rz"))
    coupler = str(rng.choice(["cz", "cx", "rzz", "rxx"]))
    return [(kinds[int(rng.integers(len(kinds)))], coupler) for _ in range(depth)]


def local(rng: np.random.Generator) -> Callable[[int], SparsePauliOp]:
    name = str(rng.choice(["Z", "ZZ", "X"]))
    middle = bool(rng.integers(2))

    def build(n: int) -> SparsePauliOp:
        first = 2 * (n // 4) if middle else 0  # always the same place of a brick
        return SparsePauliOp.from_sparse_list([(name, list(range(first, first + len(name))), 1.0)], n)

    return build


def constant(rng: np.random.Generator, short: bool) -> Family:
    """Fixed depth; ``short``: sizes between 2 and 10, most of them inside the light cone."""
    depth = int(rng.integers(3, 13) if short else rng.integers(1, 5))
    if short:
        sizes = sorted(rng.choice(np.arange(2, 11), int(rng.integers(4, 8)), replace=False).tolist())
    else:
        first = 2 * depth + int(rng.integers(0, 4))
        sizes = [first + int(rng.integers(1, 4)) * k for k in range(int(rng.integers(5, 9)))]
        sizes = sorted(set(sizes))
        sizes = sizes if len(sizes) >= 4 and rng.random() < 0.7 else None
    circuit = brickwork(random_layers(rng, depth), bool(rng.integers(2)))
    return Family("short" if short else "constant", circuit, local(rng), sizes, "constant", 0.0)


def blocks(rng: np.random.Generator) -> Family:
    """Product of equal blocks under a product observable: V = E[f^2]^(n / block - 1) E[(df)^2]."""
    width = int(rng.integers(1, 3))
    names = [str(v) for v in rng.choice(["rx", "ry"], 1)] + [str(v) for v in rng.choice(["rx", "ry", "rz"], int(rng.integers(0, 3)))]

    def fill(made: Circuit, first: int) -> None:
        for q in range(first, first + width):
            for name in names:
                made.rotate(name, q)
        if width == 2:
            made.couple("cz", first, first + 1)
            for q in range(first, first + width):
                made.rotate("ry", q)

    def build(n: int) -> QuantumCircuit:
        made = Circuit(n)
        for first in range(0, n, width):
            fill(made, first)
        return made.circuit

    one = qtrain.gradient_variance(build(width), "Z" * width)
    rate = -math.log(one.cost_variance) / width
    start = width * int(rng.integers(1, 4))
    sizes = [start + width * k for k in range(int(rng.integers(4, 9)))]
    return Family("exponential", build, "parity", sizes, "exponential", rate)


def deep(rng: np.random.Generator) -> Family:
    """Depth 4 n: a 2-design on at most 8 qubits to within a few per cent; V falls with 2^-n."""
    pair = str(rng.choice(["cz", "cx"]))

    def build(n: int) -> QuantumCircuit:
        return brickwork([(("ry", "rz"), pair)] * (4 * n), False)(n)

    return Family("deep", build, "Z0", [3, 4, 5, 6, 7, 8], "exponential", math.log(2))


def polynomial(rng: np.random.Generator) -> Family:
    """Sums of n local terms with weight n^-a on a circuit of fixed depth: V ~ n^-2a."""
    power = float(rng.choice([1.0, 0.5, -0.5, -1.0]))
    circuit = brickwork(random_layers(rng, int(rng.integers(1, 3))), True)
    name = str(rng.choice(["Z", "ZZ"]))

    def terms(n: int) -> SparsePauliOp:
        return SparsePauliOp.from_sparse_list(
            [(name, [(q + j) % n for j in range(len(name))], n**-power) for q in range(n)], n
        )

    first = int(rng.integers(6, 9))
    sizes = [first + 2 * int(k) for k in np.cumsum(rng.integers(1, 4, 6))]
    return Family("polynomial", circuit, terms, sizes, "polynomial", 2 * power)


def pairs(rng: np.random.Generator) -> Family:
    """All pairs Z Z on one layer of rotations: V = (n - 1) E[z^2] E[(dz)^2], which grows."""
    names = ["ry"] + ["rz"] * int(rng.integers(0, 2)) + ["rx"] * int(rng.integers(0, 2))

    def build(n: int) -> QuantumCircuit:
        made = Circuit(n)
        for q in range(n):
            for name in names:
                made.rotate(name, q)
        return made.circuit

    def terms(n: int) -> SparsePauliOp:
        return SparsePauliOp.from_sparse_list([("ZZ", [a, b], 1.0) for a in range(n) for b in range(a)], n)

    sizes = sorted(rng.choice(np.arange(4, 30), 6, replace=False).tolist())
    return Family("growing", build, terms, sizes, "polynomial", -1.0)


def convolution(rng: np.random.Generator) -> Family:
    """Pairs, then pairs of what is left, ...: log2 n layers, each of which halves the qubits that count."""
    names = ["ry", "rz"] if rng.integers(2) else ["ry", "rx"]
    coupler = str(rng.choice(["cz", "cx"]))

    def build(n: int) -> QuantumCircuit:
        made = Circuit(n)
        active = list(range(n))
        while len(active) > 1:
            for a, b in zip(active[::2], active[1::2]):
                for q in (a, b):
                    for name in names:
                        made.rotate(name, q)
                made.couple(coupler, b, a)
            active = active[::2]
        made.rotate("ry", active[0])
        return made.circuit

    return Family("convolution", build, "Z0", [4, 8, 16, 32, 64], "polynomial", math.nan)


def edge(rng: np.random.Generator) -> Family:
    """Deep RY + CZ on a line, Z at its edge: a random plane of n + 1 dimensions, V = 2 / (n + 1)^2."""
    depth = int(rng.integers(4, 7))

    def build(n: int) -> QuantumCircuit:
        made = Circuit(n)
        for _ in range(depth * n):
            for q in range(n):
                made.rotate("ry", q)
            for q in range(n - 1):
                made.couple("cz", q, q + 1)
        return made.circuit

    return Family("edge", build, "Z0", [3, 4, 5, 6, 7, 8], "polynomial", 2.0)


def ising(rng: np.random.Generator) -> Family:
    """Transverse-field Ising ansatz, n / 2 layers of two shared angles: V decays polynomially (sampled)."""
    layers = int(rng.integers(1, 3))

    def build(n: int) -> QuantumCircuit:
        circuit = QuantumCircuit(n)
        circuit.h(range(n))
        for layer in range(layers * n // 2):
            a, b = Parameter(f"a{layer:03d}"), Parameter(f"b{layer:03d}")
            for q in range(n):
                circuit.rzz(a, q, (q + 1) % n)
            for q in range(n):
                circuit.rx(b, q)
        return circuit

    def energy(n: int) -> SparsePauliOp:
        bonds = [("ZZ", [q, (q + 1) % n], 1 / n) for q in range(n)]
        return SparsePauliOp.from_sparse_list([*bonds, *[("X", [q], 1 / n) for q in range(n)]], n)

    return Family("ising", build, energy, [4, 6, 8, 10], "polynomial", math.nan)


KINDS: dict[str, Callable[[np.random.Generator], Family]] = {
    "short": lambda rng: constant(rng, True), "constant": lambda rng: constant(rng, False), "exponential": blocks,
    "deep": deep, "polynomial": polynomial, "growing": pairs, "convolution": convolution,
    "edge": edge, "ising": ising,
}  # fmt: skip
SHARES = {"short": 0.5, "constant": 1.0, "exponential": 1.0, "deep": 0.02, "polynomial": 0.7, "growing": 0.3,
          "convolution": 0.1, "edge": 0.02, "ising": 0.02}  # fmt: skip


def measure(count: int, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Of ``count`` families of each kind (times its share): verdicts, and whether the interval covers."""
    result: dict[str, dict[str, Any]] = {}
    for number, (kind, make) in enumerate(KINDS.items()):
        tally: dict[str, Any] = defaultdict(int)
        for index in range(max(1, round(count * SHARES[kind]))):
            family = make(np.random.default_rng([seed, number, index]))
            found = qtrain.scaling(family.circuit, family.observable, family.sizes, budget=BUDGET)
            tally["families"] += 1
            tally[found.law] += 1
            tally["plateaus"] += found.barren_plateau
            if found.law == family.law and math.isfinite(family.rate):
                covered = found.rate_low - 1e-3 <= family.rate <= found.rate_high + 1e-3
                tally["intervals"] += 1
                tally["covering"] += covered
                if not covered and "-v" in sys.argv:
                    print(kind, index, family.rate, found.summary, found.sizes, np.log(found.variance).round(3).tolist())
            elif found.law not in (family.law, "undecided") and "-v" in sys.argv:
                print(kind, index, "WRONG LAW", found.summary, found.fitted, np.log(found.variance).round(3).tolist())
        result[kind] = dict(tally)
        print(kind, result[kind], file=sys.stderr, flush=True)
    return result


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    began = time.perf_counter()
    table = measure(count)
    flat = [t for kind, t in table.items() if kind not in ("exponential", "deep")]
    summary = {
        "families": sum(t["families"] for t in table.values()),
        "false plateaus": sum(t["plateaus"] for t in flat) / sum(t["families"] for t in flat),
        "intervals that cover": sum(t.get("covering", 0) for t in table.values())
        / sum(t.get("intervals", 0) for t in table.values()),
        "exponentials recognised": sum(table[k]["plateaus"] for k in ("exponential", "deep"))
        / sum(table[k]["families"] for k in ("exponential", "deep")),
    }
    print(json.dumps({"by kind": table, **summary, "seconds": round(time.perf_counter() - began, 1)}, indent=2))


if __name__ == "__main__":
    main()
