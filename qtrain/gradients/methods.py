"""The table of gradient methods: ``auto`` goes through it from the top, a new method is one row more."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.problem import Problem, steepness
from qtrain.errors import QTrainError, TooLargeError
from qtrain.extensions import Table
from qtrain.gradients import collapse, noisy_angles, quadrature, sampled_angles
from qtrain.gradients.accumulators import (
    Accumulator,
    AngleMoments,
    Ceiling,
    Encounters,
    Exact,
    Means,
    ParticleRuns,
    PlainPaths,
    SignedPairs,
    WeightedPaths,
    register_accumulator,
)
from qtrain.gradients.collapsed_walks import CollapsedWalks
from qtrain.gradients.paths import exact_paths, fourier_pairs, particles, path_sums, sampled_paths
from qtrain.gradients.statistics import GradientStats
from qtrain.light_cones.dead_parameters import dead
from qtrain.light_cones.light_cone import meets, shifted_tape

SECONDS_FOR_BOUNDS = 0.5  # at least, where no other method had an answer


def _never(problem: Problem) -> str | None:
    return None


@dataclass(frozen=True)
class Method:
    """One way to the variances of gradients.

    Attributes:
        name: what ``method=`` calls it.
        refuses: a clause that tells why it cannot treat a problem; None if it can.
        run: statistics; None where they do not fit the budget.
        accumulators: kinds of sums that its statistics hold.
        passes: a clause that tells why ``auto`` leaves a problem to the rows behind; None if it does not.
        complete: what ``auto`` asks of it behind the answer of a row above: the answer with more in it, or None.
        limit: clause for where ``run`` gave None.
        follows: it treats angles that are functions of the weights (``program.angle_map``); else they are refused.
    """

    name: str
    refuses: Callable[[Problem], str | None]
    run: Callable[[Problem], GradientStats | None]
    accumulators: tuple[type[Accumulator], ...]
    passes: Callable[[Problem], str | None] = _never
    complete: Callable[[Problem, GradientStats], GradientStats | None] | None = None
    limit: str = "it does not fit the budget"
    follows: bool = False

    def why_not(self, problem: Problem) -> str | None:
        """A clause that tells why it cannot treat a problem; None if it can."""
        if problem.program.angle_map is not None and not self.follows:
            return f"{problem.program.angle_map.functions.texts[0]} is no affine function of one parameter"
        return self.refuses(problem)


METHODS: Table[Method] = Table("method")


def register_method(method: Method, *, before: str = "bound", replace: bool = False) -> Method:
    """Add a row to the table of gradient methods.

    Args:
        method: see `Method`; `qtrain.testing.methods.check_method` tells whether it keeps what a method promises.
        before: the row in front of which ``auto`` tries it. replace: the row of this name.

    Raises:
        QTrainError: a name that is taken, or is ``"auto"``.
    """
    if method.name == "auto":
        raise QTrainError("method should have a name that is free. Got 'auto'.")
    for kind in method.accumulators:
        register_accumulator(kind)
    return METHODS.add(method.name, method, before=before if before in METHODS else None, replace=replace)


def answer(problem: Problem, *, or_bound: bool = False) -> GradientStats:
    """Statistics by the method that the problem asks for, or by the first of the table that fits.

    Args:
        or_bound: where no method fits, tell what is known without any.

    Raises:
        QTrainError: a method that cannot treat the problem. TooLargeError: none can, within the budget.
    """
    if problem.method != "auto":
        return _asked_for(problem)
    refused: list[str] = []
    passed: list[str] = []
    rows = METHODS.values() if or_bound else [row for row in METHODS.values() if row.name != "bound"]
    for place, row in enumerate(rows):
        found = None
        if why := row.why_not(problem):
            refused.append(why)
        elif why := row.passes(problem):
            passed.append(why)
        else:
            found = row.run(problem)
            passed.append(row.limit)
        if found is not None:
            found = _because(found, refused if row.name != "bound" else [_nothing_fits(refused + passed[:-1])])
            return _because(_completed(problem, found, rows[place + 1 :]), [], problem.remarks)
    raise TooLargeError(_nothing_fits(refused + passed))


def _asked_for(problem: Problem) -> GradientStats:
    row = METHODS[problem.method]
    why = row.why_not(problem)
    found = None if why else row.run(problem)
    if found is None:
        error = QTrainError if why else TooLargeError
        raise error(
            f"method should be one that treats this circuit. Got {row.name!r}, but {why or row.limit}. "
            "Use method='auto'."
        )
    return _because(found, [f"asked for: {row.name}"], problem.remarks)


def _because(stats: GradientStats, clauses: Sequence[str], remarks: Sequence[str] = ()) -> GradientStats:
    return dataclasses.replace(stats, reason="; ".join(dict.fromkeys([*clauses, stats.reason, *remarks])))


def _completed(problem: Problem, stats: GradientStats, rows: list[Method]) -> GradientStats:
    for row in rows:
        if row.complete is not None and row.why_not(problem) is None:
            stats = row.complete(problem, stats) or stats
    return stats


def _nothing_fits(clauses: list[str]) -> str:
    return (
        f"circuit should be one that some method reaches. Got one where {'; '.join(dict.fromkeys(clauses))}: raise the "
        "budget, or ask for method='bound'."
    )


def bound(problem: Problem) -> GradientStats:
    """What is known without any method: which gradients vanish, and how large the others can be at all.

    |df/dtheta_k| is at most the sum over terms of |c_a| times the sum of |coefficient| over the rotations of the
    parameter that the term can see: exp(-i theta P / 2) changes a term of norm 1 by at most its angle.
    """
    size = float(np.abs(problem.traceless.coeffs).sum())
    slope = sampled_angles.slopes(problem)
    largest = slope * size if problem.program.angle_map is not None else _seen_slopes(problem, slope)
    return GradientStats.of(
        problem, [Ceiling(np.append(largest, size) ** 2)], method="none",
        reason="no method reached the gradients", proven_zero=dead(problem),
    )  # fmt: skip


def _seen_slopes(problem: Problem, slope: np.ndarray) -> np.ndarray:
    """(parameters,) sum over the terms of |c_a| times the slopes in its effective cone; ``slope``: all of them.

    A term that is not reached in time counts as one that sees everything.
    """
    program, tape = problem.program, shifted_tape(problem)
    deadline = clock() + max(problem.share(0.5), SECONDS_FOR_BOUNDS)
    x, z, c = unpack_terms(problem.traceless)
    sizes = steepness(problem)[(program.parameter >= 0) & (np.diff(program.start) > 0)]  # of the tape's rows
    total, order = np.zeros(len(slope)), np.argsort(-np.abs(c))
    for place, k in enumerate(order):
        if clock() > deadline:
            return np.asarray(total + slope * np.abs(c[order[place:]]).sum())
        rows, _ = meets(tape, x[k : k + 1], z[k : k + 1], forward=False)
        total += abs(c[k]) * np.bincount(tape.weight[rows], sizes[rows], minlength=len(slope))
    return total


_PATHS = (Means, Encounters)
register_method(Method(
    "exact", path_sums.refuses, exact_paths.run, (Exact, *_PATHS), passes=exact_paths.passes,
    limit="the network of its paths is too large to contract within 1e12 operations, or terms of the observable "
    "interfere",
))  # fmt: skip
register_method(Method(
    "quadrature", quadrature.refuses, quadrature.run, (Exact, Means, Ceiling), passes=quadrature.passes,
    limit="its values on grids of angles take more than the seconds, or small starts lose their digits",
))  # fmt: skip
register_method(Method(
    "paths", path_sums.refuses, sampled_paths.run, (PlainPaths, WeightedPaths, SignedPairs, *_PATHS)
))  # fmt: skip
register_method(Method(
    "particles", particles.refuses, particles.run, (ParticleRuns, Ceiling, *_PATHS), complete=particles.complete
))  # fmt: skip
register_method(Method(
    "pairs", fourier_pairs.refuses, fourier_pairs.run, (Exact, Means, Ceiling), passes=fourier_pairs.passes,
    limit="its pairs of paths are too many to sum",
))  # fmt: skip
register_method(Method(
    "angles", sampled_angles.angles_refuses, sampled_angles.run_angles, (AngleMoments,),
    passes=lambda problem: sampled_angles.angles_passes(problem) or collapse.better(problem),
    limit="not one angle vector fits the seconds", follows=True,
))  # fmt: skip
register_method(Method(
    "density", noisy_angles.refuses, noisy_angles.run, (AngleMoments,), passes=noisy_angles.passes,
    limit="one density matrix does not fit the memory", follows=True,
))  # fmt: skip
register_method(Method(
    "gsim", sampled_angles.gsim_refuses, sampled_angles.run_gsim, (AngleMoments,), passes=sampled_angles.gsim_passes,
    limit="the observable's module is above max_dimension, or too large for the seconds",
))  # fmt: skip
register_method(Method(
    "statevector", sampled_angles.statevector_refuses, sampled_angles.run_statevector, (AngleMoments,),
    passes=lambda problem: sampled_angles.statevector_passes(problem) or collapse.better(problem),
    limit="not one angle vector fits the seconds", follows=True,
))  # fmt: skip
register_method(Method(
    "collapse", collapse.refuses, collapse.run, (CollapsedWalks, Ceiling),
    limit="operators outgrow every cap between two averages",
))  # fmt: skip
register_method(Method("bound", _never, bound, (Ceiling,), follows=True))
