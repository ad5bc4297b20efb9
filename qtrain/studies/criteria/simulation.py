"""What simulating a candidate classically takes: the cheapest certificate, or a bound that always holds."""

from __future__ import annotations

import math

from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.program import PauliProgram
from qtrain.diagnosis.certificates.exact import bond
from qtrain.diagnosis.frontier import cheapest
from qtrain.diagnosis.results import Simulability
from qtrain.diagnosis.simulability import simulability
from qtrain.studies.criteria.figure import Figure


def certified(
    program: PauliProgram, observable: SparsePauliOp, *, seed: int, budget: Budget
) -> tuple[Simulability, Figure]:
    """Certificates, and log₁₀ of the operations of the cheapest classical one.

    Where none is certified the figure is a flagged upper bound: a matrix-product state whose bond is bounded by the
    gates across each cut, or the statevector, whichever takes less.

    Args:
        budget: its ``max_planning`` ends the search for certificates, so that a cheaper one may be missed: flagged.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.program import lower
        >>> certified(lower(real_amplitudes(4, reps=3)), SparsePauliOp("ZIII"), seed=0, budget=Budget())[1].is_bound
        False
    """
    found = simulability(program, observable, budget=budget, seed=seed)
    best = cheapest(found.certificates)
    gates, n = max(len(program), 1), program.num_qubits
    always = min(
        math.log10(gates) + n * math.log10(2),
        math.log10(gates + len(observable) * n) + 3 * bond(program) * math.log10(2),
    )
    cut_off = len(observable) * gates > budget.max_planning and not any(
        row.applies for row in found.certificates if row.check == "light cone"
    )
    least = math.log10(max(best.cost, 1.0)) if best is not None else math.inf
    return found, Figure(min(least, always), always < least or cut_off)
