"""How many gates a program stands for, counted before anything is expanded.

A few lines that define each gate by two of the one before stand for more gates than any memory holds. Readers expand
definitions, so the count comes first; it looks at each definition once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

ALWAYS = 20_000  # gates that any file may stand for
RATIO = 20  # beyond them: for each statement that it holds

_GATE = re.compile(r"\bgate\s+(\w+)[^{;]*\{([^{}]*)\}")
_REGISTER = re.compile(r"\bqreg\s+(\w+)\s*\[\s*(\d{1,9})\s*\]")
_NAME = re.compile(r"\s*(?:if\s*\([^()]*\)\s*)?([A-Za-z_]\w*)(?:\s*\((?:[^()]|\([^()]*\))*\))?([^()]*)$")


def check_expansion(total: int, statements: int) -> None:
    """Refuse a program that stands for too many gates.

    Raises:
        ValueError: one clause with the count and the limit.

    Example:
        >>> check_expansion(2**60, 62)
        Traceback (most recent call last):
        ValueError: it stands for 1152921504606846976 gates, and 20000 is the most for one of 62 statements
    """
    most = max(ALWAYS, RATIO * statements)
    if total > most:
        count = str(total) if total < 10**30 else "more than 10^30"
        raise ValueError(f"it stands for {count} gates, and {most} is the most for one of {statements} statements")


def count_version_2(code: str) -> tuple[int, int]:
    """(gates, statements) of an OpenQASM 2 program without comments; its other statements count as one gate each.

    Example:
        >>> count_version_2("qreg q[3]; gate two a { h a; h a; } gate four a { two a; two a; } four q;")
        (13, 6)
    """
    registers = {name: int(size) for name, size in _REGISTER.findall(code)}
    costs: dict[str, int] = {}
    for name, body in _GATE.findall(code):
        costs[name] = sum(count for count in _calls(body, costs, {}))
    outside = _GATE.sub(";", code)
    return sum(_calls(outside, costs, registers)), code.count(";")


def _calls(text: str, costs: Mapping[str, int], registers: Mapping[str, int]) -> Iterable[int]:
    for statement in text.split(";"):
        match = _NAME.match(statement)
        if match is not None and match[1] in costs:
            whole = [registers.get(argument.strip(), 1) for argument in match[2].split(",")]
            yield costs[match[1]] * max(whole)
        elif match is not None:
            yield 1


def count_version_3(statements: Iterable[Any]) -> tuple[int, int]:
    """The same of the syntax tree of an OpenQASM 3 program, its loops over constants written out."""
    from openqasm3 import ast

    costs: dict[str, int] = {}
    registers: dict[str, int] = {}
    seen = 0

    def cost(nodes: Iterable[Any]) -> int:
        nonlocal seen
        total = 0
        for node in nodes:
            seen += 1
            if isinstance(node, ast.QubitDeclaration):
                registers[node.qubit.name] = int(getattr(node.size, "value", 1) or 1)
            elif isinstance(node, ast.QuantumGateDefinition):
                costs[node.name.name] = cost(node.body)
            elif isinstance(node, ast.QuantumGate):
                whole = [registers.get(getattr(qubit, "name", ""), 1) for qubit in node.qubits if _plain(qubit)]
                total += costs.get(node.name.name, 1) * max([1, *whole]) * _powers(node)
            else:
                for inner in ("body", "block", "if_block", "else_block"):
                    found = getattr(node, inner, None)
                    total += cost(found if isinstance(found, list) else getattr(found, "statements", ()))
        return total

    return cost(statements), seen


def _plain(qubit: Any) -> bool:
    return isinstance(getattr(qubit, "name", None), str)


def _powers(node: Any) -> int:
    """How often the modifiers ``pow(k)`` repeat a gate, where k is written as a number."""
    times = 1
    for modifier in node.modifiers:
        if modifier.modifier.name == "pow":
            value = getattr(modifier.argument, "value", 1)
            times *= max(1, int(abs(value))) if isinstance(value, (int, float)) and abs(value) < 1e300 else 1
    return times
