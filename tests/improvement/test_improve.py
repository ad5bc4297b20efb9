"""Each row of the table is what a diagnosis of its model says, and is what it calls itself."""

from __future__ import annotations

from dataclasses import replace

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, excitation_preserving, real_amplitudes, zz_feature_map
from qiskit.quantum_info import Statevector
from random_circuits import random_circuit, random_observable

import qtrain
from qtrain.architecture.catalogue import hva_tfim
from qtrain.extensions import Table
from qtrain.improvement.table import EDITS, Candidate, Edit, register_edit
from qtrain.registry.registry import RegistryEntry, register

ENOUGH = qtrain.Budget(seconds=3600, max_samples=50_000)  # seconds are never met: no figure depends on the machine


@pytest.fixture(scope="module", autouse=True)
def no_clock():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qtrain.improvement.improve.EACH", ENOUGH.seconds)
        yield


@pytest.fixture(scope="module")
def flagship(no_clock):
    """The circuit of which every user asks: hardware-efficient, 16 qubits, a global observable."""
    return qtrain.improve(efficient_su2(16, reps=3), "parity", budget=ENOUGH)


@pytest.fixture
def gradients_alone(monkeypatch):
    """No trends, ranks, certificates: they are looked at where the tests are about them."""
    monkeypatch.setattr("qtrain.improvement.improve.DETAILS", ())


def named(found, *names):
    """The row of these edits."""
    return next(row for row in found.tried if row.names == names)


def agrees(found, k):
    """A row says what a diagnosis of its model says; by intervals where gradients are sampled."""
    row = found.row(k)
    circuit, observable, initialization = found.apply(k)
    report = qtrain.diagnose(circuit, observable, initialization=initialization, budget=ENOUGH)
    live = [v.variance for v in report.verdicts if not v.cause.startswith("dead")]
    assert (row.parameters, row.two_qubit_depth) == (report.num_parameters, report.two_qubit_depth)
    if row.exact and report.gradients.exact[~report.gradients.proven_zero].all():
        assert row.trains == round(report.fraction("healthy") * report.num_parameters)
        if live and np.median(live) > 0:
            assert row.median_variance == pytest.approx(np.median(live) / (report.threshold * report.shots))
    else:
        surely = sum(v.lower >= report.threshold for v in report.verdicts)
        perhaps = sum(not v.upper < report.threshold for v in report.verdicts)
        slack = 2 + len(report.verdicts) // 10  # both are samples: one interval in twenty is wrong
        assert surely - slack <= row.trains <= perhaps + slack


def test_the_answer_for_a_hardware_efficient_circuit(flagship):
    assert flagship.complete
    assert flagship.before.trains == 0 and flagship.before.law == "exponential"
    assert named(flagship, "local observable: local sum").trains == 103
    assert named(flagship, "start near zero: gaussian narrow").trains == 23
    both = named(flagship, "entanglement: linear", "local observable: local sum")
    assert (both.trains, both.parameters, both.law) == (112, 128, "flat")
    assert both in flagship.tried[:3]
    circuit, observable, _ = flagship.apply(flagship.tried.index(both) + 1)
    assert len(circuit.data) == len(efficient_su2(16, reps=3, entanglement="linear").data)
    assert sorted(observable.paulis.to_labels()) == sorted("I" * q + "Z" + "I" * (15 - q) for q in range(16))
    tied = named(flagship, "tied angles: tied")
    assert tied.parameters == 8 and tied.circuit.num_parameters == 8


def test_its_rows_say_what_diagnoses_say(flagship):
    for k in (0, 1, 2, 3, 4, len(flagship.tried) // 2, len(flagship.tried)):
        agrees(flagship, k)


def test_rows_are_ranked_and_none_is_there_twice(flagship):
    trains = [round(10 * row.trains / 112) for row in flagship.tried]
    assert trains == sorted(trains, reverse=True)
    models = {(str(row.circuit.data), str(sorted(row.observable.to_list())), row.initialization) for row in flagship.tried}
    assert len(models) == len(flagship.tried)


@hypothesis.settings(max_examples=4, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(seed=st.integers(0, 2**31))
def test_rows_of_random_circuits_say_what_diagnoses_say(gradients_alone, seed):
    circuit, observable = random_circuit(seed, n=4, rotations=6), random_observable(seed, n=4, terms=2)
    found = qtrain.improve(circuit, observable, budget=ENOUGH)
    measured = [k for k in range(len(found.tried) + 1) if not (k and found.tried[k - 1].failed)]
    for k in np.random.default_rng(seed).choice(measured, min(4, len(measured)), replace=False):
        agrees(found, int(k))


def value(circuit, observable, angles):
    bound = circuit.assign_parameters({p: angles[p.name] for p in circuit.parameters})
    return float(np.real(Statevector(bound).expectation_value(observable)))


@hypothesis.settings(max_examples=8, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(seed=st.integers(0, 2**31))
def test_what_keeps_the_function_keeps_it(gradients_alone, seed):
    circuit, observable = random_circuit(seed, n=4, rotations=8), random_observable(seed, n=4, terms=1)
    found = qtrain.improve(circuit, observable, keep="function", budget=ENOUGH)
    rng = np.random.default_rng(seed)
    angles = {p.name: rng.uniform(-np.pi, np.pi) for p in circuit.parameters}
    for row in found.tried:
        assert row.keeps_function
        if not row.failed:
            assert value(row.circuit, row.observable, angles) == pytest.approx(value(circuit, observable, angles))


def test_couplers_that_commute_keep_the_function_in_any_order(gradients_alone):
    gamma, beta, circuit = Parameter("gamma"), Parameter("beta"), QuantumCircuit(4)
    circuit.h(range(4))
    for a, b in [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)]:
        circuit.rzz(gamma, a, b)
    circuit.rx(beta, range(4))
    found = qtrain.improve(circuit, "Z0 Z2", keep="function", budget=ENOUGH)
    angles = {"gamma": 0.3, "beta": 1.1}
    rows = [row for row in found.tried if "entanglement" in row.changes]
    assert rows and min(row.two_qubit_depth for row in rows) < found.before.two_qubit_depth
    for row in rows:
        assert value(row.circuit, row.observable, angles) == pytest.approx(value(circuit, row.observable, angles))


def couplings(circuit):
    """In the order in which they first come."""
    places = [tuple(circuit.find_bit(q).index for q in item.qubits) for item in circuit.data]
    return list(dict.fromkeys(place for place in places if len(place) == 2))


def test_small_budgets_end_proposing_and_leave_a_row(gradients_alone, monkeypatch):
    """Edits are measured as they are proposed, the costly last; each proposes once for the circuit as it is."""
    order = []

    def proposing(row):
        def propose(model):
            order.append((row.name, model))
            yield from row.propose(model)

        return replace(row, propose=propose)

    table = Table("edit")
    for name, row in EDITS.items():
        table.add(name, proposing(row))
    monkeypatch.setattr("qtrain.improvement.improve.EDITS", table)
    circuit = efficient_su2(4, reps=2)
    found = qtrain.improve(circuit, "ZZZZ", budget=ENOUGH)
    first = [name for name, model in order if model is order[0][1]]
    assert len(first) == len(set(first)) == len(EDITS) and first[-2:] == ["registered winner", "clifford point"]
    order.clear()
    clock = iter(range(10**6))
    monkeypatch.setattr("qtrain.improvement.improve.clock", lambda: next(clock))  # each look at it costs a second
    short = qtrain.improve(circuit, "ZZZZ", budget=qtrain.Budget(seconds=1, max_samples=1000))
    assert len(short.tried) == 1 < len(found.tried) and not short.complete
    assert [name for name, _ in order] == ["entanglement"]


@pytest.mark.parametrize("keep", ["observable", "start", "circuit", "depth", "parameters", "entanglement"])
def test_what_is_kept_stays(gradients_alone, keep):
    circuit = efficient_su2(4, reps=2)
    found = qtrain.improve(circuit, "ZZZZ", keep=[keep], budget=ENOUGH)
    before = found.before
    assert found.tried and found.kept == (keep,)
    same = {
        "observable": lambda row: row.observable == before.observable,
        "start": lambda row: row.initialization == "uniform",
        "circuit": lambda row: row.circuit == circuit,
        "depth": lambda row: row.two_qubit_depth == before.two_qubit_depth,
        "parameters": lambda row: row.parameters == before.parameters,
        "entanglement": lambda row: couplings(row.circuit) == couplings(circuit),
    }[keep]
    assert all(same(row) for row in found.tried if not row.failed)


def test_what_fails_is_a_row_or_a_note_with_its_reason(gradients_alone):
    def breaks(model):
        raise qtrain.QTrainError("nothing should go wrong. Got this.")

    def unreadable(model):
        circuit = QuantumCircuit(model.num_qubits, 1)
        circuit.compose(model.circuit, inplace=True)
        circuit.measure(0, 0)
        circuit.x(0)
        yield Candidate("measured", "measure in between", model.but(circuit=circuit))

    register_edit(Edit("breaks", ("circuit",), breaks))
    register_edit(Edit("unreadable", ("circuit",), unreadable))
    try:
        found = qtrain.improve(real_amplitudes(3, reps=1), "ZZZ", budget=ENOUGH)
    finally:
        EDITS.remove("breaks")
        EDITS.remove("unreadable")
    assert any("nothing should go wrong" in note for note in found.notes)
    row = named(found, "unreadable: measured")
    assert row.failed and found.tried[-1].failed and not found.tried[0].failed
    with pytest.raises(qtrain.QTrainError, match="which failed"):
        found.apply(found.tried.index(row) + 1)


def test_a_small_budget_cuts_the_table_and_says_so():
    found = qtrain.improve(efficient_su2(10, reps=3), "parity", budget=qtrain.Budget(seconds=0.2))
    assert not found.complete and any("budget had ended" in note for note in found.notes)


def test_a_registered_winner_of_the_width_is_tried_and_others_are_not(gradients_alone):
    register(RegistryEntry("mine", hva_tfim(reps=2), 4))
    register(RegistryEntry("wider", hva_tfim(reps=2), 6))
    found = qtrain.improve(real_amplitudes(4, reps=1), "ZZII", keep=["observable", "start"], budget=ENOUGH)
    assert {name for row in found.tried for name in row.names if "winner" in name} == {"registered winner: mine"}
    assert named(found, "registered winner: mine").parameters == 4


def wires(circuit):
    """What happens on each qubit, in turn."""
    found = [[] for _ in circuit.qubits]
    for item in circuit.data:
        places = tuple(circuit.find_bit(q).index for q in item.qubits)
        for q in places:
            found[q].append((item.name, places))
    return found


def test_inputs_are_no_parameters_and_data_stay_as_they_are(gradients_alone):
    feature_map = zz_feature_map(3, reps=1)
    circuit = feature_map.compose(real_amplitudes(3, reps=2))
    found = qtrain.improve(circuit, "ZZZ", inputs="x", data=np.full((2, 3), 0.3), budget=ENOUGH)
    assert found.before.parameters == 9
    for row in found.tried:
        assert all(own[: len(data)] == data for own, data in zip(wires(row.circuit), wires(feature_map)))


def test_noise_is_that_of_every_row():
    found = qtrain.improve(efficient_su2(3, reps=1), "ZZZ", noise=0.01, keep=["start", "circuit"], budget=ENOUGH)
    assert all(0 < row.noise_survival < 1 for row in (found.before, *found.tried))
    assert named(found, "local observable: local sum").noise_survival > found.before.noise_survival


def test_circuits_that_leave_their_input_alone_have_a_table(gradients_alone):
    found = qtrain.improve(excitation_preserving(4, reps=1, entanglement="linear"), "ZZII", budget=ENOUGH)
    assert found.before.trains == 0  # from no excitation nothing moves
    assert not any(row.failed for row in found.tried)


@pytest.mark.parametrize("options, words", [
    ({"keep": "depht"}, "keep should be among"), ({"keep": 3}, "keep should be words"), ({"shots": 0}, "shots"),
    ({"initialization": "narrow"}, "initialization"),
])  # fmt: skip
def test_wrong_options_are_one_sentence(options, words):
    with pytest.raises(qtrain.QTrainError, match=words):
        qtrain.improve(real_amplitudes(2), "ZZ", **options)


def test_rows_are_counted_from_one(gradients_alone):
    circuit = real_amplitudes(2, reps=1)
    found = qtrain.improve(circuit, "ZZ", keep="circuit", budget=ENOUGH)
    for k in (-1, len(found.tried) + 1, True, "1"):
        with pytest.raises(qtrain.QTrainError, match="k should be a row"):
            found.apply(k)
    assert found.apply(0)[0] == circuit


def test_the_table_round_trips(flagship):
    found = qtrain.Improvements.from_json(flagship.to_json())
    assert found.to_json() == flagship.to_json() and repr(found) == repr(flagship)
    for k in (0, 1, len(flagship.tried)):
        mine, theirs = found.apply(k), flagship.apply(k)
        assert mine[0] == theirs[0] and mine[1].equiv(theirs[1]) and mine[2] == theirs[2]
