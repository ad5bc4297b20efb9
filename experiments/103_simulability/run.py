"""What has no barren plateau is simulated: certificates with their evaluators, and phases of matter by shadows alone.

    python experiments/103_simulability/run.py [quick|full] [--only PART]

States and shadows are kept in mlruns/103_simulability: a run that was killed goes on where it was.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from pathlib import Path

import numpy as np
from certificates import table
from figure import draw
from sklearn.linear_model import LogisticRegression

import qtrain

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "mlruns" / HERE.name
SEED = 2  # of the points


def mark(point: dict) -> str:
    """Eight digits of a point, in the names of files."""
    return hashlib.sha256(repr(sorted(point.items())).encode()).hexdigest()[:8]


def kept_states(
    model: qtrain.PhaseModel, qubits: int, grown_from: int, bond: int, points: list, labels: np.ndarray
) -> tuple[list, list[str]]:
    """Ground states of the points, from file where they are there, and the names of their files."""
    count, names = len(points), [f"{model.name}-{grown_from}-{bond}-{mark(point)}" for point in points]
    states: list = [None] * count
    before = None
    for k in sorted(range(count), key=lambda k: (labels[k], *points[k].values())):  # neighbours: a start for the next
        path = KEPT / f"{names[k]}.npz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            here = model.hamiltonian(grown_from, points[k])
            # a parity has to be kept; else two sweeps from a neighbour's state in the same phase will do
            warm = before is not None and before[0] == labels[k] and model.symmetry != "parity" and grown_from > 24
            options = {"start": before[1], "sweeps": 2} if warm else {"symmetry": model.symmetry, "sweeps": 8}
            qtrain.ground_state(here, bond=bond, tolerance=1e-7, **options).save(path)
        found = qtrain.GroundState.load(path)
        before = (labels[k], found)
        states[k] = found.lengthened(qubits, cell=model.cell) if qubits > grown_from else found
    return states, names


def features(names: list[str], states: list, image: qtrain.HeisenbergImage, shots: int) -> np.ndarray:
    """(states, strings): what shadows of each state say of the strings that the network reads."""
    rows, paulis = [], image.paulis()
    for name, state in zip(names, states):
        path, seed = KEPT / f"shadows-{name}-{state.num_qubits}-{shots}.npz", int(name[-8:], 16)
        shadows = qtrain.collect_shadows(list(state.tensors), shots=shots, seed=seed, output=path)
        rows.append(shadows.expectations(paulis)[0])
    return np.nan_to_num(np.array(rows))


def splits(labels: np.ndarray, states: list[int], seed: int) -> tuple[np.ndarray, ...]:
    """Which states are trained on, chosen between models with, and tested on; each set as even in labels as can be."""
    rng = np.random.default_rng([seed, 7])
    rank = np.empty(len(labels))
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        rank[own] = (np.arange(len(own)) + rng.uniform()) / len(own)
    order = np.argsort(rank)
    return tuple(np.split(order, np.cumsum(states)[:-1]))


def judged(values: list[float]) -> dict:
    """Mean over seeds with the least and the most of them."""
    return {"mean": float(np.mean(values)), "least": min(values), "most": max(values)}


def chain(*, model: str, qubits: int, grown_from: int, states: list[int], shots: int, bond: int, weight: int,
          reach: int, steps: int, seeds: int, network_steps: int = 0) -> dict:  # fmt: skip
    """Accuracies on states that were not trained on: the surrogate's on shadows, the network's on exact states."""
    known, clock = qtrain.phase_model(model), [time.process_time()]
    points, labels = known.draw(sum(states), seed=SEED)
    found, names = kept_states(known, qubits, grown_from, bond, points, labels)
    clock.append(time.process_time())
    network = qtrain.ConvolutionalNetwork(qubits)
    image = network.image(weight=weight, reach=reach)
    clock.append(time.process_time())
    data = features(names, found, image, shots)
    clock.append(time.process_time())
    accuracy: dict[str, list[float]] = {"surrogate": [], "linear": [], "majority": []}
    spent = {"surrogate": 0.0, "network": 0.0}
    classes = len(known.phases)
    agreement, drift = [], []
    amplitudes = np.array([state.statevector() for state in found]) if network_steps else None
    for seed in range(seeds):
        train, validate, test = splits(labels, states, seed)
        begun = time.process_time()
        ours = qtrain.PhaseClassifier(network, image, num_classes=classes, steps=steps, seed=seed)
        ours.fit(data[train], labels[train], (data[validate], labels[validate]))
        accuracy["surrogate"].append(ours.score(data[test], labels[test]))
        spent["surrogate"] += time.process_time() - begun
        linear = LogisticRegression(max_iter=300).fit(data[train], labels[train])
        accuracy["linear"].append(float(linear.score(data[test], labels[test])))
        accuracy["majority"].append(float(np.mean(labels[test] == np.bincount(labels[train]).argmax())))
        if amplitudes is not None:
            begun = time.process_time()
            theirs = qtrain.PhaseClassifier(network, num_classes=classes, steps=network_steps, seed=seed)
            theirs.fit(amplitudes[train], labels[train], (amplitudes[validate], labels[validate]))
            accuracy.setdefault("network", []).append(theirs.score(amplitudes[test], labels[test]))
            spent["network"] += time.process_time() - begun
            agreement.append(float(np.mean(ours.predict(data[test]) == theirs.predict(amplitudes[test]))))
            exact = qtrain.PhaseClassifier(network, num_classes=classes, steps=0)
            exact.point = ours.point  # the angles that the surrogate found, in the network itself
            accuracy.setdefault("network at the surrogate's angles", []).append(exact.score(amplitudes[test], labels[test]))
            drift.append(float(np.abs(exact.readouts(amplitudes[test])[:, :2] - ours.readouts(data[test])[:, :2]).mean()))
    numbers = {
        "qubits": qubits, "accuracy": {name: judged(values) for name, values in accuracy.items()},
        "strings": len(image), "angles": network.num_weights, "shots": shots, "states": sum(states),
        "truncation_error": max(state.truncation_error for state in found), "bond": max(s.bond for s in found),
        "cpu_seconds": {"states": clock[1] - clock[0], "image": clock[2] - clock[1], "shadows": clock[3] - clock[2], **spent},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    if agreement:
        numbers |= {"same_label": float(np.mean(agreement)), "readout_drift": float(np.mean(drift))}
    if qubits > grown_from:
        numbers["energy_drift"] = lengthening(known, found, points, qubits)
    return numbers


def lengthening(model: qtrain.PhaseModel, found: list, points: list, qubits: int) -> float:
    """Largest difference, for each site, of the long chain's energy and what the short chain's middle makes of it.

    Of the six states that were hardest to find.
    """
    worst = 0.0
    hardest = sorted(range(len(found)), key=lambda k: -found[k].truncation_error)[:6]
    for state, point in ((found[k], points[k]) for k in hardest):
        energy = state.expectation(model.hamiltonian(qubits, point))
        less = state.lengthened(qubits + 64 * model.cell, model.hamiltonian(qubits + 64 * model.cell, point), cell=model.cell)
        middle = bulk_energy(model, state, point)
        worst = max(worst, abs((less.energy - energy) / (64 * model.cell) - middle))
    return worst


def bulk_energy(model: qtrain.PhaseModel, state: qtrain.GroundState, point: dict) -> float:
    """Energy of one site in the middle, of the terms that begin in one cell there."""
    whole = model.hamiltonian(state.num_qubits, point)
    first = (state.num_qubits // 4 // model.cell) * model.cell
    begins = (whole.paulis.x | whole.paulis.z).argmax(axis=1)
    return state.expectation(whole[(begins >= first) & (begins < first + model.cell)]) / model.cell


def both(*, models: list[str], **settings) -> dict:
    return {model: chain(model=model, **settings) for model in models}


def beside(*, both: dict) -> dict:
    """How much more accurate the surrogate is than the network itself, on the same test states."""
    ahead = {name: part["accuracy"]["surrogate"]["mean"] - part["accuracy"]["network"]["mean"] for name, part in both.items()}
    return {"ahead": ahead, "least_ahead": min(ahead.values())}


NAMES = ("xxx", "haldane", "annni", "cluster")


def main(argv: list[str] | None = None) -> int:
    run = qtrain.Experiment.from_arguments(__file__, argv)
    for name in NAMES:
        run.part(name, chain, model=name)
    if found := run.part("both", both):
        run.part("beside", beside, both=found)
    run.part("table", table)
    run.save(draw(run.parts))
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
