"""What could be done next with a trained circuit: gates that would lower its cost, gates that it would not miss."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.architecture.build import build
from qtrain.circuits.program import PauliProgram, lower
from qtrain.growth.edits import GateList
from qtrain.growth.pools import PoolGate
from qtrain.growth.sweep import Sweep, sweep
from qtrain.simulators.statevector import Simulation

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

SMALLEST = 1e-9  # gains and slopes below this are rounding, relative to the cost's scale


@dataclass(frozen=True)
class Addition:
    """A gate of the pool (its number) before gate ``place``: alone, at ``angle``, it lowers the cost by ``gain``.

    Where several trainings or rounds are looked at, ``angle`` holds one for each: (trainings, rounds).
    """

    gate: int
    place: int
    gain: float
    angle: Any


@dataclass(frozen=True)
class Removal:
    """Gates at ``places``: without them, and nothing else changed, the cost rises by ``loss``; they take ``cx`` CX."""

    places: tuple[int, ...]
    loss: float
    cx: int


@dataclass(frozen=True)
class Suggestions:
    """The most promising of both, best first; ``value``: the cost now, ``steepest``: the largest slope in the pool."""

    value: float
    steepest: float
    additions: tuple[Addition, ...]
    removals: tuple[Removal, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a trial's report."""
        return {
            "value": self.value, "steepest": float(f"{self.steepest:.6g}"),
            "additions": [[a.gate, a.place, float(f"{a.gain:.6g}"), a.angle] for a in self.additions],
            "removals": [[list(r.places), float(f"{r.loss:.6g}"), r.cx] for r in self.removals],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Any) -> Suggestions:
        """The inverse of :meth:`to_dict`."""
        return cls(
            data["value"], data["steepest"], tuple(Addition(*row) for row in data["additions"]),
            tuple(Removal(tuple(places), loss, cx) for places, loss, cx in data["removals"]),
        )  # fmt: skip


def suggest(
    gates: GateList, num_qubits: int, hamiltonian: SparsePauliOp, pool: Sequence[PoolGate], *, seed: int,
    places: int = 3, most: int = 24,
) -> Suggestions:  # fmt: skip
    """Additions and removals of a circuit at its trained angles.

    Args:
        places: before so many gates besides the end, drawn by ``seed``, the pool is tried.
        most: of each kind at most so many are kept: half by gain, half by gain for each CX.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.growth.pools import rotation
        >>> found = suggest(GateList((), ()), 2, SparsePauliOp(["ZZ", "XI"]), [rotation("Y", (1,))], seed=0)
        >>> found.additions[0].gate, round(found.additions[0].gain, 6)
        (0, 2.414214)
    """
    program = lower(build(gates.gates, num_qubits))
    angles = np.array(gates.angles)
    inner = inner_places(len(gates.gates), places, seed)
    found = sweep(program, hamiltonian, angles, pool, places=inner, exact=most)
    rows = [*inner, len(gates.gates)]
    additions = additions_of(found, rows, pool, lambda row, k: round(float(found.angle[row, k]), 9), most)

    ready = Simulation(program, [hamiltonian])

    def costs(program: PauliProgram, rows: np.ndarray) -> np.ndarray:
        return np.asarray(ready.on(program).run(rows, num_threads=1).values[:, 0])

    def without(places: Sequence[int]) -> float:
        return float(costs(dropped(program, places), angles[None, :])[0])

    silenced = None
    if len(angles) > 1:
        each = np.tile(angles, (len(angles), 1))
        np.fill_diagonal(each, 0.0)
        silenced = costs(program, each)
    removals = removals_of(gates, silenced, without, found.value)
    return Suggestions(
        found.value, float(np.abs(found.slope).max(initial=0.0)), additions, tuple(removals[:most])
    )


def inner_places(count: int, places: int, seed: int) -> list[int]:
    """At most ``places`` of ``count`` gates, before which a pool is tried."""
    rng = np.random.default_rng([seed, 5])
    return sorted(rng.choice(count, min(places, count), replace=False).tolist()) if count else []


def additions_of(
    found: Sweep, rows: Sequence[int], pool: Sequence[PoolGate], angle: Callable[[int, int], Any], most: int
) -> tuple[Addition, ...]:
    """The best of a sweep, half by gain and half by gain for each CX.

    Args:
        rows: the place of each row of the sweep. angle: (row, gate) → as it is kept.
    """
    known = np.argwhere(found.gain > SMALLEST * max(1.0, abs(found.value)))
    gains = found.gain[tuple(known.T)]
    cost = np.array([max(1, pool[k].cx) for k in known[:, 1]], float)
    by_gain = np.argsort(-gains, kind="stable")[: most // 2]
    by_cost = np.argsort(-gains / cost, kind="stable")[: most // 2]
    additions = [
        Addition(int(known[i, 1]), rows[known[i, 0]], float(gains[i]), angle(int(known[i, 0]), int(known[i, 1])))
        for i in dict.fromkeys([*by_gain.tolist(), *by_cost.tolist()])
    ]
    return tuple(sorted(additions, key=lambda a: (-a.gain, a.gate, a.place)))


def removals_of(
    gates: GateList, silenced: np.ndarray | None, without: Callable[[Sequence[int]], float], now: float
) -> list[Removal]:
    """Each parameter's gates, and each fixed gate on two qubits, with what the cost would rise by.

    Args:
        silenced: (parameters,) the cost with that parameter at 0. without: the cost without gates at some places.
    """
    found = []
    for parameter, value in enumerate(() if silenced is None else silenced):
        places = gates.places_of(parameter)
        if all(gates.gates[k].num_parameters == 1 for k in places):
            found.append((places, float(value) - now))
    found += [(places, without(places) - now) for places in _fixed(gates)]
    costs = [sum(_cx(gates.gates[k].name, len(gates.gates[k].qubits)) for k in places) for places, _ in found]
    removals = [Removal(places, loss, cx) for (places, loss), cx in zip(found, costs, strict=True)]
    return sorted(removals, key=lambda r: (r.loss, r.places))


def _fixed(gates: GateList) -> list[tuple[int, ...]]:
    """Each fixed gate on two qubits, and each with the next one that is equal to it: the two ends of a ladder."""
    last: dict[tuple[str, tuple[int, ...]], int] = {}
    found: list[tuple[int, ...]] = []
    for place, gate in enumerate(gates.gates):
        if len(gate.qubits) == 2 and not gate.num_parameters:
            key = (gate.name, gate.qubits)
            found += [(place,)] + ([(last[key], place)] if key in last else [])
            last[key] = place
    return found


def _cx(name: str, size: int) -> int:
    return {"cx": 1, "cz": 1}.get(name, 2 * (size - 1))


def dropped(program: PauliProgram, places: Sequence[int]) -> PauliProgram:
    """The program without the ops of some gates; weights stay."""
    keep = ~np.isin(program.gate, places)
    cells = np.repeat(keep, np.diff(program.start))
    lengths = np.diff(program.start)[keep]
    return dataclasses.replace(
        program, start=np.concatenate([[0], np.cumsum(lengths)]).astype(program.start.dtype),
        expressions={int(keep[:op].sum()): found for op, found in program.expressions.items() if keep[op]},
        support=program.support[cells], letters=program.letters[cells], qubits=program.qubits[keep],
        **{name: getattr(program, name)[keep] for name in ("opcode", "parameter", "coefficient", "offset", "gate")},
    )  # fmt: skip
