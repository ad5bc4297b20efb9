"""How much of the cost's signal survives a device's noise."""

from __future__ import annotations

import math
from collections import defaultdict

from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.noise.channels import Channel, depolarizing
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import PauliProgram
from qtrain.gradients.methods import answer
from qtrain.kernels.opcodes import CX, ROTATION, SWAP
from qtrain.studies.criteria.figure import Figure, untied


def noise_survival(
    program: PauliProgram, observable: SparsePauliOp, damped: SparsePauliOp | None, infidelity: float, *, seed: int,
    budget: Budget,
) -> Figure:  # fmt: skip
    """The share of the cost's standard deviation over uniform angles that noise leaves: from 0 (none) to 1 (all).

    Every rotation has an angle of its own here, data too, so that Pauli paths tell it at any size: noise damps a path
    by what it meets on its way, and what lies outside the light cone costs nothing.

    Args:
        program: of the ansatz. damped: the observable as the device reads it; None: without errors.
        infidelity: −Σ log(1 − error) over the gates of the compiled circuit: spread over the circuit's own gates on
            several qubits by the entanglers that each takes (those of SWAPs that the device needs are shared by all).

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.program import lower
        >>> program, z = lower(real_amplitudes(2, reps=1)), SparsePauliOp("IZ")
        >>> found = noise_survival(program, z, None, 0.0075, seed=0, budget=Budget())
        >>> round(found.value, 3)  # one CX with an error of 0.0075: a Pauli behind it keeps 0.99
        0.99
    """
    free = untied(program)
    if not free.weights:
        return Figure(0.0)
    clean = answer(Problem(free, observable, budget=budget, seed=seed), or_bound=True)
    read = observable if damped is None else damped
    behind = channels(free, infidelity)
    noisy = answer(Problem(free, read, channels=behind, budget=budget, seed=seed), or_bound=True)
    before, after = clean.cost_variance, noisy.cost_variance
    if not before > 0 or not math.isfinite(after):
        return Figure(0.0, before > 0 or not math.isfinite(before))  # a cost that does not vary has no signal
    sampled = clean.cost_standard_error > 0 or noisy.cost_standard_error > 0
    return Figure(min(1.0, math.sqrt(max(after, 0.0) / before)), False, {"sampled": bool(sampled)})


def channels(program: PauliProgram, infidelity: float) -> tuple[Channel, ...]:
    """Depolarising noise on neighbouring pairs of each gate's qubits, in proportion to the entanglers it takes."""
    work: dict[tuple[int, int, int], float] = defaultdict(float)
    for i, opcode in enumerate(program.opcode):
        gate = int(program.gate[i])
        if opcode == ROTATION:
            chain = program.support[program.start[i] : program.start[i + 1]].tolist()
            for a, b in zip(chain, chain[1:]):
                work[gate, a, b] += 2.0
        elif opcode >= CX:
            a, b = sorted(program.qubits[i].tolist())
            work[gate, a, b] += 3.0 if opcode == SWAP else 1.0
    total = sum(work.values())
    found = []
    for (gate, a, b), share in work.items():
        error = -math.expm1(-infidelity * share / total)
        found.append(depolarizing(gate, (a, b), min(1.0, error * 4 / 3)))  # of an average infidelity on two qubits
    return tuple(channel for channel in found if not channel.trivial)
