"""A number that a search compares, what it rests on, and programs with independent angles."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qtrain.circuits.program import PauliProgram


@dataclass(frozen=True)
class Figure:
    """One criterion of one candidate.

    Attributes:
        value: what is compared. is_bound: it is a bound or an estimate, not the value itself.
        detail: plain data for the report.
    """

    value: float
    is_bound: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)

    def named(self, name: str) -> dict[str, float]:
        """As metrics: the value, and the flag."""
        return {name: float(self.value), f"{name}_is_bound": float(self.is_bound)}


def untied(program: PauliProgram, *, shared: bool = False) -> PauliProgram:
    """The circuit with a weight of its own for each rotation that is no Clifford: data and fixed angles too.

    Args:
        shared: weights that drive several rotations keep them; only what had none gets one.

    Example:
        >>> from qiskit.circuit.library import qaoa_ansatz
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.circuits.program import lower
        >>> untied(lower(qaoa_ansatz(SparsePauliOp(["ZZI", "IZZ"])).decompose(reps=3)))
        PauliProgram(num_qubits=3, ops=24, rotations=5, weights=5, inputs=0)
    """
    fixed = program.fixed_rotations
    ops = fixed if shared else np.union1d(program.rotations, fixed)
    first = len(program.weights) if shared else 0
    parameter, coefficient, offset = program.parameter.copy(), program.coefficient.copy(), program.offset.copy()
    parameter[ops] = first + np.arange(len(ops), dtype=parameter.dtype)
    coefficient[ops], offset[ops] = 1.0, 0.0
    return dataclasses.replace(
        program, parameter=parameter, coefficient=coefficient, offset=offset,
        weights=(*program.weights[:first], *(f"angle {i}" for i in ops)), inputs=(), expressions={}, angle_map=None,
    )  # fmt: skip
