"""Evaluation of a candidate, stage by stage. Runs inside the supervised processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.layer import Layer
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.extensions import load_modules
from qtrain.studies.criteria.candidate import Broken, Candidate
from qtrain.studies.figures import short, spread
from qtrain.studies.objectives import own_objectives
from qtrain.studies.propose.starts import circuit_of, plain_of
from qtrain.studies.pruning import Watch
from qtrain.studies.run.child import report
from qtrain.studies.setup import Setup, build_setup, setup_of
from qtrain.studies.spec.kept import remember
from qtrain.studies.spec.search_spec import SearchSpec, read_spec
from qtrain.studies.spec.tables import TrainingSpec
from qtrain.studies.stages import STAGES, stages_of
from qtrain.studies.training import train
from qtrain.studies.trials import TrialRecord

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

WARM_QUBITS = 12  # above, kernels are compiled on a smaller task


def evaluate(
    setup: Setup, ansatz: QuantumCircuit, architecture: Architecture | None, *, seed: int,
    angles: Sequence[float] = (), forgive: bool = False, steps: int | None = None, watch: Watch | None = None,
    bar: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Every stage on one candidate.

    Args:
        ansatz: its circuit at ``spec.qubits``; architecture: its family, None for a circuit of its own.
        angles: that the training begins with; (): drawn by the seed.
        forgive: note broken limits, and go on.
        steps: of the training, instead of the spec's.
        watch: a pruner's, on its losses. bar: a task loss above which nothing will grow from it.

    Returns:
        state ("complete" or "pruned"), reason, objectives, constraints, metrics, timings, report: plain data.
    """
    c = Candidate(setup, ansatz, architecture, seed, forgive, steps, tuple(angles), watch, bar)
    reason = ""
    for stage in stages_of(setup.spec):
        begun = time.perf_counter()
        try:
            c.take(stage)
        except Broken as error:
            reason = f"{stage.name}: {error}"
            break
        finally:
            c.timings[stage.name] = round(time.perf_counter() - begun, 6)
        report(_recorded(c))  # kept, should a later stage take too long
    wanted = {} if reason else {name: c.objectives[name] for name in setup.spec.objectives.use}
    return {
        "state": "pruned" if reason else "complete", "reason": reason, "objectives": wanted, **_recorded(c)
    }


def _recorded(c: Candidate) -> dict[str, Any]:
    """What is kept of a candidate, as far as it got: plain data."""
    return {
        "constraints": c.constraints, "metrics": c.metrics | c.objectives, "timings": c.timings, "report": c.report
    }  # fmt: skip


def prepare(setup: Setup) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """In a worker process: warm the kernels, then give the function that answers payloads."""
    load_modules(setup.spec.extensions)
    _register_own(setup)
    n = setup.spec.qubits
    small = setup if n <= WARM_QUBITS else _smaller(setup)
    for layer in (Layer(("ry", "rz"), "cx"), Layer(("rx",), "rzz", sharing="shared")):
        family = Architecture((layer,))
        evaluate(small, family.circuit(small.spec.qubits), family, seed=0, forgive=True, steps=1)

    def answer(payload: Mapping[str, Any]) -> dict[str, Any]:
        if payload.get("do") == "diagnose":
            return {"report": _diagnose(setup, payload["architecture"])}
        architecture, ansatz = circuit_of(payload["architecture"], n)
        if payload.get("do") == "train":
            uploads = 1 if architecture is None else architecture.uploads
            whole = ansatz if setup.task.prepares else setup.task.compose(ansatz, uploads)
            return _train_fully(setup, whole, payload["seed"], payload.get("angles", ()))
        pruning, angles = payload.get("pruning"), payload.get("angles", ())
        watch = None if pruning is None else Watch(**pruning, steps=setup.spec.training.steps)
        return evaluate(
            setup, ansatz, architecture, seed=payload["seed"], angles=angles, watch=watch, bar=payload.get("bar"),
            steps=payload.get("steps"),
        )

    return answer


def _register_own(setup: Setup) -> None:
    """The objectives that the spec brought as functions."""
    remember(setup.functions)
    for name, _, stage, _ in own_objectives(setup.spec.objectives.own or ()):
        if stage not in STAGES:
            known = ", ".join(STAGES)
            raise QTrainError(f"objectives.own.{name} should have one of the stages {known}. Got {stage!r}.")


def _smaller(setup: Setup) -> Setup:
    """The same stages on few qubits, which compile the same kernels."""
    plain = setup.spec.to_dict() | {"qubits": 4, "task": {"kind": "tfim"}, "device": {"topology": "line"}}
    space = plain["space"] | {"uploads": [1], "grow_from": None}
    return build_setup(read_spec(plain | {"start": [], "space": space}))


def _train_fully(setup: Setup, whole: QuantumCircuit, seed: int, angles: Sequence[float]) -> dict[str, Any]:
    """The full training of a trial on the front; ``whole``: its circuit, with its data but prepared states.

    It begins with ``angles`` where there are some: what was grown goes on from where it is.
    """
    spec, task, begun = setup.spec.training, setup.task, time.perf_counter()
    inputs = () if task.prepares else task.inputs
    start = np.array(angles) if len(angles) else None
    trained = train(lower(whole, inputs=inputs), task, long_training(spec), seed=seed, start=start)
    return {
        "task_loss": trained.loss, "seconds": time.perf_counter() - begun,
        "gradient_evaluations": trained.evaluations,
        **spread(trained.losses), **trained.metrics, "weights": short(trained.weights[trained.best], 9),
    }  # fmt: skip


def long_training(training: TrainingSpec) -> TrainingSpec:
    """The full training of a spec as its training."""
    return training.model_copy(update={"steps": training.full_steps, "starts": training.full_starts})


def _diagnose(setup: Setup, plain: Mapping[str, Any]) -> dict[str, Any]:
    """The full report of the winner."""
    from qtrain.budget import Budget
    from qtrain.diagnosis.diagnose import diagnose

    architecture, ansatz = circuit_of(plain, setup.spec.qubits)
    ansatz = setup.task.ansatz_of(ansatz, 1 if architecture is None else architecture.uploads)
    seconds = min(30.0, setup.spec.limits.seconds / 4)
    report = diagnose(ansatz, setup.task.scaled_observable, budget=Budget(seconds=seconds), seed=setup.spec.seed)
    return dict(json.loads(report.to_json()))


def score(spec: SearchSpec, circuit: QuantumCircuit | Architecture, *, seed: int, full: bool = False) -> TrialRecord:
    """Any circuit on the spec's task, device, criteria and training budget; nothing is pruned."""
    from qiskit import QuantumCircuit

    if isinstance(circuit, Architecture):
        architecture, ansatz = circuit, circuit.circuit(spec.qubits)
    elif isinstance(circuit, QuantumCircuit):
        architecture, ansatz = None, circuit
    else:
        raise QTrainError(f"circuit should be a QuantumCircuit or an Architecture. Got {type(circuit).__name__}.")
    if ansatz.num_qubits != spec.qubits:
        raise QTrainError(f"circuit should have {spec.qubits} qubits, as the search. Got {ansatz.num_qubits}.")
    begun = time.time()
    if full and spec.training.full_steps:
        spec = spec.model_copy(update={"training": long_training(spec.training)})
    given = evaluate(setup_of(spec), ansatz, architecture, seed=seed, forgive=True)
    plain, content_id = plain_of(architecture or ansatz)
    return TrialRecord(
        number=-1, seed=seed, architecture=plain, architecture_id=content_id, begun=begun, ended=time.time(), **given
    )
