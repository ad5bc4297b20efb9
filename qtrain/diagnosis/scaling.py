"""How gradients of an architecture shrink with the number of qubits: the only place that says barren plateau."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget, as_budget, clock
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.observables import measured, observable_of_size
from qtrain.circuits.program import PauliProgram, lower
from qtrain.diagnosis.decay_laws import DecayFit, fit_decay
from qtrain.diagnosis.results import Scaling
from qtrain.errors import QTrainError, check_sizes, check_whole
from qtrain.gradients.variance import gradient_variance
from qtrain.light_cones.light_cone import light_cone

QUANTILE = 0.25
ENOUGH = 4  # sizes that a law needs
TERMS = 8  # of an observable, whose light cones are looked at
LADDER = (4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64)  # sizes to choose from


@dataclass(frozen=True)
class _Cone:
    """The widest effective light cone of an observable's terms, its depth, and the widest term."""

    width: int
    depth: int
    weight: int


def scaling(
    architecture: Any,
    observable: str | Callable[[int], SparsePauliOp],
    sizes: Sequence[int] | None = None,
    *,
    initialization: str | tuple[str, float] | Initialization = "uniform",
    shots: int = 10_000,
    seed: int = 0,
    budget: Budget | None = None,
) -> Scaling:
    """Fit log V over n and choose constant, polynomial or exponential decay by the corrected Akaike criterion.

    A circuit whose light cone still fills the register loses gradient with every qubit that joins the cone, and its V
    looks exponential until the cone is full. Where neither depth nor observable grows with n, the law is therefore
    fitted to sizes past the cone alone, and is undecided without them. A polynomial law of chosen sizes has to hold at
    twice the largest of them too.

    Args:
        architecture: an Architecture (anything with ``.circuit(n)``), or a function n -> QuantumCircuit.
        observable: text such as "Z0", "Zlast", "Z0 Z1", "Z^n", "mean Z", "sum ZZ + 0.5*sum X" (see
            `qtrain.circuits.sized_observables.sized_observable`), or a function n -> SparsePauliOp.
        sizes: at least four distinct numbers of qubits; None: up to 64, past the light cone if it is bounded.
        initialization: see `gradient_variance`.
        shots: per expectation value. seed: of all randomness. budget: its seconds are for all sizes together, the
            largest of which are left out where they are spent; None: 10 seconds for each size.

    Returns:
        Scaling, with the law, its rate and interval, and the size at which the shots stop to resolve gradients.

    Raises:
        QTrainError: too few sizes, wrong shots, a size the architecture cannot take, gradients that are all
            zero, or too small for the budget at all but a few sizes.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> found = scaling(lambda n: real_amplitudes(n, reps=1), "parity", [2, 3, 4, 5, 6])
        >>> found.law
        'exponential'
    """
    check_whole("shots", shots)
    build: Callable[[int], QuantumCircuit] = getattr(architecture, "circuit", architecture)
    if not callable(build):
        raise QTrainError(
            f"architecture should have .circuit(n), or be a function of n. Got {type(architecture).__name__}."
        )
    operator_at = observable_of_size(observable)
    began = clock()
    made: dict[int, tuple[PauliProgram, SparsePauliOp]] = {}
    cones: dict[int, _Cone] = {}

    def prepare(n: int) -> _Cone:
        made[n] = family_member(build, n), operator_at(n)
        cones[n] = _cone(*made[n])
        return cones[n]

    if sizes is None:
        numbers = _choose_sizes(prepare)
    else:
        numbers = check_sizes(sizes, fewest=ENOUGH)
        for n in numbers:
            prepare(n)
    limits = Budget(seconds=10.0 * len(numbers), resolution=1e-9) if budget is None else as_budget(budget)
    rows: list[tuple[float, float, float, float, float]] = []
    for k, n in enumerate(numbers):
        left = limits.seconds - (clock() - began)
        if left <= 0 and len(rows) >= ENOUGH:
            break
        seconds = 10.0 if budget is None else max(left / (len(numbers) - k), 1e-3)
        row = _measure(n, *made[n], initialization, seed, replace(limits, seconds=seconds))
        if row is not None:
            rows.append(row)
    if len(rows) < 3:
        raise QTrainError(
            "budget should resolve the median gradient at 3 sizes or more. "
            f"Got {len(rows)} of {len(numbers)}: raise budget.seconds, or take smaller sizes."
        )
    found = _summarize(np.array(rows), numbers, cones, int(shots))
    if sizes is None and found.law == "polynomial":  # a bend of small sizes looks like it: does it hold on?
        further = _further(numbers[-1], prepare)
        seconds = limits.seconds - (clock() - began)
        row = None
        if further and seconds > 0:
            row = _measure(further, *made[further], initialization, seed, replace(limits, seconds=seconds))
        if row is not None:
            found = _summarize(np.array([*rows, row]), [*numbers, further], cones, int(shots))
    return replace(found, family=str(getattr(architecture, "name", "")))


def family_member(build: Callable[[int], Any], n: int) -> PauliProgram:
    """The lowered circuit of n qubits; QTrainError where the function fails, or returns something else."""
    try:
        circuit = build(n)
    except QTrainError:
        raise
    except BaseException as error:  # a function of the user's own may raise anything; Rust's panics are no Exception
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise
        raise QTrainError(
            f"architecture should make a circuit of {n} qubits. Got {type(error).__name__}: {error}."
        ) from error
    program = lower(circuit)
    if program.num_qubits != n:
        raise QTrainError(f"architecture should make a circuit of {n} qubits. Got one of {program.num_qubits}.")
    if not program.weights:
        raise QTrainError(f"architecture should make circuits with parameters. Got none at {n} qubits.")
    return program


def _cone(program: PauliProgram, observable: SparsePauliOp) -> _Cone:
    """Of the terms that stand first, last and between: a few tell for all."""
    operator = measured(observable, program.num_qubits)
    letters = operator.paulis.x | operator.paulis.z
    operator, letters = operator[letters.any(axis=1)], letters[letters.any(axis=1)]
    order = np.lexsort((letters.argmax(axis=1), letters.sum(axis=1)))
    picked = order[np.unique(np.linspace(0, len(order) - 1, min(TERMS, len(order))).round().astype(int))]
    found = [light_cone(program, operator[[int(i)]]) for i in picked]
    return _Cone(
        max((cone.effective_width for cone in found), default=0), max((cone.depth for cone in found), default=0),
        int(letters.sum(axis=1).max(initial=0)),
    )  # fmt: skip


def _bounded(cones: dict[int, _Cone]) -> bool:
    """Whether neither depth nor weight grows between the middle and the largest size: then the cone is bounded."""
    sizes = sorted(cones)
    middle, last = cones[sizes[(len(sizes) - 1) // 2]], cones[sizes[-1]]
    return last.weight <= middle.weight and last.depth <= middle.depth + 1


def _choose_sizes(prepare: Callable[[int], _Cone]) -> list[int]:
    """Up to eight sizes: the first ones past a bounded light cone, else from the smallest on."""
    cones: dict[int, _Cone] = {}
    past: list[int] = []
    refused: QTrainError | None = None
    for n in LADDER:
        try:
            cones[n] = prepare(n)
        except QTrainError as error:  # this family has no such size
            refused = error
            continue
        past += [n] if cones[n].width < n else []
        if len(past) == 6 or (len(cones) >= 8 and not _bounded(cones)):
            break
    if len(cones) < ENOUGH:
        raise refused or QTrainError("architecture should take four sizes up to 64 qubits.")
    return past if _bounded(cones) and len(past) >= ENOUGH else sorted(cones)[:8]


def _further(last: int, prepare: Callable[[int], _Cone]) -> int:
    """The largest size of the ladder within twice the last one; 0 where the family has none there."""
    for n in sorted((n for n in LADDER if last < n <= 2 * last), reverse=True):
        try:
            prepare(n)
        except QTrainError:
            continue
        return n
    return 0


def _measure(
    n: int, program: PauliProgram, operator: SparsePauliOp, initialization: Any, seed: int, limits: Budget
) -> tuple[float, float, float, float, float] | None:
    """(n, median V, its lower quartile, error of log V, scale); None where most gradients were not seen."""
    found = gradient_variance(program, operator, initialization=initialization, seed=seed, budget=limits)
    live = ~found.proven_zero  # those that were never seen count as the smallest, not as dead
    if not live.any():
        raise QTrainError(
            f"architecture should have gradients that are not zero at every size. Got none that are alive at n = {n}."
        )
    values = found.second_moment[live]
    median = float(np.median(values))
    if not median > 0:
        return None
    seen = values > 0
    error = float(np.median(found.standard_error[live][seen] / values[seen]))
    traceless = operator.paulis.x.any(axis=1) | operator.paulis.z.any(axis=1)
    plain = float(np.sum(np.abs(operator.coeffs[traceless]) ** 2))
    scale = found.scale if math.isfinite(found.scale) else plain
    return n, median, float(np.quantile(values, QUANTILE)), error, scale


def _summarize(rows: np.ndarray, numbers: list[int], cones: dict[int, _Cone], shots: int) -> Scaling:
    """Fit the sizes that can tell, and say what they tell."""
    n, variance, low, error, scale = rows.T
    width, used = 0, np.ones(len(n), bool)
    if _bounded(cones):
        width = max(cone.width for cone in cones.values())
        used = n > width
    saturated = bool(used.sum() >= ENOUGH) or not width
    fit = fit_decay(*(v[used] if saturated else v for v in (n, np.log(variance), error)))
    law = fit.law if saturated else "undecided"
    low_law, low_rate = "", math.nan
    if (low > 0).all():
        below = fit_decay(*(v[used] if saturated else v for v in (n, np.log(low), error)))
        low_law, low_rate = below.law if saturated else "undecided", below.rate
    plateau = law == "exponential" and fit.rate_low > 0
    rate, rate_low, rate_high = (fit.rate, fit.rate_low, fit.rate_high) if saturated else (math.nan,) * 3
    largest = _largest(fit, float(scale[-1]) / shots) if law in ("exponential", "polynomial") else math.inf
    missing = tuple(size for size in numbers if size not in n)
    return Scaling(
        sizes=tuple(int(v) for v in n), variance=variance, low=low, error=error, scale=scale, law=law, rate=rate,
        rate_low=rate_low, rate_high=rate_high, aicc=fit.aicc, barren_plateau=plateau, shots=shots,
        largest_size=largest, low_law=low_law, low_rate=low_rate, unresolved=missing,
        fitted=tuple(int(v) for v in (n[used] if saturated else n)), cone_width=width,
        summary=_sentence(fit, law, plateau, saturated, width, largest, shots, missing),
    )  # fmt: skip


def _largest(fit: DecayFit, resolved: float) -> float:
    """The n at which the fitted law falls below what the shots resolve; infinite where V does not decay."""
    if fit.rate <= 0:
        return math.inf
    steps = (fit.level - math.log(resolved)) / fit.rate
    return max(steps if fit.decay == "exponential" else math.exp(min(steps, 700.0)), 0.0)


def _sentence(
    fit: DecayFit, law: str, plateau: bool, saturated: bool, width: int, largest: float, shots: int,
    missing: tuple[int, ...],
) -> str:  # fmt: skip
    if not saturated:
        text = (
            f"not yet decided: depth and observable do not grow, but the light cone fills the register at nearly all "
            f"sizes; take at least {ENOUGH} sizes above {width} qubits"
        )
    elif law == "undecided":
        text = "not yet decided: these sizes fit more than one law; take larger ones"
    else:
        shape = {"exponential": "e^({:.3g} n)", "polynomial": "n^({:.3g})", "constant": "constant{:.0s}"}[law]
        text = (
            f"median gradient variance ~ {shape.format('' if law == 'constant' else -fit.rate)}, rate {fit.rate:.3g} "
            f"in [{fit.rate_low:.3g}, {fit.rate_high:.3g}]; {'a' if plateau else 'no'} barren plateau"
        )
    if math.isfinite(largest):
        text += f"; {shots} {'shot resolves' if shots == 1 else 'shots resolve'} it up to about n = {largest:.0f}"
    if missing:
        text += f"; not resolved within the budget: n = {', '.join(map(str, missing))}"
    return text + "."
