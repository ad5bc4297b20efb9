"""The circuits: one pool of generators, what five priors leave of it, and what each part of the study measures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from bit_strings import PRIORS, classical, labels, split, strings
from qiskit.quantum_info import SparsePauliOp
from scipy.stats import t as student

import qtrain

DESIGNS = ("unstructured", "flip", "fermions", "cyclic", "permutation")
GROUP = {"flip": "Z2", "cyclic": "cyclic", "permutation": "permutation"}
SYMMETRIES = {"weight": ("permutation", "cyclic"), "blocks": ("cyclic", "flip", "fermions"),
              "glass": ("flip", "fermions"), "random": ()}  # fmt: skip  # designs whose symmetry the task has


def generators(design: str, n: int) -> list[SparsePauliOp]:
    """X and Z on every qubit, ZZ and XX on every bond of a ring, twirled; "fermions": X and ZZ alone, nothing twirled."""
    bonds = [[q, (q + 1) % n] for q in range(n)]
    kinds = {"X": [[q] for q in range(n)], "Z": [[q] for q in range(n)], "ZZ": bonds, "XX": bonds}
    if design == "fermions":
        kinds = {"X": kinds["X"], "ZZ": bonds}
    pool = [SparsePauliOp.from_sparse_list([(word, q, 1.0)], n) for word, places in kinds.items() for q in places]
    return pool if design not in GROUP else qtrain.symmetrize(pool, GROUP[design])


def readout(design: str, n: int) -> list[SparsePauliOp]:
    """Z of the first qubit and ZZ of the first bond, twirled like the generators; ZZ is the last."""
    seeds = [SparsePauliOp.from_sparse_list([(word, list(range(len(word))), 1.0)], n) for word in ("Z", "ZZ")]
    return seeds if design == "unstructured" else qtrain.symmetrize(seeds, GROUP.get(design, "Z2"))


def ansatz(design: str, n: int, reps: int) -> qtrain.Architecture:
    return qtrain.catalogue.from_generators(generators(design, n), reps=reps)


def mean_interval(values: Any) -> dict[str, float]:
    """Mean and its 95 % interval by Student's t."""
    found = np.asarray(values, float)
    half = float(student.ppf(0.975, len(found) - 1) * found.std(ddof=1) / math.sqrt(len(found)))
    return {"mean": float(found.mean()), "low": float(found.mean()) - half, "high": float(found.mean()) + half}


def learning(task: str, *, qubits: int, train: int, seeds: list[int], depths: list[int], steps: int,
             learning_rate: float, near_perfect: float) -> dict[str, Any]:  # fmt: skip
    """One task: every design at every depth, for all seeds; the same splits, steps and rate for all."""
    x, n = strings(qubits).astype(float), qubits
    runs: dict[str, list[Any]] = {}
    for design in DESIGNS:
        rows = runs[design] = []
        for reps in depths:
            architecture, observables = ansatz(design, n, reps), readout(design, n)
            scores = []
            for seed in seeds:
                y = labels(task, n, seed)
                parts = split(n, train, seed)
                model = qtrain.TrainableQNNClassifier(
                    architecture, observables=observables, steps=steps, learning_rate=learning_rate, tol=0,
                    random_state=seed,
                ).fit(x[parts[0]], y[parts[0]])  # fmt: skip
                scores.append([float(model.score(x[part], y[part])) for part in parts])
            rows.append({"reps": reps, "parameters": architecture.num_parameters(), "train": [s[0] for s in scores],
                         "test": [s[1] for s in scores]})  # fmt: skip
    shelf = [classical(task, n, train, seed) for seed in seeds]
    return {"runs": runs, "chosen": {d: chosen(rows, near_perfect) for d, rows in runs.items()},
            "classical": {m: np.mean([s[m] for s in shelf], axis=0).tolist() for m in shelf[0]},
            "majority": float(np.mean([max(np.mean(labels(task, n, s)), 1 - np.mean(labels(task, n, s))) for s in seeds])),
            "against": against(runs, near_perfect)}  # fmt: skip


def chosen(rows: list[Any], near_perfect: float) -> dict[str, Any]:
    """The smallest circuit that is near-perfect on its training data, else the best one there; test data play no part."""
    perfect = [row for row in rows if np.mean(row["train"]) >= near_perfect]
    row = perfect[0] if perfect else max(rows, key=lambda row: float(np.mean(row["train"])))
    gap = np.subtract(row["train"], row["test"])
    return {"reps": row["reps"], "parameters": row["parameters"], "near_perfect": bool(perfect),
            "train": mean_interval(row["train"]), "test": mean_interval(row["test"]), "gap": mean_interval(gap)}  # fmt: skip


def against(runs: dict[str, list[Any]], near_perfect: float) -> dict[str, Any]:
    """Test accuracy of each design minus that of the unstructured one, paired by seed (data, labels and start)."""
    own = {d: next(r for r in rows if r["reps"] == chosen(rows, near_perfect)["reps"]) for d, rows in runs.items()}
    return {d: mean_interval(np.subtract(own[d]["test"], own["unstructured"]["test"])) for d in DESIGNS[1:]}


def algebra(sizes: dict[str, list[int]]) -> dict[str, Any]:
    """Lie algebra and the module of the readout's ZZ, over n."""
    found = {}
    for design, numbers in sizes.items():
        growth = qtrain.dla_growth(
            lambda n, design=design: generators(design, n), numbers, observable=lambda n, d=design: readout(d, n)[-1],
            budget=qtrain.Budget(seconds=300, max_dimension=5000),
        )  # fmt: skip
        parts = {"dimension": growth.dimension, "module": growth.module}
        found[design] = {"sizes": numbers} | {
            name: {"values": part.values, "complete": part.complete, "decision": part.decision, "law": part.law}
            for name, part in parts.items()
        }  # fmt: skip
    return found


def gradients(sizes: dict[str, list[int]]) -> dict[str, Any]:
    """Variances at n repetitions from |0…0>, of the readout's ZZ: of the cost, and the median over live parameters."""
    found: dict[str, Any] = {}
    for design, numbers in sizes.items():
        rows = found[design] = []
        for n in numbers:
            stats = qtrain.gradient_variance(
                ansatz(design, n, n).circuit(), readout(design, n)[-1], samples=None,
                budget=qtrain.Budget(seconds=600, relative_error=0.05),
            )  # fmt: skip
            live = np.flatnonzero(~stats.proven_zero)
            middle = live[np.argsort(stats.variance[live])[len(live) // 2]]
            rows.append({
                "n": n, "parameters": len(stats.variance), "cost": float(stats.cost_variance), "method": stats.method,
                "variance": float(stats.variance[middle]), "low": float(stats.lower[middle]),
                "high": float(stats.upper[middle]), "exact": bool(np.all(stats.exact)), "samples": stats.num_samples,
            })  # fmt: skip
    return found


def line(edge: list[int], middle: list[int], shallow: list[int]) -> dict[str, Any]:
    """RY + CZ on a line: one algebra of n(n+1) dimensions, and two observables."""
    def deep(n: int, q: int) -> dict[str, Any]:
        circuit = qtrain.catalogue.n_local(("ry",), "cz", entanglement="linear", reps=n + 2).circuit(n)
        result = qtrain.dla(circuit, observable=_z(n, q), max_dimension=4_000_000, seconds=300)
        return {"n": n, "dimension": result.dimension, "module": result.module_dimension,
                "complete": result.complete and result.module_complete, "deep": result.deep_cost_second_moment,
                "closed": 1 / math.comb(n + 1, q + 1)}  # fmt: skip

    def finite(n: int, q: int) -> dict[str, Any]:
        circuit = qtrain.catalogue.n_local(("ry",), "cz", entanglement="linear", reps=2 * n).circuit(n)
        stats = qtrain.gradient_variance(circuit, _z(n, q), method="exact", budget=qtrain.Budget(seconds=120))
        return {"n": n, "cost": float(stats.cost_variance), "largest": float(stats.variance.max())}

    return {"edge": [deep(n, 0) for n in edge], "middle": [deep(n, n // 2) for n in middle],
            "edge_2n": [finite(n, 0) for n in shallow], "middle_2n": [finite(n, n // 2) for n in shallow]}  # fmt: skip


def _z(n: int, q: int) -> SparsePauliOp:
    return SparsePauliOp.from_sparse_list([("Z", [q], 1.0)], n)


__all__ = ["DESIGNS", "PRIORS", "SYMMETRIES", "algebra", "gradients", "learning", "line"]
