"""Transpiler passes that see which parameters train.

The observable is an argument, or travels with the circuit as ``circuit.metadata["qtrain.observable"]``: text such as
``"ZII + 0.5*IXX"`` or a SparsePauliOp. Without one the passes leave a circuit as it is. A circuit that qtrain cannot
read (mid-circuit measurement, control flow, …) passes unchanged as well; ``property_set["qtrain_refusal"]`` says why.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.converters import circuit_to_dag, dag_to_circuit
from qiskit.dagcircuit import DAGCircuit
from qiskit.transpiler.basepasses import AnalysisPass, TransformationPass

from qtrain.architecture.architecture import Architecture
from qtrain.budget import Budget
from qtrain.circuits.composites import expand, find_inputs, free_parameters, is_composite, joined_parameters
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.errors import QTrainError
from qtrain.qiskit_plugins.ansatz import TrainableAnsatz, resolve
from qtrain.qiskit_plugins.removal import is_unitary, remove_dead
from qtrain.registry.registry import RegistryEntry

OBSERVABLE = "qtrain.observable"
ANALYSE = "qtrain.analyse"
REMOVED = "qtrain.removed"

_log = logging.getLogger(__name__)


class TrainabilityAnalysis(AnalysisPass):
    """Writes the TrainabilityReport into ``property_set["trainability_report"]``; None where there is none.

    Args:
        observable: text or SparsePauliOp; None: the circuit's own, from its metadata.
        shots, budget, seed: see :func:`qtrain.diagnose`.
        inputs: the data parameters: names, Parameters or a prefix. data: (points, inputs) to average over; None: 16
            points drawn uniformly from [-π, π].

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> from qiskit.transpiler import PassManager
        >>> passes = PassManager([TrainabilityAnalysis("ZIII")])
        >>> _ = passes.run(efficient_su2(4, reps=2))
        >>> passes.property_set["trainability_report"].fraction("dead")
        0.625
    """

    def __init__(
        self,
        observable: Any = None,
        *,
        shots: int = 10_000,
        budget: Budget | None = None,
        seed: int = 0,
        inputs: Sequence[Any] | str = (),
        data: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        self.observable = observable
        self.inputs, self.data = inputs, data
        self.options: dict[str, Any] = {"shots": shots, "budget": budget, "seed": seed}

    def run(self, dag: DAGCircuit) -> None:
        """Reads the circuit, changes nothing."""
        observable = find_observable(dag, self.observable)
        report = None if observable is None else _report(self, dag_to_circuit(dag), observable)
        self.property_set["trainability_report"] = report


class WantsAnalysis(AnalysisPass):
    """Writes into ``property_set["qtrain.analyse"]`` whether the circuit's metadata asks for its report."""

    def run(self, dag: DAGCircuit) -> None:
        """Reads the metadata alone."""
        self.property_set[ANALYSE] = bool((dag.metadata or {}).get(ANALYSE))


class RemoveDeadParameters(TransformationPass):
    """Drops gates and parameters that provably cannot change the measured observable.

    Exact: the expectation value is the same for every value of the parameters that are left. What goes: gates
    outside the observable's light cone, rotations that commute with everything the observable becomes, and
    parameters whose gradient is proven to be zero everywhere. The qubits stay; those with nothing left are idle.
    Other observables, and the counts of qubits that are not in this one, may change: state what you measure.

    What was saved is in ``property_set["removed"]``, a :class:`~.removal.Removal`, and as plain data in
    ``circuit.metadata["qtrain.removed"]``.

    Args:
        observable: text or SparsePauliOp; None: the circuit's own, from its metadata.
        inputs: the data parameters: names, Parameters or a prefix.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> from qiskit.transpiler import PassManager
        >>> small = PassManager([RemoveDeadParameters("ZIII")]).run(efficient_su2(4, reps=2))
        >>> small.num_parameters, small.metadata["qtrain.removed"]["two_qubit_gates"]
        (9, (6, 3))
    """

    def __init__(self, observable: Any = None, *, inputs: Sequence[Any] | str = ()) -> None:
        super().__init__()
        self.observable = observable
        self.inputs = inputs

    def run(self, dag: DAGCircuit) -> DAGCircuit:
        """The smaller circuit, or the same one where nothing is proven dead."""
        observable = find_observable(dag, self.observable)
        self.property_set["removed"] = None
        if observable is None:
            return dag
        from qtrain.circuits.observables import as_observable

        circuit = dag_to_circuit(dag)
        operator = as_observable(observable, circuit.num_qubits)  # a wrong one is an error, a strange circuit is not
        try:
            smaller, removal = remove_dead(circuit, operator, inputs=self.inputs)
        except QTrainError as error:
            _refuse(self, error)
            return dag
        self.property_set["removed"] = removal
        if removal.gates[0] == removal.gates[1] and not removal.parameters:
            return dag
        smaller.metadata = {**(circuit.metadata or {}), REMOVED: asdict(removal)}
        return circuit_to_dag(smaller)


class ReplaceBarrenAnsatz(TransformationPass):
    """Swaps blocks that do not train for a registered architecture of the same width.

    A block is a composite gate with free parameters (``circuit.to_gate()``, an ansatz appended as a gate); where a
    circuit has none, all of it after its data encoding. A block is swapped if fewer than ``minimum_healthy`` of its
    parameters are healthy. The new parameters are ``prefix[0]``, ``prefix[1]``, …: train them anew. What was
    swapped is in ``property_set["replaced"]``: for each block its name and qubits.

    Args:
        replacement: a registered name, entry or architecture.
        observable: text or SparsePauliOp; None: the circuit's own, from its metadata.
        block: only blocks of this name or label.
        minimum_healthy: share of healthy parameters, in [0, 1], that lets a block stay.
        prefix: name of the new ParameterVector.
        inputs, data, shots, budget, seed: see :class:`TrainabilityAnalysis` and
            :func:`qtrain.diagnose`.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> from qiskit.transpiler import PassManager
        >>> from qtrain.architecture.catalogue import hva_tfim
        >>> swap = ReplaceBarrenAnsatz(hva_tfim(reps=2), observable="ZIII")
        >>> PassManager([swap]).run(efficient_su2(4, reps=2)).num_parameters
        4
    """

    def __init__(
        self,
        replacement: str | RegistryEntry | Architecture,
        *,
        observable: Any = None,
        block: str | None = None,
        minimum_healthy: float = 0.5,
        inputs: Sequence[Any] | str = (),
        data: np.ndarray | None = None,
        prefix: str = "φ",
        shots: int = 10_000,
        budget: Budget | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not 0 <= minimum_healthy <= 1:
            raise QTrainError(f"minimum_healthy should lie in [0, 1]. Got {minimum_healthy!r}.")
        self.architecture, _, self.label = resolve(replacement)
        self.replacement = replacement
        self.observable = observable
        self.block = block
        self.minimum_healthy = minimum_healthy
        self.inputs, self.data = inputs, data
        self.prefix = prefix
        self.options: dict[str, Any] = {"shots": shots, "budget": budget, "seed": seed}

    def run(self, dag: DAGCircuit) -> DAGCircuit:
        """The circuit with its barren blocks swapped."""
        observable = find_observable(dag, self.observable)
        self.property_set["replaced"] = ()
        if observable is None:
            return dag
        circuit = dag_to_circuit(dag)
        places = self._blocks(circuit)
        report = _report(self, circuit, observable) if places else None
        if report is None:
            return dag
        healthy = {verdict.parameter: verdict.cause == "healthy" for verdict in report.verdicts}
        swaps: dict[int, tuple[TrainableAnsatz, Sequence[Any]]] = {}
        dropped: set[int] = set()
        done: list[tuple[str, tuple[int, ...]]] = []
        for name, indices, qubits in places:
            own = sorted({p.name for i in indices for p in free_parameters(circuit.data[i]) if p.name in healthy})
            if not own or sum(healthy[p] for p in own) >= self.minimum_healthy * len(own):
                continue
            prefix = self._fresh(circuit, len(done))
            swaps[indices[0]] = (TrainableAnsatz(len(qubits), self.replacement, prefix=prefix), qubits)
            dropped |= set(indices)
            done.append((name, tuple(circuit.find_bit(q).index for q in qubits)))
        self.property_set["replaced"] = tuple(done)
        if not done:
            return dag
        result = circuit.copy_empty_like()
        for index, item in enumerate(circuit.data):
            if index in swaps:
                result.append(*swaps[index])
            if index not in dropped:
                result.append(item)
        return circuit_to_dag(result)

    def _blocks(self, circuit: QuantumCircuit) -> list[tuple[str, list[int], Sequence[Any]]]:
        """Name, instructions and qubits of each block of the replacement's width."""
        found: list[tuple[str, list[int], Sequence[Any]]] = []
        data = {p.name for p in find_inputs(circuit, self.inputs)}
        for index, item in enumerate(circuit.data):
            operation = item.operation
            if is_composite(operation) and len(item.qubits) > 1 and {p.name for p in free_parameters(item)} - data:
                if self.block in (None, operation.name, operation.label):
                    found.append((operation.label or operation.name, [index], item.qubits))
        if not found and self.block is None:
            encoding = [i for i, item in enumerate(circuit.data) if {p.name for p in free_parameters(item)} & data]
            first = max(encoding, default=-1) + 1
            rest = [i for i in range(first, len(circuit.data)) if is_unitary(circuit.data[i])]
            found = [(circuit.name, rest, circuit.qubits)] if rest else []
        return [place for place in found if self.architecture.num_qubits in (None, len(place[2]))]

    def _fresh(self, circuit: QuantumCircuit, count: int) -> str:
        """A prefix that no parameter of the circuit has."""
        taken = {p.name.split("[")[0] for p in circuit.parameters}
        prefix = self.prefix if count == 0 else f"{self.prefix}{count}"
        while prefix in taken:
            prefix += "'"
        return prefix


def find_observable(dag: DAGCircuit, given: Any) -> Any:
    """``given``, or what the circuit's metadata holds, or None.

    Example:
        >>> find_observable(DAGCircuit(), "Z")
        'Z'
    """
    return given if given is not None else (dag.metadata or {}).get(OBSERVABLE)


def _report(
    self: TrainabilityAnalysis | ReplaceBarrenAnsatz, circuit: QuantumCircuit, observable: Any
) -> TrainabilityReport | None:
    from qtrain.circuits.observables import as_observable
    from qtrain.diagnosis.diagnose import diagnose

    operator = as_observable(observable, circuit.num_qubits)
    whole = expand(circuit)
    chosen = {*find_inputs(whole, self.inputs), *joined_parameters(whole)}
    inputs = [p for p in whole.parameters if p in chosen]
    data = self.data
    if inputs and data is None:
        data = np.random.default_rng(self.options["seed"]).uniform(-np.pi, np.pi, (16, len(inputs)))
    try:
        return diagnose(whole, operator, inputs=inputs, data=data, **self.options)
    except QTrainError as error:
        _refuse(self, error)
        return None


def _refuse(self: AnalysisPass | TransformationPass, error: QTrainError) -> None:
    self.property_set["qtrain_refusal"] = str(error)
    _log.info("%s leaves the circuit as it is: %s", type(self).__name__, error)
