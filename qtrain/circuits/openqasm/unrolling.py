"""OpenQASM 3 with its constants put in, its arrays of inputs as single inputs, its loops over constants unrolled."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Sequence
from typing import Any

from qtrain.circuits.openqasm.gates import DEFINITIONS, STANDARD

LARGEST_POWER = 8
MAX_STATEMENTS = 100_000  # a short loop can be long

INPUT = "_input_"  # in front of inputs that are called as gates are
GATES = STANDARD | DEFINITIONS.keys()
_FUNCTIONS = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan,
    "exp": math.exp, "log": math.log, "sqrt": math.sqrt,
}  # fmt: skip
_CONSTANTS = {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e}
_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "%": operator.mod, "/": operator.floordiv}


def written_out(statements: Sequence[Any], *, formulas: bool = False) -> list[Any]:
    """The statements of a program without ``const``, ``input array`` and ``for`` over constants.

    Args:
        formulas: there are functions or powers in the text, which become numbers and products.

    Raises:
        ValueError: an index outside its array, or more than a hundred thousand statements.

    Example:
        >>> import openqasm3
        >>> tree = openqasm3.parse("const int n = 2; for int i in [0:n] { x q[i]; }")
        >>> [type(node).__name__ for node in written_out(tree.statements)]
        ['QuantumGate', 'QuantumGate', 'QuantumGate']
    """
    return _Unroller(formulas).statements(statements, {})


class _Unroller:
    def __init__(self, formulas: bool) -> None:
        self.formulas, self.count = formulas, 0
        self.arrays: dict[str, int] = {}

    def statements(self, nodes: Sequence[Any], known: dict[str, Any]) -> list[Any]:
        from openqasm3 import ast

        found: list[Any] = []
        for node in nodes:
            self.count += 1
            if self.count > MAX_STATEMENTS:
                raise ValueError(f"loops unroll to more than {MAX_STATEMENTS} statements")
            if isinstance(node, (ast.Pragma, ast.CalibrationGrammarDeclaration, ast.CalibrationDefinition)):
                continue  # they say how to run a program, not what it is
            if isinstance(node, ast.IODeclaration) and node.identifier.name in GATES:
                # gates and variables share their names' scope in Qiskit's importer
                known[node.identifier.name] = ast.Identifier(INPUT + node.identifier.name)
                found.append(self.put(node, known))
            elif isinstance(node, ast.ConstantDeclaration):
                known[node.identifier.name] = self.put(node.init_expression, known)
            elif isinstance(node, ast.IODeclaration) and isinstance(node.type, ast.ArrayType):
                found += self.inputs(node, known)
            elif isinstance(node, ast.ForInLoop) and (values := self.range(node.set_declaration, known)) is not None:
                for value in values:
                    inner = dict(known) | {node.identifier.name: _literal(value)}
                    found += self.statements(node.block, inner)
            elif known or self.arrays or self.formulas:
                found.append(self.put(node, known))
            else:
                found.append(node)
        return found

    def inputs(self, node: Any, known: dict[str, Any]) -> list[Any]:
        """One scalar input for each element, named as Qiskit's exporter names a vector's."""
        from openqasm3 import ast

        sizes = [self.integer(self.put(size, known)) for size in node.type.dimensions]
        if len(sizes) != 1 or sizes[0] is None or not 0 < sizes[0] <= MAX_STATEMENTS:
            raise ValueError(f"array {node.identifier.name} should have one constant dimension")
        name = node.identifier.name
        self.arrays[name] = sizes[0]
        return [
            ast.IODeclaration(node.io_identifier, node.type.base_type, ast.Identifier(_element(name, k)))
            for k in range(sizes[0])
        ]

    def range(self, declared: Any, known: dict[str, Any]) -> Sequence[int] | None:
        """The values of a loop's variable; None where they are not constant."""
        from openqasm3 import ast

        if isinstance(declared, ast.DiscreteSet):
            values = [self.integer(self.put(value, known)) for value in declared.values]
            return None if None in values else [value for value in values if value is not None]
        if not isinstance(declared, ast.RangeDefinition):
            return None
        parts = (declared.start, declared.end, declared.step or ast.IntegerLiteral(1))
        start, end, step = (None if part is None else self.integer(self.put(part, known)) for part in parts)
        if start is None or end is None or not step:
            return None
        return range(start, end + (1 if step > 0 else -1), step)  # OpenQASM's ranges hold their ends

    def put(self, node: Any, known: dict[str, Any]) -> Any:
        """A copy with the constants in the place of their names."""
        from openqasm3 import ast

        if isinstance(node, list):
            return [self.put(item, known) for item in node]
        if isinstance(node, ast.QuantumGateDefinition):  # its arguments hide what has their names
            hidden = {argument.name for argument in (*node.arguments, *node.qubits)}
            inner = {name: value for name, value in known.items() if name not in hidden}
            node = copy.copy(node)
            node.body = self.statements(node.body, inner)
            return node
        if isinstance(node, ast.Identifier):
            return copy.deepcopy(known[node.name]) if node.name in known else node
        name = getattr(node.collection, "name", "") if isinstance(node, ast.IndexExpression) else ""
        if isinstance(node, ast.IndexExpression) and name in self.arrays:
            index = node.index if isinstance(node.index, list) else []
            place = self.integer(self.put(index[0], known)) if len(index) == 1 else None
            if place is None or not -self.arrays[name] <= place < self.arrays[name]:
                raise ValueError(f"array {name} should be used at constant places from 0 to {self.arrays[name] - 1}")
            return ast.Identifier(_element(name, place % self.arrays[name]))
        if not isinstance(node, ast.QASMNode):
            return node
        node = copy.copy(node)
        for field in node.__dataclass_fields__:
            if field not in ("span", "name", "type") or isinstance(node, ast.IndexedIdentifier):
                value = getattr(node, field)
                if field == "name":
                    continue
                setattr(node, field, self.put(value, known))
        if isinstance(node, ast.FunctionCall) and getattr(node.name, "name", "") in _FUNCTIONS:
            argument = _real(node.arguments[0]) if len(node.arguments) == 1 else None
            if argument is not None:
                return ast.FloatLiteral(_FUNCTIONS[node.name.name](argument))
        if isinstance(node, ast.BinaryExpression) and node.op.name == "**":
            return self.power(node)
        if isinstance(node, (ast.BinaryExpression, ast.UnaryExpression)):
            value = self.integer(node)
            if value is not None and "/" not in str(getattr(node.op, "name", "")):  # 1/2 is no whole number
                return _literal(value)
        return node

    def power(self, node: Any) -> Any:
        """A number, or a product where the exponent is a small whole number."""
        from openqasm3 import ast

        base, exponent, times = _real(node.lhs), _real(node.rhs), self.integer(node.rhs)
        if base is not None and exponent is not None:
            return ast.FloatLiteral(float(base**exponent))
        if times is None or not 1 <= times <= LARGEST_POWER:
            return node
        product = node.lhs
        for _ in range(times - 1):
            product = ast.BinaryExpression(ast.BinaryOperator["*"], product, node.lhs)
        return product

    def integer(self, node: Any) -> int | None:
        """The whole number that an expression of constants is; None for anything else."""
        from openqasm3 import ast

        if isinstance(node, ast.IntegerLiteral):
            return int(node.value)
        if isinstance(node, ast.UnaryExpression) and node.op.name == "-":
            inner = self.integer(node.expression)
            return None if inner is None else -inner
        if isinstance(node, ast.BinaryExpression) and node.op.name in _OPERATORS:
            left, right = self.integer(node.lhs), self.integer(node.rhs)
            if left is None or right is None or (node.op.name in "/%" and right == 0):
                return None
            return int(_OPERATORS[node.op.name](left, right))
        return None


def _real(node: Any) -> float | None:
    """The number that an expression of constants is; None for anything else."""
    from openqasm3 import ast

    if isinstance(node, (ast.IntegerLiteral, ast.FloatLiteral)):
        return float(node.value)
    if isinstance(node, ast.Identifier):
        return _CONSTANTS.get(node.name)
    if isinstance(node, ast.UnaryExpression) and node.op.name == "-":
        inner = _real(node.expression)
        return None if inner is None else -inner
    if isinstance(node, ast.BinaryExpression) and node.op.name in _ARITHMETIC:
        left, right = _real(node.lhs), _real(node.rhs)
        return None if left is None or right is None else float(_ARITHMETIC[node.op.name](left, right))
    return None


def _literal(value: int) -> Any:
    from openqasm3 import ast

    if value >= 0:
        return ast.IntegerLiteral(value)
    return ast.UnaryExpression(ast.UnaryOperator["-"], ast.IntegerLiteral(-value))


def _element(name: str, place: int) -> str:
    return f"_{name}_{place}_"
