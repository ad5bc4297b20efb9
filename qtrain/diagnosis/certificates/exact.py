"""Exact classical simulations of a cost: rows of the table of simulators, and what they say of it."""

from __future__ import annotations

import math

import numpy as np

from qtrain.circuits.program import PauliProgram
from qtrain.diagnosis.certificates.table import (
    Assessment,
    Cost,
    SimulationMethod,
    exactly,
    planned,
    register_certificate,
)
from qtrain.diagnosis.results import QUANTUM
from qtrain.kernels import opcodes
from qtrain.light_cones.light_cone import restrict
from qtrain.simulators.gsim import module

FREE_NAMES = ("so(", "su(2)", "su(4)", "u(1)")  # algebras of free fermions

in_module, in_network, by_fermions = planned("g-sim"), planned("contraction"), planned("free fermions")
by_state, by_cones = planned("statevector"), planned("cones")


def _light_cone(cost: Cost) -> Assessment:
    """The qubits that the observable sees, or those that each of its terms sees."""
    found = [exactly(ask)(cost) for ask in (by_state, by_cones)]
    return min(found, key=lambda one: (one.evaluator is None, one.operations))


def _matrix_product_state(cost: Cost) -> Assessment:
    """Contracted in whatever order is cheapest: that is below the bound of the bond as soon as it is below 8^bond."""
    log_bond, found = bond(cost.program), exactly(in_network)(cost)
    bound, detail = cost.gates * 8.0 ** min(log_bond, 300), f"bond dimension at most 2^{log_bond:g}"
    if found.evaluator is None:
        return Assessment(f"{detail}: {found.detail}", max(bound, found.operations), certain=False)
    return Assessment(detail, max(bound, found.operations), evaluator=found.evaluator)


def bond(program: PauliProgram) -> float:
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


def _free_fermion(cost: Cost) -> Assessment:
    if cost.algebra is not None and not any(name in cost.algebra for name in FREE_NAMES):
        return Assessment("no free fermions on a Gaussian state")
    return exactly(by_fermions)(cost)


def _from_data(cost: Cost) -> Assessment | None:
    """Behind a fixed non-Clifford preparation: its state's Pauli expectations from a device, the rest classically.

    The observable's module under the rotations by weights alone is what has to be measured, once, for
    every training step that follows (arXiv 2312.09121).
    """
    fixed, trained = cost.program.fixed_rotations, cost.program.rotations
    if not isinstance(in_module(cost), str) or not len(fixed) or not len(trained):
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
    "g-sim": exactly(in_module), "light cone": _light_cone,
    "near-Clifford": exactly(planned("near-Clifford")), "tensor network": exactly(in_network),
    "matrix-product state": _matrix_product_state, "symmetry sector": exactly(planned("sector")),
    "collective spin": exactly(planned("collective spin")), "free fermion": _free_fermion,
    "g-sim from measured data": _from_data,
}.items():  # fmt: skip
    register_certificate(SimulationMethod(_name, _assess))
