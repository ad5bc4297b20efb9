"""How Lie algebras and modules grow with the number of qubits: polynomially, exponentially, or not decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from qtrain.architecture import catalogue
from qtrain.budget import Budget, as_budget, clock
from qtrain.circuits.observables import observable_of_size
from qtrain.errors import QTrainError, check_sizes
from qtrain.json_results import PLOT, JsonResult, Shown, count, number, view, whole
from qtrain.lie.dla import dla

ENOUGH = 4  # complete sizes that a decision needs
SPARE = 2  # of them beyond those that fix a polynomial
STEADY = 0.9  # an exponential rate falls by less than that from the first to the last size
SPREAD = 1.5  # by this factor sizes have to grow: a power's rate falls to its inverse
UNDECIDED = "not decided"


@dataclass(frozen=True, repr=False)
class Growth(Shown, JsonResult):
    """A sequence over the number of qubits.

    Attributes:
        values: at each size. complete: where False the value is a lower bound, and plays no part in the law.
        decision: ``"polynomial of degree k"``, ``"exponential"`` or ``"not decided"``.
        reason: what it rests on, in words.
        degree: of the polynomial through all complete values, with two of them or more to spare; else None.
        coefficients: of that polynomial in n, as exact fractions in text, constant first; empty where there is none.
        rate, rate_low, rate_high: of an exponential, value ~ e^(rate n), and the range over the sizes; else NaN.
    """

    values: tuple[int, ...]
    complete: tuple[bool, ...]
    decision: str
    reason: str
    degree: int | None = None
    coefficients: tuple[str, ...] = ()
    rate: float = math.nan
    rate_low: float = math.nan
    rate_high: float = math.nan

    @property
    def law(self) -> str:
        """The decision with its figures.

        Example:
            >>> decide([2, 3, 4, 5, 6], [4, 9, 16, 25, 36], [True] * 5).law
            'polynomial of degree 2: n^2'
        """
        if self.coefficients:
            return f"{self.decision}: {_polynomial_text(self.coefficients)}"
        return self.decision if math.isnan(self.rate) else f"{self.decision}, rate {number(self.rate)} per qubit"

    def _brief(self) -> str:
        return f"{self.law}; {count(len(self.values), 'size')}, up to {whole(max(self.values, default=0))}"


@dataclass(frozen=True, repr=False)
class DLAGrowth(Shown, JsonResult):
    """Lie algebras of a family of circuits over the number of qubits.

    Attributes:
        sizes: numbers of qubits. algebras: names, where they are known.
        dimension: of the algebra, over the sizes. module: of the observable's module; None without observable.
    """

    sizes: tuple[int, ...]
    algebras: tuple[str | None, ...]
    dimension: Growth
    module: Growth | None = None

    plot = view("figures.algebra", "plot_algebra", f"The dimensions over the number of qubits. {PLOT}")

    def _brief(self) -> str:
        text = f"n = {', '.join(map(str, self.sizes))}: dimension {self.dimension.law}"
        return text if self.module is None else f"{text}; the observable's module {self.module.law}"


def dla_growth(
    family: Any,
    sizes: Sequence[int],
    *,
    observable: str | Callable[[int], Any] | None = None,
    budget: Budget | None = None,
) -> DLAGrowth:
    """Dimension of the Lie algebra, and of the observable's module, over the number of qubits.

    A polynomial is one that goes through every complete value exactly, two of them more than fix it, where need be one
    for even and one for odd sizes. An exponential has a rate log(value) per qubit that stays within a tenth while the
    sizes grow by half or more; a power's rate falls like 1/n. All else, and what has fewer than four complete sizes, is
    not decided.

    Args:
        family: an Architecture, a name from `qtrain.catalogue`, or a function of n that returns what `dla` takes:
            a circuit, Pauli labels, SparsePauliOps.
        sizes: numbers of qubits. observable: "Z0", "Z0 Z1", "all Z", "parity", or a function of n.
        budget: its seconds are for all sizes together; its ``max_dimension`` stops closures.

    Raises:
        QTrainError: a family without circuits, sizes that are no distinct whole numbers.

    Example:
        >>> def ising(n):
        ...     bonds = ["I" * q + "ZZ" + "I" * (n - q - 2) for q in range(n - 1)]
        ...     return bonds + ["I" * q + "X" + "I" * (n - q - 1) for q in range(n)]
        >>> found = dla_growth(ising, [4, 8, 16, 32, 64], observable="Z0")
        >>> found.dimension.decision, found.dimension.coefficients  # n (2n - 1)
        ('polynomial of degree 2', ('0', '-1', '2'))
        >>> found.module.decision
        'polynomial of degree 1'
    """
    build = _builder(family)
    numbers = check_sizes(sizes)
    operator_at = None if observable is None else observable_of_size(observable)
    limits = as_budget(budget)
    deadline = clock() + limits.seconds
    found = []
    for k, n in enumerate(numbers):
        made = build(n)
        operator = None if operator_at is None else operator_at(n)
        left = max(0.0, deadline - clock()) / (len(numbers) - k)
        found.append(dla(made, observable=operator, max_dimension=limits.max_dimension, seconds=left))
    module = None
    if observable is not None:
        dimensions = [int(result.module_dimension or 0) for result in found]
        module = decide(numbers, dimensions, [result.module_complete for result in found])
    return DLAGrowth(
        tuple(numbers), tuple(result.algebra for result in found),
        decide(numbers, [result.dimension for result in found], [result.complete for result in found]), module,
    )  # fmt: skip


def _builder(family: Any) -> Callable[[int], Any]:
    if isinstance(family, str):
        if family.startswith("_") or not hasattr(catalogue, family):
            raise QTrainError(f"family should be a name from qtrain.catalogue, such as 'hva_tfim'. Got {family!r}.")
        family = getattr(catalogue, family)()
    build: Callable[[int], Any] = getattr(family, "circuit", family)
    if not callable(build):
        raise QTrainError(f"family should have .circuit(n), or be a function of n. Got {type(family).__name__}.")
    return build


def decide(sizes: Sequence[int], values: Sequence[int], complete: Sequence[bool]) -> Growth:
    """The law that whole numbers over ascending sizes follow.

    Example:
        >>> decide([2, 3, 4, 5, 6], [4**n - 1 for n in range(2, 7)], [True] * 5).decision
        'exponential'
        >>> decide([2, 3, 4, 5, 6], [4, 9, 16, 25, 36], [True] * 5).decision
        'polynomial of degree 2'
    """
    points = list(zip(sizes, values, complete, strict=True))
    known = [(n, v) for n, v, whole in points if whole and v > 0]
    bounds = [(n, v) for n, v, whole in points if not whole]
    given = tuple(int(v) for v in values), tuple(bool(c) for c in complete)
    if len(known) < ENOUGH:
        return Growth(*given, UNDECIDED, f"{len(known)} complete sizes; a decision needs {ENOUGH}")
    halves = [[(n, v) for n, v in known if n % 2 == odd] for odd in (0, 1)]
    ways = [("", [known])] + [("of even and of odd n apart, ", halves)] * (min(map(len, halves)) >= ENOUGH)
    if not all(halves):
        ways[0] = (f"of {'odd' if halves[1] else 'even'} n only, ", [known])
    for words, groups in ways:
        fits = [fit for group in groups if (fit := _polynomial(group)) is not None]
        if len(fits) < len(groups):
            continue
        if any(_value(fits[n % len(fits)], n) < v for n, v in bounds):
            return Growth(*given, UNDECIDED, "the polynomial through the complete values is below a lower bound")
        degree = max(map(len, fits)) - 1
        spare = min(len(group) - len(fit) for group, fit in zip(groups, fits, strict=True))
        texts = tuple(map(str, fits[0])) if len(fits) == 1 else ()
        reason = f"exact for all {len(known)} complete values, {words}{spare} more than fix it"
        return Growth(*given, f"polynomial of degree {degree}", reason, degree, texts)
    for words, groups in ways:
        rates = [_rates(group) for group in groups]
        if all(_steady(group, found) for group, found in zip(groups, rates, strict=True)):
            every = [rate for found in rates for rate in found]
            reason = f"a steady rate per qubit, {words}from n = {known[0][0]} to {known[-1][0]}"
            last = sum(found[-1] for found in rates) / len(rates)
            return Growth(*given, "exponential", reason, None, (), last, min(every), max(every))
    reason = f"neither an exact polynomial nor a steady rate over {len(known)} complete values"
    return Growth(*given, UNDECIDED, reason)


def _polynomial(points: Sequence[tuple[int, int]]) -> list[Fraction] | None:
    """Coefficients of the lowest polynomial through all points that leaves ``SPARE`` of them over, by Newton's form."""
    sizes = [n for n, _ in points]
    column = [Fraction(v) for _, v in points]
    newton = [column[0]]
    for order in range(1, len(points)):
        column = [(b - a) / (sizes[i + order] - sizes[i]) for i, (a, b) in enumerate(pairwise(column))]
        if not any(column):
            break
        newton.append(column[0])
    while len(newton) > 1 and not newton[-1]:
        newton.pop()
    if len(points) - len(newton) < SPARE:
        return None
    fit = [Fraction(0)]
    for k in reversed(range(len(newton))):  # fit * (n - sizes[k]) + newton[k]
        shifted = [Fraction(0), *fit]
        fit = [a - sizes[k] * b for a, b in zip(shifted, [*fit, Fraction(0)], strict=True)]
        fit[0] += newton[k]
    while len(fit) > 1 and not fit[-1]:
        fit.pop()
    return fit


def _polynomial_text(coefficients: Sequence[str]) -> str:
    """``2 n^2 - n`` for ("0", "-1", "2")."""
    terms = []
    for k, c in reversed(list(enumerate(map(Fraction, coefficients)))):
        power = "" if k == 0 else "n" if k == 1 else f"n^{k}"
        size = str(abs(c)) if abs(c) != 1 or k == 0 else ""
        if c:
            terms.append(("- " if c < 0 else "+ ") + " ".join(part for part in (size, power) if part))
    return " ".join(terms).removeprefix("+ ") or "0"


def _value(fit: Sequence[Fraction], n: int) -> Fraction:
    return sum((c * n**k for k, c in enumerate(fit)), Fraction(0))


def _rates(points: Sequence[tuple[int, int]]) -> list[float]:
    """Growth of the logarithm per qubit between neighbouring sizes."""
    return [(math.log(w) - math.log(v)) / (m - n) for (n, v), (m, w) in pairwise(points)]


def _steady(points: Sequence[tuple[int, int]], rates: Sequence[float]) -> bool:
    """Whether the rate keeps up while the sizes grow enough for a power's to fall."""
    later = rates[len(rates) // 2 :]
    return points[-1][0] >= SPREAD * points[0][0] and min(rates) > 0 and min(later) >= STEADY * max(rates)
