"""Quantities that keep trivial circuits out: Fisher rank, expressibility, entangling capability."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from scipy import special

from qtrain.budget import Budget, as_budget, clock
from qtrain.circuits.program import PauliProgram, lower
from qtrain.diagnosis.results import Expressivity
from qtrain.errors import QTrainError
from qtrain.kernels.clifford import compose
from qtrain.simulators.sectors.evaluator import SectorSurrogate
from qtrain.simulators.sectors.find import sector
from qtrain.simulators.sectors.fisher import sector_fisher
from qtrain.simulators.sectors.tapering import taper
from qtrain.simulators.statevector import states

PARTS = ("qfim", "expressibility", "entanglement", "effective_dimension")
DENSE_QUBITS = 10
DENSE_WORK = 3e8  # amplitudes touched by all derivatives of one state, above 10 qubits
SPEED = 3e8  # of them in a second
POINTS = 6  # random Clifford points, of which the best counts
POINT_WORK = 5e4  # words of the tableau's rows that a second of the budget buys
ROWS = 1500  # shared parameters whose directions are compared at once; more are thinned to so many
CHUNK = 20_000  # bit strings projected at once
DENSE_NUMBERS = 4_000_000  # complex numbers of all derivatives of one state
SECTOR_NUMBERS = 16_000_000  # the same within a sector
SECTOR_WORK = 4e9  # multiplications of their overlaps
BINS = 75
QUARTER = math.pi / 2


def expressivity(
    circuit: QuantumCircuit | PauliProgram,
    *,
    budget: Budget | None = None,
    seed: int = 0,
    parts: Sequence[str] = PARTS,
    samples: int = 2000,
) -> Expressivity:
    """How much of the state space a circuit reaches, on |0...0>, at random angles.

    Args:
        circuit: unitary gates; data inputs must be bound.
        budget: seconds and memory; what does not fit stays NaN. seed: of the random angles.
        parts: which of "qfim", "expressibility", "entanglement", "effective_dimension" to compute.
        samples: pairs of states for the expressibility (arXiv 1905.10876).

    Returns:
        Expressivity; the rank of the quantum Fisher information is generic up to 10 qubits, a few more for short
        circuits, and where few basis states are reached; else its rank at a Clifford point: a lower bound, in
        polynomial time.

    Raises:
        QTrainError: no parameters, free inputs, unknown parts.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> expressivity(real_amplitudes(2, reps=3), parts=["qfim"]).qfim_rank
        3
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise QTrainError(f"parts should be among {', '.join(PARTS)}. Got {unknown[0]!r}.")
    budget = as_budget(budget)
    program = circuit if isinstance(circuit, PauliProgram) else lower(circuit, functions=True)
    count, n = len(program.parameters), program.num_qubits
    if not count:
        raise QTrainError("circuit should have at least one parameter. Got a circuit without parameters.")
    if program.expressions:
        raise QTrainError("circuit should have its inputs bound. Got free ones: bind them first.")
    rng = np.random.default_rng([seed, 5])
    largest = float(min(count, 2 * 2**n - 2)) if n < 1000 else float(count)
    deadline = clock() + budget.seconds
    one = len(program.opcode) * 2.0 ** min(n, 1000)  # amplitudes touched by one state
    work = one * (len(program.rotations) + 1)
    most = SPEED * budget.seconds / 4 if n <= DENSE_QUBITS else min(DENSE_WORK, SPEED * budget.seconds / 4)
    dense = work <= most and count * 2.0 ** min(n, 1000) <= DENSE_NUMBERS
    rank, exact, effective = 0, False, math.nan
    if "qfim" in parts or "effective_dimension" in parts:
        within = None if dense else fisher_in_sector(program, budget)
        if dense or within is not None:
            at, work = within or (lambda weights: fisher(program, weights), work)
            matrices = [at(rng.uniform(0, 2 * math.pi, count))]
            rank, exact = rank_of(matrices[0]), True
            if "effective_dimension" in parts and (dense or 2 * work <= DENSE_WORK):
                points = int(np.clip(min(DENSE_WORK, SPEED * budget.seconds / 4) / work, 1, 8))
                matrices += [at(rng.uniform(0, 2 * math.pi, count)) for _ in range(points)]
                effective = effective_dimension(np.array(matrices))
        else:
            rows = int((program.parameter >= 0).sum())
            points = int(np.clip(budget.seconds * POINT_WORK / (rows * (n / 64 + 1) + 1), 1, POINTS))
            rank = max(clifford_rank(program, rng) for _ in range(points))
    expressible, entangling = (math.nan,) * 3, math.nan
    if n <= DENSE_QUBITS and ("expressibility" in parts or "entanglement" in parts):
        fits = 2 * SPEED * max(deadline - clock(), 0.0) / one  # batches are faster
        pairs = int(max(200, min(samples, budget.memory_bytes / 64 / 2**n, fits)))
        vectors = states(program, rng.uniform(0, 4 * math.pi, (2 * pairs, count)))
        if "expressibility" in parts:
            expressible = expressibility(vectors[:pairs], vectors[pairs:])
        if "entanglement" in parts:
            entangling = meyer_wallach(vectors[: min(pairs, 500)])
    return Expressivity(
        qfim_rank=int(rank), qfim_rank_exact=exact, qfim_max=largest, expressibility=expressible[0],
        entangling_capability=entangling, effective_dimension=effective,
        expressibility_low=expressible[1], expressibility_high=expressible[2],
    )  # fmt: skip


def fisher(program: PauliProgram, weights: np.ndarray, *, num_threads: int | None = None) -> np.ndarray:
    """Quantum Fisher information 4 Re(<d_k|d_l> - <d_k|psi><psi|d_l>) at one point: (weights, weights).

    The derivative by the angle of one rotation is half the state with that angle larger by pi: batches of
    states hold all of them, and a weight adds up those of its rotations.
    """
    single, slope, owner = one_weight_per_rotation(program)
    angles = np.asarray(program.angles(weights))[program.rotations]
    psi = states(single, angles[None], num_threads=1)[0]
    derivative = np.zeros((len(program.weights), len(psi)), complex)
    step = max(1, DENSE_NUMBERS // len(psi))
    for first in range(0, len(angles), step):
        part = np.arange(first, min(first + step, len(angles)))
        shifted = np.tile(angles, (len(part), 1))
        shifted[np.arange(len(part)), part] += math.pi
        np.add.at(derivative, owner[part], slope[part, None] / 2 * states(single, shifted, num_threads=num_threads))
    if program.angle_map is not None:
        derivative = program.angle_map.jacobian(weights).T @ derivative
    overlap = derivative.conj() @ psi
    return np.asarray(4 * np.real(derivative.conj() @ derivative.T - np.outer(overlap, overlap.conj())))


def fisher_in_sector(
    program: PauliProgram, budget: Budget
) -> tuple[Callable[[np.ndarray], np.ndarray], float] | None:
    """The Fisher information by the states that a circuit reaches, and its work; None where they are too many."""
    if program.angle_map is not None:
        return None
    found = sector(program, SparsePauliOp("I" * program.num_qubits, [0.0]))
    count, most = len(program.weights), min(DENSE_WORK, SPEED * budget.seconds / 4)
    size = 2.0 ** min(found.log2, 1000.0)
    if size * count > min(SECTOR_NUMBERS, budget.memory_bytes / 48) or size * count**2 > SECTOR_WORK:
        return None
    if found.steps is None:
        smaller, _ = taper(found.circuit, program.weights)
        work = len(smaller) * (count + 1) * size
        return (lambda weights: fisher(smaller, weights), work) if work <= most else None
    if size * len(found.steps.moves) > SECTOR_WORK / 10 or found.memory_bytes > budget.memory_bytes / 4:
        return None
    surrogate = found.surrogate(int(budget.memory_bytes))
    assert isinstance(surrogate, SectorSurrogate)
    work = float(surrogate.touched) * (count + 1) + size * count**2 / 8
    return (lambda weights: sector_fisher(surrogate, weights), work) if work <= 2 * most else None


def one_weight_per_rotation(program: PauliProgram) -> tuple[PauliProgram, np.ndarray, np.ndarray]:
    """The same circuit with its angles as weights, one for each of ``program.rotations``; their slopes and owners."""
    ops = program.rotations
    own = np.full_like(program.parameter, -1)
    own[ops] = np.arange(len(ops))
    coefficient, offset = program.coefficient.copy(), program.offset.copy()
    coefficient[ops], offset[ops] = 1.0, 0.0
    single = replace(
        program, parameter=own, coefficient=coefficient, offset=offset, weights=tuple(f"angle {i}" for i in ops),
        angle_map=None,
    )  # fmt: skip
    return single, program.coefficient[ops], program.parameter[ops]


def rank_of(matrix: np.ndarray) -> int:
    """Of a Fisher matrix: eigenvalues that rounding does not explain."""
    if not len(matrix):
        return 0
    values = np.linalg.eigvalsh(matrix)
    return int((values > 1e-9 * max(float(values[-1]), 1e-300)).sum()) if values[-1] > 1e-12 else 0


def clifford_rank(program: PauliProgram, rng: np.random.Generator) -> int:
    """Rank of the Fisher information at a random Clifford point: a lower bound of the generic rank.

    There the derivatives are i^p |x> with bit strings x: the rank counts distinct directions, two (real
    and imaginary) for each x other than 0...0.
    """
    if program.angle_map is not None:
        return 0  # no choice of parameters makes all angles quarter turns
    count = len(program.weights)
    weights = np.zeros(count)
    for k in range(count):
        used = (
            np.abs(program.coefficient[(program.parameter == k) & (program.opcode == 0)])
            if count <= 256
            else [1.0]
        )
        step = QUARTER / min((float(v) for v in used if v > 0), default=1.0)
        weights[k] = step * rng.integers(0, 4)
    angles = np.asarray(program.angles(weights))
    quarter = angles / QUARTER
    off = (program.opcode == 0) & (np.abs(quarter - np.round(quarter)) > 1e-9)
    if off.any():
        weights[:] = 0.0
        quarter = np.asarray(program.angles(weights)) / QUARTER
        if ((program.opcode == 0) & (np.abs(quarter - np.round(quarter)) > 1e-9)).any():
            return 0  # a fixed non-Clifford gate: no Clifford point
    ops = np.flatnonzero((program.opcode == 0) & (program.parameter >= 0))
    row = np.full(len(program.opcode), -1, np.int64)
    row[ops] = np.arange(len(ops))
    x, _, phase, *_ = compose(
        program.num_qubits, program.opcode, program.qubits, program.start, program.support, program.letters,
        (np.round(quarter).astype(np.int64) % 4).astype(np.int8), row, len(ops), False,
    )  # fmt: skip
    live = x.any(axis=1)
    owner = program.parameter[ops]
    if len(np.unique(owner)) == len(owner):
        return len(np.unique(np.column_stack([x[live], (phase[live] & 1).astype(np.uint64)]), axis=0))
    return _shared_rank(x[live], (1j ** (phase[live] % 4)) * program.coefficient[ops[live]], owner[live])


def _shared_rank(x: np.ndarray, value: np.ndarray, owner: np.ndarray) -> int:
    """Rank of the directions sum of value |x> over the rows of each owner; of some owners if there are too many.

    Args:
        x: (rows, words) uint64, bit strings other than 0...0; value: (rows,) complex; owner: (rows,) int.
    """
    owners, owner = np.unique(owner, return_inverse=True)
    owner = np.asarray(owner).reshape(-1)
    rng = np.random.default_rng(0)
    if len(owners) > ROWS:  # the rank of a part is a lower bound of the whole
        number = np.full(len(owners), -1)
        number[rng.choice(len(owners), ROWS, replace=False)] = np.arange(ROWS)
        kept = number[owner] >= 0
        x, value, owner = x[kept], value[kept], number[owner[kept]]
    if not len(x):
        return 0
    height = int(owner.max()) + 1
    keys = rng.integers(0, 2**63, x.shape[1], np.uint64) * np.uint64(2) + np.uint64(1)
    mixed = np.zeros(len(x), np.uint64)
    for word, key in zip(x.T, keys, strict=True):  # names of 64 bits: rows are sorted by one number each
        mixed = (mixed ^ word) * key
        mixed ^= mixed >> np.uint64(29)
    _, place = np.unique(mixed, return_inverse=True)
    place = np.asarray(place).reshape(-1)
    width = int(place.max()) + 1
    entries = np.concatenate([value.real, value.imag])
    column = np.concatenate([2 * place, 2 * place + 1])
    from scipy.sparse import coo_array

    matrix = coo_array((entries, (np.tile(owner, 2), column)), shape=(height, 2 * width)).tocsc()
    if 2 * width <= 2 * height + 64:
        dense = matrix.toarray()
    else:  # random combinations of the columns keep the rank, which is at most the height
        dense = np.zeros((height, height + 8))
        for first in range(0, 2 * width, CHUNK):
            part = matrix[:, first : first + CHUNK]
            dense += part @ rng.standard_normal((part.shape[1], dense.shape[1]))
    values = np.linalg.svd(dense, compute_uv=False)
    return int((values > 1e-9 * values[0]).sum()) if values[0] > 0 else 0


def expressibility(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """KL divergence of the fidelities |<a|b>|^2 (rows) from those of Haar states, in nats, with its 95 % interval.

    Counts in a histogram make a divergence too large by (occupied bins - 1) / 2 / rows; Grassberger's
    estimate of the entropy (arXiv physics/0307138) takes this out. The interval's variance is that of the mean of
    log(share / Haar), and of the counts' own second order, which is all that is left near Haar.

    Returns:
        (divergence, low, high), none of them negative.

    Example:
        >>> import numpy as np
        >>> idle = np.zeros((10, 4)); idle[:, 0] = 1
        >>> round(float(expressibility(idle, idle)[0] / np.log(75)), 9)  # (d - 1) ln(BINS)
        3.0
    """
    d = a.shape[1]
    fidelity = np.clip(np.abs(np.einsum("bi,bi->b", a.conj(), b)) ** 2, 0, 1)
    counts = np.histogram(fidelity, BINS, (0, 1))[0]
    rows = len(fidelity)
    edges = np.arange(BINS + 1) / BINS
    with np.errstate(divide="ignore"):
        log_tail = (d - 1) * np.log1p(-edges)
    log_haar = log_tail[:-1] + np.log(-np.expm1(log_tail[1:] - log_tail[:-1]))
    some = counts > 0
    share, filled = counts[some] / rows, counts[some].astype(float)
    # 1 / k - 1 / (k + 1) + ..., alternating: what the logarithm of a small count is off by
    odd = np.where(filled % 2 == 1, -0.5, 0.5)
    logs = special.digamma(filled) + odd * (special.digamma((filled + 1) / 2) - special.digamma(filled / 2))
    entropy = math.log(rows) - float(share @ logs) if len(filled) > 1 else 0.0
    value = max(-entropy - float(share @ log_haar[some]), 0.0)
    surprise = np.log(share) - log_haar[some]
    spread = max(float(share @ surprise**2) - float(share @ surprise) ** 2, 0.0) + (len(filled) - 1) / (
        2 * rows
    )
    half = float(special.stdtrit(max(rows - 1, 1), 0.975)) * math.sqrt(spread / rows)
    return value, max(value - half, 0.0), value + half


def meyer_wallach(vectors: np.ndarray) -> float:
    """Mean of 2 (1 - mean over qubits of the purity): 0 for products, (d - 2) / (d + 1) for Haar states."""
    count, d = vectors.shape
    n = d.bit_length() - 1
    purity = np.zeros(count)
    for q in range(n):
        shaped = vectors.reshape(count, 2 ** (n - 1 - q), 2, 2**q)
        rho = np.einsum("biaj,bicj->bac", shaped, shaped.conj())
        purity += np.einsum("bac,bca->b", rho, rho).real / n
    return float(np.mean(2 * (1 - purity)))


def effective_dimension(matrices: np.ndarray, *, points: int = 1000) -> float:
    """Normalised effective dimension (arXiv 2011.00027, eq. 2) of Fisher matrices (samples, k, k), ``points`` data."""
    k = matrices.shape[1]
    trace = float(np.mean(np.trace(matrices, axis1=1, axis2=2)))
    if trace <= 0:
        return 0.0
    kappa = points / (2 * math.pi * math.log(points))
    logs = 0.5 * np.linalg.slogdet(np.eye(k) + kappa * matrices * k / trace)[1]
    peak = float(logs.max())
    return float(2 * (peak + math.log(np.mean(np.exp(logs - peak)))) / math.log(kappa) / k)
