"""A study that grows, with the real proposals and an evaluation without physics; also runs as a script to be killed."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.studies.propose.growing import grower_of
from qtrain.studies.run.backends import make_pool
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.study import run_study
from qtrain.studies.worker import run_worker

QUBITS = 3


def growing_spec(**changes):
    return read_spec({
        "name": "growing", "qubits": QUBITS, "task": {"kind": "tfim"}, "trials": 24, "batch": 6, "seed": 5,
        "space": {"topologies": ["line"], "layers": [1], "repetitions": [1, 2]},
        "growth": {"share": 0.7, "pools": ["pauli2"], "references": ["zero", "plus", "neel"]},
        "objectives": {"use": ["task_loss", "trainability"]}, "limits": {"seconds": 30, "memory_mb": 2000},
    } | changes)  # fmt: skip


def figures(setup):
    """In the place of an evaluation: all of a trial follows from its architecture, its seed and its start angles."""

    def evaluate(payload):
        time.sleep(setup.get("seconds", 0.0))
        if payload["number"] in setup.get("broken", ()):
            raise ZeroDivisionError("no angle is left")
        family = Architecture.from_dict(payload["architecture"])
        size, gates = family.num_parameters(QUBITS), family.gates(QUBITS)
        rng = np.random.default_rng([int(family.content_id, 16), payload["seed"]])
        weights = np.array(payload.get("angles") or rng.normal(size=size)) + rng.normal(0, 0.1, size)
        additions = [
            [int(rng.integers(setup["pool"])), int(rng.integers(len(gates) + 1)), float(g), float(rng.normal())]
            for g in sorted(rng.random(6), reverse=True)
        ] + [[int(rng.integers(setup["pool"])), len(gates), 1e-3, 0.5]]  # fmt: skip
        removals = [[[k], float(rng.random()), 1] for k, gate in enumerate(gates) if gate.num_parameters]
        joined = sum(len(gate.qubits) == 2 for gate in gates)
        return {
            "state": "complete", "reason": "", "constraints": {}, "timings": {"all": 1e-3},
            "metrics": {
                "two_qubit_gates": float(joined), "angle": float(weights.sum()),
                "gradient_evaluations": payload.get("steps", 100) * float(rng.random() < 0.5),  # some are not at their end
            },
            "objectives": {"task_loss": 1 / (1 + size) + 0.1 * float(rng.random()), "trainability": -float(size)},
            "report": {
                "training": {"weights": weights.tolist(), "losses": [0.0]},
                "growth": {"value": 0.0, "steepest": 1.0, "additions": additions, "removals": removals},
            },
        }  # fmt: skip

    return evaluate


def growing_study(*, storage=None, setup=None, changes=None, tracking_uri="off", n_jobs=1, on_trial=None, **where):
    """A search by one process; ``where``: backend, scheduler."""
    shared, options = _shared(changes, setup)
    with make_pool(shared.spec, "growing_study:figures", n_jobs, **where) as pool:
        pool.set_up(options)
        return run_study(
            shared.spec, pool, draw=shared.space.draw, storage=storage, n_jobs=n_jobs, tracking_uri=tracking_uri,
            grower=grower_of(shared), starts=shared.starts, on_trial=on_trial,
        )  # fmt: skip


def growing_work(url, *, setup=None, changes=None, n_jobs=1, on_trial=None, heartbeat_seconds=20):
    """A worker's part."""
    shared, options = _shared(changes, setup)
    with make_pool(shared.spec, "growing_study:figures", n_jobs) as pool:
        pool.set_up(options)
        return run_worker(
            shared.spec, pool, draw=shared.space.draw, storage=url, n_jobs=n_jobs, tracking_uri="off",
            grower=grower_of(shared), starts=shared.starts, on_trial=on_trial, heartbeat_seconds=heartbeat_seconds,
        )  # fmt: skip


def _shared(changes, setup):
    shared = build_setup(growing_spec(**(changes or {})))
    return shared, {"pool": len(shared.pool), **(setup or {})}


def whole(result):
    """All of a search's trials but times."""
    return [
        (t.number, t.state, t.reason, t.seed, t.architecture_id, t.angles, t.duplicate_of, dict(t.objectives),
         dict(t.metrics), dict(t.params), t.report.get("training"))
        for t in result.trials
    ]  # fmt: skip


if __name__ == "__main__":
    if "://" in sys.argv[1]:
        growing_work(sys.argv[1], setup=json.loads(sys.argv[2]), heartbeat_seconds=1)
    else:
        growing_study(storage=Path(sys.argv[1]), setup=json.loads(sys.argv[2]), n_jobs=2)
