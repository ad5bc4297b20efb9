"""Method ``paths``: random Pauli paths, any size; one path serves every parameter.

Rotations next to the input are averaged where that keeps the weights of paths tame: many times fewer samples where
signals are small.
"""

from __future__ import annotations

import numpy as np

from qtrain.circuits.interference import PathClasses
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.problem import Problem, classes, stream
from qtrain.gradients.accumulators import Accumulator, Encounters, Means, PlainPaths, WeightedPaths
from qtrain.gradients.paths import paired_paths
from qtrain.gradients.paths.path_sums import grow, on_weights, path_statistics, tape_of, unit
from qtrain.gradients.paths.path_tensors import SIGNS_ONLY, single_step
from qtrain.gradients.statistics import GradientStats
from qtrain.kernels import pauli_paths as kernel
from qtrain.kernels import weighted_paths as weighted
from qtrain.kernels.bits import PATHS
from qtrain.kernels.clifford import Steps
from qtrain.kernels.opcodes import QUARTER_TURN, ROTATION

ACCEPTED = 0.03  # share of paths that should survive the thinning
MAX_SPREAD = 4096.0  # relative variance of a weight beyond which its sample mean cannot be trusted
WHY = "independent Pauli rotations: one random Pauli path serves every parameter"


def run(problem: Problem) -> GradientStats:
    """Random paths, in growing batches until precise enough."""
    tape = tape_of(problem)
    if not problem.plain:
        pairs, note = paired_paths.sample(problem)
        return path_statistics(problem, [pairs, paired_paths.exact_means(problem)], "paths", WHY + note)
    found = classes(problem)
    sampler = WeightedSampler.start(tape, found)
    sums, note = _plain(problem, tape, found) if sampler is None else _weighted(problem, tape, found, sampler)
    means = on_weights(problem, np.zeros(tape.num_rows), found.mean)
    return path_statistics(problem, [*sums, Means(means)], "paths", WHY + note, scale=found.scale)


def encounters(problem: Problem, count: int = 4 * PATHS) -> Encounters:
    """How often each generator meets an anticommuting Pauli, from a few thousand plain paths."""
    tape = tape_of(problem)
    _, met, _ = draw(tape, classes(problem), count, problem.rng("encounters"))
    return Encounters(on_weights(problem, met, np.nan), float(count))


def draw(
    tape: Tape, found: PathClasses, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, int]:
    """Plain paths: (rows,) that count for each rotation, (rows,) that met it anticommuting, how many the cost felt."""
    hits, met = np.zeros(tape.num_rows, np.int64), np.zeros(tape.num_rows, np.int64)
    if not len(found.value):
        return hits, met, 0
    counts = rng.multinomial(count, found.value / found.total).astype(np.int64)
    cost = kernel.sample(
        tape.steps, found.x, found.z, found.target, counts, np.uint64(rng.integers(2**63)), True, hits, met
    )
    return hits, met, int(cost)


def _plain(problem: Problem, tape: Tape, found: PathClasses) -> tuple[list[Accumulator], str]:
    hits, met = np.zeros(tape.num_rows, np.int64), np.zeros(tape.num_rows, np.int64)
    cost = 0

    def step(batch: int, done: int) -> np.ndarray:
        nonlocal hits, met, cost
        more, some, total = draw(tape, found, batch, problem.rng("paths", done))
        hits, met, cost = hits + more, met + some, cost + total
        with np.errstate(divide="ignore"):
            return np.asarray(1 / np.sqrt(hits))

    done, note = grow(problem, step)
    return [
        PlainPaths(on_weights(problem, hits, cost), float(done), unit(problem, found.total)),
        Encounters(on_weights(problem, met, np.nan), float(done)),
    ], note


def _weighted(
    problem: Problem, tape: Tape, found: PathClasses, sampler: WeightedSampler
) -> tuple[list[Accumulator], str]:
    def step(batch: int, done: int) -> np.ndarray:
        sampler.draw(batch, problem.rng("weighted paths", done))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(sampler.ones > 0, np.sqrt(sampler.squares) / sampler.ones, np.inf)

    done, note = grow(problem, step)
    scale = 2.0**-sampler.cut
    first, second, count = sampler.cost
    return [
        WeightedPaths(
            on_weights(problem, sampler.ones * scale, first * scale),
            on_weights(problem, sampler.squares * scale**2, second * scale**2),
            on_weights(problem, sampler.seen, count), float(done), unit(problem, found.total),
        ),
        encounters(problem),
    ], note + "; rotations next to the input averaged"  # fmt: skip


def average_input(tape: Tape) -> tuple[Steps, weighted.Averaged]:
    """Take the one-qubit steps next to |0...0> out of the tape while weights stay powers of two."""
    n, steps = tape.num_qubits, tape.steps
    weight = np.tile(np.array([1.0, 0.0, 1.0, 0.0]), (n, 1))
    open_ = np.ones(n, bool)
    chains: list[list[tuple[int, int, int, np.ndarray]]] = [[] for _ in range(n)]
    keep = np.ones(len(tape), bool)
    for i in range(len(tape) - 1, -1, -1):
        op, q = int(steps.opcode[i]), int(steps.q0[i])
        if op in SIGNS_ONLY:
            continue
        single = single_step(steps, i)
        if single is None or op == QUARTER_TURN:
            open_[steps.support[steps.start[i] : steps.start[i + 1]]] = False
            open_[[q, int(steps.q1[i]) if steps.q1[i] >= 0 else q]] = False
        elif open_[q]:
            before = weight[q] @ single.matrix
            live = before[before > 0]
            if np.all(np.log2(live) == np.round(np.log2(live))):
                letter = int(steps.letters[steps.start[i]]) if op == ROTATION else 0
                chains[q].append((op, letter, int(steps.row[i]), weight[q].copy()))
                weight[q] = before
                keep[i] = False
            else:
                open_[q] = False
        if not open_.any():
            break
    exponent = np.full((n, 4), weighted.DEAD, np.int64)
    exponent[weight > 0] = np.round(-np.log2(weight[weight > 0])).astype(np.int64)
    flat = [step for chain in chains for step in reversed(chain)]
    pieces = np.repeat(keep, np.diff(steps.start))
    start = np.concatenate([[0], np.cumsum(np.diff(steps.start)[keep])]).astype(np.int64)
    one_each = {name: getattr(steps, name)[keep] for name in ("opcode", "q0", "q1", "row", "turns", "rate")}
    rest = Steps(start=start, support=steps.support[pieces], letters=steps.letters[pieces], **one_each)
    return rest, weighted.Averaged(
        exponent, np.concatenate([[0], np.cumsum([len(c) for c in chains])]).astype(np.int64),
        np.array([s[0] for s in flat], np.int8), np.array([s[1] for s in flat], np.int8),
        np.array([s[2] for s in flat], np.int32), np.array([s[3] for s in flat], float).reshape(-1, 4),
    )  # fmt: skip


class WeightedSampler:
    """Growing sums of weighted paths; ``None`` from `start` where averaging cannot be trusted.

    Attributes:
        ones, squares: (rows,) sums of weights and of their squares; seen: (rows,) int
            paths that counted; cost: the same three for the cost.
    """

    def __init__(
        self, tape: Tape, found: PathClasses, steps: Steps, averaged: weighted.Averaged, cut: int
    ) -> None:
        self.found, self.steps, self.averaged, self.cut = found, steps, averaged, cut
        self.ones, self.squares = np.zeros(tape.num_rows), np.zeros(tape.num_rows)
        self.seen = np.zeros(tape.num_rows, np.int64)
        self.cost = np.zeros(3)

    @classmethod
    def start(cls, tape: Tape, found: PathClasses) -> WeightedSampler | None:
        """By a pilot that does not depend on the seed: runs with different seeds add up."""
        if not len(found.value) or found.target.any():
            return None
        steps, averaged = average_input(tape)
        histogram = np.zeros(2**weighted.PLANES, np.int64)
        touched = np.zeros(tape.num_qubits, np.bool_)
        pilot = cls(tape, found, steps, averaged, -1)
        pilot._draw(8192, stream(0, "pilot"), histogram, touched)
        total = histogram.sum()
        if not total:
            return None
        shares = np.exp2(
            -np.where(averaged.exponent == weighted.DEAD, np.inf, averaged.exponent.astype(float))
        )[touched]
        spread = float(np.prod(4 * (shares**2).sum(axis=1) / shares.sum(axis=1) ** 2))
        if spread > MAX_SPREAD:
            return None
        levels = np.arange(len(histogram), dtype=float)
        cut = 0
        for cut in range(int(np.flatnonzero(histogram).max()) + 1):
            if float(histogram @ np.minimum(1.0, np.exp2(cut - levels))) >= ACCEPTED * 8192:
                break
        cut = min(cut, int(np.flatnonzero(histogram).min()) + weighted.LEVELS - 2)
        return cls(tape, found, steps, averaged, cut)

    def _draw(self, count: int, rng: np.random.Generator, histogram: np.ndarray, touched: np.ndarray) -> None:
        counts = rng.multinomial(count, self.found.value / self.found.total).astype(np.int64)
        sums = weighted.WeightedSums(self.ones, self.squares, self.seen, self.cost)
        weighted.sample_weighted(
            self.steps, self.averaged, self.found.x, self.found.z, counts, np.uint64(rng.integers(2**63)), self.cut,
            sums, histogram, touched,
        )  # fmt: skip

    def draw(self, count: int, rng: np.random.Generator) -> None:
        """Add so many paths to the sums."""
        self._draw(count, rng, np.zeros(1, np.int64), np.zeros(1, np.bool_))
