"""Angles: affine in the trainable parameters or functions of them, and any function of the data.

An angle is a list of pieces ``(weight, coefficient, offset, expression)``, each one rotation about the
same Pauli: ``coefficient * weight + offset``, weight -1 for a fixed one. A piece that depends on data
parameters carries its whole expression, and NaN until the data come.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression, ParameterVector

from qtrain.errors import QTrainError

Piece = tuple[int, float, float, ParameterExpression | None]
Angle = list[Piece]

TOLERANCE = 1e-10  # radians: a fixed angle this close to a multiple of pi/2 is that multiple
QUARTER = math.pi / 2


def quarter_turns(angle: float) -> int:
    """0 to 3 where the angle is that many quarter turns (mod 4), else -1."""
    turns = round(angle / QUARTER)
    return turns % 4 if abs(angle - turns * QUARTER) <= TOLERANCE else -1


def simplified(value: Any) -> Any:
    """An expression with the parameters that it really has, or the number it is.

    Qiskit's derivatives and bound expressions still list parameters that dropped out of them.
    """
    if isinstance(value, ParameterExpression):
        if value.parameters and hasattr(value, "simplify"):
            value = value.simplify()
        elif len(value.parameters) > 1:  # before Qiskit 2.4: a derivative that is 0 at generic points tells
            point = {p: 0.7310 + 0.2137 * k for k, p in enumerate(sorted(value.parameters, key=str))}
            slopes = {p: value.gradient(p) for p in point}
            gone = [p for p, s in slopes.items()
                    if (s.bind_all(point) if isinstance(s, ParameterExpression) else s) == 0]  # fmt: skip
            value = value.bind(dict.fromkeys(gone, 1.0))
        if isinstance(value, ParameterExpression) and not value.parameters:
            value = value.numeric()
    return value


def number(value: Any, where: str) -> float:
    """A finite real number out of whatever Qiskit keeps as an angle."""
    try:
        value = simplified(value)
        result = complex(value)
    except (TypeError, ValueError):
        result = complex(math.nan)
    if not (math.isfinite(result.real) and abs(result.imag) <= TOLERANCE):
        raise QTrainError(
            f"circuit should have finite real angles. Got {value} {where}: bind a number or a Parameter."
        )
    return result.real


class Angles:
    """Splits Qiskit's angles into pieces, given which parameters are weights and which are data.

    Args:
        functions: take angles that are not affine in the weights: such an expression is a weight of its own, behind
            the others. Else they are refused.
    """

    def __init__(
        self, weights: Sequence[Parameter], inputs: Sequence[Parameter], *, functions: bool = False
    ) -> None:
        self.weight = {p: k for k, p in enumerate(weights)}
        self.inputs = frozenset(inputs)
        self.place = {p.name: k for k, p in enumerate((*weights, *inputs))} if functions else None
        self.functions: dict[Any, tuple[int, ParameterExpression]] = {}  # key -> number, expression

    def here(self) -> str:
        """Where the angle stands, for messages."""
        return "in an angle"

    def angle(self, value: Any) -> Angle:
        """Pieces of an angle."""
        if isinstance(value, Parameter):  # by far the most frequent, and the cheapest
            index = self.weight.get(value)
            if index is not None:
                return [(index, 1.0, 0.0, None)]
        else:
            value = simplified(value)
        if not isinstance(value, ParameterExpression):
            return [(-1, 0.0, number(value, self.here()), None)]
        free = value.parameters
        weights = sorted((self.weight[p], p.name, p) for p in free if p in self.weight)
        if len(weights) + len(free & self.inputs) != len(free):
            raise QTrainError(f"circuit should own every Parameter it uses. Got {value} {self.here()}.")
        slopes = []
        for k, _, p in weights:
            slope = _slope(value, p)
            if slope is None or (isinstance(slope, ParameterExpression) and slope.parameters - self.inputs):
                return self.function(value)
            slopes.append((k, p, slope))
        rest = simplified(value.bind({p: 0.0 for _, _, p in weights})) if weights else value
        if free & self.inputs:
            if len(weights) <= 1:
                return [(weights[0][0] if weights else -1, math.nan if weights else 0.0, math.nan, value)]
            parts: Angle = [(k, math.nan, math.nan, p * slope) for k, p, slope in slopes]
            if isinstance(rest, ParameterExpression):
                return [(-1, 0.0, math.nan, rest), *parts]
            return [(-1, 0.0, number(rest, self.here()), None), *parts]
        numbers = {k: number(slope, self.here()) for k, _, slope in slopes}
        return self.pieces(numbers, number(rest, self.here()))

    def function(self, value: ParameterExpression) -> Angle:
        """An angle that is no affine function of the weights: equal expressions are one weight."""
        if self.place is None:
            raise QTrainError(
                f"circuit should have angles that are affine in each trainable parameter. Got {value} "
                f"{self.here()}: use a linear expression, or name data parameters in inputs."
            )
        from qtrain.circuits.expressions.templates import template

        text, own, _ = template(value, self.place)
        found = self.functions.setdefault((text, tuple(own)), (len(self.functions), value))
        return [(len(self.weight) + found[0], 1.0, 0.0, None)]

    def pieces(self, slopes: dict[int, float], constant: float) -> Angle:
        """Numbers as pieces; the constant goes with the first weight that counts."""
        found: Angle = [(k, slope, 0.0, None) for k, slope in slopes.items() if slope != 0.0]
        if not found:
            return [(-1, 0.0, constant, None)]
        return [(found[0][0], found[0][1], constant, None), *found[1:]]

    def total(self, *terms: tuple[Any, float]) -> Angle:
        """Sum of ``value * scale``: constants are added up, and so are weights that come twice."""
        constant = 0.0
        slopes: dict[int, float] = {}
        waiting: Angle = []
        for value, scale in terms:
            for k, coefficient, offset, expression in self.angle(value):
                if expression is not None:
                    waiting.append((k, coefficient, offset, expression * scale))
                    continue
                constant += offset * scale
                if k >= 0:
                    slopes[k] = slopes.get(k, 0.0) + coefficient * scale
        return self.pieces(slopes, constant) + waiting


def _slope(value: ParameterExpression, parameter: Parameter) -> Any:
    """Derivative, simplified; None where Qiskit has none (of sign)."""
    try:
        return simplified(value.gradient(parameter))
    except RuntimeError:
        return None


def choose_inputs(parameters: Sequence[Parameter], inputs: Any) -> list[Parameter]:
    """The data parameters among the circuit's, in its order.

    Args:
        parameters: of the circuit.
        inputs: Parameters, a ParameterVector, names, a vector's name, or a prefix of names; or several of these.
    """
    single = isinstance(inputs, (str, Parameter, ParameterVector))
    if not single and not isinstance(inputs, Iterable):
        raise QTrainError(f"inputs should hold names or Parameters. Got {inputs!r}.")
    if not single and not (inputs := list(inputs)):
        return []
    known, chosen = set(parameters), set[Parameter]()
    for item in [inputs] if single else inputs:
        if isinstance(item, ParameterVector):
            found = {p for p in item if p in known}
        elif isinstance(item, Parameter):
            found = {item} & known
        elif isinstance(item, str) and item:
            found = (
                {p for p in parameters if p.name == item}
                or {p for p in parameters if p.name.startswith(f"{item}[")}
                or {p for p in parameters if p.name.startswith(item)}
            )
        else:
            raise QTrainError(f"inputs should hold names or Parameters. Got {item!r}.")
        if not found:
            names = ", ".join(p.name for p in parameters[:3]) + (", ..." if len(parameters) > 3 else "")
            raise QTrainError(
                f"inputs should name parameters of the circuit ({names or 'it has none'}). Got {item!s}."
            )
        chosen |= found
    return [p for p in parameters if p in chosen]


class InputFunction:
    """A function of the data: constant, affine (one matrix product), or evaluated point by point.

    Args:
        expression: a number, or an expression in ``inputs`` alone.
        inputs: names of all data parameters.
        where: for messages.
    """

    def __init__(self, expression: Any, inputs: Sequence[str], where: str) -> None:
        expression = simplified(expression)
        self.expression, self.where, self.affine = expression, where, True
        self.slopes = np.zeros(len(inputs))
        self.columns: list[tuple[Parameter, int]] = []
        if not isinstance(expression, ParameterExpression):
            self.constant = number(expression, where)
            return
        own = {p.name: p for p in expression.parameters}
        self.columns = [(own[name], k) for k, name in enumerate(inputs) if name in own]
        for p, k in self.columns:
            slope = simplified(expression.gradient(p))
            if isinstance(slope, ParameterExpression):
                self.affine = False
                return
            self.slopes[k] = number(slope, where)
        self.constant = number(expression.bind({p: 0.0 for p, _ in self.columns}), where)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: (points, num_inputs) -> (points,)."""
        if self.affine:
            return np.asarray(self.constant + x @ self.slopes)
        rows = [{p: row[k] for p, k in self.columns} for row in x.tolist()]
        return np.array([self._at(row) for row in rows])

    def _at(self, values: dict[Parameter, float]) -> float:
        try:
            return number(self.expression.bind_all(values), self.where)
        except ZeroDivisionError:
            return number(math.nan, self.where)
