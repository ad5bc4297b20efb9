"""Iterations and shots on a noisy device from a pre-trained start and from a random one.

    python experiments/107_pretrained_start/run.py [quick|full]
"""

from __future__ import annotations

import sys
import time

import numpy as np
from device import Device, ansatz, ising
from figure import draw

import qtrain

STARTS = ("random", "clifford", "surrogate")
LOOK = 5  # iterations between two looks at the loss with many shots, which are not counted


def begin(way: str, n: int, reps: int, field: float, seed: int) -> np.ndarray:
    """Angles to begin with; of "random" uniform ones."""
    if way == "random":
        return np.random.default_rng([seed, 1]).uniform(-np.pi, np.pi, ansatz(n, reps).num_parameters)
    return qtrain.pretrain(ansatz(n, reps), ising(n, field), start=way, width=None, seed=seed).angles


def spsa(device: Device, angles: np.ndarray, iterations: int, rate: float, width: float, seed: int, many: int) -> dict:
    """Simultaneous perturbations (Spall 1992): two energies an iteration; the loss with many shots now and then."""
    rng, losses, shots = np.random.default_rng([seed, 2]), [], []
    for k in range(iterations + 1):
        if k % LOOK == 0:
            losses.append(float(device.energies(angles[None], seed + 7919 * k, shots=many, counted=False)[0]))
            shots.append(device.shots)
        if k == iterations:
            break
        gain, c = rate * (1 + k / (1 + 0.1 * iterations)) ** -0.602, width / (k + 1) ** 0.101
        signs = rng.choice([-1.0, 1.0], len(angles))
        plus, minus = device.energies(angles + c * np.outer([1, -1], signs), int(rng.integers(2**31)))
        angles = angles - gain * (plus - minus) / (2 * c) * signs
    return {"losses": losses, "shots": shots}


def first(losses: list[float], target: float) -> float:
    """Iterations to the first look from which on the loss is the target or lower in two looks; infinite: never."""
    low = np.array(losses) <= target
    low[:-1] &= low[1:]
    return float(LOOK * np.argmax(low)) if low.any() else np.inf


def interval(values: np.ndarray, seed: int = 0) -> dict:
    """Median with a 95 % interval: percentiles of 4000 resamples."""
    rng = np.random.default_rng(seed)
    medians = np.sort(np.median(values[rng.integers(len(values), size=(4000, len(values)))], axis=1))
    return {"median": float(np.median(values)), "lower": float(medians[100]), "upper": float(medians[-101])}


def race(*, device: str, qubits: int, reps: int, field: float, seeds: int, iterations: int, shots: int, many: int,
         rate: float, width: float) -> dict:  # fmt: skip
    """Losses of each start, and iterations and shots to the same loss."""
    circuit, hamiltonian = ansatz(qubits, reps), ising(qubits, field)
    lowest = float(np.linalg.eigvalsh(hamiltonian.to_matrix())[0])
    curves: dict[str, list] = {way: [] for way in STARTS}
    classical, spent = dict.fromkeys(STARTS, 0.0), 0
    for seed in range(seeds):
        for way in STARTS:
            clock = time.process_time()
            angles = begin(way, qubits, reps, field, seed)
            classical[way] += (time.process_time() - clock) / seeds
            there = Device(device, circuit, field, shots)
            curves[way].append(spsa(there, angles, iterations, rate, width, seed, many)["losses"])
            spent, depth = there.circuits, there.two_qubit_depth
    ends = {way: np.array(of)[:, -1] for way, of in curves.items()}
    targets = {"random": float(np.median(ends["random"])), "clifford": float(np.median(ends["clifford"]))}
    each = 4 * shots  # two energies of two circuits an iteration
    reached = {}
    for of, target in targets.items():
        counts = {way: np.array([first(curve, target) for curve in curves[way]]) for way in STARTS}
        least = {way: np.minimum(found, iterations) for way, found in counts.items()}  # at least, where never
        reached[of] = {
            way: {
                "of_seeds": int(np.isfinite(counts[way]).sum()), "iterations": interval(least[way]),
                "shots": interval(each * least[way]), "saved": interval(1 - least[way] / least["random"].clip(LOOK)),
            }
            for way in STARTS
        }  # fmt: skip
    return {
        "lowest": lowest, "two_qubit_depth": depth, "angles": circuit.num_parameters, "circuits": spent,
        "targets": targets, "to": reached, "start": {way: interval(np.array(of)[:, 0]) for way, of in curves.items()},
        "end": {way: interval(of) for way, of in ends.items()}, "classical_cpu_seconds": classical, "curves": curves,
        "look": LOOK,
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    run = qtrain.Experiment.from_arguments(__file__, argv)
    run.part("race", race)
    run.save(draw(run.parts["race"]))
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
