"""Objectives and staged evaluation: figures against slow twins, limits that prune before training."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp, Statevector
from strategies_architecture import architectures

import qtrain
from qtrain.architecture.architecture import Architecture, Layer
from qtrain.circuits.problem import pose
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.studies.evaluate import evaluate, score
from qtrain.studies.figures import (
    _untied_profile,
    dead_parameters,
    decay_per_qubit,
    expressivity_ratio,
    shots_per_step,
    trainability,
    variance_profile,
    work_budget,
)
from qtrain.studies.objectives import OBJECTIVES
from qtrain.studies.propose.space import SearchSpace
from qtrain.studies.propose.starts import build_starts, circuit_of, plain_of
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.spec.tables import DeviceSpec
from qtrain.studies.stages import stages_of
from qtrain.studies.tasks.devices import build_device

SPACE = SearchSpace(3)


def spec_of(n=3, **more):
    return read_spec({"name": "t", "qubits": n, "task": {"kind": "tfim"}, "training": {"steps": 10, "starts": 2}} | more)


def built(spec):
    return spec.task.build(spec.qubits)


def qfim_rank(program, *, seed):
    return expressivity_ratio(program, seed=seed)[1]["qfim_rank"]


def slow_rank(circuit, seed):
    """Rank of the quantum Fisher information from finite differences of the statevector."""
    angles = np.random.default_rng(seed).uniform(-np.pi, np.pi, circuit.num_parameters)

    def state(values):
        return Statevector(circuit.assign_parameters(values)).data

    psi = state(angles)
    slopes = np.array([(state(angles + s) - state(angles - s)) / 2e-5 for s in 1e-5 * np.eye(len(angles))])
    fisher = np.real(slopes.conj() @ slopes.T - np.outer(slopes.conj() @ psi, psi.conj() @ slopes.T))
    return int((np.linalg.eigvalsh(fisher) > 1e-7).sum())


FAMILIES = [
    Architecture((Layer(("ry", "rz"), "cx"),), 2),
    Architecture((Layer(("rx",), "rzz", sharing="shared"),), 3, initial="h"),
    Architecture((Layer(("rz",), "xx_plus_yy", sharing="translation"),), 2, initial="neel"),
    Architecture((Layer(("u",), "cz"),), 1, final_rotations=("ry",)),
    Architecture((Layer((), "crx", "ring"), Layer(("ry",))), 2),
]


@pytest.mark.parametrize("family", FAMILIES, ids=str)
@pytest.mark.parametrize("n", [2, 3])
def test_qfim_rank_is_that_of_finite_differences(family, n):
    circuit = family.circuit(n)
    assert qfim_rank(lower(circuit), seed=3) == slow_rank(circuit, 3)


def test_qfim_rank_of_degenerate_circuits():
    diagonal = QuantumCircuit(2)
    diagonal.rz(Parameter("a"), 0)
    diagonal.rzz(Parameter("b"), 0, 1)
    assert qfim_rank(lower(diagonal), seed=0) == 0
    assert qfim_rank(lower(real_amplitudes(2, reps=9)), seed=0) == 3  # real states of two qubits
    assert qfim_rank(lower(efficient_su2(2, reps=9)), seed=0) == 6  # 2·2ⁿ − 2


@given(st.lists(st.floats(1e-12, 1), min_size=1, max_size=9), st.floats(0, 1))
def test_trainability_is_the_quantile_over_live_parameters(values, q):
    variance = np.array([*values, 0.0])
    live = np.array([True] * len(values) + [False])
    assert trainability(variance, live, q) == pytest.approx(np.quantile(np.log10(values), q))
    assert trainability(variance, ~live & False, q) == -np.inf
    assert shots_per_step(variance, live) == pytest.approx(2 * len(variance) / np.median(values))


def test_decay_is_the_slope():
    assert decay_per_qubit([4, 8], [-1.0, -3.0]) == pytest.approx(0.5)


def test_dead_parameters_of_the_known_example():
    task = built(spec_of(4, task={"kind": "hamiltonian", "terms": "ZIII"}))
    assert dead_parameters(efficient_su2(4, reps=2), task).sum() == 15
    both = dataclasses.replace(task, observables=(*task.observables, built(spec_of(4)).observables[0]))
    assert dead_parameters(efficient_su2(4, reps=2), both).sum() < 15


def test_device_costs_are_those_of_the_compiled_gates():
    device = build_device(DeviceSpec(topology="line", two_qubit_error=0.01, one_qubit_error=0.0), 3)
    circuit = QuantumCircuit(3)
    for pair in ((0, 1), (1, 2), (0, 1)):
        circuit.rzz(Parameter(f"t{len(circuit.data)}"), *pair)
    cost = device.cost(circuit)
    assert cost["two_qubit_gates"] == 6 and cost["two_qubit_depth"] == 6
    assert cost["log_infidelity"] == pytest.approx(-6 * np.log(0.99))
    assert cost["implied_error"] == pytest.approx(1 - 0.99**6)
    far = QuantumCircuit(3)
    far.ry(Parameter("a"), 0)
    far.cz(0, 1)
    far.cz(1, 2)
    far.cz(0, 2)
    assert device.cost(far)["two_qubit_gates"] > 3  # the line has no (0, 2)
    assert build_device(None, 3).cost(far)["two_qubit_gates"] == 3


def test_readout_errors_damp_what_is_measured():
    """Slow twin: every measured bit flips with its probability, all patterns of flips are summed."""
    rates = np.array([0.0, 0.1, 0.25])
    device = dataclasses.replace(build_device(DeviceSpec(topology="line"), 3), readout=tuple(rates))
    state = Statevector(efficient_su2(3, reps=1).assign_parameters(np.random.default_rng(4).normal(size=12)))
    observable = SparsePauliOp(["ZZI", "IIZ", "ZZZ", "III"], [0.3, -1.0, 2.0, 0.5])
    slow = 0.0
    for flips in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(flips, rates, 1 - rates))
        for outcome, probability in enumerate(state.probabilities()):
            bits = np.array([outcome >> q & 1 for q in range(3)]) ^ np.array(flips)
            for label, c in observable.to_list():
                sign = np.prod([(-1.0) ** bits[q] for q in range(3) if label[2 - q] == "Z"])
                slow += weight * probability * c.real * sign
    assert state.expectation_value(device.read(observable)).real == pytest.approx(slow)


def test_readout_errors_cost_shots():
    shots = []
    for error in (0.0, 0.1):
        setup = build_setup(spec_of(task={"kind": "hamiltonian", "terms": "ZZI + XXI"}, constraints={"max_dead_fraction": 1.0},
                                    device={"topology": "line", "readout_error": error}))  # fmt: skip
        family = Architecture((Layer(("ry",), "cz"),), 2)
        shots.append(evaluate(setup, family.circuit(3), family, seed=1)["metrics"]["shots_per_step"])
    assert shots[1] == pytest.approx(shots[0] / 0.8**4)  # two measured qubits, and the variance is a square


def test_a_piece_of_a_real_device():
    device = build_device(DeviceSpec(name="FakeTorino"), 8)
    assert len(set(device.qubits)) == 8 and len(device.edges) >= 7
    family = Architecture((Layer(("ry",), "cz", "edges"),), 1, edges=device.edges, num_qubits=8)
    cost = device.cost(family.circuit())
    assert cost["two_qubit_gates"] == len(device.edges)  # native: no swap
    assert 0 < cost["implied_error"] < 0.2
    chosen = build_device(DeviceSpec(name="fake_torino", qubits=(0, 1, 2)), 3)
    assert chosen.edges == ((0, 1), (1, 2))


@pytest.mark.parametrize("device, n, message", [
    ({"name": "FakeNothing"}, 3, "device.name should be a device such as FakeTorino"),
    ({"name": "FakeTorino"}, 500, "qubits should be at most 133"),
    ({"name": "FakeTorino", "qubits": [0, 1, 9]}, 3, "connected piece"),
    ({"name": "FakeTorino", "qubits": [0, 1, 999]}, 3, "below 133"),
    ({"edges": [[0, 1], [2, 3]]}, 3, "one connected map"),
    ({"edges": [[0, 1]]}, 3, "at most the device's 2"),
    ({"topology": "donut"}, 3, "topology should be one of"),
    ({"topology": "line", "basis_gates": ["rz", "ccx"]}, 3, "gates on one or two qubits. Got ccx"),
    ({"topology": "line", "basis_gates": ["rz"]}, 3, "should hold a two-qubit gate"),
])  # fmt: skip
def test_bad_devices_are_one_sentence(device, n, message):
    with pytest.raises(QTrainError, match=message):
        build_setup(spec_of(n, device=device))


STAGES = ["light_cone", "hardware", "expressivity", "algebra", "gradients", "training"]


def test_a_good_candidate_passes_every_stage():
    setup = build_setup(spec_of())
    family = Architecture((Layer(("ry",), "cz"),), 2, final_rotations=("ry",))
    found = evaluate(setup, family.circuit(3), family, seed=1)
    assert found["state"] == "complete" and found["reason"] == ""
    assert list(found["timings"]) == STAGES and all(t >= 0 for t in found["timings"].values())
    assert set(found["objectives"]) == set(setup.spec.objectives.use)
    assert all(value <= 0 for value in found["constraints"].values())
    assert found["metrics"]["parameters"] == 9
    assert json.loads(json.dumps(found)) == found  # plain data
    again = evaluate(setup, family.circuit(3), family, seed=1)
    assert {k: v for k, v in again.items() if k != "timings"} == {k: v for k, v in found.items() if k != "timings"}


@pytest.mark.parametrize("limits, stage, reason", [
    ({"max_parameters": 8}, "light_cone", "parameters 9 is above constraints.max_parameters = 8"),
    ({"max_dead_fraction": 0.0}, "light_cone", "dead fraction .* above constraints.max_dead_fraction = 0"),
    ({"native_gates": ["cz"]}, "light_cone", "gates ry are not among constraints.native_gates"),
    ({"max_two_qubit_depth": 1}, "hardware", "two qubit depth .* above"),
    ({"max_two_qubit_gates": 1}, "hardware", "two qubit gates 4 is above"),
    ({"max_hardware_cost": 0.001}, "hardware", "hardware cost .* above"),
    ({"min_trainability": 5.0}, "gradients", "trainability .* below constraints.min_trainability = 5"),
    ({"max_shots_per_step": 2}, "gradients", "shots per step"),
    ({"min_expressivity": 1.0}, "expressivity", "expressivity .* below"),
    ({"max_task_loss": 1e-9}, "training", "task loss .* above"),
])  # fmt: skip
def test_a_broken_limit_prunes_at_its_stage(limits, stage, reason):
    setup = build_setup(spec_of(constraints=limits, task={"kind": "hamiltonian", "terms": "IIZ + IXX"}))
    family = Architecture((Layer(("ry",), "cz"),), 2, final_rotations=("ry",))
    found = evaluate(setup, family.circuit(3), family, seed=1)
    assert found["state"] == "pruned" and found["objectives"] == {}
    import re

    assert re.match(f"{stage}: .*{reason}", found["reason"]), found["reason"]
    assert list(found["timings"])[-1] == stage
    forgiven = evaluate(setup, family.circuit(3), family, seed=1, forgive=True)
    assert forgiven["state"] == "complete" and set(forgiven["objectives"]) == set(setup.spec.objectives.use)
    if "native_gates" not in limits:
        assert any(value > 0 for value in forgiven["constraints"].values())


def test_without_a_live_parameter_a_trial_is_pruned_whatever_the_limits():
    loose = {"max_dead_fraction": 1.0, "min_trainability": -20.0}
    family = Architecture((Layer(("rz",), "cz"),), 1)  # leaves |000> alone
    found = evaluate(build_setup(spec_of(constraints=loose)), family.circuit(3), family, seed=1)
    assert (found["state"], found["reason"]) == ("pruned", "gradients: no parameter changes the cost")
    assert found["metrics"]["dead_fraction"] == 1.0 and "training" not in found["timings"]
    plain = spec_of(constraints=loose, objectives={"use": ["task_loss", "parameters"]})
    assert evaluate(build_setup(plain), family.circuit(3), family, seed=1)["state"] == "complete"


def test_scaling_and_simulability_as_constraints():
    setup = build_setup(spec_of(objectives={"sizes": [4, 5], "simulability": True}))
    family = Architecture((Layer(("ry",), "cz"),), 1, final_rotations=("ry",))
    found = evaluate(setup, family.circuit(3), family, seed=1)
    assert {"trainability_4", "trainability_5", "decay_per_qubit", "certified_simulable"} <= set(found["metrics"])
    assert {"scaling", "simulability"} <= set(found["timings"])
    simulable = found["metrics"]["certified_simulable"] > 0
    for wanted in (True, False):
        setup = build_setup(spec_of(constraints={"simulable": wanted}))
        assert (evaluate(setup, family.circuit(3), family, seed=1)["state"] == "complete") == (wanted == simulable)
    setup = build_setup(spec_of(objectives={"sizes": [4, 5]}, constraints={"max_decay_per_qubit": -9.0}))
    assert "decay per qubit" in evaluate(setup, family.circuit(3), family, seed=1)["reason"]


def test_classifier_is_evaluated_on_its_data():
    task = {"kind": "classification", "data": "iris", "classes": ["setosa", "virginica"], "samples": 60}
    setup = build_setup(spec_of(task=task, constraints={"max_dead_fraction": 1.0}))
    family = Architecture((Layer(("ry",), "cx", reverse=True, flip=True),), 2, final_rotations=("ry",))
    found = evaluate(setup, family.circuit(3), family, seed=0)
    assert found["state"] == "complete" and found["metrics"]["test_accuracy"] > 0.8
    assert setup.task.references["trivial"] == 1.0


def test_any_circuit_is_scored_alike():
    spec = spec_of(constraints={"max_parameters": 1})
    family = Architecture((Layer(("ry",), "cz"),), 2)
    by_family, by_circuit = score(spec, family, seed=3), score(spec, family.circuit(3), seed=3)
    assert by_family.state == by_circuit.state == "complete"
    assert by_family.objectives == by_circuit.objectives and not by_family.feasible
    with pytest.raises(QTrainError, match="should have 3 qubits, as the search. Got 4."):
        score(spec, real_amplitudes(4), seed=0)
    with pytest.raises(QTrainError, match="should be a QuantumCircuit or an Architecture. Got str."):
        score(spec, "circuit", seed=0)


def test_starts_from_files_names_and_architectures(tmp_path):
    from qiskit import qasm3, qpy

    from qtrain.registry.registry import RegistryEntry, register

    circuit = real_amplitudes(3, reps=1).decompose()
    (tmp_path / "a.qasm").write_text(qasm3.dumps(circuit))
    with open(tmp_path / "a.qpy", "wb") as file:
        qpy.dump(circuit, file)
    family = Architecture((Layer(("ry",), "cz"),), 2)
    (tmp_path / "a.json").write_text(family.to_json())
    register(RegistryEntry("mine", family, 3))
    (tmp_path / "s.toml").write_text(
        'name = "t"\nqubits = 3\nstart = ["a.qasm", "a.qpy", "a.json", "mine"]\n[task]\nkind = "tfim"\n'
    )
    starts = build_starts(read_spec(tmp_path / "s.toml"), SPACE)
    assert len(starts) == 4
    assert starts[2]["architecture_id"] == starts[3]["architecture_id"] == family.content_id
    assert circuit_of(starts[0]["architecture"], 3)[1].num_parameters == circuit.num_parameters
    architecture, again = circuit_of(starts[1]["architecture"], 3)
    assert architecture is None and again.num_parameters == circuit.num_parameters
    assert plain_of(family)[1] == family.content_id
    for bad, message in [("absent.qasm", "absent.qasm"), ("nobody", "should be a registered architecture")]:
        with pytest.raises(QTrainError, match=message):
            build_starts(spec_of(start=[bad]), SPACE)
    with pytest.raises(QTrainError, match=r"start\[0\] should have 5 qubits. Got 3."):
        build_starts(spec_of(5, start=[str(tmp_path / "a.qasm")]), SPACE)


NAMES = [name for name, row in OBJECTIVES.items() if row.stage != "training"]


@settings(max_examples=8, deadline=None)
@given(architectures(max_layers=2), st.integers(0, 2**31))
def test_every_criterion_is_a_number_for_any_family(family, seed):
    """Shared or independent angles, pooling, every block: a value or a flagged bound, and never nothing."""
    circuit = family.circuit(5)
    assume(circuit.num_parameters)
    setup = build_setup(spec_of(5, objectives={"use": ["trainability"], "record": NAMES, "sizes": [3, 4]}))
    found = evaluate(setup, circuit, family, seed=seed, forgive=True)
    assert found["state"] == "complete", found["reason"]
    assert "training" not in found["timings"]
    live = found["metrics"]["dead_fraction"] < 1
    for name in NAMES:
        if live or name not in ("trainability", "shots_per_step", "decay_per_qubit"):  # of no live parameter: infinite
            assert np.isfinite(found["metrics"][name]), name
    flags = {name: value for name, value in found["metrics"].items() if name.endswith("_is_bound")}
    assert len(flags) >= 8 and set(flags.values()) <= {0.0, 1.0}
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("use, stages", [
    (["parameters"], ["light_cone"]),
    (["cone_width"], ["light_cone", "cones"]),
    (["noise_survival"], ["light_cone", "hardware", "noise"]),
    (["algebra_growth"], ["light_cone", "algebra", "algebra_growth"]),
    (["decay_per_qubit"], ["light_cone", "gradients", "scaling"]),
    (["task_loss"], ["light_cone", "training"]),
])  # fmt: skip
def test_only_what_is_asked_for_is_computed(use, stages):
    spec = spec_of(objectives={"use": use, "algebra": False})
    constraints = spec.constraints.model_copy(update={"min_trainability": None})  # a limit that is there by default
    spec = spec.model_copy(update={"constraints": constraints})
    assert [stage.name for stage in stages_of(spec)] == stages


def test_a_limit_asks_for_its_stage_as_a_record_does():
    spec = spec_of(objectives={"use": ["parameters"]}, constraints={"max_cone_width": 2, "max_task_loss": 3.0})
    assert {"cones", "training"} <= {stage.name for stage in stages_of(spec)}
    setup = build_setup(spec)
    family = Architecture((Layer(("ry",), "cz"),), 3)
    assert evaluate(setup, family.circuit(3), family, seed=0)["reason"].startswith("cones: cone width 3 is above")
    assert "simulability" in [s.name for s in stages_of(spec_of(objectives={"record": ["simulation_cost"]}))]


def test_gradients_are_estimated_where_all_else_takes_too_much():
    """Of independent angles the estimate is the value; a shared pair of rotations of one qubit adds up coherently."""
    setup = build_setup(spec_of(4))
    for layer in (Layer(("ry", "rz"), "cx"), Layer(("rx",), "rzz", sharing="shared")):
        program = lower(Architecture((layer,), 2, final_rotations=("ry",)).circuit(4))
        problem = pose(program, setup.task.scaled_observable, seed=1)
        estimate = _untied_profile(problem)
        assert estimate.estimate
        if not program.shared.any():
            exact = variance_profile(program, setup.task, setup.task.scaled_observable, seed=1, budget=work_budget(120, 0.1))
            assert not exact.estimate
            assert estimate.variance == pytest.approx(exact.variance) and (estimate.proven_zero == exact.proven_zero).all()


def test_an_estimate_has_an_entry_for_each_parameter_whatever_is_fixed():
    circuit = QuantumCircuit(4)
    circuit.ry(0.3, 0)
    circuit.ry(Parameter("a"), 1)
    circuit.cx(0, 1)
    circuit.rz(0.7, 1)
    circuit.ry(Parameter("b"), 2)
    circuit.rx(0.1, 1)
    problem = pose(circuit, SparsePauliOp("IIZI"))
    estimate = _untied_profile(problem)
    assert estimate.proven_zero.tolist() == [False, True] and estimate.variance[0] > 0 == estimate.variance[1]


def test_a_search_over_a_hundred_qubits_needs_no_training(tmp_path):
    spec = {
        "name": "hundred", "qubits": 100, "task": {"kind": "tfim"}, "device": {"topology": "line"}, "trials": 2, "batch": 2,
        "objectives": {"use": ["trainability", "algebra", "simulation_cost", "two_qubit_depth"]}, "limits": {"seconds": 600},
        "space": {"pools": ["hardware_efficient"], "layers": [1], "repetitions": [1], "topologies": ["brickwork"]},
        "constraints": {"min_trainability": -9.0}, "sampler": "random",
    }  # fmt: skip
    result = qtrain.search(spec, tracking_uri="off", storage=str(tmp_path / "hundred.journal"))
    assert result.counts["failed"] == 0 and result.counts["complete"] + result.counts["pruned"] == 2
    done = [trial for trial in result.trials if trial.state == "complete"]
    assert all("training" not in t.timings and t.objectives["algebra"] > 2 for t in done)


@pytest.mark.parametrize("name, direction", [("simulation_cost", "minimize"), ("shortcut_cost", "maximize")])
def test_the_cost_of_the_classical_shortcut_beside_the_loss(tmp_path, name, direction):
    spec = {
        "name": "frontier", "qubits": 3, "task": {"kind": "tfim"}, "trials": 8, "batch": 4, "sampler": "random",
        "objectives": {"use": ["task_loss", name]}, "constraints": {"min_simulation_cost": 2.0, "max_dead_fraction": 1.0},
        "training": {"steps": 5, "starts": 1},
    }  # fmt: skip
    result = qtrain.search(spec, tracking_uri="off", storage=str(tmp_path / "frontier.journal"))
    assert result.directions == ("minimize", direction) and result.counts["failed"] == 0
    done = [trial for trial in result.trials if trial.state == "complete" and trial.duplicate_of is None]
    assert done and all(trial.objectives[name] == trial.metrics["simulation_cost"] >= 2.0 for trial in done)
    assert all(trial.metrics[f"{name}_is_bound"] == trial.metrics["simulation_cost_is_bound"] for trial in done)
    for trial in result.trials:
        if "simulation_cost" in trial.reason or "simulation cost" in trial.reason:
            assert trial.state == "pruned" and trial.metrics["simulation_cost"] < 2.0
    front = [trial for trial in done if trial.number in result.front]
    best = (min if direction == "minimize" else max)(trial.objectives[name] for trial in done)
    assert any(trial.objectives[name] == best for trial in front)
