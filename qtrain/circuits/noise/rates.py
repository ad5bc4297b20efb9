"""Noise by rates: one number, or a mapping of channels by kind of gate and by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from qtrain.circuits.noise import channels
from qtrain.circuits.noise.channels import Channel
from qtrain.errors import QTrainError

EFFECTS = ("depolarizing", "amplitude_damping", "phase_damping", "dephasing", "pauli", "thermal")
KINDS = ("one_qubit", "two_qubit")
OPTIONS = ("readout", "twirl")
LONGEST = 90


def rate(name: str, value: Any) -> float:
    """A number between 0 and 1.

    Raises:
        QTrainError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise QTrainError(f"noise should give rates between 0 and 1. Got {value!r} for {name}.")
    return float(value)


class Rates:
    """Channels by rates.

    Args:
        noise: a number p, Qiskit's ``depolarizing_error(p)`` behind every gate; or a mapping, see `with_noise`.
        gates: names of the circuit's gates.

    Raises:
        QTrainError: a key that is neither, a rate that is none.
    """

    def __init__(self, noise: float | Mapping[str, Any], gates: set[str]) -> None:
        given = noise if isinstance(noise, Mapping) else {"depolarizing": rate("every gate", noise)}
        for key in given:
            if key not in (*KINDS, *EFFECTS, *OPTIONS) and key not in gates:
                raise QTrainError(
                    f"noise should name one_qubit, two_qubit, a channel ({', '.join(EFFECTS)}), readout, twirl or "
                    f"gates of the circuit ({', '.join(sorted(gates))}). Got {key!r}."
                )
        self.everywhere = {key: given[key] for key in EFFECTS if key in given}
        self.by_gate = {key: _effects(key, value) for key, value in given.items() if key not in (*EFFECTS, *OPTIONS)}
        text = ", ".join(f"{key} {_short(value)}" for key, value in given.items() if key not in OPTIONS)
        self.name = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
        for key, effects in (("every gate", self.everywhere), *self.by_gate.items()):
            _channels(0, key, (0, 1) if key == "two_qubit" else (0,), effects, check=True)

    def behind(self, gate: int, name: str, qubits: tuple[int, ...]) -> list[Channel]:
        """The channels behind one gate, in time order."""
        kind = KINDS[len(qubits) - 1]
        effects = self.by_gate.get(name, self.by_gate.get(kind, {}))
        return _channels(gate, kind, qubits, effects, name) + _channels(gate, kind, qubits, self.everywhere, name)

    def readout(self, qubit: int) -> tuple[float, float]:
        """P(1 is read, 0 is there), P(0 is read, 1 is there)."""
        return 0.0, 0.0


def readout_rates(value: Any, qubit: int) -> tuple[float, float]:
    """Of ``readout``: one rate, a pair (P(1|0), P(0|1)), or a mapping of them by qubit."""
    if isinstance(value, Mapping):
        value = value.get(qubit, value.get(str(qubit), 0.0))
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        return rate("readout", value[0]), rate("readout", value[1])
    return rate("readout", value), rate("readout", value)


def _effects(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        return {"depolarizing": rate(key, value)}
    for name in value:
        if name not in EFFECTS:
            raise QTrainError(f"noise should give {key} one of the channels {', '.join(EFFECTS)}. Got {name!r}.")
    return value


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{k} {_short(v)}" for k, v in value.items()) + ")"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _channels(
    gate: int, kind: str, qubits: tuple[int, ...], effects: Mapping[str, Any], name: str = "", *, check: bool = False
) -> list[Channel]:
    """Depolarising on all qubits at once, the others on each; ``check``: some may be meant for other gates."""
    found: list[Channel] = []
    if "depolarizing" in effects:
        found.append(channels.depolarizing(gate, qubits, rate("depolarizing", effects["depolarizing"])))
    for key in EFFECTS[1:]:
        if key not in effects:
            continue
        value = effects[key]
        if key == "pauli":
            found += _pauli(gate, qubits, value, check)
            continue
        for q in qubits:
            if key == "thermal":
                found += _thermal(gate, kind, q, value, name, check)
            elif key == "amplitude_damping":
                found.append(channels.amplitude_damping(gate, q, rate(key, value)))
            elif key == "phase_damping":
                found.append(channels.phase_damping(gate, q, rate(key, value)))
            else:
                found.append(channels.pauli(gate, q, 0.0, 0.0, rate(key, value)))
    return found


def _pauli(gate: int, qubits: tuple[int, ...], value: Any, check: bool) -> list[Channel]:
    by_label = dict(zip("XYZ", value, strict=False)) if isinstance(value, Sequence) and len(value) == 3 else value
    lengths = {len(label) for label in by_label} if isinstance(by_label, Mapping) else set()
    if len(lengths) != 1 or not lengths <= {1, 2} or any(set(label) - set("IXYZ") for label in by_label):
        raise QTrainError(
            'noise should give "pauli" as (px, py, pz), or as a mapping of strings of one or of two letters to '
            f"probabilities. Got {value!r}."
        )
    chances = {label: rate(f"pauli {label}", p) for label, p in by_label.items() if set(label) != {"I"}}
    if sum(chances.values()) > 1 + 1e-12:
        raise QTrainError(f"noise should give probabilities of Paulis that add up to at most 1. Got {value!r}.")
    if lengths == {2}:
        if len(qubits) != 2 and not check:
            raise QTrainError(
                "noise should give strings of two letters to gates on two qubits. Got them for every gate: put them "
                'under "two_qubit" or under the name of a gate.'
            )
        return [channels.two_qubit_pauli(gate, (*qubits, 1)[:2], chances)]
    return [channels.pauli(gate, q, *(chances.get(letter, 0.0) for letter in "XYZ")) for q in qubits]


def _thermal(gate: int, kind: str, qubit: int, value: Any, name: str, check: bool) -> list[Channel]:
    wanted = {"t1", "t2", "duration"}
    if not isinstance(value, Mapping) or not wanted <= set(value) <= wanted | {"excited_population"}:
        raise QTrainError(
            'noise should give "thermal" as a mapping with t1, t2 and duration (numbers in one unit; duration also by '
            f"kind or name of gate), and excited_population where it is not 0. Got {value!r}."
        )
    durations = value["duration"]
    if isinstance(durations, Mapping):
        durations = durations.get(name, durations.get(kind, 0.0))
    numbers = {"t1": value["t1"], "t2": value["t2"], "duration": durations}
    t1, t2, time = (_at(key, number, qubit) for key, number in numbers.items())
    if t2 > 2 * t1 * (1 + 1e-12):
        raise QTrainError(f"noise should have t2 of at most 2 * t1. Got t1 = {t1:g} and t2 = {t2:g}.")
    excited = rate("excited_population", value.get("excited_population", 0.0))
    return [channels.relaxation(gate, qubit, t1, t2, time, excited)] if time or check else []


def _at(key: str, value: Any, qubit: int) -> float:
    """A time: one for all qubits, or a list by qubit."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if qubit >= len(value):
            raise QTrainError(f"noise should give {key} to each qubit. Got {len(value)} and a gate on qubit {qubit}.")
        value = value[qubit]
    low = value >= 0 if key == "duration" else value > 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value) or not low:
        raise QTrainError(f"noise should give a positive {key}. Got {value!r}.")
    return float(value)
