"""Edited circuits are those of Qiskit's library with the other option; what is no layer stays."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, n_local, real_amplitudes
from qiskit.quantum_info import SparsePauliOp

from qtrain.improvement.entanglers import drop_entanglers, entanglement, fewer_repetitions
from qtrain.improvement.table import Model


def model(circuit):
    return Model(circuit, SparsePauliOp("Z" * circuit.num_qubits))


def proposed(edit, circuit):
    return {candidate.name: candidate.model.circuit for candidate in edit(model(circuit))}


def wires(circuit):
    """Gates on each qubit in turn, parameters by where they first come."""
    names, found = {}, [[] for _ in circuit.qubits]
    for item in circuit.data:
        places = tuple(circuit.find_bit(q).index for q in item.qubits)
        for q in places:
            found[q].append((item.name, places, [names.setdefault((q, str(p)), len(found[q])) for p in item.params]))
    return found


@pytest.mark.parametrize("pattern", ["reverse_linear", "linear", "pairwise", "circular", "full"])
def test_another_entanglement_is_the_librarys(pattern):
    made = proposed(entanglement, efficient_su2(6, reps=3, entanglement=pattern))
    assert {"linear", "reverse_linear", "pairwise"} - {pattern} <= set(made) | {pattern}
    assert pattern not in made
    for name in {"linear", "reverse_linear", "pairwise"} & set(made):
        assert wires(made[name]) == wires(efficient_su2(6, reps=3, entanglement=name))


@pytest.mark.parametrize("reps, left", [(4, {1: 3, 2: 2, 3: 1}), (2, {1: 1}), (1, {})])
def test_fewer_repetitions_are_the_librarys(reps, left):
    made = proposed(fewer_repetitions, real_amplitudes(4, reps=reps))
    assert {int(name): circuit.num_parameters // 4 - 1 for name, circuit in made.items()} == left
    for circuit in made.values():
        assert wires(circuit) == wires(real_amplitudes(4, reps=circuit.num_parameters // 4 - 1))


def test_entanglers_are_dropped_behind():
    circuit = real_amplitudes(4, reps=3, entanglement="linear")
    made = proposed(drop_entanglers, circuit)
    assert {name: one.count_ops()["cx"] for name, one in made.items()} == {"last": 6, "all but the first": 3}
    assert all(one.num_parameters == circuit.num_parameters for one in made.values())


def test_no_coupling_is_added():
    star = QuantumCircuit(5)
    for _ in range(2):
        for q in range(5):
            star.ry(Parameter(f"t{len(star.data)}"), q)
        for q in range(1, 5):
            star.cx(0, q)
    for circuit in proposed(entanglement, star).values():
        assert {circuit.find_bit(item.qubits[0]).index for item in circuit.data if len(item.qubits) == 2} == {0}


def gadgets():
    """Exponentials of Pauli strings, as chemistry writes them."""
    circuit = QuantumCircuit(4)
    for k, places in enumerate([(0, 1, 2, 3), (0, 2, 3), (1, 2)]):
        chain = list(zip(places, places[1:]))
        for pair in chain:
            circuit.cx(*pair)
        circuit.rz(Parameter(f"t{k}"), places[-1])
        for pair in reversed(chain):
            circuit.cx(*pair)
        circuit.h(range(4))
    return circuit


def test_couplers_inside_larger_gates_are_left_alone():
    assert not proposed(entanglement, gadgets()) and not proposed(drop_entanglers, gadgets())


def test_angles_of_couplers_stay_with_their_coupling():
    circuit = n_local(4, "ry", "rzz", entanglement="full", reps=2)
    made = proposed(entanglement, circuit)["linear"]
    before = {tuple(item.qubits): item.params for item in circuit.data if item.name == "rzz"}
    kept = [item for item in made.data if item.name == "rzz"]
    assert len(kept) == 6 and all(str(item.params[0]) in {str(p) for p in circuit.parameters} for item in kept)
    assert {tuple(circuit.find_bit(q).index for q in item.qubits) for item in kept} == {(0, 1), (1, 2), (2, 3)}
    assert kept[-1].params == before[tuple(kept[-1].qubits)]
