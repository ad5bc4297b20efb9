"""Method ``paths``: random Pauli paths, any size; one path serves every parameter.

Rotations next to the input are averaged where that keeps the weights of paths tame: many times fewer samples where
signals are small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qtrain.circuits.interference import PathClasses
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.problem import Problem, classes, stream
from qtrain.gradients import paired_paths
from qtrain.gradients.accumulators import Accumulator, Encounters, Means, PlainPaths, WeightedPaths
from qtrain.gradients.path_network import FIXED, ROTATION
from qtrain.gradients.path_sums import grow, on_weights, path_statistics, tape_of, unit
from qtrain.gradients.statistics import GradientStats
from qtrain.kernels import pauli_paths as kernel
from qtrain.kernels import weighted_paths as weighted
from qtrain.kernels.tape import Steps

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


def encounters(problem: Problem, count: int = 4 * kernel.PATHS) -> Encounters:
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


@dataclass(frozen=True, eq=False)
class Averaged:
    """The tape without its averaged steps, and the steps by qubit; see `kernels.weighted_paths.sample_weighted`."""

    steps: Steps
    exponent: np.ndarray
    chain_start: np.ndarray
    chain_code: np.ndarray
    chain_row: np.ndarray
    chain_tables: np.ndarray


def average_input(tape: Tape) -> Averaged:
    """Take the one-qubit steps next to |0...0> out of the tape while weights stay powers of two."""
    n = tape.num_qubits
    weight = np.tile(np.array([1.0, 0.0, 1.0, 0.0]), (n, 1))
    open_ = np.ones(n, bool)
    chains: list[list[tuple[int, int, np.ndarray]]] = [[] for _ in range(n)]
    keep = np.ones(len(tape.code), bool)
    for i in range(len(tape.code) - 1, -1, -1):
        code, q = int(tape.code[i]), int(tape.q0[i])
        if code < 0:
            continue
        if code <= 2 or 5 <= code <= 7:
            if not open_[q]:
                continue
            step = ROTATION[code][0] if code <= 2 else FIXED[code]
            before = weight[q] @ step
            live = before[before > 0]
            if np.all(np.log2(live) == np.round(np.log2(live))):
                chains[q].append((code, int(tape.row[i]), weight[q].copy()))
                weight[q] = before
                keep[i] = False
            else:
                open_[q] = False
        elif code in (3, 4):
            open_[tape.support[tape.start[i] : tape.start[i + 1]]] = False
        else:
            open_[[q, int(tape.q1[i])]] = False
        if not open_.any():
            break
    exponent = np.full((n, 4), weighted.DEAD, np.int64)
    exponent[weight > 0] = np.round(-np.log2(weight[weight > 0])).astype(np.int64)
    flat = [step for chain in chains for step in reversed(chain)]
    sizes = np.diff(tape.start)[keep]
    pieces = np.repeat(keep, np.diff(tape.start))
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    one_each = {name: getattr(tape, name)[keep] for name in ("code", "q0", "q1", "row", "opcode", "turns", "rate")}
    steps = Steps(start=start, support=tape.support[pieces], letters=tape.letters[pieces], **one_each)
    return Averaged(
        steps, exponent, np.concatenate([[0], np.cumsum([len(c) for c in chains])]).astype(np.int64),
        np.array([s[0] for s in flat], np.int8), np.array([s[1] for s in flat], np.int32),
        np.array([s[2] for s in flat], float).reshape(-1, 4),
    )  # fmt: skip


class WeightedSampler:
    """Growing sums of weighted paths; ``None`` from `start` where averaging cannot be trusted.

    Attributes:
        ones, squares: (rows,) sums of weights and of their squares; seen: (rows,) int
            paths that counted; cost: the same three for the cost.
    """

    def __init__(self, tape: Tape, found: PathClasses, averaged: Averaged, cut: int) -> None:
        self.found, self.averaged, self.cut = found, averaged, cut
        self.ones, self.squares = np.zeros(tape.num_rows), np.zeros(tape.num_rows)
        self.seen = np.zeros(tape.num_rows, np.int64)
        self.cost = np.zeros(3)

    @classmethod
    def start(cls, tape: Tape, found: PathClasses) -> WeightedSampler | None:
        """By a pilot that does not depend on the seed: runs with different seeds add up."""
        if not len(found.value) or found.target.any():
            return None
        averaged = average_input(tape)
        histogram = np.zeros(2**weighted.PLANES, np.int64)
        touched = np.zeros(tape.num_qubits, np.bool_)
        pilot = cls(tape, found, averaged, -1)
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
        return cls(tape, found, averaged, cut)

    def _draw(self, count: int, rng: np.random.Generator, histogram: np.ndarray, touched: np.ndarray) -> None:
        counts = rng.multinomial(count, self.found.value / self.found.total).astype(np.int64)
        a = self.averaged
        weighted.sample_weighted(
            a.steps, self.found.x, self.found.z, counts, np.uint64(rng.integers(2**63)), a.exponent, self.cut,
            a.chain_start, a.chain_code, a.chain_row, a.chain_tables, self.ones, self.squares, self.seen, histogram,
            self.cost, touched,
        )  # fmt: skip

    def draw(self, count: int, rng: np.random.Generator) -> None:
        """Add so many paths to the sums."""
        self._draw(count, rng, np.zeros(1, np.int64), np.zeros(1, np.bool_))
