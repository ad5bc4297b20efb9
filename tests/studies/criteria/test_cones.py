"""Cones of terms against a walk through the circuit's instructions."""

from __future__ import annotations

import pytest
from random_circuits import random_circuit, random_observable

from qtrain.circuits.program import lower
from qtrain.light_cones.light_cone import light_cone, term_cones
from qtrain.studies.criteria.cones import cones


def slow(circuit, label):
    """(qubits, layers) of the structural cone, instruction by instruction, backwards."""
    number = {bit: i for i, bit in enumerate(circuit.qubits)}
    seen = {q for q, letter in enumerate(reversed(label)) if letter != "I"}
    kept = []
    for item in reversed(circuit.data):
        qubits = {number[q] for q in item.qubits}
        if qubits & seen:
            seen |= qubits
            kept.append(qubits)
    level = dict.fromkeys(range(circuit.num_qubits), 0)
    for qubits in reversed(kept):
        top = 1 + max(level[q] for q in qubits)
        level.update(dict.fromkeys(qubits, top))
    return len(seen), max(level.values())


@pytest.mark.parametrize("seed", range(25))
def test_cones_of_terms_are_those_of_the_walk(seed):
    circuit, observable = random_circuit(seed, n=5, rotations=6, gates=12), random_observable(seed, n=5)
    program = lower(circuit)
    widths, depths = term_cones(program, observable)
    expected = [slow(circuit, label) for label in observable.paulis.to_labels()]
    assert list(zip(widths.tolist(), depths.tolist())) == expected
    width, depth = cones(program, [observable])
    assert (width.value, depth.value) == (max(w for w, _ in expected), max(d for _, d in expected))
    assert width.value <= light_cone(program, observable).width and not width.is_bound
