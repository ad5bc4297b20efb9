"""The gate, its synthesis, the passes: nothing they do changes what is measured."""

from __future__ import annotations

import io
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, generate_preset_pass_manager, qpy, transpile
from qiskit.circuit import Parameter, ParameterVector, library
from qiskit.circuit.library import PauliEvolutionGate, efficient_su2, real_amplitudes, zz_feature_map
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector
from qiskit.transpiler import CouplingMap, PassManager
from qiskit.transpiler.passes import CheckMap, HLSConfig

from qtrain import TrainableAnsatz, register
from qtrain.architecture import catalogue
from qtrain.architecture.architecture import Architecture, Layer
from qtrain.architecture.topology import TOPOLOGIES, graph
from qtrain.errors import QTrainError
from qtrain.qiskit_plugins.pass_managers import (
    RemoveDeadParameters,
    ReplaceBarrenAnsatz,
    TrainabilityAnalysis,
    pass_manager,
    remove_dead,
    trainability_passes,
)
from qtrain.qiskit_plugins.stage_plugins import QTrainInit, TrainableAnsatzSynthesis
from qtrain.registry.registry import RegistryEntry

FAMILY = catalogue.real_amplitudes(reps=1)
BASIS = ["rz", "sx", "x", "cx"]


@pytest.fixture
def registered():
    register(RegistryEntry("mine", FAMILY, 3))
    return "mine"


def with_gate(gate):
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits))
    return circuit


def expectation(circuit, observable, values):
    plain = circuit.remove_final_measurements(inplace=False) or circuit
    return Statevector(plain.assign_parameters(values)).expectation_value(observable).real


# ------------------------------------------------------------------ the gate


def test_the_gate_is_the_registered_circuit(registered):
    gate = TrainableAnsatz(3, registered)
    assert (gate.name, gate.label, gate.num_qubits) == ("trainable_ansatz", "mine", 3)
    assert all(type(p).__name__ == "ParameterVectorElement" for p in gate.params)
    angles = np.linspace(0, 2, 6)
    expected = Operator(FAMILY.circuit(3).assign_parameters(angles))
    assert Operator(with_gate(gate).assign_parameters(angles)) == expected
    assert Operator(TrainableAnsatz(3, registered, parameters=list(angles))) == expected
    assert TrainableAnsatz(None, registered).num_qubits == 3
    assert TrainableAnsatz(5, registered).definition.num_qubits == 5


def test_the_definition_before_binding_does_not_stay_behind(registered):
    circuit = with_gate(TrainableAnsatz(3, registered))
    assert circuit.decompose().num_parameters == 6  # the definition exists now
    angles = np.linspace(0, 2, 6)
    assert Operator(circuit.assign_parameters(angles)) == Operator(FAMILY.circuit(3).assign_parameters(angles))


def test_parts_of_the_angles_can_be_bound(registered):
    circuit = with_gate(TrainableAnsatz(3, registered))
    first, *rest = circuit.parameters
    half = circuit.assign_parameters({first: 0.5})
    assert list(half.parameters) == rest and list(half.decompose().parameters) == rest


def test_parameters_can_be_expressions(registered):
    t = Parameter("t")
    gate = TrainableAnsatz(3, registered, parameters=[t, 2 * t, 0.1, t + 1, 0.0, -t])
    expected = FAMILY.circuit(3).assign_parameters([0.4, 0.8, 0.1, 1.4, 0.0, -0.4])
    assert Operator(with_gate(gate).assign_parameters({t: 0.4})) == Operator(expected)


def test_the_inverse_undoes_it(registered):
    gate = TrainableAnsatz(3, registered)
    circuit = with_gate(gate)
    circuit.append(gate.inverse(), range(3))
    assert Operator(circuit.assign_parameters(np.linspace(0, 2, 6))).equiv(np.eye(8))


def test_it_can_be_controlled_and_repeated(registered):
    gate = TrainableAnsatz(3, registered, parameters=list(np.linspace(0, 2, 6)))
    plain = Operator(gate).data
    block = Operator(gate.control(1)).data
    np.testing.assert_allclose(block[1::2, 1::2], plain, atol=1e-10)
    np.testing.assert_allclose(Operator(gate.repeat(2)).data, plain @ plain, atol=1e-10)


def test_qpy_needs_neither_registry_nor_qtrain(registered, tmp_path):
    circuit = with_gate(TrainableAnsatz(3, registered))
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    buffer.seek(0)
    (back,) = qpy.load(buffer)
    operation = back.data[0].operation
    assert (operation.name, operation.label) == ("trainable_ansatz", "mine")
    assert list(back.parameters) == list(circuit.parameters)
    angles = np.linspace(0, 2, 6)
    assert Operator(back.assign_parameters(angles)) == Operator(circuit.assign_parameters(angles))
    assert transpile(back, basis_gates=BASIS).count_ops()["cx"] == 2
    (tmp_path / "it.qpy").write_bytes(buffer.getvalue())
    code = (
        "import sys; sys.modules['qtrain'] = None\n"
        "from qiskit import qpy; c = qpy.load(open('it.qpy', 'rb'))[0]; print(c.decompose().count_ops()['ry'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip() == "6", done.stderr


def test_two_ansatze_in_one_circuit(registered):
    circuit = QuantumCircuit(3)
    for prefix in ("a", "b"):
        circuit.append(TrainableAnsatz(3, registered, prefix=prefix), range(3))
    assert circuit.num_parameters == 12


@pytest.mark.parametrize("arguments, message", [
    ((3, "absent"), "registered architecture"), ((3, "../x"), "name should be"),
    ((3, 7), "name should be a registered"),
    ((0, FAMILY), "num_qubits should be"), ((None, FAMILY), "num_qubits should be given"),
])  # fmt: skip
def test_wrong_ansatze_are_refused(arguments, message):
    with pytest.raises(QTrainError, match=message):
        TrainableAnsatz(*arguments)


def test_the_angles_are_counted():
    with pytest.raises(QTrainError, match="parameters should hold 6 angles, one for each. Got 5"):
        TrainableAnsatz(3, FAMILY, parameters=[0.0] * 5)


# ------------------------------------------------------------------ synthesis


def test_the_plugins_are_installed():
    from qiskit.transpiler.passes.synthesis.plugin import high_level_synthesis_plugin_names
    from qiskit.transpiler.preset_passmanagers.plugin import list_stage_plugins

    assert "default" in high_level_synthesis_plugin_names("trainable_ansatz")
    assert "qtrain" in list_stage_plugins("init")


def test_what_is_not_its_own_is_left_to_others():
    plugin = TrainableAnsatzSynthesis()
    assert plugin.run(library.QFTGate(3)) is None
    assert plugin.run(library.RXGate(0.1)) is None

    class Winner(TrainableAnsatzSynthesis):
        architecture_name = "another"

    assert Winner().run(TrainableAnsatz(3, FAMILY)) is None


def test_unbound_parameters_stay_and_keep_their_order():
    circuit = with_gate(TrainableAnsatz(4, catalogue.efficient_su2(reps=2)))
    done = transpile(circuit, basis_gates=BASIS, optimization_level=3)
    assert list(done.parameters) == list(circuit.parameters)
    angles = np.random.default_rng(0).uniform(-3, 3, circuit.num_parameters)
    assert Operator(done.assign_parameters(angles)).equiv(Operator(circuit.assign_parameters(angles)))


def test_an_option_leaves_out_what_is_not_measured():
    circuit = with_gate(TrainableAnsatz(4, catalogue.efficient_su2(reps=2)))
    config = HLSConfig(trainable_ansatz=[("default", {"observable": "ZIII"})])
    small = transpile(circuit, basis_gates=BASIS, hls_config=config, optimization_level=1)
    assert small.num_parameters == 9


@pytest.mark.parametrize("topology", list(TOPOLOGIES))
def test_it_emits_the_architectures_own_edges(topology):
    circuit = TrainableAnsatzSynthesis().run(TrainableAnsatz(6, Architecture((Layer(("ry",), "cz", topology),))))
    joined = [item.qubits for item in circuit.data if len(item.qubits) == 2]
    pairs = {frozenset(circuit.find_bit(q).index for q in qubits) for qubits in joined}
    assert pairs == {frozenset(e) for e in graph(topology, 6).edges}


@pytest.fixture(scope="module")
def torino():
    from qiskit_ibm_runtime.fake_provider import FakeTorino

    return FakeTorino()


@pytest.mark.parametrize("topology, n", [("line", 12), ("brickwork", 20), ("ring", 12), ("star", 4), ("heavy_hex", 21),
                                         ("tree", 4)])  # fmt: skip
def test_layout_needs_no_swaps_where_the_graph_embeds(torino, topology, n):
    device = nx.Graph(list(torino.coupling_map.get_edges()))
    matcher = nx.algorithms.isomorphism.GraphMatcher(device, graph(topology, n))
    assert matcher.subgraph_is_monomorphic()
    family = Architecture((Layer(("ry",), "cz", topology),))
    done = transpile(with_gate(TrainableAnsatz(n, family)), torino, optimization_level=3, seed_transpiler=1)
    check = PassManager([CheckMap(CouplingMap(torino.coupling_map.get_edges()))])
    check.run(done)
    assert check.property_set["is_swap_mapped"]
    assert done.count_ops()["cz"] == len(graph(topology, n).edges)


# ------------------------------------------------------------------ removal


def test_fifteen_of_twenty_four_parameters_go():
    """efficient_su2(4, reps=2) measured on qubit 3."""
    circuit = efficient_su2(4, reps=2)
    small, removal = remove_dead(circuit, "ZIII")
    assert len(removal.parameters) == 15 and small.num_parameters == 9
    assert removal.two_qubit_gates == (6, 3)
    assert removal.gates[1] < removal.gates[0] and removal.depth[1] < removal.depth[0]
    values = np.random.default_rng(0).uniform(-3, 3, 24)
    kept = {p: v for p, v in zip(circuit.parameters, values) if p in set(small.parameters)}
    operator = SparsePauliOp("ZIII")
    assert expectation(small, operator, kept) == pytest.approx(expectation(circuit, operator, values), abs=1e-12)


@st.composite
def measured(draw):
    """A circuit of every kind of gate, and an observable of one to three terms."""
    n = draw(st.integers(1, 4))
    circuit = QuantumCircuit(n)
    weights = ParameterVector("w", 4)
    one = ["h", "s", "t", "x", "sx", "rx", "ry", "rz", "p"]
    two = ["cx", "cz", "swap", "rzz", "rxx", "crz", "cp", "ecr", "iswap"]
    for _ in range(draw(st.integers(0, 14))):
        gate = draw(st.sampled_from(one + two if n > 1 else one))
        qubits = draw(st.permutations(range(n)))[: 2 if gate in two else 1]
        angles = []
        if gate in ("rx", "ry", "rz", "p", "rzz", "rxx", "crz", "cp"):
            weight = draw(st.sampled_from(list(weights)))
            angles = [draw(st.sampled_from([weight, weight, -weight, 2 * weight + 0.5, 0.7, 0.0]))]
        getattr(circuit, gate)(*angles, *qubits)
    labels = draw(st.lists(st.text("IXYZ", min_size=n, max_size=n), min_size=1, max_size=3, unique=True))
    coefficients = draw(st.lists(st.floats(-2, 2), min_size=len(labels), max_size=len(labels)))
    return circuit, SparsePauliOp(labels, coefficients), draw(st.integers(0, 2**31))


@settings(max_examples=300)
@given(measured())
def test_removal_keeps_the_expectation_value(case):
    circuit, observable, seed = case
    small, removal = remove_dead(circuit, observable)
    assert set(small.parameters) <= set(circuit.parameters)
    assert removal.gates == (circuit.size(), small.size())
    for values in np.random.default_rng(seed).uniform(-4, 4, (3, circuit.num_parameters)):
        bound = dict(zip(circuit.parameters, values))
        kept = {p: v for p, v in bound.items() if p in set(small.parameters)}
        assert expectation(small, observable, kept) == pytest.approx(expectation(circuit, observable, bound), abs=1e-10)


@given(measured())
def test_removal_done_twice_removes_nothing_more_than_once_over(case):
    circuit, observable, _ = case
    small, _ = remove_dead(circuit, observable)
    _, again = remove_dead(small, observable)
    assert again.parameters == ()


def test_an_evolution_is_the_formula_that_runs(recwarn):
    """The exact exponential leaves the input alone; its product formula does not."""
    circuit = QuantumCircuit(3)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XXI", "IXX", "YYI", "IYY"]), time=0.7), range(3))
    circuit.ry(Parameter("a"), 0)
    small, removal = remove_dead(circuit, "IIZ")
    assert removal.gates == (2, 2)
    assert expectation(small.decompose(), SparsePauliOp("IIZ"), [0.0]) < 0.9
    assert not [w for w in recwarn if "Sparse" in w.category.__name__]


def test_measurements_and_barriers_stay():
    circuit = efficient_su2(3, reps=1)
    circuit.barrier()
    circuit.measure_all()
    small, _ = remove_dead(circuit, "IIZ")
    assert small.count_ops()["measure"] == 3 and small.count_ops()["barrier"] == 2
    assert small.num_parameters < circuit.num_parameters


def test_data_parameters_may_be_multiplied():
    circuit = zz_feature_map(3).compose(real_amplitudes(3, reps=1, entanglement="linear"))
    small, removal = remove_dead(circuit, "IIZ", inputs="x")
    values = np.random.default_rng(0).uniform(-1, 1, circuit.num_parameters)
    bound = dict(zip(circuit.parameters, values))
    kept = {p: v for p, v in bound.items() if p in set(small.parameters)}
    operator = SparsePauliOp("IIZ")
    assert expectation(small, operator, kept) == pytest.approx(expectation(circuit, operator, bound), abs=1e-12)
    assert removal.parameters == ("θ[2]", "θ[4]", "θ[5]")


def test_it_sees_inside_an_ansatz():
    circuit = with_gate(TrainableAnsatz(4, catalogue.efficient_su2(reps=2)))
    small = PassManager([RemoveDeadParameters("ZIII")]).run(circuit)
    assert small.num_parameters == 9


def test_what_was_saved_is_told():
    circuit = efficient_su2(4, reps=2)
    circuit.metadata = {"qtrain.observable": "ZIII", "mine": 1}
    passes = PassManager([RemoveDeadParameters()])
    small = passes.run(circuit)
    removal = passes.property_set["removed"]
    assert small.metadata["mine"] == 1 and small.metadata["qtrain.removed"]["gates"] == removal.gates
    assert removal.gates == (30, small.size()) and 0 in removal.idle_qubits


def test_idle_qubits_are_named():
    circuit = QuantumCircuit(3)
    circuit.ry(Parameter("a"), 0)
    circuit.ry(Parameter("b"), 2)
    assert remove_dead(circuit, "IIZ")[1].idle_qubits == (1, 2)


@pytest.mark.parametrize("spoil", ["measure", "reset", "if"])
def test_what_cannot_be_read_passes_unchanged(spoil):
    circuit = QuantumCircuit(2, 1)
    circuit.ry(Parameter("a"), 0)
    circuit.ry(Parameter("b"), 1)
    if spoil == "measure":
        circuit.measure(0, 0)
        circuit.h(0)
    elif spoil == "reset":
        circuit.reset(0)
    else:
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.x(1)
    passes = PassManager([RemoveDeadParameters("IZ"), TrainabilityAnalysis("IZ")])
    assert passes.run(circuit) == circuit
    assert passes.property_set["qtrain_refusal"] and passes.property_set["trainability_report"] is None


def test_an_observable_of_the_wrong_width_is_an_error():
    with pytest.raises(QTrainError, match="observable"):
        PassManager([RemoveDeadParameters("ZZ")]).run(efficient_su2(4))


# ------------------------------------------------------------------ analysis and replacement


def test_the_report_is_in_the_property_set():
    circuit = with_gate(TrainableAnsatz(4, catalogue.efficient_su2(reps=2)))
    passes = PassManager([TrainabilityAnalysis("ZIII")])
    assert passes.run(circuit) == circuit
    report = passes.property_set["trainability_report"]
    assert report.fraction("dead") == 15 / 24 and report.num_parameters == 24
    silent = PassManager([TrainabilityAnalysis()])
    silent.run(circuit)
    assert silent.property_set["trainability_report"] is None


def test_a_barren_block_is_swapped():
    """The last layers of the block are dead for Z on one qubit, so not all of it is healthy."""
    data, n = ParameterVector("x", 4), 4
    circuit = QuantumCircuit(n, 1)
    for q in range(n):
        circuit.ry(data[q], q)
    circuit.append(efficient_su2(n, reps=6).to_gate(label="deep"), range(n))
    circuit.measure(0, 0)
    swap = ReplaceBarrenAnsatz(catalogue.hva_tfim(reps=1), observable="IIIZ", inputs="x", minimum_healthy=1.0)
    passes = PassManager([swap])
    done = passes.run(circuit)
    assert passes.property_set["replaced"] == (("deep", (0, 1, 2, 3)),)
    assert [item.operation.name for item in done.data] == ["ry"] * 4 + ["trainable_ansatz", "measure"]
    assert {p.name for p in done.parameters} == {"φ[0]", "φ[1]", "x[0]", "x[1]", "x[2]", "x[3]"}


def test_a_healthy_block_stays():
    circuit = with_gate(real_amplitudes(3, reps=1).to_gate())
    passes = PassManager([ReplaceBarrenAnsatz(catalogue.hva_tfim(), observable="ZZI + IZZ", minimum_healthy=0.5)])
    assert passes.run(circuit) == circuit and passes.property_set["replaced"] == ()


def test_without_blocks_all_after_the_data_is_one():
    circuit = zz_feature_map(3).compose(efficient_su2(3, reps=2))
    swap = ReplaceBarrenAnsatz(FAMILY, observable="IIZ", inputs="x", minimum_healthy=1.0, prefix="θ")
    done = PassManager([swap]).run(circuit)
    assert done.count_ops()["trainable_ansatz"] == 1
    assert sum(p.name.startswith("x[") for p in done.parameters) == 3
    assert sum(p.name.startswith("θ'[") for p in done.parameters) == 6  # θ was taken


def test_only_the_named_block_of_the_right_width():
    circuit = QuantumCircuit(4)
    for place, label in (((0, 1, 2), "a"), ((1, 2, 3), "b"), ((0, 1), "a")):
        block = efficient_su2(len(place), reps=1, parameter_prefix=f"{label}{len(place)}").to_gate(label=label)
        circuit.append(block, place)
    bound = Architecture(FAMILY.layers, num_qubits=3)
    swap = ReplaceBarrenAnsatz(bound, observable="ZIII", block="a", minimum_healthy=1.0)
    passes = PassManager([swap])
    done = passes.run(circuit)
    assert passes.property_set["replaced"] == (("a", (0, 1, 2)),)
    assert [item.operation.label for item in done.data][1:] == ["b", "a"]


def test_minimum_healthy_is_a_share():
    with pytest.raises(QTrainError, match=r"minimum_healthy should lie in \[0, 1\]. Got 2"):
        ReplaceBarrenAnsatz(FAMILY, minimum_healthy=2)


def test_builders_put_the_passes_before_the_preset():
    circuit = efficient_su2(4, reps=2)
    assert trainability_passes("ZIII").run(circuit).num_parameters == 9
    assert pass_manager(3, observable="ZIII", preset={"basis_gates": BASIS}).run(circuit).num_parameters == 9
    staged = pass_manager(1, observable="ZIII", replacement=catalogue.real_amplitudes(reps=1), analyse=True, minimum_healthy=1.0)
    assert staged.run(circuit).num_parameters == 3
    assert staged.property_set["trainability_report"].num_parameters == 3


# ------------------------------------------------------------------ the init stage

@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_the_init_stage_fits_a_device(level):
    circuit = efficient_su2(4, reps=2, entanglement="full")
    circuit.metadata = {"qtrain.observable": "ZIII"}
    coupling = CouplingMap.from_line(5)
    passes = generate_preset_pass_manager(level, coupling_map=coupling, basis_gates=BASIS, init_method="qtrain",
                                          seed_transpiler=0)  # fmt: skip
    done = passes.run(circuit)
    check = PassManager([CheckMap(coupling)])
    check.run(done)
    assert check.property_set["is_swap_mapped"]
    observable = SparsePauliOp("ZIII")
    values = dict(zip(circuit.parameters, np.random.default_rng(0).uniform(-3, 3, circuit.num_parameters)))
    kept = {p: v for p, v in values.items() if p in set(done.parameters)}
    expected = expectation(circuit, observable, values)
    assert expectation(done, observable.apply_layout(done.layout), kept) == pytest.approx(expected, abs=1e-10)


def test_the_init_stage_analyses_where_it_is_asked_to():
    circuit = efficient_su2(3, reps=1)
    for wanted in (True, False):
        circuit.metadata = {"qtrain.observable": "IIZ", "qtrain.analyse": wanted}
        passes = generate_preset_pass_manager(1, basis_gates=BASIS, init_method="qtrain")
        passes.run(circuit)
        assert (passes.property_set["trainability_report"] is not None) == wanted


def test_the_stage_is_light_to_load():
    """Every transpile of a process imports the stage plugins that are installed."""
    code = (
        "import sys, qtrain.qiskit_plugins.stage_plugins as p; p.QTrainInit()\n"
        "print([m for m in ('numba', 'mlflow', 'optuna', 'sklearn', 'matplotlib', 'qiskit_machine_learning') "
        "if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_stage_without_a_default_one():
    """At level 0 without a device Qiskit has no init stage; ours is there all the same."""

    class Config:
        initial_layout = coupling_map = target = None

    assert len(QTrainInit().pass_manager(Config(), 0).to_flow_controller().tasks) == 3
