"""Observables of edits, and their texts."""

from __future__ import annotations

import hypothesis
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import qaoa_ansatz, real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_observable

from qtrain.circuits.observables import as_observable
from qtrain.diagnosis.diagnose import diagnose
from qtrain.improvement.observables import busy_qubits, full_text, local_sums, pair_sums, seeing
from qtrain.improvement.table import Model


@hypothesis.given(st.integers(0, 2**31), st.integers(1, 6))
def test_texts_are_read_back(seed, n):
    observable = random_observable(seed, n=n)
    assert as_observable(full_text(observable), n) == as_observable(observable)


def test_long_ones_have_short_texts():
    every = SparsePauliOp.from_sparse_list([("Z", [q], 1.0) for q in range(30)], 30)
    assert (full_text(every), full_text(SparsePauliOp("Z" * 30))) == ("sum Z", "parity")


def made(edit, circuit, observable):
    operator = as_observable(observable, circuit.num_qubits)
    return {c.name: sorted(c.model.observable.to_list()) for c in edit(Model(circuit, operator))}


def test_products_become_sums_of_their_letters():
    found = made(local_sums, real_amplitudes(3, reps=1), "XZI + 0.5*IZI")
    assert found["local sum"] == [("IZI", 1), ("XII", 1)]
    assert "local sum" not in made(local_sums, real_amplitudes(3, reps=1), "ZII + IXI")


def test_idle_qubits_are_not_measured():
    circuit = QuantumCircuit(5)
    circuit.ry(Parameter("a"), 1)
    circuit.cx(1, 2)
    circuit.h(4)
    assert busy_qubits(Model(circuit, SparsePauliOp("ZZZZZ"))) == [1, 2]
    assert made(local_sums, circuit, "ZZZZZ")["sum of Z"] == [("IIIZI", 1), ("IIZII", 1)][::-1][::-1]


def test_the_fewest_qubits_that_see_everything():
    circuit = QuantumCircuit(4)
    for q in range(4):
        circuit.ry(Parameter(f"t{q}"), q)
    circuit.cx(0, 1)
    circuit.cx(2, 3)
    found = made(seeing, circuit, "Z0")
    assert found["seeing qubits"] == [("IIZI", 1), ("ZIII", 1)]
    assert found["seeing qubit"] in ([("IIZI", 1)], [("ZIII", 1)])


def test_what_a_symmetry_hides_from_single_qubits_is_looked_for_in_pairs():
    """The parity of all X stays: every single Z has mean zero at all angles, products of two have not."""
    pairs = SparsePauliOp.from_sparse_list([("ZZ", [q, q + 1], 1.0) for q in range(3)], 4)
    circuit = qaoa_ansatz(pairs, reps=1)
    (terms,) = made(pair_sums, circuit, "sum Z").values()
    assert sorted(terms) == sorted((label, 1) for label in pairs.paulis.to_labels())
    assert diagnose(circuit, "sum Z").summary.endswith("measure something else, or start from another state.")
    assert diagnose(circuit, SparsePauliOp.from_list(terms)).fraction("healthy") == 1
    assert not made(pair_sums, circuit, pairs) and not made(pair_sums, real_amplitudes(4, reps=1), "sum Z")
