"""Quantum Fisher information inside a sector."""

from __future__ import annotations

import numpy as np

from qtrain.simulators.evaluators import one_point
from qtrain.simulators.sectors.evaluator import SectorSurrogate


def sector_fisher(surrogate: SectorSurrogate, weights: np.ndarray) -> np.ndarray:
    """4 Re(<d_k|d_l> - <d_k|psi><psi|d_l>) at one point: (weights, weights).

    State and derivatives evolve side by side: behind each step its generator times the state joins the derivative by
    its weight.

    Args:
        weights: (num_weights,) radians.

    Example:
        >>> from qiskit.circuit.library import excitation_preserving
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.circuits.program import lower
        >>> from qtrain.simulators.sectors.find import sector
        >>> circuit = excitation_preserving(4, reps=1, skip_unentangled_qubits=True, entanglement="linear")
        >>> start = circuit.copy_empty_like(); _ = start.x(0)
        >>> found = sector(lower(start.compose(circuit)), SparsePauliOp("ZIII"))
        >>> sector_fisher(found.surrogate(2**30), [0.3] * 11).shape
        (11, 11)
    """
    from qtrain.kernels.statevector.sectors import add_tangent, evolve

    point = one_point(weights, surrogate.circuit.num_weights)
    steps, pairs, size = surrogate.steps, surrogate.pairs, len(surrogate.basis)
    lanes = len(point) + 1
    psi = np.zeros((size, 2 * lanes))
    psi[0, 0] = 1.0
    angles = steps.angles(point[None])[:, 0]
    for t, move in enumerate(steps.move):
        one = np.full((1, lanes), angles[t])
        evolve(psi, lanes, steps.move[t : t + 1], one, *pairs.arrays)
        if steps.parameter[t] >= 0:
            begin, end = pairs.segments[move], pairs.segments[move + 1]
            lane, factor = int(steps.parameter[t]) + 1, float(steps.scale[t])
            add_tangent(psi, lanes, lane, factor, *pairs.arrays[1:], begin, end)
    real, imaginary = psi[:, 1:lanes], psi[:, lanes + 1 :]
    a, b = psi[:, 0], psi[:, lanes]
    overlap = (a @ real + b @ imaginary) + 1j * (a @ imaginary - b @ real)  # <psi|d_k>
    gram = real.T @ real + imaginary.T @ imaginary
    return np.asarray(4 * (gram - np.real(np.outer(overlap, overlap.conj()))))
