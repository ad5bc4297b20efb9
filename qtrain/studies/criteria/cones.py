"""Light cones as figures: the widest and the deepest that any one term of the task's observables has."""

from __future__ import annotations

from collections.abc import Sequence

from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.program import PauliProgram
from qtrain.light_cones.light_cone import term_cones
from qtrain.studies.criteria.figure import Figure


def cones(program: PauliProgram, observables: Sequence[SparsePauliOp]) -> tuple[Figure, Figure]:
    """Qubits in the widest, and layers of gates in the deepest cone of a term, on the circuit's graph.

    The cone of a whole Hamiltonian holds every qubit; that of its terms tells how local the circuit is.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> from qtrain.circuits.program import lower
        >>> width, depth = cones(lower(efficient_su2(6, reps=1, entanglement="pairwise")), [SparsePauliOp("IIIZII")])
        >>> width.value, depth.value
        (4.0, 6.0)
    """
    found = [term_cones(program, observable) for observable in observables]
    width = max(int(widths.max(initial=0)) for widths, _ in found)
    depth = max(int(depths.max(initial=0)) for _, depths in found)
    return Figure(float(width)), Figure(float(depth))
