"""How gradients of an architecture shrink with the number of qubits: the only place that says barren plateau."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from scipy import special

from qtrain.budget import Budget
from qtrain.errors import QTrainError
from qtrain.gradients.variance import gradient_variance
from qtrain.json_results import JsonResult

QUANTILE = 0.25
MODEL_ERROR = 0.1  # in log V: what a law leaves unexplained between sizes, beside the sampling error


@dataclass(frozen=True, eq=False)
class Scaling(JsonResult):
    """Decay of gradient variances over the number of qubits n.

    Attributes:
        sizes, variance, low, error: n; median V over live parameters, its lower quartile, and the standard
            error of log V; scale: S at each n.
        law: ``"exponential"`` (V ~ e^(-rate n)), ``"polynomial"`` (V ~ n^(-rate)) or ``"constant"``, by AICc.
        rate, rate_low, rate_high: with its 95 % interval. aicc: of each law.
        barren_plateau: exponential decay whose rate is above zero at 95 %.
        shots, largest_size: shots per value, and the n from which they no longer resolve the median gradient.
        summary: one sentence.
        low_law, low_rate: the same fit of the lower quartile; NaN where its gradients were not all seen.
        unresolved: sizes left out because more than half of the live gradients were not seen there.
    """

    sizes: tuple[int, ...]
    variance: np.ndarray
    low: np.ndarray
    error: np.ndarray
    scale: np.ndarray
    law: str
    rate: float
    rate_low: float
    rate_high: float
    aicc: dict[str, float]
    barren_plateau: bool
    shots: int
    largest_size: float
    summary: str
    low_law: str = ""
    low_rate: float = math.nan
    unresolved: tuple[int, ...] = ()


def named_observable(text: str, n: int) -> SparsePauliOp:
    """``"Z0"``, ``"Z0 Z1"``, ``"all Z"`` (mean of every Z) or ``"parity"`` (Z on all) on n qubits."""
    if text == "all Z":
        return SparsePauliOp.from_sparse_list([("Z", [q], 1 / n) for q in range(n)], n)
    if text == "parity":
        return SparsePauliOp("Z" * n)
    letters, places = [], []
    for part in text.split():
        if part[:1] not in ("X", "Y", "Z") or not part[1:].isdigit() or int(part[1:]) >= n:
            raise QTrainError(
                f'observable should be "all Z", "parity" or terms such as "Z0 Z1" on {n} qubits. Got {text!r}.'
            )
        letters.append(part[0])
        places.append(int(part[1:]))
    if not letters:
        raise QTrainError(
            'observable should be "all Z", "parity" or terms such as "Z0 Z1". Got an empty text.'
        )
    return SparsePauliOp.from_sparse_list([("".join(letters), places, 1.0)], n)


def scaling(
    architecture: Any,
    observable: str | Callable[[int], SparsePauliOp],
    sizes: Sequence[int],
    *,
    shots: int = 10_000,
    seed: int = 0,
    budget: Budget | None = None,
) -> Scaling:
    """Fit log V over n and choose exponential or polynomial decay by the corrected Akaike criterion.

    Args:
        architecture: an Architecture (anything with ``.circuit(n)``), or a function n -> QuantumCircuit.
        observable: "Z0", "Z0 Z1", "all Z", "parity", or a function n -> SparsePauliOp.
        sizes: at least four distinct numbers of qubits.
        shots: per expectation value. seed: of all randomness. budget: of each size.

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
    numbers = sorted({int(n) for n in sizes})
    if len(numbers) < 4:
        raise QTrainError(f"sizes should hold at least 4 distinct numbers of qubits. Got {list(sizes)!r}.")
    if isinstance(shots, bool) or not isinstance(shots, (int, np.integer)) or shots < 1:
        raise QTrainError(f"shots should be a whole number of at least 1. Got {shots!r}.")
    build: Callable[[int], QuantumCircuit] = getattr(architecture, "circuit", architecture)
    if not callable(build):
        raise QTrainError(
            f"architecture should have .circuit(n), or be a function of n. Got {type(architecture).__name__}."
        )
    limits = budget or Budget(seconds=10, resolution=1e-9)
    medians, quartiles, errors, scales = [], [], [], []
    resolved: list[int] = []
    for n in numbers:
        operator = observable(n) if callable(observable) else named_observable(observable, n)
        found = gradient_variance(build(n), operator, seed=seed, budget=limits)
        live = ~found.proven_zero  # those that were never seen count as the smallest, not as dead
        if not live.any():
            raise QTrainError(
                "architecture should have gradients that are not zero at every size. "
                f"Got none that are alive at n = {n}."
            )
        values = found.second_moment[live]
        median = float(np.median(values))
        if not median > 0:
            continue
        seen = values > 0
        resolved.append(n)
        medians.append(median)
        quartiles.append(float(np.quantile(values, QUANTILE)))
        errors.append(float(np.median(found.standard_error[live][seen] / values[seen])))
        traceless = operator.paulis.x.any(axis=1) | operator.paulis.z.any(axis=1)
        plain = float(np.sum(np.abs(operator.coeffs[traceless]) ** 2))
        scales.append(found.scale if math.isfinite(found.scale) else plain)
    if len(resolved) < 3:
        raise QTrainError(
            "budget should resolve the median gradient at 3 sizes or more. "
            f"Got {len(resolved)} of {len(numbers)}: raise budget.seconds, or take smaller sizes."
        )
    result = _fit(
        resolved, np.array(medians), np.array(quartiles), np.array(errors), np.array(scales), int(shots)
    )
    missing = tuple(n for n in numbers if n not in resolved)
    if missing:
        text = f"; not resolved within the budget: n = {', '.join(map(str, missing))}."
        result = replace(result, unresolved=missing, summary=result.summary[:-1] + text)
    return result


def _laws(n: np.ndarray, y: np.ndarray, weight: np.ndarray) -> dict[str, tuple[float, np.ndarray, float]]:
    """AICc, solution and standard error of the slope of each law, by weighted least squares."""
    fits: dict[str, tuple[float, np.ndarray, float]] = {}
    for law, column in (("exponential", n), ("polynomial", np.log(n)), ("constant", None)):
        design = np.ones((len(n), 1)) if column is None else np.column_stack([np.ones(len(n)), column])
        solution, *_ = np.linalg.lstsq(design * weight[:, None], y * weight, rcond=None)
        residual = float(np.sum((weight * (y - design @ solution)) ** 2))
        spread = max(1.0, residual / max(len(n) - design.shape[1], 1))
        covariance = np.linalg.inv((design * weight[:, None] ** 2).T @ design) * spread
        k = design.shape[1] + 1
        count = len(n)
        penalty = 2 * k + (2 * k * (k + 1) / (count - k - 1) if count > k + 1 else 4 * k)
        variance_of_fit = max(residual / count, 1e-12)
        fits[law] = (count * math.log(variance_of_fit) + penalty, solution, math.sqrt(covariance[-1, -1]))
    return fits


def _fit(
    numbers: list[int],
    variance: np.ndarray,
    low: np.ndarray,
    error: np.ndarray,
    scale: np.ndarray,
    shots: int,
) -> Scaling:
    """Weighted least squares of log V on n, on log n, and on nothing."""
    n = np.array(numbers, float)
    y = np.log(variance)
    weight = 1 / np.hypot(error, MODEL_ERROR)
    fits = _laws(n, y, weight)
    law = min(fits, key=lambda name: fits[name][0])
    _, solution, spread = fits[law]
    rate = 0.0 if law == "constant" else -float(solution[1])
    half = 0.0 if law == "constant" else float(special.stdtrit(max(len(n) - 2, 1), 0.975)) * spread
    low_law, low_rate = "", math.nan
    if (low > 0).all():
        below = _laws(n, np.log(low), weight)
        low_law = min(below, key=lambda name: below[name][0])
        low_rate = 0.0 if low_law == "constant" else -float(below[low_law][1][1])
    plateau = law == "exponential" and rate - half > 0
    level = math.log(float(scale[-1]) / shots)
    if law == "exponential" and rate > 0:
        largest = (float(solution[0]) - level) / rate
    elif law == "polynomial" and rate > 0:
        largest = math.exp(min((float(solution[0]) - level) / rate, 700.0))
    else:
        largest = math.inf
    largest = max(largest, 0.0)
    shape = {"exponential": "e^(-{:.3g} n)", "polynomial": "n^(-{:.3g})", "constant": "constant{:.0s}"}[law]
    text = shape.format("" if law == "constant" else rate)
    summary = (
        f"median gradient variance ~ {text}, rate {rate:.3g} in [{rate - half:.3g}, {rate + half:.3g}]; "
        + ("a barren plateau" if plateau else "no barren plateau")
        + (f"; {shots} shots resolve it up to about n = {largest:.0f}" if math.isfinite(largest) else "")
    )
    return Scaling(
        sizes=tuple(numbers), variance=variance, low=low, error=error, scale=scale, law=law, rate=rate,
        rate_low=rate - half, rate_high=rate + half, aicc={name: fit[0] for name, fit in fits.items()},
        barren_plateau=plateau, shots=shots, largest_size=largest, summary=summary + ".",
        low_law=low_law, low_rate=low_rate,
    )  # fmt: skip
