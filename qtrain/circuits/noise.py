"""Pauli noise behind the gates of a circuit, as damping of the Paulis it touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qiskit import QuantumCircuit

from qtrain.circuits.composites import unfold
from qtrain.circuits.pauli_tape import Channel
from qtrain.errors import QTrainError

_NOT_GATES = {"barrier", "measure", "global_phase"}


def _rate(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise QTrainError(f"noise should give rates between 0 and 1. Got {value!r} for {name}.")
    return float(value)


def device_target(name: str, *, argument: str, expected: str = "a device such as FakeTorino") -> Any:
    """The Target of a backend of ``qiskit_ibm_runtime.fake_provider``: ``FakeTorino`` or ``fake_torino``.

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
    return getattr(fake_provider, kinds[wanted])().target


def unwrap(circuit: QuantumCircuit) -> QuantumCircuit:
    """Library blocks and other gates on more than two qubits as the gates they are made of."""
    return unfold(circuit, lambda item: len(item.qubits) > 2 and item.name not in _NOT_GATES)


def noise_channels(circuit: QuantumCircuit, noise: Any) -> list[Channel]:
    """Channels (gate index, qubits, damping) of a circuit, in time order.

    Args:
        circuit: its gates on one or two qubits get noise; wider gates should be decomposed first.
        noise: None; a number p: Qiskit's ``depolarizing_error(p)`` behind every gate; a mapping with
            keys ``"one_qubit"``, ``"two_qubit"`` or gate names; or a Target or backend, whose gate
            errors are read as average infidelities r: damping 1 - 2r on one qubit, 1 - 4r/3 on two.

    Raises:
        QTrainError: a rate outside [0, 1], a gate the target lacks, a wider gate.
    """
    if noise is None:
        return []
    target = getattr(noise, "target", noise if hasattr(noise, "operation_names") else None)
    rates: Mapping[str, Any]
    if target is None:
        if isinstance(noise, Mapping):
            rates = noise
        elif isinstance(noise, (int, float)):
            rates = {"one_qubit": noise, "two_qubit": noise}
        else:
            raise QTrainError(
                "noise should be a rate, a mapping of rates by gate, a Target or a backend. "
                f"Got {type(noise).__name__}."
            )
        names = {item.operation.name for item in circuit.data}
        for key, value in rates.items():
            _rate(str(key), value)
            if key not in ("one_qubit", "two_qubit") and key not in names:
                raise QTrainError(
                    f"noise should name one_qubit, two_qubit or gates of the circuit ({', '.join(sorted(names))}). "
                    f"Got {key!r}."
                )
    channels: list[Channel] = []
    place = {bit: i for i, bit in enumerate(circuit.qubits)}
    for index, item in enumerate(circuit.data):
        name = item.operation.name
        if name in _NOT_GATES:
            continue
        qubits = tuple(place[q] for q in item.qubits)
        if len(qubits) > 2:
            raise QTrainError(
                f"noise should meet gates on one or two qubits. "
                f"Got {name} on {len(qubits)} qubits at gate {index}: decompose it first."
            )
        if target is not None:
            if name not in target.operation_names:
                raise QTrainError(
                    f"noise should be a target that has the circuit's gates. Got {name} at gate {index}, "
                    f"which it lacks: transpile the circuit to the target first."
                )
            try:
                properties = target[name].get(qubits)
            except (KeyError, AttributeError):
                properties = None
            if properties is None and target[name] is not None and None not in target[name]:
                raise QTrainError(
                    "noise should be a target that has the circuit's gates. "
                    f"Got {name} on qubits {qubits} at gate {index}, "
                    f"which it lacks: transpile the circuit to the target first."
                )
            error = getattr(properties, "error", None) or 0.0
            damping = 1 - (2 if len(qubits) == 1 else 4 / 3) * _rate(name, float(error))
        else:
            kind = "one_qubit" if len(qubits) == 1 else "two_qubit"
            damping = 1 - _rate(name, rates.get(name, rates.get(kind, 0.0)))
        if damping < 1:
            channels.append((index, qubits, max(damping, 0.0)))
    return channels
