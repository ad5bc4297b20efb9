"""Quantities that keep trivial circuits out: Fisher rank, expressibility, entangling capability."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from qiskit import QuantumCircuit

from qtrain.criteria.results import Budget, Expressivity
from qtrain.errors import QTrainError
from qtrain.kernels import tableau as kernel
from qtrain.program import PauliProgram, lower
from qtrain.simulator import states

PARTS = ("qfim", "expressibility", "entanglement", "effective_dimension")
DENSE_QUBITS = 10
DENSE_NUMBERS = 4_000_000  # complex numbers of all derivatives of one state
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
        Expressivity; the rank of the quantum Fisher information is generic up to 10 qubits, and above
        that its rank at a Clifford point: a lower bound, in polynomial time.

    Raises:
        QTrainError: no parameters, unknown parts.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> expressivity(real_amplitudes(2, reps=3), parts=["qfim"]).qfim_rank
        3
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise QTrainError(f"parts should be among {', '.join(PARTS)}. Got {unknown[0]!r}.")
    budget = budget or Budget()
    program = circuit if isinstance(circuit, PauliProgram) else lower(circuit)
    count, n = len(program.weights), program.num_qubits
    if not count:
        raise QTrainError("circuit should have at least one parameter. Got a circuit without parameters.")
    rng = np.random.default_rng([seed, 5])
    largest = float(min(count, 2 * 2**n - 2)) if n < 1000 else float(count)
    dense = n <= DENSE_QUBITS and count * 2**n <= DENSE_NUMBERS
    rank, exact, effective = 0, False, math.nan
    if "qfim" in parts or "effective_dimension" in parts:
        if dense:
            matrices = [fisher(program, rng.uniform(0, 2 * math.pi, count))]
            rank, exact = _rank(matrices[0]), True
            if "effective_dimension" in parts:
                points = int(np.clip(2e8 / (len(program.opcode) * count * 2**n + 1), 1, 8))
                matrices += [fisher(program, rng.uniform(0, 2 * math.pi, count)) for _ in range(points)]
                effective = effective_dimension(np.array(matrices))
        else:
            rank = max(clifford_rank(program, rng) for _ in range(2))
    expressible = entangling = math.nan
    if n <= DENSE_QUBITS and ("expressibility" in parts or "entanglement" in parts):
        pairs = max(200, min(samples, int(budget.memory_bytes / 64 / 2**n)))
        vectors = states(program, rng.uniform(0, 4 * math.pi, (2 * pairs, count)))
        if "expressibility" in parts:
            expressible = expressibility(vectors[:pairs], vectors[pairs:])
        if "entanglement" in parts:
            entangling = meyer_wallach(vectors[: min(pairs, 500)])
    return Expressivity(
        qfim_rank=int(rank), qfim_rank_exact=exact, qfim_max=largest, expressibility=expressible,
        entangling_capability=entangling, effective_dimension=effective,
    )  # fmt: skip


def fisher(program: PauliProgram, weights: np.ndarray) -> np.ndarray:
    """Quantum Fisher information 4 Re(<d_k|d_l> - <d_k|psi><psi|d_l>) at one point: (weights, weights)."""
    n, count = program.num_qubits, len(program.weights)
    rows = np.zeros((count + 1, 2**n), complex)
    rows[-1, 0] = 1
    indices = np.arange(2**n)
    angles = program.angles(weights)
    for i in range(len(program.opcode)):
        op = int(program.opcode[i])
        if op == 0:
            support = program.support[program.start[i] : program.start[i + 1]].tolist()
            letters = program.letters[program.start[i] : program.start[i + 1]].tolist()
            flip = sum(1 << q for q, v in zip(support, letters, strict=True) if v & 1)
            mask = sum(1 << q for q, v in zip(support, letters, strict=True) if v & 2)
            sign = (-1.0) ** np.bitwise_count(indices & mask) * 1j ** (sum(v == 3 for v in letters) % 4)
            moved = (rows * sign)[:, indices ^ flip]
            rows = math.cos(angles[i] / 2) * rows - 1j * math.sin(angles[i] / 2) * moved
            k = int(program.parameter[i])
            if k >= 0:
                last = rows[-1]
                rows[k] += -0.5j * float(program.coefficient[i]) * (last * sign)[indices ^ flip]
        else:
            rows = _clifford(rows, op, program.qubits[i], n)
    derivative, psi = rows[:-1], rows[-1]
    overlap = derivative.conj() @ psi
    return np.asarray(4 * np.real(derivative.conj() @ derivative.T - np.outer(overlap, overlap.conj())))


_MATRICES = {
    1: np.array([[1, 1], [1, -1]]) / math.sqrt(2), 2: np.diag([1, 1j]), 3: np.diag([1, -1j]),
    4: np.array([[0, 1], [1, 0]]), 5: np.array([[0, -1j], [1j, 0]]), 6: np.diag([1, -1]),
    7: np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2, 8: np.array([[1 - 1j, 1 + 1j], [1 + 1j, 1 - 1j]]) / 2,
}  # fmt: skip


def _clifford(rows: np.ndarray, op: int, qubits: np.ndarray, n: int) -> np.ndarray:
    indices = np.arange(2**n)
    a = int(qubits[0])
    if op in _MATRICES:
        shaped = rows.reshape(len(rows), 2 ** (n - 1 - a), 2, 2**a)
        return np.einsum("ij,brjl->bril", _MATRICES[op], shaped).reshape(len(rows), -1)
    b = int(qubits[1])
    if op == 9:
        return rows[:, indices ^ ((indices >> a & 1) << b)]
    if op == 10:
        return rows * np.where(indices >> a & indices >> b & 1, -1.0, 1.0)
    differ = (indices >> a ^ indices >> b) & 1
    return rows[:, indices ^ (differ << a) ^ (differ << b)]


def _rank(matrix: np.ndarray) -> int:
    values = np.linalg.eigvalsh(matrix)
    return int((values > 1e-9 * max(float(values[-1]), 1e-300)).sum()) if values[-1] > 1e-12 else 0


def clifford_rank(program: PauliProgram, rng: np.random.Generator) -> int:
    """Rank of the Fisher information at a random Clifford point: a lower bound of the generic rank.

    There the derivatives are i^p |x> with bit strings x: the rank counts distinct directions, two (real
    and imaginary) for each x other than 0...0.
    """
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
    x = np.zeros((len(ops), (program.num_qubits + 63) // 64), np.uint64)
    phase = np.zeros(len(ops), np.int64)
    kernel.pull_back(
        program.num_qubits, program.opcode, program.qubits, program.start.astype(np.int64), program.support,
        program.letters, (np.round(quarter).astype(np.int64) % 4), row, x, phase,
    )  # fmt: skip
    live = x.any(axis=1)
    owner = program.parameter[ops]
    if len(np.unique(owner)) == len(owner):
        return len(np.unique(np.column_stack([x[live], (phase[live] & 1).astype(np.uint64)]), axis=0))
    _, place = np.unique(x, axis=0, return_inverse=True)
    place = np.asarray(place).reshape(-1)
    from scipy.sparse import coo_array

    value = (1j ** (phase % 4)) * program.coefficient[ops]
    used = np.concatenate([place[live] * 2, place[live] * 2 + 1])
    entries = np.concatenate([value[live].real, value[live].imag])
    matrix = coo_array((entries, (np.tile(owner[live], 2), used)), shape=(count, 2 * len(x))).tocsr()
    columns = np.unique(matrix.indices[matrix.data != 0])
    if count * len(columns) > 16_000_000:
        return 0
    return int(np.linalg.matrix_rank(matrix[:, columns].toarray()))


def expressibility(a: np.ndarray, b: np.ndarray, *, bins: int = BINS) -> float:
    """KL divergence of the fidelities |<a|b>|^2 (rows) from those of Haar-random states, in nats.

    Example:
        >>> import numpy as np
        >>> idle = np.zeros((10, 4)); idle[:, 0] = 1
        >>> round(float(expressibility(idle, idle) / np.log(75)), 9)  # (d - 1) ln(bins)
        3.0
    """
    d = a.shape[1]
    fidelity = np.clip(np.abs(np.einsum("bi,bi->b", a.conj(), b)) ** 2, 0, 1)
    share = np.histogram(fidelity, bins, (0, 1))[0] / len(fidelity)
    edges = np.arange(bins + 1) / bins
    with np.errstate(divide="ignore"):
        log_tail = (d - 1) * np.log1p(-edges)
    log_haar = log_tail[:-1] + np.log(-np.expm1(log_tail[1:] - log_tail[:-1]))
    some = share > 0
    return float(np.sum(share[some] * (np.log(share[some]) - log_haar[some])))


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
