"""What `light_cone` returns; read from JSON without any kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qtrain.json_results import JsonResult, Shown, count


def _bools() -> Any:
    return field(metadata={"dtype": "bool"})


@dataclass(frozen=True, eq=False, repr=False)
class LightCone(Shown, JsonResult):
    """Which parameters the observable can see at all (THEORY of light cones, Clifford-aware).

    Attributes:
        structural: (num_parameters,) bool, reachable on the circuit's graph.
        effective: (num_parameters,) bool, not proven dead by commutation.
        width: qubits in the cone; depth: layers of gates in it.
        qubits: the cone's qubits; gates: indices into ``circuit.data`` that are kept.
        effective_width, effective_gates: the same of the gates that do not commute with all the
            observable becomes behind them: no other gate changes the expectation value.
    """

    structural: np.ndarray = _bools()
    effective: np.ndarray = _bools()
    width: int = 0
    depth: int = 0
    qubits: tuple[int, ...] = ()
    gates: tuple[int, ...] = ()
    effective_width: int = 0
    effective_gates: tuple[int, ...] = ()

    def _brief(self) -> str:
        seen, size = int(self.effective.sum()), len(self.effective)
        return f"{count(self.width, 'qubit')}, depth {self.depth}; it holds {seen} of {count(size, 'parameter')}"
