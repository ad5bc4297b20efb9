"""Drawings of circuits: every gate where it is, in columns that keep the order in time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import EfficientSU2, PauliEvolutionGate, efficient_su2
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.drawing.gates import MOST, Drawing, drawing


@st.composite
def circuits(draw):
    size = draw(st.integers(1, 6))
    circuit, angles = QuantumCircuit(size), ParameterVector("t", 30)
    for k in range(draw(st.integers(0, 30))):
        kind = draw(st.sampled_from(["ry", "rzz", "cx", "barrier", "ccx"]))
        order = draw(st.permutations(range(size)))
        if kind == "ry":
            circuit.ry(angles[k], order[0])
        elif kind == "rzz" and size > 1:
            circuit.rzz(2 * angles[k], *order[:2])
        elif kind == "cx" and size > 1:
            circuit.cx(*order[:2])
        elif kind == "ccx" and size > 2:
            circuit.ccx(*order[:3])
        elif kind == "barrier":
            circuit.barrier(*order[: draw(st.integers(1, size))])
    return circuit


@given(circuits())
def test_gates_are_the_circuits_and_never_overlap(circuit):
    found = drawing(circuit)
    names = [p.name for p in circuit.parameters]
    for gate, item in zip(found.gates, circuit.data, strict=True):
        assert gate.name == item.operation.name
        assert gate.qubits == tuple(circuit.find_bit(q).index for q in item.qubits)
        assert [names[k] for k in gate.parameters] == sorted({p.name for v in item.operation.params for p in v.parameters})
    taken, last = {}, [-1] * circuit.num_qubits
    for gate, column in zip(found.gates, found.columns(), strict=True):
        if gate.name == "barrier":
            continue
        for q in range(min(gate.qubits), max(gate.qubits) + 1):
            assert taken.setdefault((q, column), gate) is gate
            assert column > last[q], "later gates stand further right"
            last[q] = column
    assert Drawing.from_json(found.to_json()) == found


def test_blocks_with_parameters_are_opened_and_others_stay_one_gate():
    circuit = QuantumCircuit(3)
    circuit.append(EfficientSU2(3, reps=1), [2, 1, 0])
    fixed = QuantumCircuit(2, name="fixed")
    fixed.h(0)
    circuit.append(fixed.to_gate(), [0, 1])
    circuit.append(PauliEvolutionGate(SparsePauliOp("ZZ"), Parameter("time")), [1, 2])
    found = drawing(circuit)
    assert [g.name for g in found.gates].count("ry") == 6 and found.gates[0].qubits == (2,)
    assert [g.name for g in found.gates[-2:]] == ["fixed", "PauliEvolution"]
    assert {g.index for g in found.gates} == {0, 1, 2}


def test_parameters_without_a_verdict_are_text_alone():
    circuit = efficient_su2(2, reps=0)
    x = Parameter("x")
    circuit.rz(x * 2, 0)
    circuit.rz(0.5, 0)
    names = [p.name for p in circuit.parameters if p.name != "x"]
    assert [(g.parameters, g.text) for g in drawing(circuit, names).gates[-2:]] == [((), "2*x"), ((), "0.5")]


def test_no_more_gates_are_kept_than_can_be_drawn():
    circuit = QuantumCircuit(1)
    for _ in range(MOST + 2):
        circuit.x(0)
    found = drawing(circuit)
    assert len(found.gates) == MOST and not found.complete


@pytest.mark.parametrize("change", [
    {"gates": [["x", [5], [], "", 0]]}, {"gates": [["x", [0], [-1], "", 0]]}, {"gates": [["x", [0]]]}, {"gates": 3},
])  # fmt: skip
def test_damaged_rows_are_refused(change):
    plain = json.loads(drawing(efficient_su2(2)).to_json()) | change
    plain.pop("digest")  # which would tell first
    with pytest.raises(ValueError, match="damaged"):
        Drawing.from_json(json.dumps(plain))
