"""Approximate classical simulations of a cost by few Pauli strings, with what they lose over uniform angles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.problem import part, path_tape
from qtrain.diagnosis.certificates.table import (
    Assessment,
    Cost,
    Evaluator,
    SimulationMethod,
    register_certificate,
)
from qtrain.simulators.pauli_propagation import LazyPropagation
from qtrain.simulators.truncation_error import Loss, PathSample, most_paths, sample_paths

HUGE = 10**290
FEW_HITS = 30  # below, the paths cannot tell what a truncation loses
CHOOSING = 3000  # paths that choose the cut; others judge it
JUDGING = 20_000  # of these at most
MARGIN = 0.25  # of the allowed mean squared error: what the cut is chosen for, so that it passes its judgment


class Paths(NamedTuple):
    """Two independent samples of paths: one chooses the cut, the other says what it loses."""

    tape: Tape
    choosing: PathSample
    judging: PathSample


@part
def paths(cost: Cost) -> Paths | None:  # type: ignore[type-var]
    """Random Pauli paths of the cost; None where they do not apply, or where it does not vary."""
    _, tape, bloch = path_tape(cost)
    if tape is None or bloch is not None:
        return None
    first, second = (int(s) for s in np.random.SeedSequence([cost.seed, 9]).generate_state(2, np.uint64) >> 1)
    choosing = sample_paths(tape, cost.traceless, seed=first, paths=CHOOSING)
    if choosing is None:
        return None
    # as many as tell an error of ``tolerance`` from none
    share = max(choosing.second_moment / choosing.scale, FEW_HITS / choosing.paths)
    wanted = int(np.clip(8 / (cost.tolerance**2 * share), CHOOSING, max(min(JUDGING, most_paths(tape)), CHOOSING)))
    judging = sample_paths(tape, cost.traceless, seed=second, paths=wanted)
    assert judging is not None
    return Paths(tape, choosing, judging)


def _low_weight(cost: Cost) -> Assessment | None:
    """Propagation that forgets strings heavier than a cut (arXiv 2409.01706)."""
    found = paths(cost)
    if found is None:
        return None
    width = cost.program.num_qubits
    cut = min(found.choosing.smallest(found.choosing.lost_by_weight, _allowed(found.choosing, cost)), width)
    strings = min(sum(math.comb(width, k) * 3**k for k in range(cut + 1)), HUGE)
    return _judged(
        cost, found.judging, f"weight up to {cut}", found.judging.lost_by_weight(cut), cost.gates * float(strings),
        whole=cut == width,
        evaluator=lambda: LazyPropagation(cost.program, found.tape, cost.observable, cut),
    )  # fmt: skip


def _low_degree(cost: Cost) -> Assessment | None:
    """Paths of at most so many branchings, each walked through all gates: C(m, d) choices, 2^d branches."""
    found = paths(cost)
    if found is None:
        return None
    rotations = cost.branchings
    cut = found.choosing.smallest(found.choosing.lost_by_degree, _allowed(found.choosing, cost))
    choices = sum(math.comb(rotations, k) for k in range(min(cut, rotations) + 1))
    return _judged(
        cost, found.judging, f"degree up to {cut}", found.judging.lost_by_degree(cut),
        cost.gates * float(min(choices, 2**rotations, HUGE)), whole=cut >= rotations,
    )  # fmt: skip


def _allowed(sample: PathSample, cost: Cost) -> float:
    return MARGIN * cost.tolerance**2 * sample.second_moment


def _judged(
    cost: Cost, sample: PathSample, kept: str, lost: Loss, operations: float, *, whole: bool,
    evaluator: Callable[[], Evaluator] | None = None,
) -> Assessment:  # fmt: skip
    """Certain where even the upper end of its error is within the tolerance."""
    if whole:
        return Assessment(f"{kept}: all of them", operations, evaluator=evaluator)
    if sample.felt < FEW_HITS:
        few = f"fewer than {FEW_HITS} of {sample.paths} paths are felt: the cost is too flat to certify by them"
        return Assessment(few, operations, math.nan, (math.nan, math.nan), certain=False)
    error, lower, upper = (math.sqrt(v) for v in lost)
    return Assessment(
        f"{kept}; mean squared error {lost.value:.2g} ({lost.lower:.2g} to {lost.upper:.2g}), by {sample.paths} paths",
        operations, error or upper, (lower, upper), evaluator=evaluator,
        certain=upper <= cost.tolerance * math.sqrt(sample.second_moment),
    )  # fmt: skip


for _name, _assess in {"low-weight Pauli propagation": _low_weight, "low Fourier degree": _low_degree}.items():
    register_certificate(SimulationMethod(_name, _assess))
