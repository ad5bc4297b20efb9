"""The module of an observable under Pauli strings: which strings it becomes, and what a deep circuit makes of it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import clock
from qtrain.circuits.observables import pack
from qtrain.circuits.program import PauliProgram
from qtrain.kernels import pauli_modules
from qtrain.kernels.paulis import commutation_matrix
from qtrain.lie.deep_limit import deep_limit
from qtrain.lie.result import DLAResult

Strings = tuple[np.ndarray, np.ndarray]  # x, z (rows, words) uint64
FIRST = 64  # strings followed before the first look at the clock


def string_module(
    x: np.ndarray, z: np.ndarray, generators: Strings, limit: int, deadline: float
) -> tuple[Strings, bool]:  # fmt: skip
    """Strings that some strings become under rotations by others, and whether these are all.

    Args:
        x, z: (rows, words) distinct. limit: strings at most. deadline: of `qtrain.budget.clock`.
    """
    most = min(limit, FIRST)
    while True:
        begin = clock()
        whole_x, whole_z, _, complete = pauli_modules.close(x, z, *generators, most)
        now = clock()
        # twice as many strings cost twice the time; not begun where that is too long
        if complete or most >= limit or now + 2 * (now - begin) > deadline:
            return (whole_x, whole_z), bool(complete)
        most = min(limit, 2 * most)


def terms_apart(operator: SparsePauliOp, generators: Strings) -> bool:
    """Whether no two terms meet the same generators: then the module is spanned by strings."""
    x, z, _ = pack(operator)
    keys = np.asarray(commutation_matrix(x, z, *generators))
    return len(np.unique(np.packbits(keys, axis=1), axis=0)) == len(keys)


def with_strings(
    result: DLAResult, program: PauliProgram | None, generators: Strings, operator: SparsePauliOp, limit: int,
    deadline: float,
) -> DLAResult:  # fmt: skip
    """The module under single strings; with a program also what a deep circuit of them makes of it."""
    x, z, coefficients = pack(operator)
    (whole_x, _), complete = string_module(x, z, generators, limit, deadline)
    result = dataclasses.replace(result, module_dimension=min(len(whole_x), limit), module_complete=complete)
    if program is None or not complete or len(program.fixed_rotations):
        return result
    rows = program.generators()
    if np.bincount(program.parameter[rows.index]).max() > 1:  # one angle in several rotations
        return result
    if not terms_apart(operator, generators):  # they interfere
        return result
    modules = []
    for k, c in enumerate(coefficients):
        module, complete = string_module(x[k : k + 1], z[k : k + 1], generators, limit, deadline)
        if not complete:
            return result
        modules.append((float(c), module))
    frame = program.frame()
    found = deep_limit(modules, (frame.x, frame.z), (rows.x, rows.z), deadline)
    if found is None:
        return result
    second, variance = found
    deep = np.full(len(program.weights), math.nan)
    deep[program.parameter[rows.index]] = variance * program.coefficient[rows.index] ** 2
    return dataclasses.replace(
        result, deep_cost_second_moment=second, deep_variance=deep,
        preconditions=(
            "checked: independent Pauli generators, no two terms of the observable interfere; "
            "|0...0> taken in the generators' frame",
            "assumed: the generators repeat so often, before and after each rotation, that paths mix",
        ),
    )  # fmt: skip
