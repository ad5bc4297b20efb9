"""Method ``collapse``: Pauli propagation that collapses, for what plain paths refuse, at any size.

Shared angles, controlled rotations, excitations, fixed gates that are no Cliffords, data, identity blocks. Exact parts
of one parameter's average are drawn by their norm, so that operators stay small and nothing that is added is negative.
"""

from __future__ import annotations

import time

import numpy as np

from qtrain.circuits.problem import Problem
from qtrain.gradients.collapse_tape import CollapseTape, collapse_tape
from qtrain.gradients.collapsed_walks import CollapsedWalks
from qtrain.gradients.sampled_angles import draw_weights
from qtrain.gradients.statistics import GradientStats
from qtrain.kernels.collapse import walks as kernel
from qtrain.light_cones.dead_parameters import dead

FIRST = 64
CAPS = (1024, 32768)  # terms of an operator, above which a walk ends as a bound
PILOT = 32
LOST = 0.0  # share of walks that may end so before a larger cap is tried
HOPELESS = 0.9  # share of them above which nothing is told


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
    cap = _cap(problem, tape)
    if cap is None:
        return None
    sampler = Sampler(problem, tape, cap)
    note = sampler.grow()
    return GradientStats.of(
        problem, [sampler.sums()], method="collapse", proven_zero=dead(problem),
        reason=f"Pauli operators collapsed at every average{note}",
    )  # fmt: skip


def _cap(problem: Problem, tape: CollapseTape) -> int | None:
    """The smallest cap that nearly every walk keeps, by pilots that do not depend on the seed."""
    words = tape.terms[0].shape[1]
    best: tuple[float, int] | None = None
    Sampler(problem, tape, 1).draw(1)  # whatever it takes to compile is no walk's
    for cap in CAPS:
        rows = max(cap, len(tape.terms[2]))
        if rows * (32 * words + 64 + 16 * (1 + len(tape.drawn))) > problem.budget.memory_bytes / 4:
            break
        pilot = Sampler(problem.again(seed=0), tape, cap)
        began = time.monotonic()
        pilot.draw(2)
        walked = time.monotonic() - began
        if walked < problem.left / 32:
            pilot.draw(PILOT if walked < 0.05 else 8)
        share = pilot.counts[1] / pilot.counts[0]
        if best is None or share < best[0]:
            best = share, cap
        if share <= LOST or time.monotonic() - began > problem.left / 16:
            break
    return best[1] if best is not None and best[0] <= HOPELESS else None


class Sampler:
    """Growing sums of one problem's walks."""

    def __init__(self, problem: Problem, tape: CollapseTape, cap: int) -> None:
        self.problem, self.tape, self.cap = problem, tape, cap
        entries = len(problem.program.weights) + 1
        self.felt, self.powers, self.lost = np.zeros(entries), np.zeros((3, entries)), np.zeros((3, entries))
        self.means, self.counts = np.zeros(4), np.zeros(2)
        self.peak, self.size = np.array([float((tape.terms[2] ** 2).sum())]), np.zeros(1)
        terms, words = tape.terms[0].shape
        self.scratch = kernel.Scratch.of(tape.walk, terms, words, cap, len(tape.drawn))
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
            drawn = draw_weights(problem.at_first_point.program, count, rng, initialization=problem.start)
            theta = np.ascontiguousarray(drawn[:, tape.drawn])
        sums = kernel.Sums(self.felt, self.powers, self.lost, self.means, self.counts, self.peak, self.size)
        kernel.sample(
            tape.walk, *tape.terms, points, self.drawn, theta, np.uint64(rng.integers(2**63)), self.cap, self.mixture,
            self.floor, first, self.scratch, sums,
        )  # fmt: skip

    def grow(self) -> str:
        """Until the median parameter is precise; a clause where the budget ended it."""
        problem, budget = self.problem, self.problem.budget
        began, left = time.monotonic(), problem.left
        single = not len(self.tape.drawn) and len(self.tape.walk.bloch) == 1
        self.draw(1 if single else FIRST, first=True)
        wide = max(len(self.felt), 1)
        batch = problem.samples or FIRST
        while True:
            limit = min(batch, max(2**22 // wide, 16) if len(self.tape.drawn) else batch)
            tick = time.monotonic()
            drawn = 0
            while drawn < batch:
                self.draw(min(limit, batch - drawn))
                drawn += limit
            pace = (time.monotonic() - tick) / batch
            done = int(self.counts[0])
            if not single:
                self.draw(max(batch // 4, 1), first=True)
            if problem.samples is not None:
                return ""
            if self.precise(budget.relative_error):
                return ""
            spent = time.monotonic() - began
            rest = 0.9 * left - spent
            if rest < 16 * pace or done >= budget.max_samples:
                return f"; stopped by the budget after {done} walks"
            batch = int(max(min(done, 0.5 * rest / max(pace, 1e-9), budget.max_samples - done), 1))

    def precise(self, relative_error: float) -> bool:
        """Whether the median parameter has this relative error, and a quarter of them were felt."""
        with np.errstate(divide="ignore", invalid="ignore"):
            n = self.counts[0]
            first = self.powers[0, :-1] / n
            spread = np.sqrt(np.maximum(self.powers[1, :-1] / n - first**2, 0.0) / n)
            errors = np.where(first > 0, spread / first, np.inf)
        live = errors[~dead(self.problem)]
        felt = live[np.isfinite(live)]
        enough = n >= 3 / max(self.problem.budget.resolution, 1e-5) or 4 * len(felt) > 3 * len(live)
        return not len(live) or (bool(enough) and len(felt) > 0 and float(np.median(felt)) <= relative_error)

    def sums(self) -> CollapsedWalks:
        peak = np.append(self.tape.walk.slope**2, 1.0) * self.peak[0]
        return CollapsedWalks(
            float(self.counts[0]), self.felt.copy(), self.powers.copy(), self.lost.copy(), self.means.copy(), peak
        )
