"""Approximate classical simulations of a cost by few Pauli strings, with what they lose on average over angles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.problem import part, path_tape
from qtrain.diagnosis.certificates.table import Assessment, Cost, SimulationMethod, register_certificate
from qtrain.simulators.pauli_propagation import PauliPropagation, low_degree, low_weight
from qtrain.simulators.truncation_error import STEPS, Loss, PathSample, most_paths, sample_paths

MOST = 1_000_000  # strings over all rotations that a certificate follows: a fraction of a second
LISTED = 20_000  # gates above which a start's strings are bounded and not listed
FEW_HITS = 30  # below, the paths cannot tell what a truncation loses
CHOOSING = 3000  # paths that choose the cut; others judge it
JUDGING = 20_000  # of these at most
LONG = 6e8  # gates that the paths of a start may walk through: seconds
MARGIN = 0.25  # of the allowed mean squared error: what the cut is chosen for, so that it passes its judgment


class Paths(NamedTuple):
    """Two independent samples of paths: one chooses the cut, the other says what it loses."""

    tape: Tape
    choosing: PathSample
    judging: PathSample

    @property
    def around(self) -> bool:
        """Angles are drawn around a point: there sines cost, not angles."""
        return self.judging.calm is not None


@part
def paths(cost: Cost) -> Paths | None:  # type: ignore[type-var]
    """Random Pauli paths of the cost; None where they do not apply, or where it does not vary."""
    _, tape, bloch = path_tape(cost)
    if tape is None or bloch is not None:
        return None
    first, second = (int(s) for s in np.random.SeedSequence([cost.seed, 9]).generate_state(2, np.uint64) >> 1)
    began = clock()
    most = STEPS if cost.start.kind == "uniform" else LONG
    choosing = sample_paths(tape, cost.traceless, seed=first, paths=CHOOSING, start=cost.start, steps=most)
    if choosing is None:
        return None
    # as many as tell an error of ``tolerance`` from none
    share = max(choosing.second_moment / choosing.scale, FEW_HITS / choosing.paths)
    in_time = choosing.paths * cost.share(0.5) / max(clock() - began, 1e-6)
    most_of_all = min(JUDGING, most_paths(tape, most), in_time)
    wanted = int(np.clip(8 / (cost.tolerance**2 * share), CHOOSING, max(most_of_all, CHOOSING)))
    judging = sample_paths(tape, cost.traceless, seed=second, paths=wanted, start=cost.start, steps=most)
    assert judging is not None
    return Paths(tape, choosing, judging)


def _low_weight(cost: Cost) -> Assessment | None:
    """Propagation that forgets strings heavier than a cut (arXiv 2409.01706)."""
    found = paths(cost)
    if found is None:
        return None
    width = cost.program.num_qubits
    cut = min(_cut(found, cost, PathSample.lost_by_weight), width)
    return _judged(
        cost, found.judging, f"weight up to {cut}", found.judging.lost_by_weight(cut), whole=cut == width,
        follow=lambda: low_weight(cost.program, found.tape, cost.observable, cut, most=MOST),
        bound=_most(width, cut, 3) * cost.branchings if found.around else math.inf,
    )  # fmt: skip


def _low_degree(cost: Cost) -> Assessment | None:
    """Propagation along the paths that meet at most so many rotations that anticommute with them; of a start around a
    Clifford point, along those that take at most so many sines (arXiv 2411.19896)."""
    found = paths(cost)
    if found is None:
        return None
    around, most = found.around, cost.branchings
    lost = PathSample.lost_by_sines if around else PathSample.lost_by_degree
    cut = _cut(found, cost, lost)
    return _judged(
        cost, found.judging, f"{'sines' if around else 'degree'} up to {cut}", lost(found.judging, cut),
        whole=cut >= most, follow=lambda: low_degree(cost.program, cost.observable, cut, sines=around, most=MOST),
        bound=_most(most + 1, cut + 1, 1) if around else math.inf,  # sums of at most cut of 0, 1, ..., most rotations
    )  # fmt: skip


def _cut(found: Paths, cost: Cost, lost: Callable[[PathSample, int], Loss]) -> int:
    """The cut that is judged.

    Of a start, the smallest that holds: what is lost at one cut is part of what is lost at any lower one, so that the
    least of them that holds is too low no more often than a single one would be.
    """
    if not found.around:
        return found.choosing.smallest(lambda cut: lost(found.choosing, cut), _allowed(found.choosing, cost))

    def at_most(cut: int) -> Loss:
        return Loss(*3 * (lost(found.judging, cut).upper,))

    return found.judging.smallest(at_most, cost.tolerance**2 * found.judging.second_moment)


def _most(of: int, cut: int, ways: int) -> float:
    """How many choices there are of at most ``cut`` of so many, each in some ways; far too many are not counted."""
    least = min(cut, of)
    return 1e300 if least > 60 else float(sum(math.comb(of, k) * ways**k for k in range(least + 1)))


def _allowed(sample: PathSample, cost: Cost) -> float:
    return MARGIN * cost.tolerance**2 * sample.second_moment


def _judged(
    cost: Cost, sample: PathSample, kept: str, lost: Loss, *, whole: bool,
    follow: Callable[[], PauliPropagation | None], bound: float = math.inf,
) -> Assessment:  # fmt: skip
    """Certain where even the upper end of its error is within the tolerance; what it takes is what its strings take, or
    where these are not listed, at most ``bound``."""
    error, lower, upper = (math.sqrt(v) for v in lost)
    error = error or upper
    if whole:
        detail, error, lower, upper = f"{kept}: all of them", 0.0, 0.0, 0.0
    elif sample.felt < FEW_HITS:
        few = f"fewer than {FEW_HITS} of {sample.paths} paths are felt: the cost is too flat to certify by them"
        return Assessment(few, math.inf, math.nan, (math.nan, math.nan), certain=False)
    else:
        span = f"{lost.value:.2g} ({lost.lower:.2g} to {lost.upper:.2g})"
        detail = f"{kept}; mean squared error {span}, by {sample.paths} paths"
        if upper > cost.tolerance * math.sqrt(sample.second_moment):
            return Assessment(detail, math.inf, error, (lower, upper), certain=False)
    followed = follow() if bound == math.inf or cost.gates <= LISTED else None
    if followed is None and bound < math.inf:
        return Assessment(f"{detail}; a bound on its operations", bound, error, (lower, upper))
    if followed is None:
        detail += f"; more than {MOST:,} strings over all rotations"
        return Assessment(detail, math.inf, error, (lower, upper), certain=False)
    operations = float(max(followed.entries, 1))
    return Assessment(detail, operations, error, (lower, upper), evaluator=lambda: followed)


for _name, _assess in {"low-weight Pauli propagation": _low_weight, "low Fourier degree": _low_degree}.items():
    register_certificate(SimulationMethod(_name, _assess))
