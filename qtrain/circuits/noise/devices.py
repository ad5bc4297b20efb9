"""Noise of a device: gate errors and relaxation from its Target, and circuits transpiled to it.

Error and relaxation are combined as in Qiskit Aer's device model: behind a gate every qubit relaxes for the gate's
duration, and depolarising noise in front of that makes up what the reported error (an average infidelity) has more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import PauliList, SparsePauliOp

from qtrain.circuits.noise import channels
from qtrain.circuits.noise.channels import Channel
from qtrain.circuits.noise.rates import rate
from qtrain.errors import QTrainError

LEVEL, SEED = 1, 0  # of the transpiler


def device_target(name: str, *, argument: str, expected: str = "a device such as FakeTorino") -> Any:
    """The Target of a backend of ``qiskit_ibm_runtime.fake_provider``: ``FakeTorino`` or ``fake_torino``."""
    return fake_device(name, argument=argument, expected=expected).target


def fake_device(name: str, *, argument: str, expected: str) -> Any:
    """A backend of ``qiskit_ibm_runtime.fake_provider`` by its name: ``FakeTorino`` or ``fake_torino``.

    Args:
        name: of the device. argument: what it was given for, for messages; expected: what may be given there.

    Raises:
        QTrainError: no such device, or qiskit-ibm-runtime is not installed.
    """
    try:
        from qiskit_ibm_runtime import fake_provider
    except ImportError:
        raise QTrainError(
            f"{argument} = {name!r} names a device, which needs qiskit-ibm-runtime. "
            "Install it: pip install 'qtrain[devices]'."
        ) from None
    kinds = {kind.lower(): kind for kind in dir(fake_provider) if kind.startswith("Fake")}
    wanted = name.replace("_", "").lower()
    if wanted not in kinds or wanted.startswith("fakeprovider"):
        raise QTrainError(f"{argument} should be {expected}. Got {name!r}.")
    return getattr(fake_provider, kinds[wanted])()


def as_target(noise: Any) -> Any:
    """The Target of a backend, or the Target itself; None for anything else."""
    return getattr(noise, "target", noise if hasattr(noise, "operation_names") else None)


@dataclass(frozen=True)
class Placed:
    """A circuit on a device, on the qubits that it uses alone.

    Attributes:
        circuit, observable: on them. places: the device's number of each.
    """

    circuit: QuantumCircuit
    observable: SparsePauliOp
    places: tuple[int, ...]


def place(circuit: QuantumCircuit, observable: SparsePauliOp, target: Any) -> Placed:
    """Transpile a circuit to a device; parameters keep their names and order.

    Raises:
        QTrainError: a device that is too small.
    """
    if target.num_qubits is not None and circuit.num_qubits > target.num_qubits:
        raise QTrainError(
            f"noise should be a device with {circuit.num_qubits} qubits, as the circuit has. "
            f"Got one with {target.num_qubits}."
        )
    moved = transpile(circuit, target=target, optimization_level=LEVEL, seed_transpiler=SEED)
    measured = observable.apply_layout(moved.layout, moved.num_qubits) if moved.layout else observable
    for parameter in set(circuit.parameters) - set(moved.parameters):
        moved.global_phase += parameter  # an angle that cancelled: the cost does not depend on it
    used = (measured.paulis.x | measured.paulis.z).any(axis=0)
    for item in moved.data:
        if item.operation.name != "barrier":
            used[[moved.find_bit(bit).index for bit in item.qubits]] = True
    used[0] |= not used.any()
    places = np.flatnonzero(used)
    small = QuantumCircuit(len(places), global_phase=moved.global_phase)
    number = {int(q): k for k, q in enumerate(places)}
    for item in moved.data:
        if item.operation.name not in ("barrier", "measure"):
            small.append(item.operation, [number[moved.find_bit(bit).index] for bit in item.qubits])
    paulis = PauliList.from_symplectic(measured.paulis.z[:, used], measured.paulis.x[:, used], measured.paulis.phase)
    return Placed(small, SparsePauliOp(paulis, measured.coeffs), tuple(places.tolist()))


class Device:
    """Channels of a device's Target.

    Args:
        target: Qiskit's Target. name: for reports. relaxation: of T1 and T2 over the gates' durations; False: the
            reported errors as depolarising noise alone. places: the device's number of each of the circuit's qubits.
    """

    def __init__(
        self, target: Any, *, name: str, relaxation: bool = True, places: tuple[int, ...] | None = None
    ) -> None:
        self.target, self.name, self.relaxation, self.places = target, name, relaxation, places

    def behind(self, gate: int, name: str, qubits: tuple[int, ...]) -> list[Channel]:
        """The channels behind one gate, in time order.

        Raises:
            QTrainError: a gate that the target lacks.
        """
        there = qubits if self.places is None else tuple(self.places[q] for q in qubits)
        properties = self._properties(gate, name, there)
        relaxed: list[Channel] = []
        time = getattr(properties, "duration", None)
        if self.relaxation and time:
            for q, number in zip(qubits, there, strict=True):
                times = self._times(number)
                relaxed += [channels.relaxation(gate, q, *times, time)] if times else []
        error = rate(name, float(getattr(properties, "error", None) or 0.0))
        rest = _depolarizing(error, len(qubits), relaxed)
        return ([channels.depolarizing(gate, qubits, rest)] if rest else []) + relaxed

    def readout(self, qubit: int) -> tuple[float, float]:
        """P(1 is read, 0 is there), P(0 is read, 1 is there)."""
        number = qubit if self.places is None else self.places[qubit]
        if "measure" not in self.target.operation_names:
            return 0.0, 0.0
        properties = (self.target["measure"] or {}).get((number,))
        both = float(getattr(properties, "error", None) or 0.0)
        pair = [getattr(properties, key, None) for key in ("prob_meas1_prep0", "prob_meas0_prep1")]
        one, zero = (both if value is None else float(value) for value in pair)
        return rate("measure", one), rate("measure", zero)

    def _times(self, number: int) -> tuple[float, float] | None:
        """T1 and T2 of one of the device's qubits, in seconds; T2 of at most 2 T1."""
        known = self.target.qubit_properties
        found = known[number] if known is not None and number < len(known) else None
        t1, t2 = getattr(found, "t1", None), getattr(found, "t2", None)
        if t1 is None and t2 is None:
            return None
        t1 = math.inf if t1 is None else float(t1)
        return t1, min(2 * t1 if t2 is None else float(t2), 2 * t1)

    def _properties(self, gate: int, name: str, qubits: tuple[int, ...]) -> Any:
        wanted = "noise should be a target that has the circuit's gates."
        advice = "which it lacks: transpile the circuit to the target first."
        if name not in self.target.operation_names:
            raise QTrainError(f"{wanted} Got {name} at gate {gate}, {advice}")
        try:
            properties = self.target[name].get(qubits)
        except (KeyError, AttributeError):
            properties = None
        if properties is None and self.target[name] is not None and None not in self.target[name]:
            raise QTrainError(f"{wanted} Got {name} on qubits {qubits} at gate {gate}, {advice}")
        return properties


def _depolarizing(error: float, num_qubits: int, relaxed: list[Channel]) -> float:
    """The depolarising parameter that, in front of these channels, makes the average infidelity ``error``."""
    dim = 2**num_qubits
    trace = math.prod(1 + sum(channel.factors) for channel in relaxed) * 4.0 ** (num_qubits - len(relaxed))
    fidelity = (trace / dim + 1) / (dim + 1)
    if error <= 1 - fidelity:
        return 0.0
    missing = min(error, dim / (dim + 1)) - (1 - fidelity)
    return min(dim * missing / (dim * fidelity - 1), 4.0**num_qubits / (4.0**num_qubits - 1))


