"""Why a gradient vanishes: one verdict for each parameter, with advice.

Observable concentration and loss of sensitivity are different illnesses (arXiv 2603.18479). The
last two causes are told apart by a counterfactual: the same parameter, watched by every single-qubit
Pauli instead of the observable.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.pauli_tape import Tape, build_tape
from qtrain.circuits.program import PauliProgram
from qtrain.diagnosis.results import Verdict
from qtrain.gradients.statistics import GradientStats
from qtrain.kernels import pauli_paths as path_kernel
from qtrain.kernels import terms as term_kernel
from qtrain.light_cones.result import LightCone

HEALTHY = "healthy"
OUTSIDE = "dead: outside the light cone"
COMMUTES = "dead: commutes with everything the observable becomes"
UNFELT = "dead: the input state cannot feel it"
CONCENTRATED = "observable concentration"
LOST = "information lost"
SCRAMBLED = "scrambled"
UNDECIDED = "below the threshold, cause not resolved within the budget"
UNKNOWN = "unknown: no method reaches its gradient"
CAUSES = (HEALTHY, OUTSIDE, COMMUTES, UNFELT, CONCENTRATED, LOST, SCRAMBLED, UNDECIDED, UNKNOWN)

_ADVICE = {
    HEALTHY: "keep it",
    OUTSIDE: "remove it, or measure more qubits",
    COMMUTES: "remove it",
    UNFELT: "remove it, or change the input layer",
    CONCENTRATED: "use a local observable, fewer layers, generators of a smaller algebra, or a structured start",
    SCRAMBLED: "put fewer entanglers between this gate and the measurement",
    UNDECIDED: "raise the budget to learn the cause",
    UNKNOWN: "give every rotation a parameter of its own, or diagnose fewer qubits",
}


@dataclass(frozen=True, eq=False)
class Sight:
    """What single-qubit Paulis see of each weight.

    Attributes:
        best: (weights,) largest second moment found; qubit, letter: (weights,) where, letter in XZY.
        count: (weights,) qubits from which the weight is visible; complete: all Paulis were tried.
    """

    best: np.ndarray
    qubit: np.ndarray
    letter: np.ndarray
    count: np.ndarray
    complete: bool


def single_qubit_sight(
    program: PauliProgram, tape: Tape, candidates: np.ndarray, threshold: float, *, seed: int, seconds: float
) -> Sight:
    """Second moments of the candidates under every single-qubit Pauli, by paths; own qubits first.

    Args:
        candidates: (weights,) bool; threshold: smallest second moment that counts as visible.
    """
    n = program.num_qubits
    best = np.zeros(len(program.weights))
    where = np.full(len(program.weights), -1)
    letter = np.zeros(len(program.weights), np.int64)
    visible = np.zeros((len(program.weights), n), bool)
    factor = np.zeros(len(program.weights))
    factor[tape.weight] = tape.coefficient**2
    paths = int(np.clip(np.ceil(8 / threshold / path_kernel.PATHS), 4, 256)) * path_kernel.PATHS
    home = {int(q) for k in np.flatnonzero(candidates) for q in weight_qubits(program, int(k))}
    order = sorted(range(n), key=lambda q: (q not in home, min((abs(q - h) for h in home), default=0)))
    deadline = time.monotonic() + seconds
    hits = np.zeros(tape.num_rows, np.int64)
    betas = np.zeros(tape.num_rows, np.int64)
    target = np.zeros((1, n), np.uint8)
    complete = True
    for q in order:
        if time.monotonic() > deadline:
            complete = False
            break
        for code in (1, 2, 3):
            x, z = np.zeros((1, n), np.uint8), np.zeros((1, n), np.uint8)
            x[0, q], z[0, q] = code & 1, code >> 1
            hits[:] = 0
            path_kernel.sample(
                tape.steps,
                x,
                z,
                target,
                np.array([paths]),
                np.uint64(seed * 7919 + 3 * q + code),
                False,
                hits,
                betas,
            )
            seen = np.zeros(len(program.weights))
            seen[tape.weight] = hits / paths
            seen *= factor
            visible[:, q] |= seen >= threshold
            better = seen > best
            best[better], where[better], letter[better] = seen[better], q, code
    return Sight(best, where, letter, visible.sum(axis=1), complete)


def sampled_sight(program: PauliProgram, threshold: float, *, seed: int, samples: int = 128) -> Sight:
    """The same from sampled angles, for small circuits with shared parameters."""
    from qtrain.simulators.statevector import values_and_gradients

    n = program.num_qubits
    rng = np.random.default_rng([seed, 17])
    angles = rng.uniform(0, 2 * np.pi, (samples, len(program.weights)))
    best = np.zeros(len(program.weights))
    where = np.full(len(program.weights), -1)
    letter = np.zeros(len(program.weights), np.int64)
    visible = np.zeros((len(program.weights), n), bool)
    for q in range(n):
        for code, name in ((1, "X"), (2, "Z"), (3, "Y")):
            observable = SparsePauliOp.from_sparse_list([(name, [q], 1.0)], n)
            _, gradients = values_and_gradients(program, observable, angles)
            seen = np.mean(np.asarray(gradients).reshape(samples, -1) ** 2, axis=0)
            visible[:, q] |= seen >= threshold
            better = seen > best
            best[better], where[better], letter[better] = seen[better], q, code
    return Sight(best, where, letter, visible.sum(axis=1), True)


def weight_gate(program: PauliProgram, weight: int) -> int:
    """Index in ``circuit.data`` of the first gate that uses a weight; -1 where none does."""
    ops = np.flatnonzero(program.parameter == weight)
    return int(program.gate[ops[0]]) if len(ops) else -1


def weight_qubits(program: PauliProgram, weight: int) -> tuple[int, ...]:
    """Qubits of all rotations by a weight, ascending."""
    ops = np.flatnonzero(program.parameter == weight)
    return tuple(
        sorted({int(q) for op in ops for q in program.support[program.start[op] : program.start[op + 1]]})
    )


def path_weights(
    program: PauliProgram, observable_x: np.ndarray, observable_z: np.ndarray, *, seed: int
) -> np.ndarray:
    """(weights,) mean weight of the path Pauli where it meets the gate; NaN where it never does."""
    tape = build_tape(program)
    weights, seen = np.zeros(tape.num_rows), np.zeros(tape.num_rows, np.int64)
    budget = max(64, min(1024, int(2e7 / max(len(tape.code), 1))))
    counts = np.full(len(observable_x), max(1, budget // max(len(observable_x), 1)), np.int64)
    term_kernel.trace_weights(
        tape.steps, observable_x, observable_z, counts, seed % 2**31, weights, seen
    )
    result = np.full(len(program.weights), np.nan)
    result[tape.weight] = np.divide(weights, seen, out=np.full(tape.num_rows, np.nan), where=seen > 0)
    return result


def explain(
    program: PauliProgram,
    stats: GradientStats,
    cone: LightCone,
    unfelt: np.ndarray,
    *,
    scale: float,
    shots: int,
    weights_on_path: np.ndarray,
    budget: Budget,
    seed: int = 0,
    tape: Tape | None = None,
) -> tuple[Verdict, ...]:
    """One verdict for each weight of the program; the first test that holds decides.

    Args:
        unfelt: (weights,) bool, V = 0 proven. scale: S; ``scale / shots`` is the smallest variance
            the shots resolve. tape: of the program where Pauli paths apply to it.
    """
    moment = stats.second_moment
    threshold = scale / shots
    quiet = (moment < threshold) & cone.effective & ~unfelt
    concentrated = stats.cost_variance < threshold
    sight = None
    if quiet.any() and not concentrated:
        if tape is not None:
            sight = single_qubit_sight(
                program, tape, quiet, 1 / shots, seed=seed, seconds=0.4 * budget.seconds
            )
        elif program.num_qubits <= 12:
            sight = sampled_sight(program, 1 / shots, seed=seed)
    gates, qubits = _places(program)
    columns = (stats.beta, stats.phi, stats.lower, stats.upper)
    return tuple(
        _verdict(
            program,
            k,
            stats,
            cone,
            unfelt,
            threshold,
            concentrated,
            sight,
            shots,
            columns,
            weights_on_path,
            gates,
            qubits,
        )
        for k in range(len(program.weights))
    )


def _places(program: PauliProgram) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    gates = np.full(len(program.weights), -1, np.int64)
    found: list[set[int]] = [set() for _ in program.weights]
    for op in program.rotations:
        k = int(program.parameter[op])
        gates[k] = program.gate[op] if gates[k] < 0 else gates[k]
        found[k].update(program.support[program.start[op] : program.start[op + 1]].tolist())
    return gates, [tuple(sorted(s)) for s in found]


def _verdict(
    program: PauliProgram, k: int, stats: GradientStats, cone: LightCone, unfelt: np.ndarray, threshold: float,
    concentrated: bool, sight: Sight | None, shots: int, columns: Sequence[np.ndarray], weights_on_path: np.ndarray,
    gates: np.ndarray, qubits: list[tuple[int, ...]],
) -> Verdict:  # fmt: skip
    beta, phi, lower, upper = columns
    advice = None
    if not cone.structural[k]:
        cause = OUTSIDE
    elif not cone.effective[k]:
        cause = COMMUTES
    elif unfelt[k]:
        cause = UNFELT
    elif np.isnan(stats.second_moment[k]):
        cause = UNKNOWN
    elif stats.second_moment[k] >= threshold:
        cause = HEALTHY
    elif concentrated:
        cause = CONCENTRATED
    elif sight is not None and sight.best[k] >= 1 / shots:
        cause = LOST
        place = f"{'XZY'[sight.letter[k] - 1]} on qubit {sight.qubit[k]}"
        advice = (
            f"measure {place} (variance {sight.best[k]:.2g} there); "
            f"{sight.count[k]} of {program.num_qubits} qubits still see it"
        )
    elif sight is not None and sight.complete:
        cause = SCRAMBLED
    else:
        cause = UNDECIDED
    dead = cause.startswith("dead")
    return Verdict(
        parameter=program.weights[k], index=k, cause=cause,
        beta=0.0 if cause in (OUTSIDE, COMMUTES) else float(beta[k]), phi=0.0 if dead else float(phi[k]),
        variance=0.0 if dead else float(stats.second_moment[k]), lower=0.0 if dead else float(lower[k]),
        upper=0.0 if dead else float(upper[k]), advice=advice or _ADVICE[cause], gate=int(gates[k]), qubits=qubits[k],
        path_weight=float(weights_on_path[k]),
    )  # fmt: skip


def summarize(verdicts: Sequence[Verdict], shots: int) -> str:
    """One sentence for the whole circuit."""
    total = len(verdicts)
    counts = {cause: sum(v.cause == cause for v in verdicts) for cause in CAUSES}
    parts = [f"{counts[HEALTHY]} of {total} parameters train at {shots} shots"]
    dead = sum(counts[c] for c in (OUTSIDE, COMMUTES, UNFELT))
    if dead:
        parts.append(f"{dead} are dead and can be removed")
    names = {
        CONCENTRATED: "are flat because the observable concentrates",
        LOST: "move the state where the observable does not look",
        SCRAMBLED: "are scrambled over the register",
        UNDECIDED: "are below the threshold for a cause the budget did not resolve",
        UNKNOWN: "are unknown, as no method reaches their gradients",
    }
    parts += [f"{counts[c]} {text}" for c, text in names.items() if counts[c]]
    return "; ".join(parts) + "."
