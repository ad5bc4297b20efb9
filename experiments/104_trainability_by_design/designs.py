"""The circuits: one pool of generators, what five priors leave of it, and what each part of the study measures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from bit_strings import labels, split, strings
from qiskit.quantum_info import SparsePauliOp
from scipy.stats import t as student

import qtrain

DESIGNS = ("unstructured", "flip", "fermions", "cyclic", "permutation")
GROUP = {"flip": "Z2", "cyclic": "cyclic", "permutation": "permutation"}
SYMMETRIES = {"weight": ("permutation", "cyclic"), "blocks": ("cyclic", "flip", "fermions"),
              "glass": ("flip", "fermions"), "random": ()}  # fmt: skip
"""Designs whose symmetry the labels have; the others, but for the unstructured one, are the broken-symmetry controls."""

NEAR_PERFECT = 0.99  # mean training accuracy


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
             learning_rate: float) -> dict[str, Any]:  # fmt: skip
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
    shares = [float(labels(task, n, seed).mean()) for seed in seeds]
    return {"runs": runs, "chosen": {d: summary(chosen(rows)) for d, rows in runs.items()}, "against": against(runs),
            "majority": float(np.mean([max(share, 1 - share) for share in shares]))}  # fmt: skip


def chosen(rows: list[Any]) -> dict[str, Any]:
    """The smallest circuit that is near-perfect on its training data, else the best one there; test data play no part."""
    perfect = [row for row in rows if np.mean(row["train"]) >= NEAR_PERFECT]
    return perfect[0] if perfect else max(rows, key=lambda row: float(np.mean(row["train"])))


def summary(row: dict[str, Any]) -> dict[str, Any]:
    gap = np.subtract(row["train"], row["test"])
    return {"reps": row["reps"], "parameters": row["parameters"], "train": mean_interval(row["train"]),
            "near_perfect": bool(np.mean(row["train"]) >= NEAR_PERFECT), "test": mean_interval(row["test"]),
            "gap": mean_interval(gap)}  # fmt: skip


def against(runs: dict[str, list[Any]]) -> dict[str, Any]:
    """Test accuracy of each design minus that of the unstructured one, paired by seed (data, labels and start)."""
    own = {design: chosen(rows)["test"] for design, rows in runs.items()}
    return {design: mean_interval(np.subtract(own[design], own["unstructured"])) for design in DESIGNS[1:]}


def algebra(**sizes: list[int]) -> dict[str, Any]:
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


def gradients(**sizes: list[int]) -> dict[str, Any]:
    """Variances at n repetitions from |0…0>, of the readout's ZZ: of the cost, and the median over live parameters."""
    found: dict[str, Any] = {}
    for design, numbers in sizes.items():
        rows = found[design] = []
        for n in numbers:
            stats = qtrain.gradient_variance(
                ansatz(design, n, n).circuit(), readout(design, n)[-1],
                budget=qtrain.Budget(seconds=20, relative_error=0.05),
            )
            live = np.flatnonzero(~stats.proven_zero)
            middle = live[np.argsort(stats.variance[live])[len(live) // 2]]
            rows.append({
                "n": n, "parameters": len(stats.variance), "cost": float(stats.cost_variance), "method": stats.method,
                "variance": float(stats.variance[middle]), "low": float(stats.lower[middle]),
                "high": float(stats.upper[middle]), "exact": bool(np.all(stats.exact)), "samples": stats.num_samples,
                "limit": permutation_limit(n) if design == "permutation" else None,
            })  # fmt: skip
    return found


def permutation_limit(n: int) -> float:
    """Cost variance of the infinitely deep permutation-symmetric circuit on |0…0>, for the mean ZZ over all pairs.

    The state stays in the spin n/2 of dimension d = n + 1, where the algebra is su(d): by arXiv 2309.07902 and
    2309.09342 the variance is P(rho) P(O)/(d^2 - 1), P the squared norm of the traceless part.
    """
    values = np.array([((n - 2 * w) ** 2 - n) / (n * (n - 1)) for w in range(n + 1)])
    return float((1 - 1 / (n + 1)) * ((values - values.mean()) ** 2).sum() / ((n + 1) ** 2 - 1))


def line(edge: list[int], middle: list[int], finite: list[int]) -> dict[str, Any]:
    """RY + CZ on a line: one algebra of n(n+1) dimensions, and two observables."""
    return {"edge": [deep(n, 0) for n in edge], "middle": [deep(n, n // 2) for n in middle],
            "edge_2n": [exact(n, 0) for n in finite], "middle_2n": [exact(n, n // 2) for n in finite]}  # fmt: skip


def ry_cz(n: int, q: int, reps: int) -> tuple[Any, SparsePauliOp]:
    circuit = qtrain.catalogue.n_local(("ry",), "cz", entanglement="linear", reps=reps).circuit(n)
    return circuit, SparsePauliOp.from_sparse_list([("Z", [q], 1.0)], n)


def deep(n: int, q: int) -> dict[str, Any]:
    """Of Z_q in the infinitely deep circuit, from the module; ``closed``: 1/C(n+1, q+1)."""
    circuit, observable = ry_cz(n, q, n + 2)
    result = qtrain.dla(circuit, observable=observable, seconds=300)
    return {"n": n, "dimension": result.dimension, "module": result.module_dimension, "algebra": result.algebra,
            "complete": result.complete and result.module_complete, "cost": result.deep_cost_second_moment,
            "closed": 1 / math.comb(n + 1, q + 1)}  # fmt: skip


def exact(n: int, q: int) -> dict[str, Any]:
    """Of Z_q at 2n repetitions, by all Pauli paths."""
    circuit, observable = ry_cz(n, q, 2 * n)
    stats = qtrain.gradient_variance(circuit, observable, method="exact", budget=qtrain.Budget(seconds=300))
    return {"n": n, "cost": float(stats.cost_variance), "largest": float(stats.variance.max())}
