"""What a truncated Pauli propagation loses, on average over angles: exact in expectation, from Pauli paths.

E (f - f_kept)^2 is the second moment of the paths that are cut, E[w 1{largest weight > l}] for a cut by
weight (arXiv 2409.01706) and E[w 1{branchings > d}] for one by Fourier degree: paths are orthogonal. So they are for
any symmetric start of one term: two paths part where one takes a sine and the other a cosine, and E sin cos = 0. Near
a Clifford point it is the sines that cost, and E[w 1{sines > d}] is what a cut by their number loses (2411.19896).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.initialization import Initialization
from qtrain.circuits.interference import interference_phases, unpack_terms, walk_terms
from qtrain.circuits.pauli_tape import Tape
from qtrain.kernels.truncation import path_weights
from qtrain.simulators.bounded_means import mean_interval

PATHS = 20_000
UNIFORM = Initialization("uniform")
STEPS = 5e6  # gates that all paths together walk through, at most about


class Loss(NamedTuple):
    """A mean squared error, and its 95 % interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class PathSample:
    """Random Pauli paths of an observable, with what a truncation asks of each.

    Attributes:
        scale: S; paths: how many. moment: (paths,) w / S of each path, untruncated.
        branches: (paths,) anticommuting rotations met. sines: (paths,) those at which the string became another one.
        calm: what paths without a sine add to Var f: they are summed, not sampled; None for uniform angles, where all
            paths are counted.
        path, largest, amplitude: one entry for each term on each path that has an expectation at the
            input: the path, the term's largest weight on it, its amplitude over sqrt(S).
        steady_largest, steady: (terms,) the same of terms that no rotation moves: largest weight, value.
    """

    scale: float
    paths: int
    moment: np.ndarray
    branches: np.ndarray
    path: np.ndarray
    largest: np.ndarray
    amplitude: np.ndarray
    steady_largest: np.ndarray
    steady: np.ndarray
    sines: np.ndarray
    calm: float | None = None

    @property
    def _moving(self) -> np.ndarray:
        return self.moment if self.calm is None else np.where(self.sines > 0, self.moment, 0.0)

    @property
    def felt(self) -> int:
        """Number of paths with an expectation at the input, other than the mean's own."""
        return int(np.count_nonzero(self._moving > 1e-12))

    @property
    def second_moment(self) -> float:
        """Var f: what the mean alone would lose."""
        return self.scale * float(self._moving.mean()) + (self.calm or 0.0)

    def lost_by_weight(self, weight: int) -> Loss:
        """Mean squared error of forgetting strings above ``weight``."""
        cut = self.largest > weight
        halves = [
            np.bincount(self.path[cut], half[cut], minlength=self.paths)
            for half in (self.amplitude.real, self.amplitude.imag)
        ]
        return self._mean(halves[0] ** 2 + halves[1] ** 2, abs(self.steady[self.steady_largest > weight].sum()) ** 2)

    def lost_by_degree(self, degree: int) -> Loss:
        """Mean squared error of forgetting products of more than ``degree`` sines and cosines."""
        return self._mean(np.where(self.branches > degree, self.moment, 0.0), 0.0)

    def lost_by_sines(self, count: int) -> Loss:
        """Mean squared error of forgetting products of more than ``count`` sines."""
        return self._mean(np.where(self.sines > count, self.moment, 0.0), 0.0)

    def _mean(self, values: np.ndarray, sure: float) -> Loss:
        lower, upper = mean_interval(values)
        return Loss(*(sure + self.scale * float(v) for v in (values.mean(), lower, upper)))

    def smallest(self, lost: Callable[[int], Loss], allowed: float) -> int:
        """Smallest cut whose estimated mean squared error is at most ``allowed``: to be judged by other paths."""
        low, high = 0, int(max(self.largest.max(initial=0), self.branches.max(initial=0)))
        while low < high:  # the loss never grows with the cut
            middle = (low + high) // 2
            low, high = (low, middle) if lost(middle).value <= allowed else (middle + 1, high)
        return low


def most_paths(tape: Tape, steps: float = STEPS) -> int:
    """How many paths may be walked in a fraction of a second."""
    return int(max(steps / max(len(tape), 1), 200))


def sample_paths(
    tape: Tape, operator: SparsePauliOp, *, seed: int, paths: int = PATHS, start: Initialization = UNIFORM,
    steps: float = STEPS,
) -> PathSample | None:  # fmt: skip
    """Random paths of an observable's cosets, each coset with probability proportional to its share of S.

    Args:
        tape: without noise. operator: without identity. paths: fewer where terms that interfere make them dear.
        start: how angles are drawn. steps: gates that all paths together walk through, at most about.

    Returns:
        None where the cost does not depend on any angle; with angles that are not uniform also where terms meet
        different rotations, as these are not independent then.
    """
    x, z, c = unpack_terms(operator)
    x_end, z_end, sign, syndrome = walk_terms(tape, x, z)
    moves = (syndrome != 0).any(axis=1)
    moving = np.flatnonzero(moves & (c != 0))
    if len(moving) == 0:
        return None
    alike = start.kind == "uniform"
    if not alike and (not moves.all() or (syndrome != syndrome[0]).any()):
        return None
    _, coset = np.unique(syndrome[moving], axis=0, return_inverse=True)
    coset = np.asarray(coset).reshape(-1)
    order = moving[np.argsort(coset, kind="stable")]
    group = np.concatenate([[0], np.cumsum(np.bincount(coset))]).astype(np.int64)
    amplitude = np.zeros(len(order), complex)
    shares = np.zeros(len(group) - 1)
    for g in range(len(shares)):
        inside = order[group[g] : group[g + 1]]
        first = inside[0]
        phases = interference_phases(
            x_end[first], z_end[first], x_end[inside], z_end[inside], int(sign[first]), sign[inside]
        )
        size = float(np.abs(c[inside]).sum())
        shares[g] = size**2
        amplitude[group[g] : group[g + 1]] = c[inside] * phases / size
    scale = float(shares.sum())
    members = np.diff(group)
    _, chance = start.moments(tape.coefficient)
    count = int(np.clip(most_paths(tape, steps) / (float(shares @ members) / scale), 200, paths))
    rng = np.random.default_rng([seed, 9])
    pilot = count // 8
    if pilot >= 200:  # a cost that is too flat to certify shows early
        owner = rng.choice(len(shares), pilot, p=shares / scale).astype(np.int64)
        if not _walk(tape, x[order], z[order], group, owner, chance, int(rng.integers(2**31)))[1].any():
            count = pilot
    owner = np.repeat(np.arange(len(shares)), rng.multinomial(count, shares / scale)).astype(np.int64)
    seen = _walk(tape, x[order], z[order], group, owner, chance, int(rng.integers(2**31)))
    largest, hit, branches, sines, place = seen
    path = np.repeat(np.arange(count), members[owner])
    member = np.arange(place[-1]) - place[path] + group[owner[path]]
    path, largest, kept = path[hit], largest[hit], amplitude[member[hit]]
    sums = [np.bincount(path, half, minlength=count) for half in (kept.real, kept.imag)]
    still = np.flatnonzero(~moves)
    ends = np.arange(len(still) + 1)
    steady_largest, steady_hit, *_ = _walk(tape, x[still], z[still], ends, ends[:-1], chance, 0)
    calm = None if alike else _calm(tape, x, z, c, start)
    return PathSample(
        scale, count, sums[0] ** 2 + sums[1] ** 2, branches, path, largest, kept,
        steady_largest, np.where(steady_hit, c[still] * sign[still], 0.0), sines, calm,
    )  # fmt: skip


def _calm(tape: Tape, x: np.ndarray, z: np.ndarray, c: np.ndarray, start: Initialization) -> float:
    """Variance of the path along cosines alone, of terms that meet the same rotations.

    (E prod cos^2 - (E prod cos)^2) v^2, with v their value at the Clifford point.
    """
    active = np.zeros((len(c), tape.num_rows), np.uint8)
    x_end, _, sign, _ = walk_terms(tape, x, z, active=active)
    met = active[0].astype(bool)
    value = float(((~x_end.any(axis=1)) * sign * c).sum().real)
    cosine, sine2 = (moment[met] for moment in start.moments(tape.coefficient))
    return value**2 * (float(np.exp(np.log1p(-sine2).sum())) - float(np.prod(cosine)) ** 2)


def _walk(
    tape: Tape, x: np.ndarray, z: np.ndarray, group: np.ndarray, owner: np.ndarray, chance: np.ndarray,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Largest weight and hit of each term on each path, branchings and sines of each path, where its terms start."""
    place = np.concatenate([[0], np.cumsum(np.diff(group)[owner])]).astype(np.int64)
    largest, hit = np.zeros(place[-1], np.int64), np.zeros(place[-1], np.bool_)
    branches, sines = np.zeros((2, len(owner)), np.int64)
    path_weights(
        tape.steps, np.ascontiguousarray(x), np.ascontiguousarray(z), group, owner, place, seed, chance,
        largest, branches, sines, hit, np.zeros(0), np.zeros(0, np.int64),
    )  # fmt: skip
    return largest, hit, branches, sines, place
