"""Is the cost classically simulable? Certificates with method, cost and error; never an opinion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.criteria.cosets import PathClasses, path_classes
from qtrain.criteria.gradients import paths_apply, traceless
from qtrain.criteria.gsim import module
from qtrain.criteria.initialization import Initialization
from qtrain.criteria.light_cone import light_cone
from qtrain.criteria.results import Budget, Certificate, Simulability
from qtrain.criteria.surrogate import LazyPropagation, ModuleSurrogate
from qtrain.criteria.tape import Tape
from qtrain.kernels.path_weights import path_weights
from qtrain.observables import as_observable
from qtrain.program import PauliProgram, lower

AFFORDABLE = 1e12  # elementary operations for one value of the cost
TOLERANCE = (
    0.1  # root-mean-square error, as a share of the cost's standard deviation, that counts as simulated
)
PATHS = 10_000
HUGE = 10**290
FEW_HITS = 30  # below, the paths cannot tell what a truncation loses
CLASSICAL = "classical"


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
        Simulability, with a working ``surrogate`` for g-sim and low-weight Pauli propagation.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> simulability(real_amplitudes(4, reps=1), "IIIZ").simulable
        True
    """
    budget = budget or Budget()
    program = circuit if isinstance(circuit, PauliProgram) else lower(circuit)
    operator, _ = traceless(as_observable(observable, program.num_qubits))
    whole = as_observable(observable, program.num_qubits)
    cone = light_cone(program, operator)
    rows: list[Certificate] = []
    surrogates: dict[str, Any] = {}

    space = module(program, whole, max(budget.max_dimension, 2**12))
    size = getattr(space, "dimension", None)
    cost = math.inf if size is None else float(size * max(len(program.rotations), 1))
    found = "the observable's module is beyond the limit" if size is None else f"module of dimension {size}"
    rows.append(Certificate("g-sim", space is not None, cost, 0.0, CLASSICAL, found))
    if space is not None:
        surrogates["g-sim"] = ModuleSurrogate(space)
    gates = max(len(cone.gates), 1)
    rows.append(
        _row("light cone", 2.0 ** min(cone.width, 1000) * gates, 0.0, f"{cone.width} qubits in the cone")
    )
    live = int(cone.effective.sum())
    rows.append(_row("near-Clifford", 2.0 ** min(live, 1000), 0.0, f"{live} non-Clifford angles that matter"))
    bond = _bond(program)
    rows.append(
        _row(
            "matrix-product state",
            program.num_qubits * 8.0 ** min(bond, 300),
            0.0,
            f"bond dimension at most 2^{bond:g}",
        )
    )
    _, tape, bloch = paths_apply(program, Initialization("uniform"), [], None)
    if tape is not None and bloch is None:
        classes = path_classes(tape, operator)
        terms = int((operator.coeffs != 0).sum())
        if 0 < len(classes.value) and terms <= len(classes.value) + 64:
            rows += _path_rows(tape, classes, cone.width, live, tolerance, seed)
            weight = _weight(rows)
            if weight is not None:
                surrogates["low-weight Pauli propagation"] = LazyPropagation(program, tape, whole, weight)
        rows.append(_free_fermion(program, size, algebra))
    usable = [row for row in rows if row.applies]
    best = min(usable, key=lambda row: row.cost, default=None)
    if best is None:
        return Simulability(False, "not certified: no method fits its cost and error", tuple(rows))
    chosen = surrogates.get(best.check) or next(iter(surrogates.values()), None)
    text = (
        f"{best.check}: {best.detail}, about {best.cost:.2g} operations, error {best.error:.2g}, {best.kind}"
    )
    return Simulability(True, text, tuple(rows), chosen)


def _row(check: str, cost: float, error: float, detail: str) -> Certificate:
    return Certificate(check, cost <= AFFORDABLE, cost, error, CLASSICAL, detail)


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


def _path_rows(
    tape: Tape, classes: PathClasses, width: int, live: int, tolerance: float, seed: int
) -> list[Certificate]:
    """What truncation by weight, or by Fourier degree, would lose: E[w over the paths that are cut]."""
    paths = int(np.clip(1e7 / max(len(tape.code), 1), 200, PATHS))
    rng = np.random.default_rng([seed, 9])
    counts = rng.multinomial(paths, classes.value / classes.total)
    owner = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    largest, branches = np.zeros(paths, np.int64), np.zeros(paths, np.int64)
    hit = np.zeros(paths, np.bool_)
    path_weights(
        *tape.arrays, tape.opcode, tape.turns, classes.x, classes.z, classes.target, owner, int(rng.integers(2**31)),
        largest, branches, hit,
    )  # fmt: skip
    allowed = max(tolerance**2 * float(hit.mean()), 6 / paths)
    enough = int(hit.sum()) >= FEW_HITS
    by_weight = [float(min(math.comb(width, j) * 3**j, HUGE)) for j in range(min(width, 200) + 1)]
    by_degree = [float(min(math.comb(live, j), HUGE)) for j in range(min(live, 200) + 1)]
    rows = []
    for name, unit, measure, sizes in (
        ("low-weight Pauli propagation", "weight", largest, by_weight),
        ("low Fourier degree", "degree", branches, by_degree),
    ):
        for k in range(int(measure.max(initial=0)) + 1):
            cut = int((hit & (measure > k)).sum())
            lost = (cut or 3) / paths  # none seen still allows 3 / paths
            if lost <= allowed:
                break
        cost = sum(sizes[: k + 1]) * len(tape.code)
        detail = f"{unit} up to {k}; mean squared error {classes.total * lost:.2g}, by {paths} paths"
        if not enough:
            detail = (
                f"fewer than {FEW_HITS} of {paths} paths are felt: the cost is too flat to certify by them"
            )
        error = math.sqrt(classes.total * lost) if enough else math.nan
        rows.append(Certificate(name, enough and cost <= AFFORDABLE, cost, error, CLASSICAL, detail))
    return rows


def _weight(rows: list[Certificate]) -> int | None:
    for row in rows:
        if row.check == "low-weight Pauli propagation" and row.applies:
            return int(row.detail.split("up to ")[1].split(";")[0])
    return None


def _free_fermion(program: PauliProgram, size: int | None, algebra: str | None) -> Certificate:
    from qtrain.criteria.dla import dla
    from qtrain.errors import QTrainError

    if algebra is None:
        try:
            algebra = dla(program, max_dimension=1).algebra or ""
        except QTrainError:
            algebra = ""
    name = algebra.split(" ")[-1]
    free = (
        name.startswith("so(")
        and "+" not in algebra
        and "^" not in name
        and int(name[3:-1]) <= 4 * program.num_qubits + 2
    )
    applies = free and size is not None
    detail = (
        f"the algebra {algebra} is free-fermionic" if free else "the algebra is not that of free fermions"
    )
    cost = float(size or 0) * max(len(program.rotations), 1) if applies else math.inf
    return Certificate("free fermion", applies, cost, 0.0, CLASSICAL, detail)
