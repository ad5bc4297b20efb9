"""qtrain's simulator as a qiskit-machine-learning gradient and as an estimator primitive.

Both are exact: no shot noise, whatever precision is asked for. The adjoint method (2009.02823) gives every
derivative for about three times the cost of one expectation value; the parameter shift runs two circuits for each.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.primitives import BaseEstimatorV2, DataBin, PrimitiveJob, PrimitiveResult, PubResult
from qiskit.primitives.containers.estimator_pub import EstimatorPub, EstimatorPubLike
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.gradients import BaseEstimatorGradient, EstimatorGradientResult

from qtrain.circuits.angles import InputFunction
from qtrain.circuits.composites import expand
from qtrain.circuits.program import PauliProgram, lower
from qtrain.simulators.statevector import values, values_and_gradients

_STANDARD = frozenset(get_standard_gate_name_mapping())
_CACHED = 64
_OWN = "qtrain.angle:"


class _Smooth:
    """A circuit whose angles are any functions of its parameters, as a program with one weight for each function.

    An angle that is a wanted parameter itself, or affine in it, stays; an angle without wanted parameters is data;
    every other angle f(p) becomes a weight u of its own, and the chain rule puts ∂f/∂p back.

    Args:
        circuit: unitary gates and final measurements.
        wanted: names of the parameters to differentiate by.
    """

    def __init__(self, circuit: QuantumCircuit, wanted: Sequence[str]) -> None:
        self.circuit = circuit  # kept alive: its gates' ids are in the cache's key
        self.names = tuple(p.name for p in circuit.parameters)
        self.wanted = tuple(wanted)
        chosen, whole = set(wanted), expand(circuit)
        functions: list[ParameterExpression] = []
        replaced = whole.copy_empty_like()
        for item in whole.data:
            given = list(item.params)
            angles = [self._replace(angle, chosen, functions) for angle in given]
            if any(new is not old for new, old in zip(angles, given)):
                operation = item.operation.to_mutable()
                operation.params = angles
                item = item.replace(operation=operation)
            replaced.append(item)
        data = [p for p in replaced.parameters if p.name in self.names and p.name not in chosen]
        self.program: PauliProgram = lower(replaced, inputs=data)
        self.columns = [self.names.index(name) for name in self.program.inputs]
        self.functions = [InputFunction(f, self.names, "in the circuit") for f in functions]
        self.slopes = [
            [(self.wanted.index(p.name), InputFunction(f.gradient(p), self.names, "in the circuit"))
             for p in f.parameters if p.name in chosen]
            for f in functions
        ]  # fmt: skip
        self.places = [
            (name, int(name.removeprefix(_OWN)) if name.startswith(_OWN) else -1)
            for name in self.program.weights
        ]

    @staticmethod
    def _replace(angle: Any, chosen: set[str], functions: list[ParameterExpression]) -> Any:
        parameters = getattr(angle, "parameters", ())
        own = [p for p in parameters if p.name in chosen]
        if not own or (len(parameters) == 1 and not getattr(angle.gradient(own[0]), "parameters", ())):
            return angle
        functions.append(angle)
        return Parameter(f"{_OWN}{len(functions) - 1}")

    def weights(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """points: (B, num_parameters) in the order of the circuit's → (B, num_weights), (B, num_inputs) or None."""
        count = len(points)
        columns = [
            points[:, self.names.index(name)]
            if place < 0
            else np.broadcast_to(self.functions[place](points), count)
            for name, place in self.places
        ]
        weights = np.stack(columns, axis=1) if columns else np.zeros((count, 0))
        return weights, points[:, self.columns] if self.columns else None

    def gradients(self, observable: SparsePauliOp, points: np.ndarray) -> np.ndarray:
        """(B, wanted): ∂⟨O⟩ by each wanted parameter, at each point."""
        weights, inputs = self.weights(points)
        result = np.zeros((len(points), len(self.wanted)))
        if not self.places:
            return result
        _, by_weight = values_and_gradients(self.program, observable, weights, inputs)
        for column, (name, place) in enumerate(self.places):
            if place < 0:
                result[:, self.wanted.index(name)] += by_weight[:, column]
            else:
                for index, slope in self.slopes[place]:
                    result[:, index] += by_weight[:, column] * slope(points)
        return result


class _Cache:
    """Lowered circuits by structure: callers copy circuits, or pass one a thousand times."""

    def __init__(self) -> None:
        self.known: dict[Hashable, _Smooth] = {}

    def find(self, circuit: QuantumCircuit, wanted: Sequence[str]) -> _Smooth:
        key = (structure(circuit), tuple(wanted))
        if key not in self.known:
            while len(self.known) >= _CACHED:
                del self.known[next(iter(self.known))]
            self.known[key] = _Smooth(circuit, wanted)
        return self.known[key]


def structure(circuit: QuantumCircuit) -> Hashable:
    """What decides what a circuit computes; equal for copies. Gates beyond the standard ones count by identity."""
    place = {bit: index for index, bit in enumerate(circuit.qubits)}
    gates = tuple(
        (item.name, tuple(place[q] for q in item.qubits), tuple(map(str, item.params))) if item.name in _STANDARD
        else (item.name, tuple(place[q] for q in item.qubits), id(item.operation), tuple(map(str, item.params)))
        for item in circuit.data
    )  # fmt: skip
    return circuit.num_qubits, gates


class AdjointEstimatorGradient(BaseEstimatorGradient):
    """Exact gradients of expectation values by qtrain's adjoint kernel, for EstimatorQNN and friends.

    Takes every circuit that ``qtrain`` can lower, with any differentiable angles (a ZZ feature map's products as
    well), so ``input_gradients=True`` works. Up to about 20 qubits.

    Args:
        estimator: kept for the base class, which asks for one; not used. None: a :class:`SimulatorEstimator`.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> circuit, observable = real_amplitudes(2, reps=1), SparsePauliOp("ZI")
        >>> job = AdjointEstimatorGradient().run([circuit], [observable], [[0.1, 0.2, 0.3, 0.4]])
        >>> len(job.result().gradients[0])
        4
    """

    def __init__(self, estimator: BaseEstimatorV2 | None = None) -> None:
        super().__init__(estimator or SimulatorEstimator())
        self._programs = _Cache()

    def _run(
        self,
        circuits: Sequence[QuantumCircuit],
        observables: Sequence[Any],
        parameter_values: Sequence[Sequence[float]] | np.ndarray,
        parameters: Sequence[Sequence[Parameter]],
        **options: Any,
    ) -> EstimatorGradientResult:
        """Equal circuits with equal observables are one batch."""
        batches: dict[tuple[int, int, tuple[str, ...]], list[int]] = {}
        for k, chosen in enumerate(parameters):
            batches.setdefault((id(circuits[k]), id(observables[k]), tuple(p.name for p in chosen)), []).append(k)
        found: list[np.ndarray] = [np.zeros(0)] * len(circuits)
        for (_, _, wanted), rows in batches.items():
            smooth = self._programs.find(circuits[rows[0]], wanted)
            points = np.asarray([parameter_values[k] for k in rows], dtype=float)
            for k, gradient in zip(rows, smooth.gradients(SparsePauliOp(observables[rows[0]]), points)):
                found[k] = gradient
        metadata = [{"parameters": chosen} for chosen in parameters]
        return EstimatorGradientResult(gradients=found, metadata=metadata, options=self._default_options)


class SimulatorEstimator(BaseEstimatorV2):
    """Exact expectation values by qtrain's batched statevector kernel: an estimator primitive (V2).

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> job = SimulatorEstimator().run([(real_amplitudes(2, reps=1), "ZI", [0.0, 0.0, 0.0, 0.0])])
        >>> float(job.result()[0].data.evs)
        1.0
    """

    def __init__(self) -> None:
        self._programs = _Cache()

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Precision is ignored: the values are exact."""
        coerced = [EstimatorPub.coerce(pub, precision) for pub in pubs]
        job = PrimitiveJob(lambda: PrimitiveResult([self._one(pub) for pub in coerced], metadata={"version": 2}))
        job._submit()
        return job

    def _one(self, pub: EstimatorPub) -> PubResult:
        circuit = pub.circuit
        smooth = self._programs.find(circuit, [p.name for p in circuit.parameters])
        angles = pub.parameter_values.as_array([p.name for p in circuit.parameters])
        numbers = np.arange(int(np.prod(angles.shape[:-1]))).reshape(angles.shape[:-1])
        points, terms = np.broadcast_arrays(numbers, np.asarray(pub.observables))
        flat = angles.reshape(points.max(initial=0) + 1, -1)
        evs = np.zeros(points.shape)
        groups: dict[tuple[tuple[str, float], ...], list[tuple[int, ...]]] = {}
        for index in np.ndindex(points.shape):
            term: Any = terms[index]
            groups.setdefault(tuple(sorted(term.items())), []).append(index)
        for items, places in groups.items():
            labels, coefficients = [label for label, _ in items], [value for _, value in items]
            weights, inputs = smooth.weights(flat[[points[index] for index in places]])
            found = values(smooth.program, SparsePauliOp(labels, coefficients), weights, inputs)
            for index, value in zip(places, found):
                evs[index] = value
        data = DataBin(evs=evs, stds=np.zeros_like(evs), shape=evs.shape)
        return PubResult(data, metadata={"target_precision": 0.0, "circuit_metadata": circuit.metadata})
