"""Lie algebras: classification and exact closure against PennyLane, fastdla and PauLie, in one run.

python experiments/benchmarks/dla.py [--sets 100000]
"""

from __future__ import annotations

import argparse
import random
import time

import numpy as np
from peers import environment, forget_peak, peak_mb, run
from qiskit.quantum_info import SparsePauliOp

import qtrain

PENNYLANE = """
import json, sys, time
import pennylane as qml
from pennylane import X, Y, Z
kind, n = sys.argv[1], int(sys.argv[2])
if kind == "tfim": generators = [Z(i) @ Z(i + 1) for i in range(n - 1)] + [X(i) for i in range(n)]
elif kind == "universal": generators = [Z(i) @ Z(i + 1) for i in range(n - 1)] + [X(i) for i in range(n)] + [Z(i) for i in range(n)]
elif kind == "permutation":
    generators = [sum(X(i) for i in range(n)), sum(Y(i) for i in range(n)), sum(Z(i) @ Z(j) for i in range(n) for j in range(i))]
elif kind in ("graph", "weighted"):
    import random
    dice = random.Random(n)
    edges = [(i, j) for i in range(n) for j in range(i) if dice.random() < 0.6]
    weights = [dice.gauss(0, 1) if kind == "weighted" else 1.0 for _ in edges]
    generators = [sum(w * (Z(i) @ Z(j)) for w, (i, j) in zip(weights, edges)), sum(X(i) for i in range(n))]
else: generators = [sum(Z(i) @ Z((i + 1) % n) for i in range(n)), sum(X(i) for i in range(n))]
generators = [g.pauli_rep for g in generators]
best = float("inf")
for _ in range(20):
    start = time.perf_counter()
    found = qml.lie_closure(generators, pauli=True)
    best = min(best, time.perf_counter() - start)
    if best > 0.1: break
print(json.dumps({"seconds": best, "dimension": len(found)}))
"""

FASTDLA = """
import json, sys, time, numpy as np
from fastdla.sparse_pauli_sum import SparsePauliSum
from fastdla.lie_closure import lie_closure
kind, n = sys.argv[1], int(sys.argv[2])
def place(**at): return "".join(at.get(f"q{q}", "I") for q in range(n))
if kind == "permutation":
    groups = [[place(**{f"q{i}": p}) for i in range(n)] for p in "XY"]
    groups.append([place(**{f"q{i}": "Z", f"q{j}": "Z"}) for i in range(n) for j in range(i)])
else:
    groups = [[place(**{f"q{i}": "Z", f"q{(i + 1) % n}": "Z"}) for i in range(n)], [place(**{f"q{i}": "X"}) for i in range(n)]]
generators = [SparsePauliSum(g, np.ones(len(g))) for g in groups]
for _ in range(2):  # the first time it compiles
    start = time.perf_counter()
    found = lie_closure(generators)
print(json.dumps({"seconds": time.perf_counter() - start, "dimension": len(found)}))
"""

PAULIE = """
import json, sys, time
from paulie import get_pauli_string as strings
kind, n = sys.argv[1], int(sys.argv[2])
def place(**at): return "".join(at.get(f"q{q}", "I") for q in range(n))
labels = [place(**{f"q{i}": "Z", f"q{i + 1}": "Z"}) for i in range(n - 1)] + [place(**{f"q{i}": "X"}) for i in range(n)]
if kind == "universal": labels += [place(**{f"q{i}": "Z"}) for i in range(n)]
start = time.perf_counter()
found = strings(labels, n=n).get_algebra()
print(json.dumps({"seconds": time.perf_counter() - start, "algebra": str(found)}))
"""


def place(n: int, **at: str) -> str:
    return "".join(at.get(f"q{q}", "I") for q in range(n))


def generators(kind: str, n: int) -> list:
    ring = [place(n, **{f"q{i}": "Z", f"q{(i + 1) % n}": "Z"}) for i in range(n)]
    x, y, z = ([place(n, **{f"q{i}": p}) for i in range(n)] for p in "XYZ")
    if kind == "tfim":
        return ring[:-1] + x
    if kind == "universal":
        return ring[:-1] + x + z
    if kind == "permutation":
        pairs = [place(n, **{f"q{i}": "Z", f"q{j}": "Z"}) for i in range(n) for j in range(i)]
        return [SparsePauliOp(x), SparsePauliOp(y), SparsePauliOp(pairs)]
    if kind in ("graph", "weighted"):  # MaxCut of a random graph, edges of equal weights or not
        dice = random.Random(n)
        edges = [(i, j) for i in range(n) for j in range(i) if dice.random() < 0.6]
        weights = [dice.gauss(0, 1) if kind == "weighted" else 1.0 for _ in edges]
        return [SparsePauliOp([place(n, **{f"q{i}": "Z", f"q{j}": "Z"}) for i, j in edges], weights), SparsePauliOp(x)]
    return [SparsePauliOp(ring), SparsePauliOp(x)]


def ours(kind: str, n: int) -> tuple[float, qtrain.DLAResult, float]:
    """Best of a few runs in seconds, the result, peak memory of the process in MB."""
    items = generators(kind, n)
    best = float("inf")
    forget_peak()
    for _ in range(20 if n <= 30 else 3 if n <= 200 else 1):
        start = time.perf_counter()
        result = qtrain.dla(items)
        best = min(best, time.perf_counter() - start)
    return best, result, peak_mb()


def compare(peer: str, code: str, cases: list[tuple[str, int]]) -> None:
    binary = environment(peer)
    for kind, n in cases:
        seconds, result, memory = ours(kind, n)
        line = f"dla {kind:11s} n={n:4d}: {seconds * 1e3:9.4g} ms, dimension {str(result.dimension)[:12]}, {result.algebra}"
        theirs = run(binary, code, kind, n, timeout=240) if binary else None
        if theirs:
            line += f"; {peer} {theirs['seconds'] * 1e3:.4g} ms, {str(theirs.get('dimension', theirs.get('algebra')))[:30]}"
            line += f": ratio {theirs['seconds'] / seconds:.3g}; peak {memory:.0f} and {theirs['peak_mb']:.0f} MB"
        else:
            line += f"; {peer}: no answer in 240 s; peak {memory:.0f} MB"
        print(line, flush=True)


def random_sets(count: int) -> None:
    """Every set against brute force: all strings of the algebra, by multiplication."""
    rng = np.random.default_rng(11)
    wrong = 0
    start = time.perf_counter()
    for _ in range(count):
        n = int(rng.integers(2, 5))
        labels = ["".join(rng.choice(list("IXYZ"), n)) for _ in range(rng.integers(2, 8))]
        labels = [label for label in dict.fromkeys(labels) if set(label) != {"I"}] or ["Z" * n]
        wrong += qtrain.dla(labels).dimension != brute_force(labels)
    print(f"dla random sets: {count}, wrong {wrong}, {time.perf_counter() - start:.0f} s")


def brute_force(labels: list[str]) -> int:
    bits = [
        (sum((c in "XY") << i for i, c in enumerate(s)), sum((c in "ZY") << i for i, c in enumerate(s)))
        for s in labels
    ]
    found, fresh = set(bits), list(bits)
    while fresh:
        a = fresh.pop()
        for b in bits:
            if ((a[0] & b[1]).bit_count() + (a[1] & b[0]).bit_count()) % 2:
                c = (a[0] ^ b[0], a[1] ^ b[1])
                if c not in found:
                    found.add(c)
                    fresh.append(c)
    return len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=100_000)
    sets = parser.parse_args().sets
    qtrain.dla(["XX", "ZI"])
    qtrain.dla([SparsePauliOp(["XI", "IX"]), SparsePauliOp("ZZ")])
    sizes = {"tfim": (2, 3, 4, 6, 8, 12, 20, 30), "universal": (2, 3, 4, 5, 6)}
    compare("pennylane", PENNYLANE, [(kind, n) for kind, ns in sizes.items() for n in ns])
    compare("paulie", PAULIE, [(k, n) for k in ("tfim", "universal") for n in (64, 200, 500)])
    compare("pennylane", PENNYLANE, [("permutation", 6), ("ring", 8)])
    compare("pennylane", PENNYLANE, [(kind, n) for kind in ("graph", "weighted") for n in (4, 5, 6, 7)])
    compare("fastdla", FASTDLA, [("permutation", 7), ("permutation", 8), ("ring", 12)])
    for kind, n in (("tfim", 1000), ("universal", 1000), ("permutation", 20)):
        seconds, result, memory = ours(kind, n)
        print(
            f"dla {kind:11s} n={n:4d}: {seconds:.2f} s, dimension {str(result.dimension)[:12]}, {result.method}; peak {memory:.0f} MB"
        )
    random_sets(sets)


if __name__ == "__main__":
    main()
