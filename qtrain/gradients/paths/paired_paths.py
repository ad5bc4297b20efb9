"""Pauli paths under noise, for angles that are not uniform and from product inputs: signed pairs of terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qtrain.circuits.initialization import Initialization
from qtrain.circuits.interference import unpack_terms, walk_terms
from qtrain.circuits.problem import Problem, part, path_tape
from qtrain.errors import QTrainError
from qtrain.gradients.accumulators import Means, SignedPairs
from qtrain.gradients.paths.path_sums import grow, on_weights, tape_of, unit
from qtrain.kernels import pair_paths as kernel
from qtrain.kernels.bits import PATHS

MAX_TERMS = 4000
NEGLIGIBLE = 1e-12  # product of E cos below which two terms are not paired


@dataclass(frozen=True, eq=False)
class TermPairs:
    """Pairs of terms: Paulis of the first, what the second differs by, phase, sign and mass; (pairs,) each."""

    classes: kernel.Pairs
    mass: np.ndarray
    left_out: float  # mass of the pairs that were left out as negligible


@part
def term_pairs(problem: Problem) -> TermPairs:
    """Pairs (a, b) with their weight c_a c_b * product of E cos where only one anticommutes: sign and mass.

    A term with itself is always kept; two terms as long as the product of E cos, which may be negative,
    is above ``NEGLIGIBLE``.
    """
    tape, start, bloch = tape_of(problem), problem.start, input_states(problem)
    x, z, c = unpack_terms(problem.traceless)
    keep = x.any(axis=1) | z.any(axis=1)
    x, z, c = x[keep], z[keep], c[keep]
    if len(c) > MAX_TERMS:
        raise QTrainError(
            f"observable should have at most {MAX_TERMS} terms with noise, non-uniform angles or product inputs. "
            f"Got {len(c)}."
        )
    active = np.zeros((len(c), tape.num_rows), np.uint8)
    x_end, z_end, sign, _ = walk_terms(tape, x, z, active=active)
    bits = active.astype(float)
    signs, logs = start.log_cosine(tape.coefficient)
    alone = (bits * logs) @ (1 - bits).T  # where the first anticommutes and the second does not
    exponent = alone + alone.T
    hard = (signs == 0).astype(float)
    broken = (bits @ hard)[:, None] + (bits @ hard)[None] - 2 * ((bits * hard) @ bits.T) > 0.5
    fixed = (bloch[:, :, 0] == 0).all(axis=0) & (bloch[:, :, 2] == 0).all(axis=0)
    rows_x = x_end[:, fixed].astype(float)
    clash = rows_x.sum(axis=1)[:, None] + rows_x.sum(axis=1)[None] - 2 * rows_x @ rows_x.T > 0.5
    damping = np.where(broken | clash, 0.0, np.exp(np.minimum(exponent, 0.0)))
    mass = np.triu(np.abs(c[:, None] * c[None]) * damping)
    mass += np.triu(mass, 1)
    kept = (damping > NEGLIGIBLE) & np.tri(len(c), dtype=bool).T
    left_out = float(mass[~kept].sum())
    first, second = np.nonzero(kept)
    odd = (bits @ (signs < 0)).astype(np.int64) % 2
    turn = np.where(odd[first] == odd[second], 1, -1)
    diff_x, diff_z = x_end[first] ^ x_end[second], z_end[first] ^ z_end[second]
    count = lambda a, b: (a & b).sum(axis=1, dtype=np.int64)  # noqa: E731
    power = (
        count(x_end[first], z_end[first]) + count(x_end[second], z_end[second]) - count(diff_x, diff_z)
        + 2 * count(z_end[first], x_end[second]) + (sign[first] != sign[second]) * 2
    ) % 4  # fmt: skip
    found = kernel.Pairs(
        np.ascontiguousarray(x[first]), np.ascontiguousarray(z[first]),
        np.ascontiguousarray(x[first] ^ x[second]), np.ascontiguousarray(z[first] ^ z[second]),
        power.astype(np.int64), turn * np.where(c[first] * c[second] < 0, -1, 1),
    )  # fmt: skip
    return TermPairs(found, mass[first, second], left_out)


def _mode(start: Initialization, branch: np.ndarray) -> int:
    """How ``sample_pairs`` differentiates; by the question alone, so that runs with other seeds add up.

    A walk of its own for each of R rotations costs R / 2 walks of all; weighting costs 1 / E sin^2 in
    samples, as only paths that flipped tell of what flips nearly always once a rotation is differentiated.
    """
    if start.kind == "uniform":
        return 0
    return 2 if len(branch) * float(np.median(branch)) > 2 else 1


def _relative_errors(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(rows,) of sums of weights, from the sums of their squares; infinite where nothing was felt."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(second > 0, np.sqrt(second) / np.maximum(np.abs(first), 1e-300), np.inf)


@part
def input_states(problem: Problem) -> np.ndarray:
    """(states, qubits, 3) Bloch vectors of the input in the order X, Z, Y."""
    bloch = path_tape(problem).bloch
    if bloch is None:
        return np.tile(np.array([0.0, 1.0, 0.0]), (1, problem.program.num_qubits, 1))
    return np.ascontiguousarray(bloch)


@part
def exact_means(problem: Problem) -> Means:
    """E f and E df, averaged over the states of the input."""
    tape, states = tape_of(problem), input_states(problem)
    cosines, _ = problem.start.moments(tape.coefficient)
    mean, gradient = np.zeros(1), np.zeros(tape.num_rows)
    x, z, c = unpack_terms(problem.traceless)
    for state in states:
        kernel.mean_gradients(tape.steps, cosines, x, z, c / len(states), state, mean, gradient)
    return Means(on_weights(problem, gradient * tape.coefficient, float(mean[0])))


def sample(problem: Problem) -> tuple[SignedPairs, str]:
    """Signed hits of pairs, in batches until precise enough; a clause that tells what ended them."""
    tape, states, found = tape_of(problem), input_states(problem), term_pairs(problem)
    _, branch = problem.start.moments(tape.coefficient)
    mode = _mode(problem.start, branch)
    hits = kernel.SignedHits._make([*np.zeros((4, tape.num_rows), np.int64), np.zeros(2, np.int64)])
    plus, minus, flip_plus, flip_minus, cost = hits
    odds = branch / (1 - branch) if mode == 2 else np.ones(tape.num_rows)
    flip_odds = 1 / np.maximum(odds, 1e-300) if mode == 2 else np.zeros(tape.num_rows)
    total = float(found.mass.sum())

    def step(batch: int, done: int) -> np.ndarray:
        rng = problem.rng("pairs", done)
        counts = rng.multinomial(batch, found.mass / total).astype(np.int64)
        kernel.sample_pairs(
            tape.steps, branch, found.classes, counts, states, np.uint64(rng.integers(2**63)), mode, hits
        )
        return _relative_errors(
            odds * (plus - minus) + flip_odds * (flip_plus - flip_minus),
            odds**2 * (plus + minus) + flip_odds**2 * (flip_plus + flip_minus),
        )

    done, note = 1, "; no pair of terms survives"
    if total > 0:
        done, note = grow(problem, step, first=2 * PATHS, dear=mode == 1)
    return SignedPairs(
        on_weights(problem, plus, cost[0]), on_weights(problem, minus, cost[1]), on_weights(problem, flip_plus, 0),
        on_weights(problem, flip_minus, 0), on_weights(problem, odds, 1), on_weights(problem, flip_odds, 0),
        float(done), unit(problem, total),
    ), note  # fmt: skip
