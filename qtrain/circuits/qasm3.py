"""OpenQASM 3 text → circuit, with the order of parameters that the file means.

Two things are put right around Qiskit's importer. It hands a gate's arguments to the definition in alphabetical
order, whatever their order in the file (``gate g(theta, phi) …``). And Qiskit's exporter writes the element ``θ[10]``
of a vector as ``_θ_10_``, which sorts before ``_θ_2_``; such names become elements of a vector again.
"""

from __future__ import annotations

import re
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

_ELEMENT = re.compile(r"_(.+)_(\d{1,6})_")


def parse(text: str) -> QuantumCircuit:
    """The circuit of an OpenQASM 3 program; the parser's and the importer's own errors pass through.

    Example:
        >>> parse('OPENQASM 3.0; include "stdgates.inc"; input float[64] _w_10_; input float[64] _w_2_; qubit q;'
        ...       "rx(_w_10_) q; rz(_w_2_) q;").parameters
        ParameterView([ParameterVectorElement(w[2]), ParameterVectorElement(w[10])])
    """
    import openqasm3
    import qiskit_qasm3_import

    tree = openqasm3.parse(text)
    for number, statement in enumerate(tree.statements):
        if isinstance(statement, openqasm3.ast.QuantumGateDefinition):
            _number_arguments(statement, number)
    circuit: QuantumCircuit = qiskit_qasm3_import.convert(tree)
    return _with_vectors(circuit)


def _number_arguments(definition: Any, number: int) -> None:
    """Names that sort as they stand, of this gate alone: a gate's arguments reach the gates in its body."""
    from openqasm3.visitor import QASMVisitor

    names = {argument.name: f"_gate_{number}_argument_{k:06d}" for k, argument in enumerate(definition.arguments)}

    class Renaming(QASMVisitor[None]):
        def visit_QuantumGate(self, node: Any) -> None:
            for part in (*node.arguments, *node.modifiers):
                self.visit(part)

        def visit_Identifier(self, node: Any) -> None:
            node.name = names.get(node.name, node.name)

    for argument in definition.arguments:
        argument.name = names[argument.name]
    for statement in definition.body:
        Renaming().visit(statement)


def _with_vectors(circuit: QuantumCircuit) -> QuantumCircuit:
    found: dict[str, dict[int, Any]] = {}
    others = set()
    for parameter in circuit.parameters:
        match = _ELEMENT.fullmatch(parameter.name)
        if match and str(int(match[2])) == match[2]:
            found.setdefault(match[1], {})[int(match[2])] = parameter
        else:
            others.add(parameter.name)
    renamed = {}
    for base, elements in found.items():
        if base not in others:
            vector = ParameterVector(base, max(elements) + 1)
            renamed.update({old: vector[k] for k, old in elements.items()})
    return circuit.assign_parameters(renamed) if renamed else circuit
