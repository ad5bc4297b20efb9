"""Whether two circuits are equal gate for gate, the order of gates that commute and parameters' names aside."""

from __future__ import annotations

from qiskit import QuantumCircuit

from qtrain.circuits.program import lower
from qtrain.diagnosis.families.canonical import normal_form


def same(one: QuantumCircuit, other: QuantumCircuit) -> bool:
    forms = [normal_form(lower(circuit), commuting=True) for circuit in (one, other)]
    return forms[0] == forms[1]
