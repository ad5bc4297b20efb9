"""Second moments under noise, non-uniform angles and product inputs: signed pairs of terms."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.initialization import Initialization
from qtrain.circuits.interference import PathClasses, unpack_terms, walk_terms
from qtrain.circuits.pauli_tape import Tape
from qtrain.errors import QTrainError
from qtrain.gradients.exact_paths import exact_moments, felt_rows
from qtrain.kernels import pair_paths as kernel
from qtrain.kernels import terms as term_kernel
from qtrain.kernels.mean_gradients import mean_gradients
from qtrain.kernels.pauli_paths import PATHS

MAX_TERMS = 4000
NEGLIGIBLE = 1e-12  # product of E cos below which two terms are not paired
MAX_STATES = 256  # product inputs that exact sums go through one by one


@dataclass(frozen=True, eq=False)
class SignedCounts:
    """``counts``: name -> (rows, cost); ``total`` scales a signed hit."""

    counts: dict[str, tuple[np.ndarray, float]]
    total: float
    mean_gradient: np.ndarray
    cost_mean: float
    note: str


@dataclass(frozen=True, eq=False)
class _Pairs:
    x: np.ndarray
    z: np.ndarray
    diff_x: np.ndarray
    diff_z: np.ndarray
    power: np.ndarray
    sign: np.ndarray
    mass: np.ndarray
    left_out: float  # mass of the pairs that were left out as negligible


def _pairs(tape: Tape, observable: SparsePauliOp, start: Initialization, bloch: np.ndarray) -> _Pairs:
    """Pairs (a, b) with their weight c_a c_b * product of E cos where only one anticommutes: sign and mass.

    A term with itself is always kept; two terms as long as the product of E cos, which may be negative,
    is above ``NEGLIGIBLE``.
    """
    x, z, c = unpack_terms(observable)
    keep = x.any(axis=1) | z.any(axis=1)
    x, z, c = x[keep], z[keep], c[keep]
    if len(c) > MAX_TERMS:
        raise QTrainError(
            f"observable should have at most {MAX_TERMS} terms with noise, non-uniform angles or product inputs. "
            f"Got {len(c)}."
        )
    x_end, z_end, sign, _ = walk_terms(tape, x, z)
    active = np.zeros((len(c), max(tape.num_rows, 1)), np.uint8)
    for a in range(len(c)):
        term_kernel.active_rows(tape.steps, x[a].copy(), z[a].copy(), active[a])
    bits = active[:, : tape.num_rows].astype(float)
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
    return _Pairs(
        np.ascontiguousarray(x[first]), np.ascontiguousarray(z[first]),
        np.ascontiguousarray(x[first] ^ x[second]), np.ascontiguousarray(z[first] ^ z[second]),
        power.astype(np.int64), turn * np.where(c[first] * c[second] < 0, -1, 1), mass[first, second], left_out,
    )  # fmt: skip


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


def exact_signed(
    tape: Tape, observable: SparsePauliOp, start: Initialization, bloch: np.ndarray | None, *,
    max_flops: float, max_numbers: float,
) -> tuple[float, np.ndarray, np.ndarray, float, np.ndarray] | None:  # fmt: skip
    """The same summed over all paths, where no two terms interfere.

    Every branch, every damping and every overlap with the input is then a factor >= 0 of its own.

    Returns:
        E f^2, (rows,) E (df)^2, (rows,) whether any path is felt, E f, (rows,) E df; None where terms interfere
        or the network is too large.
    """
    cosines, sine2 = start.moments(tape.coefficient)
    states = _states(tape, bloch)
    if len(states) > MAX_STATES:
        return None
    found = _pairs(tape, observable, start, states)
    if found.diff_x.any() or found.diff_z.any():
        return None
    nowhere = np.zeros_like(found.x)
    classes = PathClasses(found.x, found.z, nowhere, found.mass, math.nan, math.nan)
    cost, rows = 0.0, np.zeros(tape.num_rows)
    limits: dict[str, float] = {"max_flops": max_flops / len(states), "max_numbers": max_numbers}
    for state in states:
        ends = np.column_stack([np.ones(tape.num_qubits), state**2])  # letters I, X, Z, Y
        moments = exact_moments(
            tape, classes, ends=ends, sine2=None if start.kind == "uniform" else sine2, **limits
        )
        if moments is None:
            return None
        cost, rows = cost + moments[0] / len(states), rows + moments[1] / len(states)
    if found.left_out > NEGLIGIBLE * rows[rows > 0].min(initial=np.inf) * 1e3:
        return None  # what negligible pairs could add shows in the smallest moment
    felt = rows > 0
    if not felt.all():
        # a Bloch vector that was turned may be 0 by rounding only: then any letter may be seen there
        plain = (states == [0.0, 1.0, 0.0]).all(axis=(0, 2))
        seen = np.where(plain[:, None], [1.0, 0.0, 1.0, 0.0], 1.0)
        felt = felt_rows(tape, classes, ends=seen, **limits)
    return cost, rows, felt, *_means(tape, observable, cosines, states)


def _states(tape: Tape, bloch: np.ndarray | None) -> np.ndarray:
    """(states, qubits, 3) Bloch vectors in the order X, Z, Y."""
    zero = np.tile(np.array([0.0, 1.0, 0.0]), (1, tape.num_qubits, 1))
    return zero if bloch is None else np.ascontiguousarray(bloch)


def _means(
    tape: Tape, observable: SparsePauliOp, cosines: np.ndarray, states: np.ndarray
) -> tuple[float, np.ndarray]:
    """E f and (rows,) E df, averaged over at most 64 of the states."""
    mean, gradient = np.zeros(1), np.zeros(tape.num_rows)
    x, z, c = unpack_terms(observable)
    used = states[:64]
    for state in used:
        mean_gradients(
            tape.steps, cosines, x, z, c / len(used), state, mean, gradient
        )
    return float(mean[0]), gradient


def sample_signed(
    tape: Tape, observable: SparsePauliOp, start: Initialization, bloch: np.ndarray | None, *,
    samples: int | None, seed: int, seconds: float, max_samples: int, relative_error: float,
    resolution: float,
) -> SignedCounts:  # fmt: skip
    """Signed hits of pairs, in batches until precise enough.

    Args:
        tape: with its noise; bloch: (data samples, qubits, 3) of a product input, or None for |0...0>.
        resolution: share of the total below which a second moment needs no value of its own.
    """
    cosines, branch = start.moments(tape.coefficient)
    mode = _mode(start, branch)
    states = _states(tape, bloch)
    found = _pairs(tape, observable, start, states)
    mean, gradient = _means(tape, observable, cosines, states)
    plus, minus, flip_plus, flip_minus = np.zeros((4, tape.num_rows), np.int64)
    odds = branch / (1 - branch) if mode == 2 else np.ones(tape.num_rows)
    flip_odds = 1 / np.maximum(odds, 1e-300) if mode == 2 else np.zeros(tape.num_rows)
    cost = np.zeros(2, np.int64)
    total = float(found.mass.sum())
    done, note = 0, "" if len(found.mass) else "; no pair of terms survives"
    deadline = time.monotonic() + 0.5 * seconds
    batch = samples or 2 * PATHS
    while total > 0:
        rng = np.random.default_rng([seed, done])
        counts = rng.multinomial(batch, found.mass / total).astype(np.int64)
        kernel.sample_pairs(
            tape.steps, branch, found.x, found.z, found.diff_x, found.diff_z,
            found.power, found.sign, counts, states, np.uint64(rng.integers(2**63)), mode, plus, minus,
            flip_plus, flip_minus, cost,
        )  # fmt: skip
        done += batch
        errors = _relative_errors(odds * (plus - minus) + flip_odds * (flip_plus - flip_minus),
                                  odds**2 * (plus + minus) + flip_odds**2 * (flip_plus + flip_minus))  # fmt: skip
        felt = errors[np.isfinite(errors)]
        # walks of their own are dear: there a quarter of the parameters is enough to judge by
        enough = 4 * len(felt) > len(errors) if mode == 1 else done >= 3 / resolution
        precise = enough and (not len(felt) or float(np.median(felt)) <= relative_error)
        if samples is not None or precise:
            break
        if time.monotonic() > deadline or done >= max_samples:
            note = f"; stopped by the budget after {done} paths"
            break
        batch = min(done, max_samples - done)
    done = max(done, 1)
    counts_ = {
        "plus": (plus.astype(float), float(cost[0])),
        "minus": (minus.astype(float), float(cost[1])),
        "pairs": (np.full(tape.num_rows, float(done)), float(done)),
    }
    if mode == 2:
        counts_ |= {
            "flip_plus": (flip_plus.astype(float), 0.0), "flip_minus": (flip_minus.astype(float), 0.0),
            "stay_weight": (odds, 1.0), "flip_weight": (flip_odds, 0.0),
        }  # fmt: skip
    return SignedCounts(counts_, total, gradient, mean, note)
