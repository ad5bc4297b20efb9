"""The table of stages: what is found of a candidate, the cheap first, so that a hopeless one never trains.

A stage leaves figures (``metrics``), details (``report``) and what later stages and the objectives read (``found``).
Behind each stage its objectives are computed and its limits looked at: a broken one prunes, with the limit as reason.
"""

from __future__ import annotations

import math

import numpy as np

from qtrain.circuits.program import PauliProgram, lower
from qtrain.extensions import Table
from qtrain.growth.edits import GateList
from qtrain.growth.wide.suggest import WIDE_QUBITS
from qtrain.studies import figures
from qtrain.studies.criteria import algebra as criteria_algebra
from qtrain.studies.criteria import cones as criteria_cones
from qtrain.studies.criteria.candidate import Broken, Candidate, Stage
from qtrain.studies.criteria.noise import noise_survival
from qtrain.studies.figures import short, spread
from qtrain.studies.propose.suggesting import suggest_for
from qtrain.studies.pruning import Pruned
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.training import train


def stages_of(spec: SearchSpec) -> tuple[Stage, ...]:
    """The stages that a spec asks for, and those that these need, in order of the table.

    Example:
        >>> from qtrain.studies.spec.search_spec import read_spec
        >>> spec = {"name": "t", "qubits": 3, "task": {"kind": "tfim"}, "objectives": {"use": ["expressivity"]}}
        >>> [stage.name for stage in stages_of(read_spec(spec))]  # min_trainability is a limit by default
        ['light_cone', 'expressivity', 'algebra', 'gradients']
    """
    names = {name for name, row in STAGES.items() if row.asked(spec)}
    for row in reversed(STAGES.values()):  # what is needed stands in front
        if row.name in names:
            names.update(row.needs)
    return tuple(row for name, row in STAGES.items() if name in names)


STAGES: Table[Stage] = Table("stage")


def register_stage(row: Stage, *, before: str | None = "training", replace: bool = False) -> Stage:
    """Add a stage, in front of another one (by default of the training, which costs most)."""
    return STAGES.add(row.name, row, before=before, replace=replace)


def light_cone(c: Candidate) -> dict[str, float]:
    """Parameters, gates, and what lies outside the light cone."""
    if c.ansatz.num_parameters == 0:
        raise Broken("the circuit has no parameter")
    _ = c.program, c.whole_program  # lowered here, in the first stage's time
    c.note({"parameters": float(c.ansatz.num_parameters)})
    native = c.spec.constraints.native_gates
    foreign = sorted(set(c.ansatz.count_ops()) - set(native or c.ansatz.count_ops()) - {"barrier"})
    if foreign and not c.forgive:
        raise Broken(f"gates {', '.join(foreign)} are not among constraints.native_gates")
    dead = c.found["dead"] = figures.dead_parameters(c.ansatz, c.task)
    c.report["light_cone"] = {"dead": [int(k) for k in np.flatnonzero(dead)]}
    return {"dead_fraction": float(dead.mean())}


def hardware(c: Candidate) -> dict[str, float]:
    """Depth and errors on the device."""
    cost = c.setup.device.cost(c.ansatz)
    c.report["hardware"] = {"device": c.setup.device.label, **cost}
    return cost


def cones(c: Candidate) -> dict[str, float]:
    """How far the terms of the observables see."""
    width, depth = criteria_cones.cones(c.program, c.task.observables)
    return width.named("cone_width") | depth.named("cone_depth")


def algebra(c: Candidate) -> dict[str, float]:
    """The dynamical Lie algebra and the observable's module: sums are closed where a search looks at them."""
    looked_at, module = any(map(c.spec.wants, ("algebra", "module", "algebra_growth"))), c.spec.wants("module")
    strings = not c.program.shared.any()  # quick, and on record anyway
    found = c.found["algebra"] = criteria_algebra.sizes(
        c.program, c.task.scaled_observable, close=looked_at, module=module or (strings and not looked_at)
    )
    c.report["dla"] = dict(found.algebra.detail)
    return found.algebra.named("algebra") | found.module.named("module")


def algebra_growth(c: Candidate) -> dict[str, float]:
    """How the algebra grows with the number of qubits."""
    family, known = c.architecture, c.found["algebra"]
    sized = family is not None and family.num_qubits is None

    def build(n: int) -> PauliProgram:
        return lower(family.circuit(n))  # type: ignore[union-attr]

    found = criteria_algebra.growth(
        build if sized else None, c.spec.objectives.sizes or criteria_algebra.SIZES,
        (c.spec.qubits, known.dimension, known.complete),
    )  # fmt: skip
    c.report["algebra_growth"] = dict(found.detail)
    return found.named("algebra_growth")


def gradients(c: Candidate) -> dict[str, float]:
    """Variances of the derivatives, and the shots that they ask for."""
    options = c.spec.objectives
    budget = figures.work_budget(c.spec.limits.seconds, options.relative_error)
    circuit = c.whole if c.task.is_classifier else c.whole_program
    found = figures.variance_profile(circuit, c.task, c.task.scaled_observable, seed=c.seed, budget=budget)
    live = ~c.found["dead"] & ~found.proven_zero
    c.report["gradients"] = {
        "variance": short(found.variance), "lower": short(found.lower), "upper": short(found.upper),
        "method": found.method, "reason": found.reason, "num_samples": found.num_samples,
    }  # fmt: skip
    noted = {
        "dead_fraction": float(1 - live.mean()),
        "low_log10_variance": figures.trainability(found.variance, live, options.quantile),
        "trainability_is_bound": float(found.estimate),
        "median_log10_variance": figures.trainability(found.variance, live, 0.5),
        "cost_variance": float(found.cost_variance),
    }
    damped = c.setup.device.read(c.task.scaled_observable) if c.spec.device is not None else None
    damping = np.ones(1) if damped is None else np.abs(damped.coeffs / c.task.scaled_observable.coeffs)
    if np.ptp(damping) < 1e-12:  # every term alike: so are the gradients
        read = found.variance * damping[0] ** 2
    elif c.spec.wants("shots_per_step"):  # the terms add up otherwise: a question of its own, where it is asked
        read = figures.variance_profile(circuit, c.task, damped, seed=c.seed, budget=budget).variance
    else:
        return noted
    return noted | {
        "shots_per_step": figures.shots_per_step(read, live), "shots_per_step_is_bound": float(found.estimate)
    }


def expressivity(c: Candidate) -> dict[str, float]:
    """How many directions the parameters move the state in."""
    c.found["expressivity"], c.report["expressivity"] = figures.expressivity_ratio(c.program, seed=c.seed)
    return {"expressivity_is_bound": float(not c.report["expressivity"]["qfim_rank_exact"])}


def scaling(c: Candidate) -> dict[str, float]:
    """How trainability falls with the number of qubits; of one size: what each qubit has cost on average."""
    sizes, logs = [c.spec.qubits], [c.metrics["low_log10_variance"]]
    estimate = c.metrics["trainability_is_bound"]
    budget = figures.work_budget(c.spec.limits.seconds, c.spec.objectives.relative_error)
    family = c.architecture
    noted = {}
    for other in c.setup.larger if family is not None and family.num_qubits is None else ():
        if other.num_qubits in sizes:
            continue
        circuit = family.circuit(other.num_qubits)  # type: ignore[union-attr]
        found = figures.variance_profile(circuit, other, other.scaled_observable, seed=c.seed, budget=budget)
        estimate = max(estimate, float(found.estimate))
        sizes.append(other.num_qubits)
        logs.append(figures.trainability(found.variance, ~found.proven_zero, c.spec.objectives.quantile))
        noted[f"trainability_{other.num_qubits}"] = logs[-1]
    if len(sizes) == 1:
        sizes, logs, estimate = [0, *sizes], [0.0, *logs], 1.0
    if all(map(math.isfinite, logs)):
        noted |= {"decay_per_qubit": figures.decay_per_qubit(sizes, logs), "decay_per_qubit_is_bound": estimate}
    return noted


def noise(c: Candidate) -> dict[str, float]:
    """What the device's errors leave of the signal."""
    budget = figures.work_budget(c.spec.limits.seconds, c.spec.objectives.relative_error)
    observable = c.task.scaled_observable
    found = noise_survival(
        c.program, observable, c.setup.device.read(observable), c.metrics["log_infidelity"], seed=c.seed, budget=budget
    )
    return found.named("noise_survival")


def simulability(c: Candidate) -> dict[str, float]:
    """Whether a classical method is certified for it, and what the cheapest one takes."""
    from qtrain.json_results import encode
    from qtrain.studies.criteria.simulation import certified

    budget = figures.work_budget(c.spec.limits.seconds, c.spec.objectives.relative_error)
    found, cost = certified(c.program, c.task.scaled_observable, seed=c.seed, budget=budget)
    c.report["simulability"] = encode(found.to_dict())
    wanted = c.spec.constraints.simulable
    if wanted is not None:
        wrong = found.simulable != wanted
        c.constraints["simulable"] = 1.0 if wrong else -1.0
        if wrong and not c.forgive:
            raise Broken(f"certified simulable is {found.simulable}, against constraints.simulable")
    again = cost.named("shortcut_cost") if c.spec.wants("shortcut_cost") else {}
    return {"certified_simulable": float(found.simulable)} | cost.named("simulation_cost") | again


def training(c: Candidate) -> dict[str, float]:
    """The short training behind the task loss."""
    program = c.program if c.task.prepares else c.whole_program
    try:
        trained = c.found["training"] = train(
            program, c.task, c.spec.training, seed=c.seed, steps=c.steps, watch=c.watch,
            start=np.array(c.angles) if c.angles else None,
        )  # fmt: skip
    except Pruned as error:
        raise Broken(str(error)) from None
    finally:
        if c.watch is not None:
            c.report["pruning"] = c.watch.report()
    best, every = trained.best, max(1, len(trained.curve) // 20)
    c.report["training"] = {
        "losses": short(trained.losses), "weights": short(trained.weights[best], 9),
        "curve": short(trained.curve[::every, best]), "every": every,
    }  # fmt: skip
    if c.spec.qubits > WIDE_QUBITS:
        c.report["training"] |= {"evaluator": trained.evaluator, "energy_error": trained.error}
    if c.task.is_classifier and c.spec.growth.share > 0:  # what goes on does so fold by fold, each from its own
        c.report["training"]["starts"] = [short(row, 9) for row in trained.weights]
    noted = trained.metrics | spread(trained.losses) | {"gradient_evaluations": float(trained.evaluations)}
    figure = c.task.loss.headline if c.task.is_classifier else ""
    if figure:  # what the quantum model adds to classical ones on the same encoded data
        rivals = [value for name, value in c.task.references.items() if name.endswith(f"_{figure}")]
        noted["gap_to_classical"] = trained.metrics[f"test_{figure}_mean"] - max(rivals, default=math.nan)
    return noted


def growth(c: Candidate) -> None:
    """What would lower the loss, and what would not be missed: where the next generation begins."""
    trained, growth = c.found["training"], c.spec.growth
    if c.architecture is None or c.forgive:
        return
    if c.task.is_classifier:
        gates = GateList(c.architecture.gates(c.spec.qubits), ())
        weights = trained.weights
    else:
        weights = trained.weights[[trained.best]]
        gates = GateList.of(c.architecture, c.spec.qubits, weights[0])
    if c.bar is not None and trained.loss > c.bar:
        return
    found = suggest_for(
        c.task, c.spec.training, gates, weights, c.uploads, c.setup.pool, seed=c.seed, places=growth.places
    )
    c.report["growth"] = found.to_dict()


# The cheap and decisive first: a limit that is broken early saves all that stands behind it.
for _row in (
    Stage("light_cone", light_cone, lambda spec: True),
    Stage("cones", cones),
    Stage("hardware", hardware, gives=("two_qubit_gates", "depth", "implied_error")),
    Stage("expressivity", expressivity),
    Stage("algebra", algebra, lambda spec: spec.objectives.algebra or spec.wants("algebra") or spec.wants("module")),
    Stage("gradients", gradients),
    Stage("scaling", scaling, lambda spec: bool(spec.objectives.sizes) or spec.wants("decay_per_qubit"),
          needs=("gradients",)),
    Stage("algebra_growth", algebra_growth, needs=("algebra",)),
    Stage("noise", noise, needs=("hardware",)),
    Stage("simulability", simulability,
          lambda spec: spec.objectives.simulability or spec.constraints.simulable is not None
          or spec.wants("simulation_cost") or spec.wants("shortcut_cost")),
    Stage("training", training),
    Stage("growth", growth, lambda spec: spec.growth.share > 0 and spec.trains, needs=("hardware",)),
):  # fmt: skip
    register_stage(_row, before=None)
