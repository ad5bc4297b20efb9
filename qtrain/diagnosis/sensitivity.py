"""Which single-qubit Paulis feel a weight: what tells lost information from scrambled information.

The light-cone sensitivity of a weight is the second moment of its derivative under every single-qubit Pauli
instead of the observable. It is sampled, so it comes with what is certain of it at 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp
from scipy import special

from qtrain.budget import clock
from qtrain.circuits.pauli_tape import Tape, build_tape
from qtrain.circuits.problem import Problem, path_tape
from qtrain.circuits.product_states import drop_ops
from qtrain.circuits.program import PauliProgram
from qtrain.gradients.accumulators import mean_interval
from qtrain.gradients.draws import draw_weights
from qtrain.kernels import pauli_paths as path_kernel
from qtrain.kernels.bits import PATHS
from qtrain.light_cones.light_cone import ops_behind

LETTERS = "IXZY"
TAIL = 0.025  # chance of a wrong end of an interval, on either side
FIRST_SAMPLES, MOST_SAMPLES = 128, 8192
LOOKS = 1.4  # intervals this much wider on a log scale: 2.7 instead of 1.96 sigmas, as up to seven looks are taken
SPEED = 1e9  # amplitudes that a second of gradients touches
SMALL = 14  # qubits of a statevector that is run for every Pauli
PATH_LOOKS = 2  # looks by paths that may tell that a weight is felt
_SIGNS = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))  # each two of the three agree as often as not


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What single-qubit Paulis feel of each weight.

    Attributes:
        felt: (weights,) bool, certain: some Pauli's second moment reaches the threshold.
        unfelt: (weights,) bool, certain: no Pauli's does. Where neither holds, the samples do not tell.
        best: (weights,) largest second moment that was estimated, of ``pauli`` on ``qubit`` (-1: of none).
        count: (weights,) qubits of which some Pauli certainly reaches the threshold.
    """

    felt: np.ndarray
    unfelt: np.ndarray
    best: np.ndarray
    qubit: np.ndarray
    pauli: np.ndarray
    count: np.ndarray


def light_cone_sensitivity(
    problem: Problem, candidates: np.ndarray, threshold: float, *, seconds: float
) -> Sensitivity | None:
    """Sensitivities of some weights, by paths or by angles; None where neither can be sampled.

    Args:
        problem: its observable, start and noise do not matter here: angles are uniform.
        candidates: (weights,) bool; only they are followed. threshold: smallest second moment that counts.
        seconds: when to stop; what is not certain by then is neither felt nor unfelt.
    """
    uniform = problem.but(start=type(problem.start)("uniform"), channels=())
    _, tape, bloch = path_tape(uniform)
    if tape is not None and bloch is None:
        return by_paths(uniform, tape, candidates, threshold, seconds=seconds)
    n = problem.program.num_qubits
    if n <= SMALL and n * FIRST_SAMPLES * len(problem.program.opcode) * 2.0**n <= SPEED * seconds:
        return by_angles(uniform, candidates, threshold, seconds=seconds)
    return None


def by_paths(
    problem: Problem, tape: Tape, candidates: np.ndarray, threshold: float, *, seconds: float
) -> Sensitivity:
    """Shares of Pauli paths that meet the rotation, own qubits first; intervals of Clopper and Pearson.

    Few paths find most of what is felt at all; all of them go to what is not decided by then, and what time is left
    tells more of the rest.
    """
    board = _Board(candidates, problem.program.num_qubits)
    looks = _PathLooks(problem, tape, candidates, threshold, clock() + seconds)
    rounds = int(np.clip(np.ceil(8 / threshold / PATHS), 4, 256))
    few = max(4, rounds // 16) * PATHS
    done = looks.take(board, candidates, few, settles=False)
    done = done and looks.take(board, candidates & ~board.felt, rounds * PATHS)
    if done:
        looks.take(board, board.felt, rounds * PATHS, settles=False)
    else:
        board.unfelt[:] = False
    return board.sensitivity()


class _PathLooks:
    """Looks at every single-qubit Pauli by paths, until the deadline."""

    def __init__(
        self, problem: Problem, tape: Tape, candidates: np.ndarray, threshold: float, deadline: float
    ) -> None:
        self.problem, self.tape, self.deadline, self.count = problem, tape, deadline, 0
        self.order = _nearest_first(problem.program, candidates)
        self.factor = np.zeros(len(candidates))  # of each weight: its one rotation's slope, squared
        self.factor[tape.weight] = tape.coefficient**2
        self.share = np.divide(threshold, self.factor, out=np.full(len(candidates), 2.0), where=self.factor > 0)

    def take(self, board: _Board, wanted: np.ndarray, paths: int, *, settles: bool = True) -> bool:
        """One look with so many paths; False: the time ended before. settles: it may show that no Pauli feels one."""
        program, n, self.count = self.problem.program, self.problem.program.num_qubits, self.count + 1
        if not wanted.any():
            return True
        shares, place = np.unique(self.share, return_inverse=True)
        fewest = np.array([_fewest(paths, share, TAIL / (PATH_LOOKS * 3 * n)) for share in shares])[place]
        most = np.array([_most(paths, share, TAIL) for share in shares])[place]
        target = np.zeros((1, n), np.uint8)
        for q in self.order:
            if clock() > self.deadline:
                return False
            ops = ops_behind(program, q)
            if not wanted[program.parameter[ops & (program.parameter >= 0)]].any():
                continue  # its Paulis feel none of them
            behind = self.tape if 2 * ops.sum() > len(ops) else build_tape(drop_ops(program, ops))
            rows = np.flatnonzero(wanted[behind.weight])
            weight = behind.weight[rows]
            hits, betas = np.zeros((2, behind.num_rows), np.int64)
            for code in (1, 2, 3):
                x, z = np.zeros((1, n), np.uint8), np.zeros((1, n), np.uint8)
                x[0, q], z[0, q] = code & 1, code >> 1
                hits[:] = 0
                stream = self.problem.rng("sensitivity", q, code, *[self.count] * (self.count > 1)).integers(2**63)
                path_kernel.sample(
                    behind.steps, x, z, target, np.array([paths]), np.uint64(stream), False, hits, betas
                )
                seen = hits[rows]
                unfelt = seen <= most[weight] if settles else np.ones(len(weight), bool)
                moment = self.factor[weight] * seen / paths
                board.add(q, code, weight, moment, seen >= fewest[weight], unfelt)
        return True


def by_angles(problem: Problem, candidates: np.ndarray, threshold: float, *, seconds: float) -> Sensitivity:
    """Derivatives at random angles, more of them until all candidates are decided; at random points of the data.

    The three Paulis of a qubit are looked at together first: with four pairwise orthogonal choices of their signs,
    the mean square of their sum's derivative is the sum of their second moments, which bounds each.
    """
    n, rng, began = problem.program.num_qubits, problem.rng("sensitivity"), clock()
    weight = np.flatnonzero(candidates)
    cleared = np.zeros((n, len(weight)), bool)
    for q in range(n):
        together = [
            SparsePauliOp.from_sparse_list([(LETTERS[code], [q], sign) for code, sign in zip((1, 2, 3), signs)], n)
            for signs in _SIGNS
        ]
        powers = [_powers(problem, [part], weight, FIRST_SAMPLES // len(_SIGNS), rng)[:, 0] for part in together]
        cleared[q] = _ends(np.sum(powers, axis=0), FIRST_SAMPLES)[1] < threshold
    left = [(q, code) for q in range(n) if not cleared[q].all() for code in (1, 2, 3)]
    observables = [SparsePauliOp.from_sparse_list([(LETTERS[code], [q], 1.0)], n) for q, code in left]
    sums, count = np.zeros((3, len(left), len(weight))), 0
    board = _Board(candidates, n)
    passed = clock() - began
    if passed * len(left) / n > max(seconds - passed, passed):
        board.unfelt[weight] &= cleared.all(axis=0)
        return board.sensitivity()
    while left:
        more = max(FIRST_SAMPLES, count)
        sums += _powers(problem, observables, weight, more, rng)
        count += more
        board = _Board(candidates, n)
        mean, (lower, upper) = sums[0] / count, _ends(sums, count)
        for k, (q, code) in enumerate(left):
            unfelt = (upper[k] < threshold) | cleared[q]
            board.add(q, code, weight, mean[k], lower[k] >= threshold, unfelt)
        found = board.sensitivity()
        decided = (found.felt | found.unfelt)[weight].all()
        if decided or 2 * count > MOST_SAMPLES or 2 * (clock() - began) > seconds:
            return found  # the next round takes as long as all before
    return board.sensitivity()


def _powers(
    problem: Problem, observables: list[SparsePauliOp], weight: np.ndarray, samples: int, rng: np.random.Generator
) -> np.ndarray:
    """(3, observables, weights) sums of the squares, fourth and sixth powers of derivatives at random angles."""
    from qtrain.simulators.statevector import values_and_gradients

    points = None if problem.data is None else problem.data[rng.integers(len(problem.data), size=samples)]
    angles = draw_weights(problem.program, samples, rng)
    sums = np.zeros((3, len(observables), len(weight)))
    for k, observable in enumerate(observables):
        _, gradients = values_and_gradients(problem.program, observable, angles, points)
        squares = np.asarray(gradients)[:, weight] ** 2
        sums[:, k] = [squares.sum(0), (squares**2).sum(0), (squares**3).sum(0)]
    return sums


def _ends(sums: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a mean from sums of three powers, wide enough for several looks."""
    mean = sums[0] / count
    ends = mean_interval(float(count), mean, *(sums[1:] / count))
    wide = [np.divide(end, mean, out=np.ones_like(mean), where=mean > 0) ** LOOKS for end in ends]
    return mean * wide[0], mean * wide[1]


class _Board:
    """Pauli by Pauli, what is known of each weight."""

    def __init__(self, candidates: np.ndarray, num_qubits: int) -> None:
        size = len(candidates)
        self.unfelt, self.best = candidates.copy(), np.zeros(size)
        self.qubit, self.pauli = np.full(size, -1), np.zeros(size, np.int64)
        self.seen = np.zeros((size, num_qubits), bool)
        self.surest = np.zeros(size, bool)

    def add(
        self, q: int, code: int, weight: np.ndarray, moment: np.ndarray, felt: np.ndarray, unfelt: np.ndarray
    ) -> None:
        self.seen[weight, q] |= felt
        self.unfelt[weight] &= unfelt
        better = (moment > self.best[weight]) & (felt | ~self.surest[weight])
        better |= felt & ~self.surest[weight]
        at = weight[better]
        self.best[at], self.qubit[at], self.pauli[at] = moment[better], q, code
        self.surest[weight] |= felt

    @property
    def felt(self) -> np.ndarray:
        return np.asarray(self.seen.any(axis=1))

    def sensitivity(self) -> Sensitivity:
        felt, count = self.felt, self.seen.sum(axis=1)
        return Sensitivity(felt, self.unfelt & ~felt, self.best, self.qubit, self.pauli, count)


def _nearest_first(program: PauliProgram, candidates: np.ndarray) -> list[int]:
    home = {
        int(q)
        for op in program.rotations[candidates[program.parameter[program.rotations]]]
        for q in program.support[program.start[op] : program.start[op + 1]]
    }
    return sorted(
        range(program.num_qubits), key=lambda q: (q not in home, min((abs(q - h) for h in home), default=0))
    )


def _fewest(count: int, share: float, tail: float) -> int:
    """Hits from which the exact lower bound of a probability reaches ``share``; count + 1: none do."""
    if share >= 1:
        return count + 1
    low, high = 0, count  # smallest h with P(Bin > h | share) <= tail
    while low < high:
        middle = (low + high) // 2
        enough = special.betainc(middle + 1, count - middle, share) <= tail
        low, high = (low, middle) if enough else (middle + 1, high)
    return low + 1


def _most(count: int, share: float, tail: float) -> int:
    """Hits up to which the exact upper bound of a probability stays below ``share``; -1: not even none."""
    if share > 1:
        return count
    low, high = 0, count  # number of h with P(Bin <= h | share) < tail
    while low < high:
        middle = (low + high) // 2
        small = middle < count and 1 - special.betainc(middle + 1, count - middle, share) < tail
        low, high = (middle + 1, high) if small else (low, middle)
    return low - 1
