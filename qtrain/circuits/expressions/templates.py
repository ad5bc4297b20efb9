"""The shape of an expression: its text in variables v0, v1, ..., equal for expressions that differ in names alone."""

from __future__ import annotations

from functools import lru_cache

from qiskit.circuit import Parameter, ParameterExpression


def template(
    expression: ParameterExpression, place: dict[str, int]
) -> tuple[str, list[int], ParameterExpression]:
    """Text with variables v0, v1, ... in their order, which of the names these are, and the expression in them."""
    own = sorted(expression.parameters, key=lambda p: place[p.name])
    plain = expression.subs({p: variable(v) for v, p in enumerate(own)}) if own else expression
    return str(plain), [place[p.name] for p in own], plain


@lru_cache(maxsize=4096)
def variable(index: int) -> Parameter:
    return Parameter(f"v{index}")
