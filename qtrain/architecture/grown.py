"""Gates on named qubits: checked, as plain data, and read back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from qtrain.architecture.blocks import ROTATIONS, TWO_QUBIT, Angle, Gate, pauli_letters
from qtrain.errors import QTrainError


def check_gates(gates: Any, num_qubits: int | None) -> tuple[Gate, ...]:
    """The gates as a tuple.

    Raises:
        QTrainError: a gate that is not known, on qubits that are not there or not different, with too few angles;
            parameters that are not numbered in the order of their first use.
    """
    if not isinstance(gates, (tuple, list)) or not all(isinstance(gate, Gate) for gate in gates):
        raise QTrainError(f"grown should be Gate objects. Got {gates!r}.")
    seen = 0
    for gate in gates:
        _check(gate, num_qubits)
        for index in gate.parameters:
            if index > seen:
                raise QTrainError(
                    f"grown should number its parameters from 0 in the order of first use. Got {index} before {seen}."
                )
            seen += index == seen
    return tuple(gates)


def _check(gate: Gate, num_qubits: int | None) -> None:
    letters = pauli_letters(gate.name)
    if gate.name in ROTATIONS:
        qubits, angles = 1, ROTATIONS[gate.name]
    elif gate.name in TWO_QUBIT:
        qubits, angles = 2, TWO_QUBIT[gate.name]
    elif letters is not None:
        qubits, angles = len(letters), 1
    else:
        known = ", ".join([*ROTATIONS, *TWO_QUBIT])
        raise QTrainError(f"grown should hold {known} or Pauli rotations such as 'rxyz'. Got {gate.name!r}.")
    whole = all(type(q) is int and q >= 0 for q in gate.qubits)
    if not whole or len(set(gate.qubits)) != len(gate.qubits) or len(gate.qubits) != qubits:
        raise QTrainError(f"gate {gate.name} should be on {qubits} different qubits. Got {list(gate.qubits)}.")
    if num_qubits is not None and max(gate.qubits) >= num_qubits:
        raise QTrainError(f"gate {gate.name} should be on qubits below {num_qubits}. Got {list(gate.qubits)}.")
    if len(gate.angles) != angles or not all(map(_is_angle, gate.angles)):
        raise QTrainError(
            f"gate {gate.name} should have {angles} angles, each a parameter's number, radians, or a pair of number "
            f"and factor. Got {list(gate.angles)}."
        )


def _is_angle(angle: Any) -> bool:
    if isinstance(angle, tuple):
        return len(angle) == 2 and type(angle[0]) is int and angle[0] >= 0 and _is_finite(angle[1])
    return (type(angle) is int and angle >= 0) or _is_finite(angle)


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def plain_gates(gates: Iterable[Gate]) -> list[Any]:
    """``[name, [qubits], [angles]]`` each, without the angles where there are none."""
    found = []
    for gate in gates:
        angles = [list(angle) if isinstance(angle, tuple) else angle for angle in gate.angles]
        found.append([gate.name, list(gate.qubits), *([angles] if angles else [])])
    return found


def read_gates(data: Any) -> tuple[Gate, ...]:
    """The inverse of :func:`plain_gates`.

    Example:
        >>> read_gates([["rxy", [0, 2], [[0, -1.0]]], ["x", [1]]])[0].angles
        ((0, -1.0),)
    """
    return tuple(_read(item) for item in data) if isinstance(data, Sequence) else data


def _read(item: Any) -> Gate:
    listed = isinstance(item, (list, tuple)) and len(item) in (2, 3) and isinstance(item[0], str)
    if not listed or not all(isinstance(part, (list, tuple)) for part in item[1:]):
        raise QTrainError(f"grown should be a list of [name, [qubits], [angles]]. Got {item!r}.")
    angles: list[Angle] = [tuple(a) if isinstance(a, list) else a for a in (item[2] if len(item) == 3 else ())]
    return Gate(item[0], tuple(item[1]), tuple(angles))
