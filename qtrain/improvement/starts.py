"""Edits of where training begins: small angles, mirrored blocks, the best Clifford point."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from qtrain.circuits.initialization import Initialization
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.gradients.identity_blocks import mirrored_weights
from qtrain.growth.clifford_points import clifford_point
from qtrain.improvement.layers import layers, repetition
from qtrain.improvement.table import Candidate, Model

NARROW = 0.1  # radians
EVALUATIONS = 4000  # of the cost, for a Clifford point


def near_zero(model: Model) -> Iterator[Candidate]:
    """Gaussian angles, narrower where a qubit has more rotations (arXiv 2203.09376), and small ones."""
    count = len(model.circuit.parameters) - len(model.inputs)
    scaled = round(1 / math.sqrt(2 * max(count / model.num_qubits, 1.0)), 2)
    for width in dict.fromkeys((scaled, NARROW)):
        start = Initialization("gaussian", width)
        text = f'start from Gaussian angles of width {width:g} (initialization="{start}")'
        yield Candidate(f"gaussian {'scaled' if width == scaled else 'narrow'}", text, model.but(start=start))
    start = Initialization("small", round(math.pi / 8, 2))
    text = f'start from small angles, uniform within ±{start.width:g} (initialization="{start}")'
    yield Candidate("small", text, model.but(start=start))


def identity_block(model: Model) -> Iterator[Candidate]:
    """Blocks of the circuit that undo each other at the start (arXiv 1903.05076), where it has such blocks."""
    if _diagonal(model) or not _has_mirrors(model):
        return
    text = 'start where parts of the circuit undo each other (initialization="identity-block")'
    yield Candidate("identity block", text, model.but(start=Initialization("identity-block")))


def mirrored_layers(model: Model) -> Iterator[Candidate]:
    """The first half of the layers and their mirror image, which undoes them at the start."""
    mirrored = None if _diagonal(model) or _has_mirrors(model) else _mirrored(model)
    if mirrored is not None:
        text = 'mirror the first half of the layers; start where it is undone (initialization="identity-block")'
        yield Candidate("mirrored layers", text, model.but(circuit=mirrored, start=Initialization("identity-block")))


def _diagonal(model: Model) -> bool:
    """Where the circuit is the identity, no angle moves what the basis state |0...0> is an eigenstate of."""
    return not model.observable.paulis.x.any()


def _has_mirrors(model: Model) -> bool:
    try:
        mirrored_weights(lower(model.circuit, inputs=model.inputs))
    except QTrainError:
        return False
    return True


def _mirrored(model: Model) -> QuantumCircuit | None:
    """The first half of the repetitions and their mirror image with angles of its own."""
    found = layers(model.circuit, model.inputs)
    again = repetition(found)
    if again is None or again.count < 2:
        return None
    middle = again.begin + (again.count // 2) * again.period
    half = found.rebuilt(
        [block.items for block in found.blocks[again.begin : middle]],
        [*found.singles[again.begin : middle], ()],
    )  # fmt: skip
    front = found.rebuilt([block.items for block in found.blocks[: again.begin]], found.singles[: again.begin] or [()])
    half.data = [item for item in half.data if item not in found.ends]
    front.data = [item for item in front.data if item not in found.ends]
    free = [p for p in half.parameters if p.name not in model.inputs]
    mirror = half.inverse().assign_parameters(dict(zip(free, ParameterVector("m", len(free)))))
    result = front.compose(half).compose(mirror)
    for item in found.ends:
        result.append(item)
    return result


def at_clifford_point(model: Model) -> Iterator[Candidate]:
    """Angles near the best Clifford point: counted from there, and Gaussian around it (arXiv 2202.12924)."""
    if model.inputs:
        return
    program = lower(model.circuit)
    if program.angle_map is not None:
        return
    found = clifford_point(program, model.observable, seed=model.seed, evaluations=EVALUATIONS)
    if not np.abs(found.angles).max() > 0:
        return
    start = Initialization("gaussian", NARROW)
    where = f"the Clifford point of cost {found.energy:.4g}"
    text = f"start near {where}: angles counted from there, Gaussian of width {NARROW:g}"
    yield Candidate("clifford point", text, model.but(circuit=counted_from(model.circuit, found.angles), start=start))


def counted_from(circuit: QuantumCircuit, angles: np.ndarray) -> QuantumCircuit:
    """The circuit whose parameters at zero are the given angles."""
    shifts = {p: p + float(angle) for p, angle in zip(circuit.parameters, angles) if angle}
    return circuit.assign_parameters(shifts) if shifts else circuit
