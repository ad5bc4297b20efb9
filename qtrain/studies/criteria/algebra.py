"""The Lie algebra as a figure: its size, that of the observable's module, and how it grows with the qubits.

Closures of sums, as shared angles make them, are cut off at ``MOST``. What is above is bounded from above: a sum lies
in the span of its strings, so the algebra lies in that of the strings, which is classified in polynomial time. A
search must not take what was cut off for small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.observables import pack
from qtrain.circuits.program import PauliProgram
from qtrain.kernels.gf2 import unpack_bits
from qtrain.lie.dla import counted_algebra
from qtrain.lie.growth import Growth, decide
from qtrain.lie.result import DLAResult
from qtrain.studies.criteria.figure import Figure, untied

MOST = 512  # dimension up to which closures are followed
UNDECIDED, EXPONENTIAL = 50.0, 100.0  # above every degree that a polynomial through a few sizes can have
SIZES = (3, 4, 5, 6, 7, 8)  # where a spec names none


class Sizes(NamedTuple):
    """Of the algebra, and of the observable's module in it; ``dimension``, ``complete``: for the growth."""

    algebra: Figure
    module: Figure
    dimension: int
    complete: bool


def sizes(
    program: PauliProgram, observable: SparsePauliOp, *, close: bool = True, module: bool = True
) -> Sizes:  # fmt: skip
    """log₁₀ of the dimensions of a circuit's Lie algebra and of its observable's module.

    Args:
        program: angles shared or not; data and other fixed rotations count as generators.
        close: follow sums under brackets, up to ``MOST``; else sums are bounded by their strings at once.
        module: likewise of the observable's; else it is bounded by its light cone, and by the algebra.

    Example:
        >>> from qtrain.architecture import catalogue
        >>> from qtrain.circuits.program import lower
        >>> found = sizes(lower(catalogue.hva_tfim().circuit(4)), SparsePauliOp("ZZII"))
        >>> found.dimension, found.algebra.is_bound, found.module.is_bound
        (16, False, False)
    """
    own = untied(program, shared=True)
    sums = bool(own.shared.any())
    asked = observable if module else None
    apart = counted_algebra(untied(program), observable=asked, max_dimension=MOST) if sums else None
    found = counted_algebra(own, observable=asked, max_dimension=MOST) if close or not sums else None
    if found is None or not found.complete:
        largest = found if apart is None else apart
        assert largest is not None
        algebra = Figure(math.log10(max(1, largest.dimension)), True, _detail(largest, found))
    else:
        algebra = Figure(math.log10(max(1, found.dimension)), False, _detail(found, None))
    kept = found or apart
    assert kept is not None
    if module and kept is found and found.module_complete:
        space = Figure(math.log10(max(1, found.module_dimension or 1)))
    else:
        space = Figure(_module_bound(program, observable, apart, algebra.value), True)
    return Sizes(algebra, space, kept.dimension, kept is found and found.complete)


def _detail(result: DLAResult, below: DLAResult | None) -> dict[str, object]:
    """``below``: what was found before the closure ended; its dimension is a lower bound."""
    least = {} if below is None else {"at_least": below.dimension}
    return {
        "dimension": result.dimension, "complete": result.complete and below is None, "algebra": result.algebra,
        "module_dimension": result.module_dimension, "method": result.method, **least,
    }  # fmt: skip


def _module_bound(
    program: PauliProgram, observable: SparsePauliOp, apart: DLAResult | None, algebra: float
) -> float:  # fmt: skip
    """log₁₀ of the least of: all strings on the qubits that generators link to the observable's; the strings' module;
    the algebra, where the observable is in it."""
    table = untied(program).generators()
    letters = unpack_bits(table.x, program.num_qubits) | unpack_bits(table.z, program.num_qubits)
    seen = (observable.paulis.x | observable.paulis.z).any(axis=0)
    while True:
        wider = seen | letters[(letters & seen).any(axis=1)].any(axis=0)
        if (wider == seen).all():
            break
        seen = wider
    bounds = [float(seen.sum()) * math.log10(4)]
    if apart is not None and apart.module_complete and apart.module_dimension is not None:
        bounds.append(math.log10(max(1, apart.module_dimension)))
    strings = {(a.tobytes(), b.tobytes()) for a, b in zip(table.x, table.z, strict=True)}
    x, z, _ = pack(observable)
    if all((a.tobytes(), b.tobytes()) in strings for a, b in zip(x, z, strict=True)):
        bounds.append(algebra)
    return min(bounds)


def growth(
    build: Callable[[int], PauliProgram] | None, numbers: Sequence[int], known: tuple[int, int, bool]
) -> Figure:  # fmt: skip
    """How the algebra grows with the number of qubits, as one number that orders candidates.

    A polynomial's degree; for an exponential ``EXPONENTIAL`` plus its rate in bits per qubit; where neither is decided
    (see `qtrain.dla_growth`), flagged, ``UNDECIDED`` plus log(dimension)/log(n) of the largest number of qubits that
    was looked at: behind all polynomials, in front of all exponentials.

    Args:
        build: the family's circuit on n qubits; None: it has one size. numbers: of qubits.
        known: n, dimension and whether it is complete, of the candidate itself.

    Example:
        >>> from qtrain.architecture import catalogue
        >>> from qtrain.circuits.program import lower
        >>> family = catalogue.hva_tfim()
        >>> growth(lambda n: lower(family.circuit(n)), (3, 4, 5, 6), (7, 49, True)).value
        2.0
    """
    points = {known[0]: (known[1], known[2])}
    for n in sorted(numbers if build is not None else ()):
        if n not in points:
            assert build is not None
            found = counted_algebra(untied(build(n), shared=True), max_dimension=MOST)
            points[n] = found.dimension, found.complete
    order = sorted(points)
    law = decide(order, [points[n][0] for n in order], [points[n][1] for n in order])
    detail = {
        "sizes": order, "dimensions": [str(points[n][0]) for n in order], "complete": [points[n][1] for n in order],
        "decision": law.decision, "reason": law.reason,
    }  # fmt: skip
    return _number(law, order, detail)


def _number(law: Growth, order: Sequence[int], detail: dict[str, object]) -> Figure:
    if law.degree is not None:
        return Figure(float(law.degree), False, detail)
    if math.isfinite(law.rate):
        return Figure(EXPONENTIAL + law.rate / math.log(2), False, detail)
    size = math.log10(max(1, law.values[-1])) / math.log10(max(2, order[-1]))
    return Figure(UNDECIDED + min(size, EXPONENTIAL - UNDECIDED), True, detail)
