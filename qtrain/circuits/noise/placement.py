"""``with_noise``: a circuit, its observable and what is said of the noise, as one question."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliList, SparsePauliOp

from qtrain.circuits.composites import unfold
from qtrain.circuits.noise.aer import AerModel, is_aer_model
from qtrain.circuits.noise.channels import Channel
from qtrain.circuits.noise.devices import LEVEL, SEED, Device, as_target, device_target, place
from qtrain.circuits.noise.rates import Rates, rate, readout_rates
from qtrain.circuits.observables import as_observable
from qtrain.errors import QTrainError

NOT_GATES = {"barrier", "measure", "global_phase"}
MOST_TERMS = 100_000  # that a readout error may make of an observable's
DEVICE_KEYS = {"device", "relaxation", "twirl", "readout"}


class NoiseModel(Protocol):
    """What places channels behind gates."""

    name: str

    def behind(self, gate: int, name: str, qubits: tuple[int, ...]) -> list[Channel]:
        """The channels behind one gate, in time order."""

    def readout(self, qubit: int) -> tuple[float, float]:
        """P(1 is read, 0 is there), P(0 is read, 1 is there)."""


@dataclass(frozen=True, eq=False)
class Noisy:
    """A circuit with its noise.

    Attributes:
        circuit: as it runs: transpiled where a device was named. observable: on its qubits, what the readout makes
            of it. asked: on its qubits, as it was given. channels: in time order.
        text: one line for reports. notes: what was decided.
    """

    circuit: QuantumCircuit
    observable: SparsePauliOp
    asked: SparsePauliOp
    channels: tuple[Channel, ...]
    text: str
    notes: tuple[str, ...]

    @property
    def unital(self) -> bool:
        """No channel moves a Pauli to the identity."""
        return not any(channel.shifts for channel in self.channels)


def unwrap(circuit: QuantumCircuit) -> QuantumCircuit:
    """Library blocks and other gates on more than two qubits as the gates they are made of."""
    return unfold(circuit, lambda item: len(item.qubits) > 2 and item.name not in NOT_GATES)


def with_noise(circuit: QuantumCircuit, observable: Any, noise: Any) -> Noisy:
    """Put noise behind the gates of a circuit, and in front of what is read.

    Args:
        circuit: gates on more than two qubits are written out. observable: text or SparsePauliOp.
        noise: one of

            - a number p: Qiskit's ``depolarizing_error(p)`` behind every gate;
            - a mapping. Keys ``"depolarizing"`` (p), ``"amplitude_damping"`` (gamma), ``"phase_damping"`` (Qiskit's
              parameter), ``"dephasing"`` (probability of a Z), ``"pauli"`` ((px, py, pz), or a mapping of strings of
              one or two letters) and ``"thermal"`` (a mapping with ``t1``, ``t2``, ``duration`` and perhaps
              ``excited_population``) are channels behind every gate, on each of its qubits (depolarising noise on
              both at once). Keys ``"one_qubit"``, ``"two_qubit"`` and gate names hold a number p or such a mapping.
              ``"readout"``: a rate, a pair (P(1|0), P(0|1)), or a mapping of them by qubit.
            - a Target or backend, for a circuit that was transpiled to it: its gate errors, T1, T2, durations and
              readout errors, combined as Qiskit Aer does; idle qubits have no noise. The name of a device
              (``"FakeTorino"``): the circuit is transpiled to it;
            - a ``NoiseModel`` of Qiskit Aer;
            - a mapping with the key ``"device"`` (one of the last three) and others: ``"relaxation": False`` takes
              gate errors alone, ``"readout"`` replaces the device's.

            ``"twirl": True`` in a mapping leaves out what pulls Z towards a constant: the Pauli twirl of all channels.

    Raises:
        QTrainError: rates that are none, gates that a target lacks, channels of another kind.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> noisy = with_noise(real_amplitudes(2, reps=1), "IZ", {"amplitude_damping": 0.02, "readout": 0.01})
        >>> noisy.text, noisy.observable.coeffs.real.round(3).tolist()
        ('amplitude_damping 0.02: 6 channels, readout error 1 %', [0.98])
    """
    options = noise if isinstance(noise, Mapping) else {}
    source = options.get("device", noise)
    wrong = set(options) - DEVICE_KEYS if "device" in options else set()
    if wrong:
        known = ", ".join(sorted(DEVICE_KEYS))
        raise QTrainError(f"noise should have no keys beside {known} where it names a device. Got {min(wrong)!r}.")
    notes: list[str] = []
    measured = as_observable(observable, circuit.num_qubits)
    circuit = unwrap(circuit)
    model: NoiseModel
    relaxation = options.get("relaxation", True)
    for key in ("relaxation", "twirl"):
        if not isinstance(options.get(key, False), bool):
            raise QTrainError(f"noise should give True or False for {key}. Got {options[key]!r}.")
    if isinstance(source, str):
        target = device_target(source, argument="noise")
        placed = place(circuit, measured, target)
        circuit, measured = placed.circuit, placed.observable
        where = ", ".join(map(str, placed.places[:12])) + (", ..." if len(placed.places) > 12 else "")
        notes.append(
            f"noise: transpiled to {source} (optimization level {LEVEL}, seed {SEED}); gates and qubits in this report "
            f"are of the transpiled circuit, whose qubits 0 to {len(placed.places) - 1} are the device's {where}."
        )
        model = Device(target, name=source, relaxation=relaxation, places=placed.places)
    elif is_aer_model(source):
        model = AerModel(source)
    elif (target := as_target(source)) is not None:
        model = Device(target, name=str(getattr(source, "name", None) or "device"), relaxation=relaxation)
    elif isinstance(source, (Mapping, int, float)):
        model = Rates(source, {item.operation.name for item in circuit.data})
    else:
        raise QTrainError(
            "noise should be a rate, a mapping of rates, the name of a device, a Target, a backend or a NoiseModel of "
            f"Qiskit Aer. Got {type(noise).__name__}."
        )
    channels = _behind_gates(circuit, model)
    if options.get("twirl", False):
        channels = [channel.without_shifts() for channel in channels]
        notes.append("noise: Pauli-twirled, as asked for: nothing pulls Z towards a constant.")
    seen = np.flatnonzero((measured.paulis.x | measured.paulis.z).any(axis=0)).tolist()
    reading = {q: readout_rates(options["readout"], q) if "readout" in options else model.readout(q) for q in seen}
    parts = [f"{len(channels)} channel{'' if len(channels) == 1 else 's'}"] if channels else []
    if any(map(any, reading.values())):
        parts.append(f"readout error {100 * np.mean(list(reading.values())):.2g} %")
    text = (f"{model.name}: " if model.name else "") + (", ".join(parts) or "no channels")
    return Noisy(circuit, read_out(measured, reading), measured, tuple(channels), text, tuple(notes))


def _behind_gates(circuit: QuantumCircuit, model: NoiseModel) -> list[Channel]:
    channels: list[Channel] = []
    number = {bit: i for i, bit in enumerate(circuit.qubits)}
    for index, item in enumerate(circuit.data):
        name = item.operation.name
        if name in NOT_GATES:
            continue
        qubits = tuple(number[q] for q in item.qubits)
        if len(qubits) > 2:
            raise QTrainError(
                f"noise should meet gates on one or two qubits. "
                f"Got {name} on {len(qubits)} qubits at gate {index}: decompose it first."
            )
        channels += [channel for channel in model.behind(index, name, qubits) if not channel.trivial]
    return channels


def read_out(observable: SparsePauliOp, rates: Mapping[int, tuple[float, float]]) -> SparsePauliOp:
    """What is measured where outcomes flip: each letter P becomes a P + b I, read after the change of basis.

    With p = P(1 is read, 0 is there) and q = P(0 is read, 1 is there): a = 1 - p - q, b = q - p.

    Args:
        rates: (p, q) by qubit.

    Raises:
        QTrainError: too many terms, where p and q differ on many qubits.

    Example:
        >>> read_out(SparsePauliOp("ZZ"), {0: (0.0, 0.5), 1: (0.25, 0.25)}).coeffs.real.tolist()
        [0.25, 0.25]
    """
    scale, shift = np.ones(observable.num_qubits), np.zeros(observable.num_qubits)
    for qubit, (p, q) in rates.items():
        scale[qubit], shift[qubit] = 1 - rate("readout", p) - rate("readout", q), q - p
    x, z, c = observable.paulis.x, observable.paulis.z, observable.coeffs.real
    letters = x | z
    if sum(2.0**w for w in (letters & (shift != 0)).sum(axis=1)) > MOST_TERMS:
        raise QTrainError(
            "noise should flip 0 and 1 with equal rates at readout where the observable has long terms: else each "
            f"becomes 2^length terms. Got {len(c)} terms of up to {int(letters.sum(axis=1).max())} letters."
        )
    xs, zs, values = [], [], []
    for row in range(len(c)):
        moved = np.flatnonzero(letters[row] & (shift != 0))
        kept = float(c[row]) * math.prod(scale[letters[row] & (shift == 0)])
        for drops in itertools.product((False, True), repeat=len(moved)):
            gone = moved[list(drops)]
            x_row, z_row = x[row].copy(), z[row].copy()
            x_row[gone] = z_row[gone] = False
            xs.append(x_row)
            zs.append(z_row)
            values.append(kept * math.prod(shift[gone]) * math.prod(scale[np.setdiff1d(moved, gone)]))
    return as_observable(SparsePauliOp(PauliList.from_symplectic(np.array(zs), np.array(xs)), np.array(values)))
