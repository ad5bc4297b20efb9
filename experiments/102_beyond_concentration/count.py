"""Does the verdict name what was planted, and does following its advice bring the gradient back?"""

from __future__ import annotations

import re
from typing import Any

import plants

import qtrain

KINDS = ("healthy", "dead", "concentrated", "lost", "scrambled", "below", "unknown")
# what is given in these studies: the angles start anywhere, and a circuit is blamed only where it was the cause
KEPT = {
    plants.CONCENTRATED: "circuit, start",
    plants.SCRAMBLED: "start, parameters",
    plants.LOST: "circuit, start",
}
_MEASURE = re.compile(r"measure ([XYZ]) on qubit (\d+)")


def count(
    kind: str, *, circuits: int, seed: int, diagnose_seconds: float, improve_seconds: float
) -> dict[str, Any]:
    """Verdicts of one parameter in each circuit by their kind, and how many of the gradients came back.

    ``wrong`` and ``not_restored``: numbers of the circuits, to draw them again; ``redrawn``: plants thrown away, as
    their cost varies less (or, for a global observable, more) than the shots resolve or no parameter of theirs is both
    live and below that.
    """
    verdicts = dict.fromkeys(KINDS, 0)
    wrong, lost, taken, number = [], [], 0, 0
    for number, plant, rng in plants.drawn(kind, 20 * circuits, seed):
        name = _chosen(plant, rng)
        if name is None:
            continue
        taken += 1
        cause, advice = _verdict(plant, name, diagnose_seconds)
        verdicts[_kind(cause)] += 1
        if cause != plant.cause:
            wrong.append(number)
        if not _restored(plant, name, advice, improve_seconds):
            lost.append(number)
        if taken == circuits:
            break
    return {
        "circuits": taken, "named": taken - len(wrong), "restored": taken - len(lost), "verdicts": verdicts,
        "wrong": wrong, "not_restored": lost, "redrawn": number + 1 - taken,
    }  # fmt: skip


def _chosen(plant: plants.Plant, rng: Any) -> str | None:
    """One of the planted parameters that is live and whose variance the shots do not resolve; None: there is none."""
    stats = qtrain.gradient_variance(plant.circuit, plant.observable, samples=_samples(plant, 512))
    threshold = 1 / plant.shots
    if (stats.cost_variance < threshold) != (plant.cause == plants.CONCENTRATED):
        return None
    places = {name: k for k, name in enumerate(stats.parameters)}
    quiet = [
        name for name in plant.early
        if not stats.proven_zero[places[name]] and 1e-30 < stats.second_moment[places[name]] < threshold / 2
    ]  # fmt: skip
    return str(rng.choice(quiet)) if quiet else None


def _verdict(plant: plants.Plant, name: str, seconds: float) -> tuple[str, str]:
    report = qtrain.diagnose(
        plant.circuit, plant.observable, shots=plant.shots, budget=qtrain.Budget(seconds=seconds)
    )
    return next((v.cause, v.advice) for v in report.verdicts if v.parameter == name)


def _kind(cause: str) -> str:
    words = {"observable concentration": "concentrated", "information lost": "lost"}
    return words.get(cause, cause.replace(":", " ").split()[0])


def _restored(plant: plants.Plant, name: str, advice: str, seconds: float) -> bool:
    """Whether the parameter's variance is one that the shots resolve once the advice is followed, as other samples
    tell it: the qubit that the advice names is measured, or the best row of `qtrain.improve` is taken."""
    circuit, observable, start = plant.circuit, plant.observable, "uniform"
    if told := _MEASURE.match(advice):
        observable = plants.pauli(circuit.num_qubits, told[1], [int(told[2])])
    elif "qtrain improve" in advice:
        found = qtrain.improve(
            circuit, observable, shots=plant.shots, keep=KEPT[plant.cause],
            budget=qtrain.Budget(seconds=seconds, relative_error=0.2, max_samples=1024),
        )  # fmt: skip
        if not found.tried or found.tried[0].failed:
            return False
        circuit, observable, start = found.apply(1)
    if name not in {p.name for p in circuit.parameters}:
        return False
    stats = qtrain.gradient_variance(
        circuit, observable, initialization=start, seed=1, samples=_samples(plant, 1024)
    )
    size = float((abs(observable.coeffs) ** 2).sum())
    return bool(stats.second_moment[list(stats.parameters).index(name)] >= size / plant.shots)


def _samples(plant: plants.Plant, angles: int) -> int | None:
    """Echoes share angles, so that their variances are sampled; the others are exact."""
    return angles if plant.cause == plants.SCRAMBLED else None
