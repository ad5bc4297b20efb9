"""Generators as sums of Pauli strings with whole weights: read from operators, or from a circuit's rotations.

A float is a whole number times a power of two, so every sum is a multiple of one with whole weights, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from qiskit.quantum_info import Pauli, SparsePauliOp

from qtrain.budget import clock
from qtrain.circuits.observables import pack
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.kernels.paulis import PauliTable, commutation_matrix, pack_bits
from qtrain.lie.closure import Sum
from qtrain.lie.qubit_symmetries import Pauli as Bits

FEW_ROTATIONS = 1000  # read whatever the time
_X_BITS = str.maketrans("IXYZ", "0110")
_Z_BITS = str.maketrans("IXYZ", "0011")


def whole(terms: Iterable[tuple[Bits, float]]) -> Sum:
    """Equal strings added up, exactly, and scaled to whole weights without a common factor; the first one positive.

    Example:
        >>> whole([((1, 0), 0.75), ((0, 1), -0.5)])
        {(1, 0): 3, (0, 1): -2}
    """
    ratios = [(p, *c.as_integer_ratio()) for p, c in terms if c]
    scale = max((below for _, _, below in ratios), default=1)  # powers of two
    total: dict[Bits, int] = {}
    for p, above, below in ratios:
        total[p] = total.get(p, 0) + above * (scale // below)
    total = {p: c for p, c in total.items() if c}
    if not total:
        return {}
    common = math.gcd(*total.values()) * (-1 if total[max(total)] < 0 else 1)
    return {p: c // common for p, c in total.items()}


def distinct(sums: Sequence[Sum]) -> list[Sum]:
    """Without repetitions: sums of ``whole`` are equal where they are multiples of each other."""
    return list({tuple(sorted(item.items())): item for item in sums}.values())


def operator_sum(operator: SparsePauliOp) -> Sum:
    """Of a checked operator, as `as_observable` returns it."""
    x, z, coefficients = pack(operator)
    return whole(zip(_bits(x, z), coefficients.tolist()))


def _bits(x: np.ndarray, z: np.ndarray) -> list[Bits]:
    """Packed rows as bit sets."""
    return [(int.from_bytes(a.tobytes(), "little"), int.from_bytes(b.tobytes(), "little")) for a, b in zip(x, z)]


def packed(strings: Sequence[Bits], num_qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Bit sets as packed rows."""
    size = 8 * ((num_qubits + 63) // 64)
    joined = (b"".join(item[half].to_bytes(size, "little") for item in strings) for half in (0, 1))
    x, z = (np.frombuffer(text, np.uint64).reshape(len(strings), size // 8).copy() for text in joined)
    return x, z


def given_sums(generators: Iterable[Any]) -> tuple[list[Sum], int]:
    """Labels or operators as sums, those that are zero left out, and the number of qubits.

    Raises:
        QTrainError: no list, nothing in it, mixed widths, other letters, weights that are not real and finite.
    """
    if isinstance(generators, (str, SparsePauliOp)):
        raise QTrainError(
            f"generators should be a list of Pauli labels or SparsePauliOps. Got one {type(generators).__name__}."
        )
    try:
        items = list(generators)
    except TypeError:
        raise QTrainError(
            "generators should be a circuit or a list of Pauli labels or SparsePauliOps. "
            f"Got {type(generators).__name__}."
        ) from None
    if not items:
        raise QTrainError("generators should hold at least one generator. Got an empty list.")
    sums: list[Sum] = []
    width = 0
    for k, item in enumerate(items):
        found, own = _read(item, k)
        if width and own != width:
            raise QTrainError(f"generators should act on one number of qubits. Got {width} and {own} at place {k}.")
        width = own
        if found:
            sums.append(found)
    if not sums:
        raise QTrainError("generators should hold at least one generator that is not zero. Got zeros.")
    return sums, width


def _read(item: Any, place: int) -> tuple[Sum, int]:
    """One generator, and its width."""
    if isinstance(item, (str, Pauli)):
        text = item if isinstance(item, str) else item.to_label()
        if not text or set(text) - set("IXYZ"):
            raise QTrainError(
                f"generators should be Pauli labels of the letters I, X, Y, Z. Got {text!r} at place {place}."
            )
        return {(int(text.translate(_X_BITS), 2), int(text.translate(_Z_BITS), 2)): 1}, len(text)
    if not isinstance(item, SparsePauliOp):
        raise QTrainError(
            f"generators should be Pauli labels or SparsePauliOps. Got {type(item).__name__} at place {place}."
        )
    if item.num_qubits == 0:
        raise QTrainError(f"generators should act on at least 1 qubit. Got 0 at place {place}.")
    if item.coeffs.dtype == object:
        raise QTrainError(
            f"generators should have numbers as coefficients. Got Parameters at place {place}: bind them first."
        )
    if not np.isfinite(item.coeffs).all():
        raise QTrainError(f"generators should have finite coefficients. Got NaN or infinity at place {place}.")
    strings = _bits(pack_bits(item.paulis.x), pack_bits(item.paulis.z))
    imaginary: dict[Bits, Fraction] = {}
    for p, c in zip(strings, item.coeffs.imag.tolist()):
        if c:
            imaginary[p] = imaginary.get(p, Fraction(0)) + Fraction(c)
    largest = max(map(abs, (*item.coeffs.real.tolist(), *item.coeffs.imag.tolist())), default=0.0)
    if any(abs(c) > 1e-10 * largest for c in imaginary.values()):
        raise QTrainError(f"generators should be Hermitian. Got complex coefficients at place {place}.")
    return whole(zip(strings, item.coeffs.real.tolist())), item.num_qubits


def circuit_sums(program: PauliProgram, deadline: float = math.inf) -> tuple[list[Sum], bool]:
    """One generator for each rotation, or for each run of commuting rotations by one weight; whether these are all.

    Args:
        deadline: of `qtrain.budget.clock`; behind it the runs that ended so far are given, if there are any.

    Raises:
        QTrainError: no rotation by a weight, a fixed one behind it, inputs that are not bound.
    """
    _check_fixed(program)
    table = program.generators()
    rows = _bits(table.x, table.z)
    slopes = program.coefficient[table.index] * table.signs
    if not np.isfinite(slopes).all():
        raise QTrainError("circuit should have its inputs bound for its Lie algebra. Got free ones.")
    weights = program.parameter[table.index].tolist()
    uses = np.bincount(np.array(weights, np.int64), minlength=len(program.weights)).tolist()
    left = list(uses)
    x, z, which = table.distinct()
    open_: dict[int, list[tuple[Bits, float]]] = {}
    holder = np.full(len(x), -1)  # of a string: the open run that it is in last
    others: list[tuple[int, int]] = []  # (string, run) of strings that are in several
    sums: list[Sum] = []

    def end(ended: set[int]) -> None:
        nonlocal others
        for weight in [w for w in open_ if w in ended]:
            sums.extend(filter(None, [whole(open_.pop(weight))]))
        holder[np.isin(holder, list(ended))] = -1
        others = [(k, w) for k, w in others if w not in ended]
        for k, w in others:
            holder[k] = w if holder[k] < 0 else holder[k]

    each = zip(rows, slopes.tolist(), weights, which.tolist(), strict=True)
    for done, (row, slope, weight, string) in enumerate(each):
        if sums and done >= FEW_ROTATIONS and clock() > deadline:  # an open run is no generator yet
            return sums, False
        left[weight] -= 1
        if row != (0, 0):
            if open_:
                some = np.flatnonzero(holder >= 0)
                hit = some[commutation_matrix(x[string : string + 1], z[string : string + 1], x[some], z[some])[0]]
                if len(hit):
                    end({*np.unique(holder[hit]).tolist(), *(w for k, w in others if k in set(hit.tolist()))})
            if uses[weight] == 1:
                sums.append({row: 1})
                continue
            open_.setdefault(weight, []).append((row, slope))
            if holder[string] not in (-1, weight):
                others.append((string, int(holder[string])))
            holder[string] = weight
        if not left[weight] and weight in open_:  # nothing can join it
            end({weight})
    if not sums:
        raise QTrainError("circuit should have at least one rotation by a parameter. Got none.")
    return sums, True


def anticommute(a: Bits, b: Bits) -> bool:
    return ((a[0] & b[1]).bit_count() + (a[1] & b[0]).bit_count()) % 2 == 1


def _check_fixed(program: PauliProgram) -> None:
    """Fixed rotations are no generators: fine where they can be moved to the input, in front of every weight."""
    if not len(program.fixed_rotations):
        return
    table: PauliTable = program.generators(fixed=True)
    weighted = program.parameter[table.index] >= 0
    clash = np.asarray(
        commutation_matrix(table.x[~weighted], table.z[~weighted], table.x[weighted], table.z[weighted])
    )
    clash &= table.index[weighted][None] < table.index[~weighted][:, None]
    if clash.any():
        op = table.index[~weighted][np.flatnonzero(clash.any(axis=1))[0]]
        raise QTrainError(
            f"circuit should hold Clifford gates and rotations by parameters for its Lie algebra, fixed rotations only "
            f"at its input. Got a fixed rotation by {program.offset[op]:g} at gate {program.gate[op]}: "
            "replace it by a parameter or a Clifford."
        )
