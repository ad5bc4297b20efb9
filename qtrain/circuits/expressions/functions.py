"""Many expressions in the same variables, at many points at once, with their derivatives.

Expressions of one shape (every ``2 * (pi - x[i]) * (pi - x[j])`` of a feature map) are one formula at many places: it
is read once, from the text that Qiskit writes of it, and evaluated as arrays. A reading must agree with Qiskit's own
value of the expression; where it does not, Qiskit evaluates, point by point.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression

from qtrain.circuits.angles import number
from qtrain.circuits.expressions.templates import template, variable
from qtrain.errors import QTrainError

Array = np.ndarray
Dual = tuple[Any, dict[int, Any]]  # a value, and its derivatives by the variables it depends on
Formula = Callable[[Sequence[Array]], Dual]

AGREEMENT = 1e-12  # relative, between a reading of an expression and Qiskit's own value
_TEST = 0.731, 0.213  # variables at which they are compared: generic numbers

# name -> value, and derivative from (argument, value)
_CALLS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
    "sin": (np.sin, lambda u, v: np.cos(u)), "cos": (np.cos, lambda u, v: -np.sin(u)),
    "tan": (np.tan, lambda u, v: 1 + v**2), "exp": (np.exp, lambda u, v: v), "log": (np.log, lambda u, v: 1 / u),
    "asin": (np.arcsin, lambda u, v: 1 / np.sqrt(1 - u**2)), "acos": (np.arccos, lambda u, v: -1 / np.sqrt(1 - u**2)),
    "atan": (np.arctan, lambda u, v: 1 / (1 + u**2)), "abs": (np.abs, lambda u, v: np.sign(u)),
    "sign": (np.sign, lambda u, v: np.zeros_like(u)), "conj": (lambda u: u, lambda u, v: np.ones_like(u)),
}  # fmt: skip


class Shape(NamedTuple):
    """Expressions that differ in their variables alone: formula, places (k,), variables (k, own), and one of them."""

    formula: Formula
    places: Array
    variables: Array


class Functions:
    """Expressions in named variables.

    Args:
        expressions: of Parameters with these names alone. names: of all variables.

    Example:
        >>> a, b = Parameter("a"), Parameter("b")
        >>> values, slopes = Functions([a * b, a.sin()], ["a", "b"]).at(np.array([[0.0, 2.0]]))
        >>> values.tolist(), slopes.tolist()  # of (0, a), (0, b), (1, a)
        ([[0.0, 0.0]], [[2.0, 0.0, 1.0]])
    """

    def __init__(self, expressions: Sequence[ParameterExpression], names: Sequence[str]) -> None:
        place = {name: k for k, name in enumerate(names)}
        shapes: dict[str, tuple[list[int], list[list[int]]]] = {}
        samples: dict[str, ParameterExpression] = {}
        self.keys: list[tuple[str, tuple[int, ...]]] = []
        for j, expression in enumerate(expressions):
            text, own, plain = template(expression, place)
            samples.setdefault(text, plain)
            places, variables = shapes.setdefault(text, ([], []))
            places.append(j)
            variables.append(own)
            self.keys.append((text, tuple(own)))
        self.shapes = [
            Shape(_formula(text, samples[text], len(variables[0])), np.array(places), np.array(variables, np.int64))
            for text, (places, variables) in shapes.items()
        ]
        self.texts = [str(expression).replace(str(math.pi), "pi") for expression in expressions]
        # which function has a derivative by which variable, in the order of `at`
        self.rows = np.concatenate([[0][:0], *[np.repeat(s.places, s.variables.shape[1]) for s in self.shapes]])
        self.columns = np.concatenate([[0][:0], *[s.variables.ravel() for s in self.shapes]])
        self.rows, self.columns = self.rows.astype(np.int64), self.columns.astype(np.int64)

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, points: Array) -> tuple[Array, Array]:
        """Values (points, functions); derivatives (points, entries): of function ``rows[e]`` by ``columns[e]``.

        Raises:
            QTrainError: a value or a derivative that is not finite, by its expression.
        """
        values = np.zeros((len(points), len(self)))
        slopes = [np.zeros((len(points), 0))]
        with np.errstate(all="ignore"):
            for formula, places, variables in self.shapes:
                own = variables.shape[1]
                value, by = formula([points[:, variables[:, v]] for v in range(own)])
                values[:, places] = value
                part = np.zeros((len(points), len(places), own))
                for v, slope in by.items():
                    part[:, :, v] = slope
                slopes.append(part.reshape(len(points), -1))
        derivatives = np.concatenate(slopes, axis=1)
        wrong = np.array(~np.isfinite(values).all(axis=0))
        wrong[self.rows[~np.isfinite(derivatives).all(axis=0)]] = True
        if wrong.any():
            raise QTrainError(
                f"circuit should have angles that are finite and smooth where parameters are drawn. "
                f"Got {self.texts[int(np.argmax(wrong))]}, which is not."
            )
        return values, derivatives


def _formula(text: str, sample: ParameterExpression, own: int) -> Formula:
    """The text as a formula on arrays if Qiskit agrees with its values, else Qiskit's own, point by point."""
    slow = _by_qiskit(sample, own)
    try:
        fast = _compiled(ast.parse(text, mode="eval").body)
        for shift in _TEST:
            point = [np.array([[shift + 0.1371 * (v % 7)]]) for v in range(own)]
            (a, slopes), (b, wanted) = fast(point), slow(point)
            pairs = [(a, b), *((slopes.get(v, 0.0), wanted[v]) for v in range(own))]
            if not all(abs(complex(np.sum(p)) - complex(np.sum(q))) <= AGREEMENT * (1 + abs(np.sum(q)))
                       for p, q in pairs):  # fmt: skip
                return slow
    except Exception:  # a text that is no formula, a function of Qiskit's to come, no derivative
        return slow
    return fast


def _by_qiskit(expression: ParameterExpression, own: int) -> Formula:
    variables = [variable(v) for v in range(own)]
    held: list[Any] = []  # derivatives, once somebody asks: Qiskit has none of sign

    def formula(points: Sequence[Array]) -> Dual:
        if not held and own:
            known = expression.parameters
            held.extend(expression.gradient(p) if p in known else 0.0 for p in variables)
        shape = points[0].shape if points else (1, 1)
        columns = [column.ravel() for column in points]
        rows = [dict(zip(variables, row)) for row in zip(*columns)] or [{}]
        found = [np.array([_bound(item, row) for row in rows]).reshape(shape) for item in (expression, *held)]
        return found[0], dict(enumerate(found[1:]))

    return formula


def _bound(item: Any, values: dict[Parameter, float]) -> float:
    if not isinstance(item, ParameterExpression):
        return float(item)
    try:
        return number(item.bind_all(values), "in an angle")
    except (ZeroDivisionError, QTrainError):
        return math.nan


def _compiled(node: ast.AST) -> Formula:
    """A formula of +, -, *, /, **, numbers, v0, v1, ... and the functions Qiskit knows; KeyError for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        constant = float(node.value)
        return lambda points: (constant, {})
    if isinstance(node, ast.Name):
        index = int(node.id[1:])
        return lambda points: (points[index], {index: np.ones_like(points[index])})
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        inner, sign = _compiled(node.operand), -1.0 if isinstance(node.op, ast.USub) else 1.0
        return lambda points: _scaled(inner(points), sign)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        inner, (call, derivative) = _compiled(node.args[0]), _CALLS[node.func.id]

        def called(points: Sequence[Array]) -> Dual:
            u, by = inner(points)
            value = call(u)
            return value, _scaled((0.0, by), derivative(u, value))[1] if by else {}

        return called
    if isinstance(node, ast.BinOp):
        left, right, combine = _compiled(node.left), _compiled(node.right), _PAIRS[type(node.op)]
        return lambda points: combine(left(points), right(points))
    raise KeyError(type(node).__name__)


def _scaled(dual: Dual, factor: Any) -> Dual:
    return dual[0] * factor, {v: slope * factor for v, slope in dual[1].items()}


def _sum(a: Dual, b: Dual) -> Dual:
    return a[0] + b[0], {v: a[1].get(v, 0.0) + b[1].get(v, 0.0) for v in a[1] | b[1]}


def _product(a: Dual, b: Dual) -> Dual:
    return a[0] * b[0], _sum(_scaled((0.0, a[1]), b[0]), _scaled((0.0, b[1]), a[0]))[1]


def _quotient(a: Dual, b: Dual) -> Dual:
    slopes = _sum(_scaled((0.0, a[1]), 1 / b[0]), _scaled((0.0, b[1]), -a[0] / b[0] ** 2))[1]
    return a[0] / b[0], slopes


def _power(a: Dual, b: Dual) -> Dual:
    value = np.power(a[0], b[0])
    base = _scaled((0.0, a[1]), b[0] * np.power(a[0], b[0] - 1.0)) if a[1] else (0.0, {})
    exponent = _scaled((0.0, b[1]), value * np.log(a[0])) if b[1] else (0.0, {})
    return value, _sum(base, exponent)[1]


_PAIRS: dict[type, Callable[[Dual, Dual], Dual]] = {
    ast.Add: _sum, ast.Sub: lambda a, b: _sum(a, _scaled(b, -1.0)), ast.Mult: _product, ast.Div: _quotient,
    ast.Pow: _power,
}  # fmt: skip
