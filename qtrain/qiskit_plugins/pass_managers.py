"""qtrain in Qiskit's transpiler: the gate, the passes, and pass managers built of them."""

from __future__ import annotations

from typing import Any

from qiskit.transpiler import PassManager, StagedPassManager, generate_preset_pass_manager

from qtrain.architecture.architecture import Architecture
from qtrain.qiskit_plugins.ansatz import TrainableAnsatz
from qtrain.qiskit_plugins.passes import RemoveDeadParameters, ReplaceBarrenAnsatz, TrainabilityAnalysis
from qtrain.qiskit_plugins.removal import Removal, remove_dead
from qtrain.registry.registry import RegistryEntry

__all__ = [
    "Removal",
    "RemoveDeadParameters",
    "ReplaceBarrenAnsatz",
    "TrainabilityAnalysis",
    "TrainableAnsatz",
    "pass_manager",
    "remove_dead",
    "trainability_passes",
]


def trainability_passes(
    observable: Any = None,
    *,
    replacement: str | RegistryEntry | Architecture | None = None,
    minimum_healthy: float = 0.5,
    analyse: bool = False,
    **options: Any,
) -> PassManager:
    """qtrain's passes alone: swap what is barren (if a replacement is given), remove what is dead, analyse.

    Args:
        observable: text or SparsePauliOp; None: the circuit's own, ``circuit.metadata["qtrain.observable"]``.
        replacement: a registered name, entry or architecture for blocks that do not train.
        minimum_healthy: share of healthy parameters that lets a block stay.
        analyse: write the report of the resulting circuit into ``property_set["trainability_report"]``.
        options: inputs, data, shots, budget, seed of :class:`TrainabilityAnalysis`.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> trainability_passes("ZIII").run(efficient_su2(4, reps=2)).num_parameters
        9
    """
    passes: list[Any] = []
    if replacement is not None:
        swap = ReplaceBarrenAnsatz(replacement, observable=observable, minimum_healthy=minimum_healthy, **options)
        passes.append(swap)
    passes.append(RemoveDeadParameters(observable, inputs=options.get("inputs", ())))
    if analyse:
        passes.append(TrainabilityAnalysis(observable, **options))
    return PassManager(passes)


def pass_manager(
    optimization_level: int = 2,
    backend: Any = None,
    *,
    observable: Any = None,
    replacement: str | RegistryEntry | Architecture | None = None,
    minimum_healthy: float = 0.5,
    analyse: bool = False,
    preset: dict[str, Any] | None = None,
    **options: Any,
) -> StagedPassManager:
    """Qiskit's preset pass manager, with qtrain's passes before it.

    Args:
        optimization_level, backend: of the preset; ``preset``: its other arguments, such as ``basis_gates``.
        observable, replacement, minimum_healthy, analyse, options: see :func:`trainability_passes`.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> passes = pass_manager(1, observable="ZIII", preset={"basis_gates": ["rz", "sx", "cx"]})
        >>> passes.run(efficient_su2(4, reps=2)).count_ops()["cx"]
        3
    """
    staged = generate_preset_pass_manager(optimization_level, backend, **(preset or {}))
    ours = trainability_passes(
        observable, replacement=replacement, minimum_healthy=minimum_healthy, analyse=analyse, **options
    )
    staged.pre_init = ours if staged.pre_init is None else ours + staged.pre_init
    return staged
