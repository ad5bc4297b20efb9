"""OpenQASM 3 text → circuit, with the order of parameters that the file means.

Some things are put right around Qiskit's importer. It hands a gate's arguments to the definition in alphabetical
order, whatever their order in the file (``gate g(theta, phi) …``). Qiskit's exporter writes the element ``θ[10]``
of a vector as ``_θ_10_``, which sorts before ``_θ_2_``; such names become elements of a vector again. Constants, arrays
of inputs and loops over constants are written out (:mod:`.unrolling`), and gates that tools take for granted get
their definitions (:mod:`.gates`).
"""

from __future__ import annotations

import re
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

from qtrain.circuits.openqasm.expansion import check_expansion, count_version_3
from qtrain.circuits.openqasm.gates import STANDARD, missing
from qtrain.circuits.openqasm.unrolling import INPUT, written_out

_FORMULA = re.compile(r"\*\*|\b(?:arc)?(?:sin|cos|tan)\s*\(|\b(?:exp|log|sqrt)\s*\(")
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

    try:
        tree = openqasm3.parse(text)
        tree.statements = written_out(tree.statements, formulas=bool(_FORMULA.search(text)))
    except RecursionError:
        raise ValueError("its expressions or blocks are nested too deep") from None
    check_expansion(*count_version_3(tree.statements))
    _complete(tree)
    for number, statement in enumerate(tree.statements):
        if isinstance(statement, openqasm3.ast.QuantumGateDefinition):
            _number_arguments(statement, number)
    circuit: QuantumCircuit = qiskit_qasm3_import.convert(tree)
    return _with_vectors(circuit)


def _complete(tree: Any) -> None:
    """Definitions in front of gates that the file uses without them; what it includes or defines stays."""
    import openqasm3
    from openqasm3 import ast

    used: set[str] = set()
    own = {node.name.name for node in tree.statements if isinstance(node, ast.QuantumGateDefinition)}
    standard = any(isinstance(node, ast.Include) and node.filename == "stdgates.inc" for node in tree.statements)

    def look(statements: Any) -> None:
        for node in statements:
            if isinstance(node, ast.QuantumGate):
                used.add(node.name.name)
            for inner in ("body", "block", "if_block", "else_block"):
                found = getattr(node, inner, None)
                look(found if isinstance(found, list) else getattr(found, "statements", ()))

    look(tree.statements)
    unknown = used - own - {"U"} - (STANDARD if standard else set())
    texts = missing(unknown)
    front = ['include "stdgates.inc";'] if not standard and not own & STANDARD and (texts or unknown & STANDARD) else []
    added = openqasm3.parse("OPENQASM 3.0;\n" + "\n".join(front + texts)).statements
    place = 1 + max((k for k, node in enumerate(tree.statements) if isinstance(node, ast.Include)), default=-1)
    tree.statements[place:place] = added


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
    renamed: dict[Any, Any] = {}
    for parameter in circuit.parameters:
        if parameter.name.startswith(INPUT):
            renamed[parameter] = Parameter(parameter.name.removeprefix(INPUT))
            continue
        match = _ELEMENT.fullmatch(parameter.name)
        if match and str(int(match[2])) == match[2]:
            found.setdefault(match[1], {})[int(match[2])] = parameter
        else:
            others.add(parameter.name)
    for base, elements in found.items():
        if base not in others:
            vector = ParameterVector(base, max(elements) + 1)
            renamed.update({old: vector[k] for k, old in elements.items()})
    return circuit.assign_parameters(renamed) if renamed else circuit
