"""The device a search compiles for: a connected piece of a coupling map, its gates and their errors, as plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
from qiskit.circuit import Parameter
from qiskit.circuit.library import Measure, PauliEvolutionGate, get_standard_gate_name_mapping
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import InstructionProperties, Target, generate_preset_pass_manager

from qtrain.architecture import device_graphs, topology
from qtrain.circuits.noise.devices import device_target
from qtrain.errors import QTrainError
from qtrain.studies.spec.tables import DeviceSpec


@dataclass(frozen=True)
class Device:
    """What hardware cost is computed from.

    Attributes:
        label: for people; ``qubits``: the device's own numbers of qubits 0, 1, ….
        edges: pairs of 0 … num_qubits − 1 that are coupled, None: all of them.
        one_qubit: error by (gate, qubit); ``two_qubit``: error by (gate, qubit, qubit).
        basis_gates: what circuits are compiled to; ``optimization_level``: of the transpiler.
        readout: (num_qubits,) probability of reading a qubit wrongly.
    """

    label: str
    num_qubits: int
    qubits: tuple[int, ...]
    edges: topology.Edges | None
    basis_gates: tuple[str, ...]
    one_qubit: tuple[tuple[str, int, float], ...]
    two_qubit: tuple[tuple[str, int, int, float], ...]
    optimization_level: int = 1
    readout: tuple[float, ...] = ()

    def read(self, observable: SparsePauliOp) -> SparsePauliOp | None:
        """An observable as it is read out: each qubit that a term measures damps it by 1 − 2·error; None: unchanged.

        Example:
            >>> from qiskit.quantum_info import SparsePauliOp
            >>> device = build_device(DeviceSpec(topology="line", readout_error=0.1), 2)
            >>> device.read(SparsePauliOp(["ZZ", "IX"])).coeffs.real.round(4).tolist()
            [0.64, 0.8]
        """
        if not any(self.readout):
            return None
        measured = observable.paulis.x | observable.paulis.z
        damping = np.where(measured, 1 - 2 * np.array(self.readout), 1.0).prod(axis=1)
        return SparsePauliOp(observable.paulis, observable.coeffs * damping)

    @cached_property
    def target(self) -> Any:
        """As a Qiskit Target."""
        gates = get_standard_gate_name_mapping()
        errors: dict[str, dict[tuple[int, ...], Any]] = {}
        for name, q, error in self.one_qubit:
            errors.setdefault(name, {})[(q,)] = InstructionProperties(error=error)
        for name, a, b, error in self.two_qubit:
            errors.setdefault(name, {})[(a, b)] = InstructionProperties(error=error)
        target = Target(num_qubits=self.num_qubits)
        for name, properties in errors.items():
            gate = gates[name]
            angles = [Parameter(f"{name}{i}") for i in range(len(gate.params))]
            target.add_instruction(type(gate)(*angles), properties)
        target.add_instruction(Measure(), {(q,): None for q in range(self.num_qubits)})
        return target

    @cached_property
    def _pass_manager(self) -> Any:
        return generate_preset_pass_manager(
            optimization_level=self.optimization_level, target=self.target, seed_transpiler=7
        )

    def cost(self, circuit: Any) -> dict[str, float]:
        """Two-qubit depth and gates of ``circuit`` on the device, and the error its gates imply.

        Returns:
            two_qubit_depth, two_qubit_gates, depth; ``log_infidelity``: −Σ log(1 − e) over the gates;
            ``implied_error``: 1 − ∏(1 − e).
        """
        # Generic angles: symbolic ones would be carried through every one-qubit merge, which can take seconds.
        angles = np.random.default_rng(7).uniform(-math.pi, math.pi, circuit.num_parameters)
        compiled = self._pass_manager.run(_with_matrices(circuit.assign_parameters(angles)))
        index = {bit: i for i, bit in enumerate(compiled.qubits)}
        every, pairs = [0] * compiled.num_qubits, [0] * compiled.num_qubits  # layers on each qubit so far
        total, two = 0.0, 0
        for item in compiled.data:
            name, qubits = item.operation.name, tuple(index[q] for q in item.qubits)
            if not qubits or name == "barrier":
                continue
            for layers in (every, pairs) if len(qubits) == 2 else (every,):
                deepest = 1 + max(layers[q] for q in qubits)
                for q in qubits:
                    layers[q] = deepest
            two += len(qubits) == 2
            if name not in ("measure", "delay"):
                total += self._losses.get((name, qubits), 0.0)
        return {
            "two_qubit_depth": float(max(pairs, default=0)), "two_qubit_gates": float(two),
            "depth": float(max(every, default=0)), "log_infidelity": total, "implied_error": -math.expm1(-total),
        }  # fmt: skip

    @cached_property
    def _losses(self) -> dict[tuple[str, tuple[int, ...]], float]:
        """-log(1 - error) of each gate."""
        return {
            (name, qubits): -math.log1p(-min(_error(properties), 1 - 1e-9))
            for name in self.target.operation_names for qubits, properties in self.target[name].items()
            if qubits is not None
        }  # fmt: skip


class _Rotation(PauliEvolutionGate):
    """A rotation about one Pauli string, whose matrix takes no exponential of a sparse one."""

    def to_matrix(self) -> np.ndarray:
        angle = float(self.time) * float(self.operator.coeffs[0].real)
        string = self.operator.paulis[0].to_matrix()
        found: np.ndarray = math.cos(angle) * np.eye(len(string)) - 1j * math.sin(angle) * string
        return found


def _with_matrices(circuit: Any) -> Any:
    """The circuit, its rotations about one string on two qubits as :class:`_Rotation`: blocks multiply matrices."""
    for k, item in enumerate(circuit.data):
        gate = item.operation
        if len(item.qubits) != 2 or type(gate) is not PauliEvolutionGate:
            continue
        if isinstance(gate.operator, SparsePauliOp) and len(gate.operator) == 1:
            circuit.data[k] = item.replace(operation=_Rotation(gate.operator, gate.time, synthesis=gate.synthesis))
    return circuit


def build_device(spec: DeviceSpec | None, num_qubits: int) -> Device:
    """The device of a spec; without one, every pair of qubits is coupled and the default errors hold.

    Raises:
        QTrainError: an unknown name, a disconnected coupling map, more qubits than the device has.
    """
    if spec is None:
        return _uniform(DeviceSpec(), num_qubits, None, "all pairs coupled")
    if spec.name is not None:
        return _fake_backend(spec, num_qubits)
    if spec.topology is not None:
        return _uniform(spec, num_qubits, topology.edges(spec.topology, num_qubits), spec.topology)
    search = device_graphs.path_subgraph if spec.shape == "path" else device_graphs.connected_subgraph
    piece = search(spec.edges or (), num_qubits)
    chosen = spec.qubits or piece.qubits
    return _uniform(spec, num_qubits, _within(spec.edges or (), chosen), "given edges", chosen)


def _within(edges: Any, qubits: tuple[int, ...]) -> topology.Edges:
    place = {q: i for i, q in enumerate(qubits)}
    pairs = sorted({(min(place[a], place[b]), max(place[a], place[b])) for a, b in edges if a in place and b in place})
    graph = nx.Graph(pairs)
    graph.add_nodes_from(range(len(qubits)))
    if not nx.is_connected(graph):
        raise QTrainError(
            f"device.qubits should be a connected piece of the device. Got {list(qubits)}, which is not."
        )
    return topology.coloured(pairs)


def _uniform(
    spec: DeviceSpec, n: int, edges: topology.Edges | None, label: str, qubits: tuple[int, ...] | None = None
) -> Device:
    known = get_standard_gate_name_mapping()
    unknown = [name for name in spec.basis_gates if name not in known or known[name].num_qubits > 2]
    if unknown:
        raise QTrainError(
            f"device.basis_gates should be Qiskit's gates on one or two qubits. Got {', '.join(unknown)}."
        )
    one = [name for name in spec.basis_gates if known[name].num_qubits == 1]
    two = [name for name in spec.basis_gates if known[name].num_qubits == 2]
    if not two and n > 1:
        raise QTrainError(f"device.basis_gates should hold a two-qubit gate. Got {', '.join(spec.basis_gates)}.")
    pairs = topology.edges("complete", n) if edges is None else edges
    both = [(a, b) for a, b in pairs] + [(b, a) for a, b in pairs]
    return Device(
        label, n, qubits or tuple(range(n)), edges, spec.basis_gates,
        # an RZ is a change of frame: no pulse, no error
        tuple((name, q, 0.0 if name == "rz" else spec.one_qubit_error) for name in one for q in range(n)),
        tuple((name, a, b, spec.two_qubit_error) for name in two for a, b in both), spec.optimization_level,
        (spec.readout_error,) * n,
    )  # fmt: skip


def _fake_backend(spec: DeviceSpec, n: int) -> Device:
    name = str(spec.name)
    target, known = device_target(name, argument="device.name"), get_standard_gate_name_mapping()
    usable = [g for g in target.operation_names if g not in ("id", "measure", "reset", "delay") and g in known]
    two = [g for g in usable if target.operation_from_name(g).num_qubits == 2]
    one = [g for g in usable if target.operation_from_name(g).num_qubits == 1]
    if not two:
        raise QTrainError(f"device.name should be a device with a two-qubit gate. Got {name!r}, which has none.")
    gate = two[0]
    errors = {pair: _error(target[gate][pair]) for pair in target[gate]}
    pairs = [pair for pair, error in errors.items() if error < 0.5]  # a broken coupler is reported with error 1
    readout = {q[0]: _error(p) for q, p in target["measure"].items()} if "measure" in target else {}
    chosen = spec.qubits
    if chosen is None:
        if n > target.num_qubits:
            raise QTrainError(f"qubits should be at most {target.num_qubits}, the size of {name}. Got {n}.")
        part = max(nx.connected_components(nx.Graph(pairs)), key=len)  # what is broken may cut a device apart
        piece = device_graphs.path_subgraph if spec.shape == "path" else device_graphs.connected_subgraph
        chosen = piece(
            [pair for pair in pairs if pair[0] in part], n, edge_errors=errors,
            qubit_errors={q: min(e, 1.0) for q, e in readout.items()},
        ).qubits  # fmt: skip
    elif max(chosen) >= target.num_qubits:
        raise QTrainError(f"device.qubits should be below {target.num_qubits}, the size of {name}. Got {max(chosen)}.")
    place = {q: i for i, q in enumerate(chosen)}
    edges = _within(pairs, chosen)
    both = {(a, b) for pair in edges for a, b in (pair, pair[::-1])}
    of_pair = {(place[a], place[b]): e for (a, b), e in errors.items() if a in place and b in place}
    return Device(
        f"{name}, qubits {', '.join(map(str, chosen))}", n, tuple(chosen), edges, (*one, gate),
        tuple((g, place[q], _error(target[g].get((q,)))) for g in one for q in chosen),
        tuple((gate, a, b, of_pair.get((a, b), of_pair.get((b, a), 0.0))) for a, b in sorted(both)),
        spec.optimization_level, tuple(readout.get(q, 0.0) for q in chosen),
    )  # fmt: skip


def _error(properties: Any) -> float:
    return 0.0 if properties is None or properties.error is None else float(properties.error)
