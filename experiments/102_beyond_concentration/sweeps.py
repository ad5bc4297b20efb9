"""The two mechanisms, each swept by itself: what is measured, and what lies between a gate and the measurement."""

from __future__ import annotations

from typing import Any

import laws
import numpy as np
import plants

import qtrain

PROBES = "p{:03d}"


def ladder(*, sizes: list[list[int]], layers: list[int], measured: int) -> dict[str, Any]:
    """Probes along the ladder under Z_0 and under Z on the first ``measured`` qubits, and under a Pauli of their own.

    ``sizes``: a list for each of the ``layers`` of a block; the figure shows the largest of the first.
    ``law_error``: largest relative difference from the closed form of the same blocks; ``haar_error``: of Haar blocks.
    """
    found: dict[str, Any] = {"law_error": 0.0, "cost": {}, "haar_error": {}}
    largest = max(sizes[0])
    for depth, widths in zip(layers, sizes, strict=True):
        for n in widths:
            circuit = plants.ladder(n, depth)
            for many in (1, min(measured, n)):
                stats = qtrain.gradient_variance(circuit, plants.pauli(n, "Z" * many, range(many)))
                cost, wanted = laws.ladder(laws.block(depth), n, many)
                inner = range(1, n - 1)
                variance = np.array([stats.variance[stats.parameters.index(PROBES.format(j))] for j in inner])
                errors = [abs(stats.cost_variance / cost - 1), *abs(variance / wanted[1:-1] - 1)]
                found["law_error"] = max(
                    found["law_error"], float(max(errors)) if stats.exact.all() else np.inf
                )
                if many == 1:
                    paper_cost, paper = laws.published(n, inner)
                    found["cost"][f"{depth} layers, n = {n}"] = float(stats.cost_variance)
                    off = max(abs(stats.cost_variance / paper_cost - 1), *abs(variance / paper - 1)[:20])
                    found["haar_error"][f"{depth} layers"] = float(off)
                if (n, depth) == (largest, layers[0]):
                    name = "lost" if many == 1 else "both"
                    found[name] = {
                        "cost": float(stats.cost_variance),
                        "variance": variance,
                        "law": wanted[1:-1],
                    }
    n = largest
    found["n"], found["measured"], found["own"] = (
        n,
        measured,
        _own(min(n, 4 * measured), layers[0], measured),
    )
    return found


def _own(n: int, depth: int, measured: int) -> dict[str, Any]:
    """V of the probe on qubit j when qubit j itself is measured, X, Y or Z, whichever sees most."""
    places = sorted({1, *range(4, n - 1, 4)} & set(range(3 * measured + 2)))
    circuit, best = plants.ladder(n, depth), []
    for j in places:
        under = [qtrain.gradient_variance(circuit, plants.pauli(n, letter, [j])) for letter in "XYZ"]
        best.append(max(float(s.variance[s.parameters.index(PROBES.format(j))]) for s in under))
    return {"places": places, "variance": best}


def scrambling(
    *, sizes: list[int], depths: list[int], circuits: int, samples: int, seed: int
) -> dict[str, Any]:
    """First-layer parameters of echoes, with correlated and with independent blocks, over the depth of the blocks.

    For each n and depth: mean variance of the cost and of the gradients, the largest variance under any single-qubit
    Pauli, each with the 95 % interval of its mean over circuits.
    """
    found: dict[str, Any] = {}
    for correlated in (True, False):
        for n in sizes:
            table: dict[str, Any] = {"depths": depths, "cost": [], "variance": [], "elsewhere": []}
            for depth in depths:
                rows = []
                for k in range(circuits):
                    rng = np.random.default_rng([seed, n, depth, k])
                    circuit = plants.echo(n, depth, rng, correlated=correlated)
                    rows.append(_echo(circuit, int(rng.integers(n)), samples, rng))
                for name, values in zip(("cost", "variance", "elsewhere"), zip(*rows)):
                    table[name].append(interval(values))
            found[f"{'correlated' if correlated else 'independent'} {n}"] = table
    return found


def _echo(circuit: Any, qubit: int, samples: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """Var f and the mean V of first-layer parameters for Z on a qubit; their largest V under other Paulis."""
    program, n = qtrain.lower(circuit), circuit.num_qubits
    names = list(program.parameters)
    chosen = [names.index(name) for name in plants.first_layers(circuit, 1)]
    angles = rng.uniform(0, 2 * np.pi, (samples, len(names)))
    cost, gradients = qtrain.values_and_gradients(program, plants.pauli(n, "Z", [qubit]), angles)
    squares = (np.asarray(gradients)[:, chosen] ** 2).mean(axis=0)
    few = angles[: max(64, samples // 2)]
    elsewhere = np.max([
        (np.asarray(qtrain.values_and_gradients(program, plants.pauli(n, letter, [q]), few)[1])[:, chosen] ** 2).mean(0)
        for q in range(n) for letter in "XYZ"
    ], axis=0)  # fmt: skip
    return float(np.var(cost)), float(squares.mean()), float(elsewhere.mean())


def qcnn(*, sizes: list[int], window: int, circuits: int, seed: int) -> dict[str, Any]:
    """First and last stages of drawn QCNNs that pool out one qubit at a stage, and of those that pool out half."""
    found: dict[str, Any] = {"sizes": sizes}
    for kind in ("one by one", "halving"):
        table: dict[str, Any] = {"cost": [], "early": [], "late": []}
        for n in sizes:
            rows = []
            for k in range(circuits):
                rng = np.random.default_rng([seed, n, k])
                made = plants.qcnn(n, min(window, n), rng) if kind == "one by one" else plants.halving(n, rng)
                circuit, stages, last = made
                stats = qtrain.gradient_variance(
                    circuit, plants.pauli(n, str(rng.choice(list("XYZ"))), [last])
                )
                value = dict(zip(stats.parameters, stats.variance))
                rows.append(
                    [
                        float(stats.cost_variance),
                        *(np.mean([value[p] for p in s]) for s in (stages[0], stages[-1])),
                    ]
                )
            for name, values in zip(("cost", "early", "late"), zip(*rows)):
                table[name].append(interval(values))
        found[kind] = table
        for name in ("cost", "early", "late"):
            found[kind][f"{name}_decay"] = _decay(sizes, [mean for mean, _, _ in table[name]])
    return found


def interval(values: Any) -> list[float]:
    """Mean and its 95 % interval, of 4000 bootstrap samples."""
    array = np.asarray(values, float)
    draws = np.random.default_rng(0).choice(array, (4000, len(array))).mean(axis=1)
    return [float(array.mean()), *map(float, np.quantile(draws, [0.025, 0.975]))]


def _decay(sizes: list[int], means: list[float]) -> float:
    """Loss of log V per qubit over the larger half of the sizes."""
    half = len(sizes) // 2
    slope = np.polyfit(sizes[half:], np.log(means[half:]), 1)[0]
    return float(-slope)
