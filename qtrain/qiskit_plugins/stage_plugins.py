"""What Qiskit's plugin loaders import: a synthesis method and an ``init`` stage.

Every ``transpile`` of a process with qtrain installed imports this module, so it imports little.
"""

from __future__ import annotations

from typing import Any, ClassVar

from qiskit import QuantumCircuit
from qiskit.circuit import Operation
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes.synthesis.plugin import HighLevelSynthesisPlugin
from qiskit.transpiler.preset_passmanagers.builtin_plugins import DefaultInitPassManager
from qiskit.transpiler.preset_passmanagers.plugin import PassManagerStagePlugin


class TrainableAnsatzSynthesis(HighLevelSynthesisPlugin):
    """Entry point ``trainable_ansatz.default``: writes out a :class:`~qtrain.TrainableAnsatz`.

    It runs before layout, so it emits the architecture's own edges and leaves the embedding to the layout stage.
    Parameters stay symbolic and keep their order. Options, as in
    ``HLSConfig(trainable_ansatz=[("default", {"observable": "IIZ"})])`` (Qiskit adds options of its own):

    - ``observable``: the ansatz is the last thing before this (in the gate's own qubits) is measured: leave out what
      provably cannot change it.

    Example:
        >>> from qtrain import TrainableAnsatz
        >>> from qtrain.architecture.catalogue import real_amplitudes
        >>> TrainableAnsatzSynthesis().run(TrainableAnsatz(3, real_amplitudes(reps=1))).count_ops()["cx"]
        2
    """

    architecture_name: ClassVar[str | None] = None
    """Set by a winner's package: synthesise only the ansatz of this name."""

    def run(
        self,
        high_level_object: Operation,
        coupling_map: Any = None,
        target: Any = None,
        qubits: list[int] | None = None,
        **options: Any,
    ) -> QuantumCircuit | None:
        """The ansatz as a circuit; None for whatever is not qtrain's, so that Qiskit tries the next method."""
        from qtrain.qiskit_plugins.ansatz import TrainableAnsatz

        if not isinstance(high_level_object, TrainableAnsatz):
            return None
        if self.architecture_name not in (None, high_level_object.label):
            return None
        circuit: QuantumCircuit = high_level_object.definition.copy()
        if options.get("observable") is None:
            return circuit
        from qtrain.qiskit_plugins.removal import remove_dead

        smaller, _ = remove_dead(circuit, options["observable"])
        return smaller


class QTrainInit(PassManagerStagePlugin):
    """Entry point ``qtrain`` of ``qiskit.transpiler.init``: the default stage after qtrain's passes.

    A circuit with ``metadata["qtrain.observable"]`` loses what provably cannot change that observable; with
    ``metadata["qtrain.analyse"]`` the report of what is left is in the property set. Any other circuit is treated
    exactly as by the default stage.

    Example:
        >>> from qiskit import transpile
        >>> from qiskit.circuit.library import efficient_su2
        >>> circuit = efficient_su2(4, reps=2)
        >>> circuit.metadata = {"qtrain.observable": "ZIII"}
        >>> transpile(circuit, init_method="qtrain", optimization_level=1).num_parameters
        9
    """

    def pass_manager(self, pass_manager_config: Any, optimization_level: int | None = None) -> PassManager:
        """qtrain's passes, then the default ``init`` stage of this level."""
        from qiskit.passmanager import ConditionalController

        from qtrain.qiskit_plugins import passes

        ours = PassManager([passes.RemoveDeadParameters(), passes.WantsAnalysis()])
        wanted = passes.TrainabilityAnalysis()
        ours.append(ConditionalController(wanted, condition=lambda found: found[passes.ANALYSE]))
        default = DefaultInitPassManager().pass_manager(pass_manager_config, optimization_level)
        return ours if default is None else ours + default
