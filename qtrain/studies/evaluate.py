"""Staged evaluation of a candidate: cheap criteria first, so that a hopeless one never trains.

Runs inside the supervised processes. A stage's seconds are recorded; a broken limit prunes with the limit as reason.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.errors import QTrainError
from qtrain.studies.propose.space import SearchSpace
from qtrain.studies.result import TrialRecord
from qtrain.studies.spec.search_spec import ClassificationSpec, SearchSpec, read_spec
from qtrain.studies.tasks.devices import Device, build_device
from qtrain.studies.tasks.starts import build_starts, circuit_of, plain_of
from qtrain.studies.tasks.task import Task, build_task

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qtrain.architecture.architecture import Architecture


@dataclass(frozen=True)
class Problem:
    """All that candidates share; made once, sent to every worker process.

    Attributes:
        larger: the same task at the sizes of ``objectives.sizes``, for the scaling.
        starts: candidates the search begins with.
    """

    spec: SearchSpec
    task: Task
    device: Device
    space: SearchSpace
    larger: tuple[Task, ...] = ()
    starts: tuple[Mapping[str, Any], ...] = ()

    @property
    def references(self) -> dict[str, float]:
        """Figures to compare with."""
        return self.task.references


def build_problem(spec: SearchSpec) -> Problem:
    """The task, device and space of a spec.

    Raises:
        QTrainError: whatever in the spec cannot be met.
    """
    import dataclasses

    device = build_device(spec.device, spec.qubits)
    edges = device.edges if spec.device is not None else None
    task = build_task(spec, device_edges=edges)
    space = SearchSpace.from_spec(spec.space, spec.qubits, edges)
    if spec.space.grow_from is not None:
        from qtrain.registry.registry import load

        space = space.grown(load(spec.space.grow_from).architecture)
    larger = []
    for size in spec.objectives.sizes:
        if getattr(spec.task, "graph", "line") == "device" or isinstance(spec.task, ClassificationSpec):
            raise QTrainError(
                "objectives.sizes should be given for models on a line or ring. Got another task."
            )
        larger.append(build_task(dataclasses.replace(spec, qubits=size)))
    return Problem(spec, task, device, space, tuple(larger), build_starts(spec, space))


class Broken(Exception):
    """A limit of the spec that the candidate breaks."""


@dataclass
class _Notes:
    """What is known of a candidate so far."""

    forgive: bool
    metrics: dict[str, float] = field(default_factory=dict)
    constraints: dict[str, float] = field(default_factory=dict)
    objectives: dict[str, float] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)

    def limit(self, key: str, value: float, limit: float | None, *, least: bool = False) -> None:
        """Note the constraint of a limit (feasible: ≤ 0); prune if it is broken."""
        if limit is None:
            return
        excess = limit - value if least else value - limit
        self.constraints[key] = float(min(max(excess, -1e9), 1e9))
        if excess > 0 and not self.forgive:
            side = "below" if least else "above"
            raise Broken(
                f"{key.partition('_')[2].replace('_', ' ')} {value:.4g} is {side} constraints.{key} = {limit:g}"
            )


def evaluate(problem: Problem, ansatz: QuantumCircuit, architecture: Architecture | None, *, seed: int,
             forgive: bool = False, steps: int | None = None) -> dict[str, Any]:  # fmt: skip
    """Every stage on one candidate.

    Args:
        ansatz: its circuit at ``spec.qubits``; architecture: its family, None for a circuit of its own.
        forgive: note broken limits, and go on.
        steps: of the training, instead of the spec's.

    Returns:
        state ("complete" or "pruned"), reason, objectives, constraints, metrics, timings, report: plain data.
    """
    notes = _Notes(forgive)
    state, reason, stage = "complete", "", ""
    stages: dict[str, Callable[[], None]] = {}
    _stages(problem, ansatz, architecture, seed, steps, notes, stages)
    try:
        for stage, work in stages.items():
            begun = time.perf_counter()
            try:
                work()
            finally:
                notes.timings[stage] = round(time.perf_counter() - begun, 6)
    except Broken as error:
        state, reason = "pruned", f"{stage}: {error}"
    objectives = {k: notes.objectives[k] for k in problem.spec.objectives.use if k in notes.objectives}
    return {
        "state": state, "reason": reason, "objectives": objectives if state == "complete" else {},
        "constraints": notes.constraints, "metrics": notes.metrics | notes.objectives,
        "timings": notes.timings, "report": notes.report,
    }  # fmt: skip


def _stages(
    problem: Problem, ansatz: QuantumCircuit, architecture: Architecture | None, seed: int, steps: int | None,
    notes: _Notes, stages: dict[str, Callable[[], None]],
) -> None:  # fmt: skip
    from qtrain.circuits.program import lower
    from qtrain.json_results import encode
    from qtrain.studies import objectives
    from qtrain.studies.training import train

    spec, task, limits = problem.spec, problem.task, problem.spec.constraints
    uploads = 1 if architecture is None or not task.is_classifier else architecture.uploads
    whole = task.compose(ansatz, uploads)
    ansatz = task.ansatz_of(ansatz, uploads)
    dead = np.zeros(0, bool)
    lowered: dict[str, Any] = {}

    def light_cone() -> None:
        nonlocal dead
        if ansatz.num_parameters == 0:
            raise Broken("the circuit has no parameter")
        lowered["ansatz"] = lower(ansatz)
        lowered["whole"] = (
            lower(whole, inputs=task.inputs) if task.is_classifier else lowered["ansatz"]
        )
        notes.metrics["parameters"] = notes.objectives["parameters"] = float(ansatz.num_parameters)
        notes.limit("max_parameters", ansatz.num_parameters, limits.max_parameters)
        foreign = sorted(
            set(ansatz.count_ops()) - set(limits.native_gates or ansatz.count_ops()) - {"barrier"}
        )
        if foreign and not notes.forgive:
            raise Broken(f"gates {', '.join(foreign)} are not among constraints.native_gates")
        dead = objectives.dead_parameters(ansatz, task)
        notes.metrics["dead_fraction"] = float(dead.mean())
        notes.report["light_cone"] = {"dead": [int(k) for k in np.flatnonzero(dead)]}
        notes.limit("max_dead_fraction", float(dead.mean()), limits.max_dead_fraction)

    def algebra() -> None:
        from qtrain.lie.dla import dla

        # closing sums takes seconds, and data between the rounds are generators too: that is for the winner's report
        if lowered["ansatz"].shared.any() or uploads > 1:
            notes.report["dla"] = {"skipped": "data encoded again" if uploads > 1 else "shared parameters"}
            return
        found = dla(lowered["ansatz"], observable=task.scaled_observable, max_dimension=512)
        notes.report["dla"] = {
            "dimension": found.dimension, "complete": found.complete, "algebra": found.algebra,
            "module_dimension": found.module_dimension, "method": found.method,
        }  # fmt: skip
        notes.metrics["dla_log10_dimension"] = math.log10(max(1, found.dimension))
        if found.module_dimension:
            notes.metrics["module_log10_dimension"] = math.log10(found.module_dimension)

    def hardware() -> None:
        cost = problem.device.cost(ansatz)
        notes.metrics.update(cost)
        notes.objectives["hardware_cost"] = cost["log_infidelity"]
        notes.objectives["two_qubit_depth"] = cost["two_qubit_depth"]
        notes.report["hardware"] = {"device": problem.device.label, **cost}
        notes.limit("max_two_qubit_depth", cost["two_qubit_depth"], limits.max_two_qubit_depth)
        notes.limit("max_two_qubit_gates", cost["two_qubit_gates"], limits.max_two_qubit_gates)
        notes.limit("max_hardware_cost", cost["log_infidelity"], limits.max_hardware_cost)

    def gradients() -> None:
        budget = objectives.gradient_budget(spec.limits.seconds, spec.objectives.relative_error)
        found = objectives.variance_profile(lowered["whole"] if not task.is_classifier else whole,
                                            task, seed=seed, budget=budget)  # fmt: skip
        variance = found.variance
        live = ~dead & ~found.proven_zero
        value = objectives.trainability(variance, live, spec.objectives.quantile)
        notes.metrics["low_log10_variance"] = value
        notes.objectives["trainability"] = min(value, spec.objectives.enough_trainability)
        notes.metrics["dead_fraction"] = float(1 - live.mean())
        notes.metrics["median_log10_variance"] = objectives.trainability(variance, live, 0.5)
        notes.metrics["cost_variance"] = float(found.cost_variance)
        notes.metrics["shots_per_step"] = objectives.shots_per_step(variance, live)
        notes.report["gradients"] = {
            "variance": _short(variance), "lower": _short(found.lower), "upper": _short(found.upper),
            "method": found.method, "reason": found.reason, "num_samples": found.num_samples,
        }  # fmt: skip
        notes.limit("max_dead_fraction", notes.metrics["dead_fraction"], limits.max_dead_fraction)
        notes.limit("min_trainability", value, limits.min_trainability, least=True)
        notes.limit("max_shots_per_step", notes.metrics["shots_per_step"], limits.max_shots_per_step)

    def scaling() -> None:
        sizes, logs = [spec.qubits], [notes.metrics["low_log10_variance"]]
        budget = objectives.gradient_budget(spec.limits.seconds, spec.objectives.relative_error)
        for other in problem.larger if architecture is not None and architecture.num_qubits is None else ():
            circuit = architecture.circuit(other.num_qubits)  # type: ignore[union-attr]
            found = objectives.variance_profile(circuit, other, seed=seed, budget=budget)
            sizes.append(other.num_qubits)
            logs.append(objectives.trainability(found.variance, ~found.proven_zero, spec.objectives.quantile))
            notes.metrics[f"trainability_{other.num_qubits}"] = logs[-1]
        if len(sizes) > 1 and all(map(math.isfinite, logs)):
            notes.metrics["decay_per_qubit"] = objectives.decay_per_qubit(sizes, logs)
            notes.limit("max_decay_per_qubit", notes.metrics["decay_per_qubit"], limits.max_decay_per_qubit)

    def expressive() -> None:
        ratio, details = objectives.expressivity_ratio(lowered["ansatz"], seed=seed)
        notes.objectives["expressivity"] = ratio
        notes.report["expressivity"] = details
        notes.limit("min_expressivity", ratio, limits.min_expressivity, least=True)

    def simulability() -> None:
        from qtrain.diagnosis.simulability import simulability as certify

        found = certify(lowered["ansatz"], task.scaled_observable, seed=seed)
        notes.metrics["certified_simulable"] = float(found.simulable)
        notes.report["simulability"] = encode(found.to_dict())
        if limits.simulable is not None:
            wrong = found.simulable != limits.simulable
            notes.constraints["simulable"] = 1.0 if wrong else -1.0
            if wrong and not notes.forgive:
                raise Broken(f"certified simulable is {found.simulable}, against constraints.simulable")

    def training() -> None:
        program = lowered["ansatz"] if task.prepares else lowered["whole"]
        trained = train(program, task, spec.training, seed=seed, steps=steps)
        notes.objectives["task_loss"] = trained.loss
        notes.metrics.update(trained.metrics)
        if task.is_classifier:  # what the quantum model adds to classical ones on the same encoded data
            rivals = [value for name, value in task.references.items() if name.endswith("_accuracy")]
            notes.metrics["gap_to_classical"] = trained.metrics["test_accuracy_mean"] - max(rivals, default=math.nan)
        notes.metrics.update(_spread(trained.losses))
        best = trained.best
        notes.report["training"] = {
            "losses": _short(trained.losses), "weights": _short(trained.weights[best], 9),
            "curve": _short(trained.curve[:: max(1, len(trained.curve) // 20), best]),
        }  # fmt: skip

        notes.limit("max_task_loss", trained.loss, limits.max_task_loss)

    wanted = {
        "light_cone": light_cone, "hardware": hardware, "algebra": algebra, "gradients": gradients,
        "expressivity": expressive, "scaling": scaling, "simulability": simulability, "training": training,
    }  # fmt: skip
    if not spec.objectives.algebra:
        del wanted["algebra"]
    if not problem.larger:
        del wanted["scaling"]
    if not spec.objectives.simulability and limits.simulable is None:
        del wanted["simulability"]
    stages.update(wanted)


def _short(values: np.ndarray, digits: int = 6) -> list[float | None]:
    return [float(f"{v:.{digits}g}") if math.isfinite(v) else None for v in np.asarray(values, float)]


def prepare(problem: Problem) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """In a worker process: warm the kernels, then give the function that answers payloads."""
    from qtrain.architecture.architecture import Architecture, Layer

    n = problem.spec.qubits
    for layer in (Layer(("ry", "rz"), "cx"), Layer(("rx",), "rzz", sharing="shared")):
        family = Architecture((layer,))
        evaluate(problem, family.circuit(n), family, seed=0, forgive=True, steps=1)

    def answer(payload: Mapping[str, Any]) -> dict[str, Any]:
        if payload.get("do") == "diagnose":
            return {"report": _diagnose(problem, payload["architecture"])}
        architecture, ansatz = circuit_of(payload["architecture"], n)
        if payload.get("do") == "train":
            uploads = 1 if architecture is None else architecture.uploads
            whole = ansatz if problem.task.prepares else problem.task.compose(ansatz, uploads)
            return _train_fully(problem, whole, payload["seed"])
        return evaluate(problem, ansatz, architecture, seed=payload["seed"])

    return answer


def _spread(losses: np.ndarray) -> dict[str, float]:
    return {
        "task_loss_mean": float(losses.mean()), "task_loss_best": float(losses.min()),
        "task_loss_std": float(losses.std()),
    }  # fmt: skip


def _train_fully(problem: Problem, whole: QuantumCircuit, seed: int) -> dict[str, Any]:
    """The full training of a trial on the front; ``whole``: its circuit, with its data but prepared states."""
    import dataclasses

    from qtrain.circuits.program import lower
    from qtrain.studies.training import train

    spec, task, begun = problem.spec.training, problem.task, time.perf_counter()
    long = dataclasses.replace(spec, steps=spec.full_steps, starts=spec.full_starts)
    inputs = () if task.prepares else task.inputs
    trained = train(lower(whole, inputs=inputs), task, long, seed=seed)
    return {
        "task_loss": trained.loss, "seconds": time.perf_counter() - begun,
        **_spread(trained.losses), **trained.metrics, "weights": _short(trained.weights[trained.best], 9),
    }  # fmt: skip


def _diagnose(problem: Problem, plain: Mapping[str, Any]) -> dict[str, Any]:
    """The full report of the winner."""
    import json

    from qtrain.budget import Budget
    from qtrain.diagnosis.diagnose import diagnose

    architecture, ansatz = circuit_of(plain, problem.spec.qubits)
    ansatz = problem.task.ansatz_of(ansatz, 1 if architecture is None else architecture.uploads)
    seconds = min(30.0, problem.spec.limits.seconds / 4)
    report = diagnose(
        ansatz, problem.task.scaled_observable, budget=Budget(seconds=seconds), seed=problem.spec.seed
    )
    return dict(json.loads(report.to_json()))


@functools.lru_cache(maxsize=2)
def _problem(text: str) -> Problem:
    """The problem of a spec as JSON: whoever scores many circuits builds it once."""
    import json

    return build_problem(read_spec(json.loads(text)))


def problem_of(spec: SearchSpec) -> Problem:
    """The problem of a spec, kept for the next call; without its starts."""
    import json

    return _problem(json.dumps({k: v for k, v in spec.to_dict().items() if k != "start"}))


def score(
    spec: SearchSpec, circuit: QuantumCircuit | Architecture, *, seed: int, full: bool = False
) -> TrialRecord:
    """Any circuit on the spec's task, device, criteria and training budget; nothing is pruned."""
    import dataclasses

    from qiskit import QuantumCircuit

    from qtrain.architecture.architecture import Architecture

    if isinstance(circuit, Architecture):
        architecture, ansatz = circuit, circuit.circuit(spec.qubits)
    elif isinstance(circuit, QuantumCircuit):
        architecture, ansatz = None, circuit
    else:
        raise QTrainError(
            f"circuit should be a QuantumCircuit or an Architecture. Got {type(circuit).__name__}."
        )
    if ansatz.num_qubits != spec.qubits:
        raise QTrainError(
            f"circuit should have {spec.qubits} qubits, as the search. Got {ansatz.num_qubits}."
        )
    begun = time.time()
    if full and spec.training.full_steps:
        short = spec.training
        long = dataclasses.replace(short, steps=short.full_steps, starts=short.full_starts)
        spec = dataclasses.replace(spec, training=long)
    given = evaluate(problem_of(spec), ansatz, architecture, seed=seed, forgive=True)
    plain, content_id = plain_of(architecture or ansatz)
    return TrialRecord(
        number=-1,
        seed=seed,
        architecture=plain,
        architecture_id=content_id,
        begun=begun,
        ended=time.time(),
        **given,
    )
