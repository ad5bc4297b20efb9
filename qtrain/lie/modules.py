"""The module of an observable under Pauli strings: which strings it becomes, and what a deep circuit makes of it."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import clock
from qtrain.circuits.observables import pack
from qtrain.circuits.program import PauliProgram
from qtrain.kernels import pauli_modules
from qtrain.kernels.paulis import commutation_matrix
from qtrain.lie.deep_limit import deep_limit
from qtrain.lie.fermion_modules import FermionModule, fermion_module
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
    found = dataclasses.replace(result, module_dimension=min(len(whole_x), limit), module_complete=complete)
    counted = None if complete or clock() > deadline else _counted(program, generators, (x, z), operator.num_qubits)
    if counted is not None:
        found = dataclasses.replace(found, module_dimension=sum(m.dimension for m in counted), module_complete=True)
    if program is None or not found.module_complete or len(program.fixed_rotations):
        return found
    rows = program.generators()
    if np.bincount(program.parameter[rows.index]).max() > 1:  # one angle in several rotations
        return found
    if not terms_apart(operator, generators):  # they interfere
        return found
    if counted is not None:
        limits = _of_counted(counted, coefficients, generators, (rows.x, rows.z))
    else:
        limits = _of_listed(x, z, coefficients, generators, program, limit, deadline)
    if limits is None:
        return found
    second, variance = limits
    deep = np.full(len(program.weights), math.nan)
    deep[program.parameter[rows.index]] = variance * program.coefficient[rows.index] ** 2
    return dataclasses.replace(
        found, deep_cost_second_moment=second, deep_variance=deep,
        preconditions=(
            "checked: independent Pauli generators, no two terms of the observable interfere; "
            "|0...0> taken in the generators' frame",
            "assumed: the generators repeat so often, before and after each rotation, that paths mix",
        ),
    )  # fmt: skip


def _of_listed(
    x: np.ndarray, z: np.ndarray, coefficients: np.ndarray, generators: Strings, program: PauliProgram, limit: int,
    deadline: float,
) -> tuple[float, np.ndarray] | None:  # fmt: skip
    """E f^2 and V of every rotation in the deep limit, from the strings of each term's module."""
    modules = []
    for k, c in enumerate(coefficients):
        module, complete = string_module(x[k : k + 1], z[k : k + 1], generators, limit, deadline)
        if not complete:
            return None
        modules.append((float(c), module))
    frame, rows = program.frame(), program.generators()
    return deep_limit(modules, (frame.x, frame.z), (rows.x, rows.z), deadline)


def _counted(
    program: PauliProgram | None, generators: Strings, terms: Strings, num_qubits: int
) -> list[FermionModule] | None:
    """The module of each term by its fermions; None where one cannot be counted, or two might share strings."""
    if program is None:
        none = np.zeros_like(terms[0][:0])
        stabilizers = none, none
    else:
        stabilizers = program.frame().x, program.frame().z
    found: list[FermionModule] = []
    for k in range(len(terms[0])):
        module = fermion_module((terms[0][k : k + 1], terms[1][k : k + 1]), generators, stabilizers, num_qubits)
        if module is None or any(module.tokens == other.tokens for other in found):
            return None
        found.append(module)
    return found


def _of_counted(
    counted: list[FermionModule], coefficients: np.ndarray, generators: Strings, rotations: Strings
) -> tuple[float, np.ndarray] | None:
    """As :func:`_of_listed`, from modules that were counted."""
    place = {row.tobytes(): k for k, row in enumerate(np.hstack(generators))}
    order = [place[row.tobytes()] for row in np.hstack(rotations)]
    second, variance = 0.0, np.zeros(len(order))
    for module, c in zip(counted, coefficients, strict=True):
        if module.stabilizing is None:
            return None
        share = float(c) ** 2 * float(Fraction(module.stabilizing, module.dimension))
        second += share
        variance += share * module.shares[order]
    return second, variance
