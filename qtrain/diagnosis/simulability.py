"""Is the cost classically simulable? Certificates with method, cost and error; never an opinion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import PauliProgram, lower
from qtrain.diagnosis.results import Certificate, Simulability
from qtrain.diagnosis.sectors import sector_log2
from qtrain.errors import QTrainError
from qtrain.gradients.variance import paths_apply, traceless
from qtrain.light_cones.light_cone import effective_program, restrict
from qtrain.simulators.free_fermions import FreeFermions, free_fermions
from qtrain.simulators.gsim import module
from qtrain.simulators.pauli_propagation import LazyPropagation, ModuleSurrogate
from qtrain.simulators.truncation_error import PathSample, sample_paths

AFFORDABLE = 1e12  # elementary operations for one value of the cost
TOLERANCE = (
    0.1  # root-mean-square error, as a share of the cost's standard deviation, that counts as simulated
)
HUGE = 10**290
FEW_HITS = 30  # below, the paths cannot tell what a truncation loses
CLASSICAL, QUANTUM = "classical", "needs quantum data"


def simulability(
    circuit: QuantumCircuit | PauliProgram,
    observable: SparsePauliOp | str,
    *,
    budget: Budget | None = None,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    algebra: str | None = None,
) -> Simulability:
    """Certificates that <O> on |0...0> can be computed classically, and the cheapest of them.

    Every known way out of vanishing gradients lives in a small subspace that a classical computer can
    follow (arXiv 2312.09121). A certificate names its method, the operations of one value and its
    angle-averaged error; where none fits, the verdict says so and no more.

    Args:
        circuit, observable: as in `gradient_variance`. budget: its ``max_dimension`` bounds modules.
        tolerance: root-mean-square error, as a share of the cost's standard deviation over uniform
            angles, that counts as simulated: a flat cost is not simulated by its mean.
        algebra: name of the circuit's Lie algebra where it is known already.

    Returns:
        Simulability, with a working ``surrogate`` for g-sim, free fermions and low-weight Pauli propagation:
        ``.value(weights)`` and ``.value_and_gradient(weights)``. ``simulable`` where a classical method
        suffices; a row that "needs quantum data" follows from data measured once.

    Raises:
        QTrainError: a circuit that cannot be lowered or has free inputs, an observable of another width.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> simulability(real_amplitudes(4, reps=1), "IIIZ").simulable
        True
    """
    budget = budget or Budget()
    whole = circuit if isinstance(circuit, PauliProgram) else lower(circuit)
    if whole.expressions:
        raise QTrainError("circuit should have its inputs bound. Got free ones: bind them first.")
    everything = as_observable(observable, whole.num_qubits)
    # all that follows looks at the effective cone alone: the cost is the same at every angle
    program, full = effective_program(whole, everything)
    operator, _ = traceless(full)
    rotations = len(program.rotations) + len(program.fixed_rotations)
    gates = max(len(program.opcode), 1)
    rows: list[Certificate] = []
    surrogates: dict[str, Any] = {}

    space = module(program, full, max(budget.max_dimension, 2**12), memory_bytes=int(budget.memory_bytes))
    size = getattr(space, "dimension", None)
    cost = math.inf if size is None else float(size * max(rotations, 1))
    found = "the observable's module is beyond the limit" if size is None else f"module of dimension {size}"
    rows.append(Certificate("g-sim", cost <= AFFORDABLE, cost, 0.0, CLASSICAL, found))
    if space is not None:
        surrogates["g-sim"] = ModuleSurrogate(space)
    width = program.num_qubits
    rows.append(_row("light cone", 2.0 ** min(width, 1000) * gates, f"{width} qubits in the cone"))
    rows.append(
        _row("near-Clifford", 2.0 ** min(rotations, 1000), f"{rotations} non-Clifford rotations that matter")
    )
    bond = _bond(program)
    rows.append(
        _row("matrix-product state", gates * 8.0 ** min(bond, 300), f"bond dimension at most 2^{bond:g}")
    )
    log, symmetry = sector_log2(program)
    small = log < width
    detail = f"{symmetry}: the state stays in 2^{log:.3g} dimensions" if small else "no symmetry found"
    cost = gates * 2.0 ** min(log, 1000)
    rows.append(Certificate("symmetry sector", small and cost <= AFFORDABLE, cost, 0.0, CLASSICAL, detail))
    _, tape, bloch = paths_apply(program, Initialization("uniform"), [], None)
    if tape is not None and bloch is None:
        sample = sample_paths(tape, operator, seed=seed)
        if sample is not None:
            by_weight, weight = _by_weight(sample, width, gates, tolerance)
            rows += [by_weight, _by_degree(sample, rotations, gates, tolerance)]
            if by_weight.applies:
                surrogates["low-weight Pauli propagation"] = LazyPropagation(program, tape, full, weight)
    fermions = free_fermions(program, full) if algebra is None or _may_be_free(algebra) else None
    rows.append(_free_fermion(fermions))
    if fermions is not None:
        surrogates["free fermion"] = fermions
    rows += _from_data(program, full, budget, space is None)
    usable = [row for row in rows if row.applies]
    best = min(usable, key=lambda row: (row.kind != CLASSICAL, row.cost), default=None)
    if best is None:
        return Simulability(False, "not certified: no method fits its cost and error", tuple(rows))
    chosen = surrogates.get(best.check) or next(iter(surrogates.values()), None)
    text = (
        f"{best.check}: {best.detail}, about {best.cost:.2g} operations, error {best.error:.2g}, {best.kind}"
    )
    return Simulability(best.kind == CLASSICAL, text, tuple(rows), chosen)


def _row(check: str, cost: float, detail: str) -> Certificate:
    return Certificate(check, cost <= AFFORDABLE, cost, 0.0, CLASSICAL, detail)


def _bond(program: PauliProgram) -> float:
    """log2 of the bond dimension over the cuts in order of the qubits: 1 for CX, CZ and Pauli rotations, 2 for SWAP."""
    n = program.num_qubits
    steps = np.zeros(n + 1)
    sizes = np.diff(program.start)
    for i in np.flatnonzero((program.opcode >= 9) | ((program.opcode == 0) & (sizes > 1))):
        if program.opcode[i] == 0:
            part = program.support[program.start[i] : program.start[i + 1]]
        else:
            part = program.qubits[i]
        rank = 2.0 if program.opcode[i] == 11 else 1.0
        steps[int(part.min())] += rank
        steps[int(part.max())] -= rank
    cuts = np.cumsum(steps)[: n - 1]
    limit = np.minimum(np.arange(1, n), np.arange(n - 1, 0, -1))
    return float(np.minimum(cuts, limit).max(initial=0.0))


def _allowed(sample: PathSample, tolerance: float) -> float:
    return max(tolerance**2 * sample.second_moment, 6 * sample.scale / sample.paths)


def _truncated(
    sample: PathSample, check: str, unit: str, cut: int, lost: tuple[float, float], cost: float
) -> Certificate:
    enough = sample.felt >= FEW_HITS
    detail = f"{unit} up to {cut}; mean squared error {lost[0]:.2g} +- {lost[1]:.1g}, by {sample.paths} paths"
    if not enough:
        detail = (
            f"fewer than {FEW_HITS} of {sample.paths} paths are felt: the cost is too flat to certify by them"
        )
    error = math.sqrt(lost[0]) if enough else math.nan
    return Certificate(check, enough and cost <= AFFORDABLE, cost, error, CLASSICAL, detail)


def _by_weight(sample: PathSample, width: int, gates: int, tolerance: float) -> tuple[Certificate, int]:
    """The row, and the largest weight that is kept."""
    cut = sample.smallest(sample.lost_by_weight, _allowed(sample, tolerance))
    cost = gates * float(min(sum(math.comb(width, k) * 3**k for k in range(min(cut, width) + 1)), HUGE))
    lost = sample.lost_by_weight(cut)
    return _truncated(sample, "low-weight Pauli propagation", "weight", cut, lost, cost), cut


def _by_degree(sample: PathSample, rotations: int, gates: int, tolerance: float) -> Certificate:
    """Paths of at most that many branchings, each walked through all gates: C(m, d) choices, 2^d branches."""
    cut = sample.smallest(sample.lost_by_degree, _allowed(sample, tolerance))
    choices = sum(math.comb(rotations, k) for k in range(min(cut, rotations) + 1))
    cost = gates * float(min(choices, 2**rotations, HUGE))
    return _truncated(sample, "low Fourier degree", "degree", cut, sample.lost_by_degree(cut), cost)


def _from_data(
    program: PauliProgram, observable: SparsePauliOp, budget: Budget, hard: bool
) -> list[Certificate]:
    """Behind a fixed non-Clifford preparation: its state's Pauli expectations from a device, the rest classically.

    The observable's module under the rotations by weights alone is what has to be measured, once, for
    every training step that follows (arXiv 2312.09121).
    """
    fixed, trained = program.fixed_rotations, program.rotations
    if not hard or not len(fixed) or not len(trained):
        return []
    behind = np.arange(len(program.opcode)) > fixed[-1]
    if not behind[trained].all():
        return []
    later, seen = restrict(program, observable, behind)
    space = module(later, seen, max(budget.max_dimension, 2**12))
    if space is None:
        return []
    size = space.dimension
    return [
        Certificate(
            "g-sim from measured data", True, float(size * len(trained)), 0.0, QUANTUM,
            f"{size} expectation values of the state in front of gate {later.gate[0]}, measured once",
        )
    ]  # fmt: skip


def _may_be_free(algebra: str) -> bool:
    return any(name in algebra for name in ("so(", "su(2)", "su(4)", "u(1)"))


def _free_fermion(found: FreeFermions | None) -> Certificate:
    if found is None:
        detail = "no free fermions on a Gaussian state"
        return Certificate("free fermion", False, math.inf, 0.0, CLASSICAL, detail)
    largest = max((len(rows) for rows in found.rows), default=0)
    detail = f"{found.majoranas} Majorana operators on a Gaussian state, Pfaffians of {largest} rows"
    return _row("free fermion", found.cost, detail)
