"""Method ``collapse``: Pauli propagation that collapses, for what plain paths refuse, at any size.

Shared angles, controlled rotations, excitations, fixed gates that are no Cliffords, data, identity blocks. Exact parts
of one parameter's average are drawn by their norm, so that operators stay small and nothing that is added is negative.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.problem import Problem, part
from qtrain.gradients.accumulators import Ceiling
from qtrain.gradients.collapse_tape import CollapseTape, bounding_tape, collapse_tape
from qtrain.gradients.collapsed_walks import CollapsedWalks
from qtrain.gradients.draws import draw_weights
from qtrain.gradients.sampled_angles import PER_SECOND, simulator, slopes
from qtrain.gradients.statistics import GradientStats
from qtrain.kernels.collapse import records
from qtrain.kernels.collapse import walks as kernel
from qtrain.kernels.opcodes import ROTATION, SWAP
from qtrain.light_cones.dead_parameters import dead
from qtrain.light_cones.light_cone import effective

FIRST = 64
CAPS = (1024, 32768)  # terms of an operator, above which a walk ends as a bound
EFFORT = 10**7  # most terms times steps of a walk: a tenth of a second
PILOT = 64
STOPPED = 16  # walks that end where diagonal gates on a product state bound them, all alike
GRACE = 2.0  # seconds for walks where stages above, or compiling, have used up the budget
HOPELESS = 0.9  # share of walks without an end above which nothing is told
BOUNDED = 1e-5  # share of S below which a bound is enough
NARROW = 12  # qubits of a light cone up to which random angles tell more in the same time
FEW_VECTORS = 64  # gradients at random angles below which they tell too little
SCATTER = 4.0  # relative spread of a squared gradient over random angles


def refuses(problem: Problem) -> str | None:
    """Starts whose angles have no mean slope of zero."""
    if problem.start.kind in ("gaussian", "small"):
        return "angles that are not uniform have a mean gradient"
    return None


def run(problem: Problem) -> GradientStats | None:
    """Walks in growing batches until precise enough; None where operators outgrow every cap."""
    tape = collapse_tape(problem)
    if not len(tape.terms[2]):
        return None
    found = pilot(problem)
    if found.lost > HOPELESS:
        return bounded(problem)
    sampler = Sampler(problem, tape, found.cap)
    note = sampler.grow(found.pace)
    size = float(np.abs(problem.traceless.coeffs).sum())
    largest = Ceiling((size * np.append(slopes(problem), 1.0)) ** 2)  # few heavy walks say more than there can be
    return GradientStats.of(
        problem, [sampler.sums(), largest], method="collapse", proven_zero=dead(problem),
        reason=f"Pauli operators collapsed at every average{note}",
    )  # fmt: skip


def bounded(problem: Problem) -> GradientStats | None:
    """A bound by walks that end in front of diagonal gates; None where it is not below the resolution, or no proof.

    One string stays one string where every angle in front is its own, and where what letters are worth is known at
    every rotation, branches are drawn in proportion: all walks count the same, which is then no estimate.
    """
    tape = bounding_tape(problem)
    if tape is None or len(tape.terms[2]) != 1:
        return None
    kinds = tape.walk.kind
    if ((kinds > SWAP) & (kinds != records.STOP)).any() or (tape.walk.guide[kinds == ROTATION] < 0).any():
        return None
    sampler = Sampler(problem, tape, CAPS[0])
    sampler.draw(STOPPED)
    sums = sampler.sums()
    most = float(sums.lost[0, -1]) / STOPPED * (1 + 1e-9)
    if not most <= problem.budget.resolution * sampler.peak[0]:
        return None
    return GradientStats.of(
        problem, [sums, Ceiling(most * np.append(slopes(problem), 1.0) ** 2)], method="collapse",
        proven_zero=dead(problem),
        reason="operators outgrow every cap, but can only reach little of a product state behind diagonal gates",
    )  # fmt: skip


def better(problem: Problem) -> str | None:
    """A clause where walks should tell more in the same time than gradients at random angles; else None.

    The second moments of so many gradients have relative errors of about ``SCATTER / sqrt(count)``, measured on
    circuits of 10 to 20 qubits; those of walks are asked of a few of them.
    """
    if problem.program.angle_map is not None or refuses(problem) or problem.method != "auto":
        return None
    program, found = effective(problem).program, simulator(problem)
    operations = found[1].operations if found else max(len(program), 1) * 2.0**program.num_qubits
    seconds = max(problem.left / 2, 1e-3)
    vectors = seconds * PER_SECOND / max(operations, 1.0)
    if program.num_qubits <= NARROW or SCATTER**2 <= vectors * problem.budget.relative_error**2:
        return None
    if not len(collapse_tape(problem).terms[2]):
        return None
    tried = pilot(problem)
    if tried.lost or (vectors >= FEW_VECTORS and tried.error * (tried.pace * vectors / seconds) ** 0.5 > SCATTER):
        return None
    return f"collapsing operators tell more in the same time than some {vectors:.0f} angle vectors"


class Pilot(NamedTuple):
    """The smallest cap that nearly every walk keeps; the share that does not; seconds of a walk; relative error of one
    walk for the median parameter, infinite where few felt it."""

    cap: int
    lost: float
    pace: float
    error: float


@part
def pilot(problem: Problem) -> Pilot:
    """A few walks that do not depend on the seed, so that runs with different seeds add up."""
    tape = collapse_tape(problem)
    words = tape.terms[0].shape[1]
    asked = problem.again(seed=0)
    Sampler(asked, tape, 1).draw(1)  # whatever it takes to compile is no walk's
    found: Pilot | None = None
    for cap in CAPS:
        rows = max(cap, len(tape.terms[2]))
        if found and rows * (32 * words + 64 + 16 * (1 + len(tape.drawn))) > problem.budget.memory_bytes / 4:
            break
        sampler = Sampler(asked, tape, cap)
        began = clock()
        sampler.draw(2)
        while sampler.counts[0] < PILOT and clock() - began < max(problem.left, GRACE) / 64:
            sampler.draw(int(sampler.counts[0]))
        pace, lost = (clock() - began) / sampler.counts[0], sampler.counts[1] / sampler.counts[0]
        if found is None or lost < found.lost:
            found = Pilot(cap, lost, pace, sampler.error() * sampler.counts[0] ** 0.5)
        if not lost or clock() - began > max(problem.left, GRACE) / 16:
            break
    assert found is not None
    return found


class Sampler:
    """Growing sums of one problem's walks."""

    def __init__(self, problem: Problem, tape: CollapseTape, cap: int) -> None:
        self.problem, self.tape, self.cap = problem, tape, cap
        entries = len(problem.program.weights) + 1
        self.felt, self.powers, self.lost = np.zeros(entries), np.zeros((3, entries)), np.zeros((3, entries))
        self.means, self.counts = np.zeros(4), np.zeros(2)
        self.peak, self.size = np.array([float((tape.terms[2] ** 2).sum())]), np.zeros(1)
        terms, words = tape.terms[0].shape
        self.scratch = records.Scratch.of(tape.walk, terms, words, cap, len(tape.drawn))
        self.drawn = np.full(entries - 1, -1, np.int64)
        self.drawn[tape.drawn] = np.arange(len(tape.drawn))
        # Squared derivatives have a share in what is drawn: as little as keeps their variance finite, as each adds
        # to the variance of all (by its power 3/2).
        share = 0.3 * max(len(tape.drawn), 1) ** (-2 / 3)
        self.mixture = share / np.where(tape.walk.slope > 0, tape.walk.slope, 1.0) ** 2
        self.floor = 0.0 if problem.start.kind in ("uniform", "identity-block") else 1.0 / max(tape.rotations, 1)

    def draw(self, count: int, *, first: bool = False) -> None:
        """So many walks more."""
        problem, tape = self.problem, self.tape
        done = int(self.means[2] if first else self.counts[0])
        rng = problem.rng("first moments" if first else "collapse", done)
        points = rng.integers(len(tape.walk.bloch), size=count)
        theta = np.zeros((count, 0))
        if len(tape.drawn):
            drawn = draw_weights(problem.program, count, rng, initialization=problem.start)
            theta = np.ascontiguousarray(drawn[:, tape.drawn])
        sums = records.Sums(self.felt, self.powers, self.lost, self.means, self.counts, self.peak, self.size)
        kernel.sample(
            tape.walk, *tape.terms, points, self.drawn, theta, np.uint64(rng.integers(2**63)), self.cap, EFFORT,
            self.mixture, self.floor, first, self.scratch, sums,
        )  # fmt: skip

    def grow(self, pace: float) -> str:
        """Until the median parameter is precise; a clause where the budget ended it. ``pace``: seconds of a walk."""
        problem, budget = self.problem, self.problem.budget
        began, left = clock(), max(problem.left, GRACE)
        single = not len(self.tape.drawn) and len(self.tape.walk.bloch) == 1
        self.draw(1, first=True)
        batch = problem.samples or int(np.clip(left / 16 / max(pace, 1e-9), 4, FIRST))
        while True:
            tick = clock()
            target = self.counts[0] + batch
            while self.counts[0] < target:  # drawn angles of so many walks fit
                self.draw(int(min(target - self.counts[0], max(2**22 // len(self.felt), 16))))
            pace = (clock() - tick) / batch
            if not single:
                self.draw(max(batch // 4, 1), first=True)
            if problem.samples is not None or self.precise(budget.relative_error):
                return ""
            done = int(self.counts[0])
            rest = 0.9 * left - (clock() - began)
            if rest < 16 * pace or done >= budget.max_samples:
                return f"; stopped by the budget after {done} walks"
            batch = int(max(min(done, 0.5 * rest / max(pace, 1e-9), budget.max_samples - done), 1))

    def error(self, *, among_felt: bool = False) -> float:
        """Relative error of the median parameter that is not proven dead; infinite where it was not felt."""
        n = self.counts[0]
        first = self.powers[0, :-1] / n
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.sqrt(np.maximum(self.powers[1, :-1] / n - first**2, 0.0) / n)
            errors = np.where(first > 0, spread / first, np.inf)[~dead(self.problem)]
        if among_felt:
            errors = errors[np.isfinite(errors)]
        return float(np.median(errors)) if len(errors) else np.inf if among_felt else 0.0

    def precise(self, relative_error: float) -> bool:
        """Whether the median parameter has this relative error; of those felt, once the others are bounded."""
        bounded = self.counts[0] >= 3 / max(self.problem.budget.resolution, BOUNDED)
        return self.error(among_felt=bool(bounded)) <= relative_error

    def sums(self) -> CollapsedWalks:
        peak = np.append(self.tape.walk.slope**2, 1.0) * self.peak[0]
        return CollapsedWalks(
            float(self.counts[0]), self.felt.copy(), self.powers.copy(), self.lost.copy(), self.means.copy(), peak
        )
