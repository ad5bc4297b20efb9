"""Ground states of 36 to 133 qubits: angles found classically, checked by others, and what they cost on a device.

    python experiments/105_hundred_qubits/run.py [quick|full] [--only PART]

Angles and reference states are kept in mlruns/105_hundred_qubits: a run that was killed goes on where it was.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from checks import device_cost, recheck, reference
from figure import draw
from systems import SYSTEMS, System

import qtrain

KEPT = Path(__file__).parents[2] / "mlruns" / Path(__file__).parent.name


def tied(system: System, name: str, layers: int, steps: int) -> np.ndarray:
    """Angles of the steps, one layer more at a time: a new one begins as a third of the one before."""
    angles = np.array(system.angles)
    for depth in range(1, layers + 1):
        if depth > 1:
            angles = np.append(angles, 0.3 * angles[-len(system.kinds) :])
        circuit, _ = system.circuit(depth, tied=True)
        keep = KEPT / f"{name}-tied-{depth}-{steps}.json"
        angles = qtrain.pretrain(circuit, system.hamiltonian, start=angles, steps=steps, width=None, keep=keep).angles
    return angles


def ground(*, system: str, kind: str, size: dict, layers: int, tied_steps: int, steps: int, around: float, bond: int,
           recheck_bond: int) -> dict:  # fmt: skip
    """Energy of the trained circuit beside the reference, what gave it, and what the circuit costs."""
    KEPT.mkdir(parents=True, exist_ok=True)
    model = SYSTEMS[kind](**size)
    mark = f"{system}-{model.qubits}"
    clock = [(time.time(), time.process_time())]

    def lap() -> dict:
        clock.append((time.time(), time.process_time()))
        return {"seconds": clock[-1][0] - clock[-2][0], "cpu_seconds": clock[-1][1] - clock[-2][1]}

    shared = tied(model, mark, layers, tied_steps)
    laps = {"tied": lap()}
    circuit, owner = model.circuit(layers, tied=False)
    found = qtrain.pretrain(
        circuit, model.hamiltonian, start=shared[owner], steps=steps, width=None, keep=KEPT / f"{mark}-{layers}-{steps}.json"
    )
    laps["untied"] = lap()
    if around:
        budget = qtrain.Budget(seconds=around)
        there = qtrain.pretrain(circuit, model.hamiltonian, start=found.angles, steps=0, width=0.1, budget=budget)
        laps["around"] = lap()
    energy, source, doubt = reference(model, bond, KEPT / mark)
    laps["reference"] = lap()
    bound = found.assign(circuit)
    numbers = {
        "qubits": model.qubits, "terms": len(model.hamiltonian), "layers": layers, "angles": len(found.angles),
        "energy": found.loss, "energy_error": found.error, "evaluator": found.evaluator, "gradients": found.evaluations,
        "reference": energy, "reference_from": source, "reference_doubt": doubt,
        "relative_error": None if energy is None else (found.loss - energy) / abs(energy),
        **device_cost(bound, model.edges),
    }  # fmt: skip
    if around:
        gradient = float(np.sqrt(np.median(there.second_moment)))
        numbers |= {"median_gradient": gradient, "shots_per_step": there.shots_per_step, "gradient_from": there.method}
    if recheck_bond:
        theirs = recheck(bound, model.hamiltonian, recheck_bond)
        numbers |= {"rechecked": theirs, "recheck_difference": abs(theirs - found.loss)}
        laps["recheck"] = lap()
    return numbers | {"laps": laps}


NAMES = ("chain", "row", "map", "xxz_half", "xxz_two", "square", "ladder")


def main(argv: list[str] | None = None) -> int:
    run = qtrain.Experiment.from_arguments(__file__, argv)
    for name in NAMES:
        run.part(name, ground, system=name)
    run.save(draw(run.parts))
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
