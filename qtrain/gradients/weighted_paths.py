"""Paths whose rotations next to the input are averaged: many times fewer samples where signals are small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qtrain.circuits.interference import PathClasses
from qtrain.circuits.pauli_tape import Tape
from qtrain.gradients.exact_paths import FIXED, ROTATION
from qtrain.kernels import weighted_paths as kernel
from qtrain.kernels.tape import Steps

ACCEPTED = 0.03  # share of paths that should survive the thinning
MAX_SPREAD = 4096.0  # relative variance of a weight beyond which its sample mean cannot be trusted


@dataclass(frozen=True, eq=False)
class Averaged:
    """The tape without its averaged steps, and the steps by qubit; see ``weighted.sample_weighted``."""

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
    exponent = np.full((n, 4), kernel.DEAD, np.int64)
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
        paths: drawn; ones, squares: (rows,) sums of weights and of their squares; seen: (rows,) int
            paths that counted; cost: the same three for the cost.
    """

    def __init__(self, tape: Tape, classes: PathClasses, averaged: Averaged, cut: int) -> None:
        self.classes, self.averaged, self.cut = classes, averaged, cut
        self.paths = 0
        self.ones, self.squares = np.zeros(tape.num_rows), np.zeros(tape.num_rows)
        self.seen = np.zeros(tape.num_rows, np.int64)
        self.cost = np.zeros(3)

    @classmethod
    def start(cls, tape: Tape, classes: PathClasses, seed: int) -> WeightedSampler | None:
        if not len(classes.value) or classes.target.any():
            return None
        averaged = average_input(tape)
        histogram = np.zeros(2**kernel.PLANES, np.int64)
        touched = np.zeros(tape.num_qubits, np.bool_)
        pilot = cls(tape, classes, averaged, -1)
        pilot._draw(8192, seed, histogram, touched)
        total = histogram.sum()
        if not total:
            return None
        shares = np.exp2(
            -np.where(averaged.exponent == kernel.DEAD, np.inf, averaged.exponent.astype(float))
        )[touched]
        spread = float(np.prod(4 * (shares**2).sum(axis=1) / shares.sum(axis=1) ** 2))
        if spread > MAX_SPREAD:
            return None
        levels = np.arange(len(histogram), dtype=float)
        cut = 0
        for cut in range(int(np.flatnonzero(histogram).max()) + 1):
            if float(histogram @ np.minimum(1.0, np.exp2(cut - levels))) >= ACCEPTED * 8192:
                break
        cut = min(cut, int(np.flatnonzero(histogram).min()) + kernel.LEVELS - 2)
        return cls(tape, classes, averaged, cut)

    def _draw(self, count: int, seed: int, histogram: np.ndarray, touched: np.ndarray) -> None:
        rng = np.random.default_rng([seed, self.paths, 3])
        counts = rng.multinomial(count, self.classes.value / self.classes.total).astype(np.int64)
        a = self.averaged
        kernel.sample_weighted(
            a.steps, self.classes.x, self.classes.z, counts, np.uint64(rng.integers(2**63)), a.exponent, self.cut,
            a.chain_start, a.chain_code, a.chain_row, a.chain_tables, self.ones, self.squares, self.seen, histogram,
            self.cost, touched,
        )  # fmt: skip

    def draw(self, count: int, seed: int) -> None:
        self._draw(count, seed, np.zeros(1, np.int64), np.zeros(1, np.bool_))
        self.paths += count
