"""Exact classical simulations of a cost: what each would take, by the size of what it follows."""

from __future__ import annotations

import math

import numpy as np

from qtrain.circuits.problem import part
from qtrain.circuits.program import PauliProgram
from qtrain.diagnosis.certificates.sectors import sector_log2
from qtrain.diagnosis.certificates.table import (
    QUANTUM,
    Assessment,
    Cost,
    SimulationMethod,
    register_certificate,
)
from qtrain.kernels import opcodes
from qtrain.light_cones.light_cone import restrict
from qtrain.simulators.evaluators import ModuleSurrogate, StatevectorSurrogate
from qtrain.simulators.free_fermions import free_fermions
from qtrain.simulators.gsim import Module, module
from qtrain.simulators.symmetric_gsim import OrbitModule

STATEVECTOR_BYTES = 4 * 16 * 8  # of one amplitude: four copies of eight points, complex
FREE_NAMES = ("so(", "su(2)", "su(4)", "u(1)")  # algebras of free fermions


@part
def observable_module(cost: Cost) -> Module | OrbitModule | None:  # type: ignore[type-var]
    """The observable's module under the circuit's rotations; None beyond the budget."""
    limit = max(cost.budget.max_dimension, 2**12)
    memory = int(cost.budget.memory_bytes)
    return module(cost.program, cost.observable, limit, memory_bytes=memory, seconds=cost.share(0.25))


def _g_sim(cost: Cost) -> Assessment:
    space = observable_module(cost)
    if space is None:
        return Assessment("the observable's module is beyond the limit")
    size = space.dimension
    operations = float(max(size, 1) * max(cost.branchings, 1))
    return Assessment(f"module of dimension {size}", operations, evaluator=lambda: ModuleSurrogate(space))


def _light_cone(cost: Cost) -> Assessment:
    width, memory = cost.program.num_qubits, int(cost.budget.memory_bytes)
    fits = STATEVECTOR_BYTES * 2.0 ** min(width, 1000) <= 0.9 * memory
    return Assessment(
        f"{width} qubits in the cone", 2.0 ** min(width, 1000) * cost.gates,
        evaluator=(lambda: StatevectorSurrogate(cost.program, cost.observable, memory)) if fits else None,
    )  # fmt: skip


def _near_clifford(cost: Cost) -> Assessment:
    rotations = cost.branchings
    return Assessment(f"{rotations} non-Clifford rotations that matter", 2.0 ** min(rotations, 1000))


def _matrix_product_state(cost: Cost) -> Assessment:
    bond = _bond(cost.program)
    return Assessment(f"bond dimension at most 2^{bond:g}", cost.gates * 8.0 ** min(bond, 300))


def _bond(program: PauliProgram) -> float:
    """log2 of the bond dimension over the cuts in order of the qubits: 1 for CX, CZ and Pauli rotations, 2 for SWAP."""
    n = program.num_qubits
    steps = np.zeros(n + 1)
    sizes = np.diff(program.start)
    rotation = program.opcode == opcodes.ROTATION
    for i in np.flatnonzero((program.opcode >= opcodes.CX) | (rotation & (sizes > 1))):
        if rotation[i]:
            touched = program.support[program.start[i] : program.start[i + 1]]
        else:
            touched = program.qubits[i]
        rank = 2.0 if program.opcode[i] == opcodes.SWAP else 1.0
        steps[int(touched.min())] += rank
        steps[int(touched.max())] -= rank
    cuts = np.cumsum(steps)[: n - 1]
    limit = np.minimum(np.arange(1, n), np.arange(n - 1, 0, -1))
    return float(np.minimum(cuts, limit).max(initial=0.0))


def _symmetry_sector(cost: Cost) -> Assessment:
    log, symmetry = sector_log2(cost.program)
    if log >= cost.program.num_qubits:
        return Assessment("no symmetry found", cost.gates * 2.0 ** min(log, 1000), certain=False)
    detail = f"{symmetry}: the state stays in 2^{log:.3g} dimensions"
    return Assessment(detail, cost.gates * 2.0 ** min(log, 1000))


def _free_fermion(cost: Cost) -> Assessment:
    free = cost.algebra is None or any(name in cost.algebra for name in FREE_NAMES)
    found = free_fermions(cost.program, cost.observable) if free else None
    if found is None:
        return Assessment("no free fermions on a Gaussian state")
    largest = max((len(rows) for rows in found.rows), default=0)
    detail = f"{found.majoranas} Majorana operators on a Gaussian state, Pfaffians of {largest} rows"
    return Assessment(detail, found.cost, evaluator=lambda: found)


def _from_data(cost: Cost) -> Assessment | None:
    """Behind a fixed non-Clifford preparation: its state's Pauli expectations from a device, the rest classically.

    The observable's module under the rotations by weights alone is what has to be measured, once, for
    every training step that follows (arXiv 2312.09121).
    """
    fixed, trained = cost.program.fixed_rotations, cost.program.rotations
    if observable_module(cost) is not None or not len(fixed) or not len(trained):
        return None
    behind = np.arange(len(cost.program.opcode)) > fixed[-1]
    if not behind[trained].all():
        return None
    later, seen = restrict(cost.program, cost.observable, behind)
    space = module(later, seen, max(cost.budget.max_dimension, 2**12), seconds=cost.share(0.25))
    if space is None:
        return None
    size = space.dimension
    detail = f"{size} expectation values of the state in front of gate {later.gate[0]}, measured once"
    return Assessment(detail, min(float(size * len(trained)), math.inf), kind=QUANTUM)


for _name, _assess in {
    "g-sim": _g_sim, "light cone": _light_cone, "near-Clifford": _near_clifford,
    "matrix-product state": _matrix_product_state, "symmetry sector": _symmetry_sector,
    "free fermion": _free_fermion, "g-sim from measured data": _from_data,
}.items():  # fmt: skip
    register_certificate(SimulationMethod(_name, _assess))
