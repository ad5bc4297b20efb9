"""What a trained circuit would gain by each gate of a pool where the cost is a function of several expectation values.

Such as the loss on a batch of data: mean over samples s of L(o_s, y_s), with o_s the readouts of sample s. Its slope by
an angle is the mean of ∂L/∂o_s · do_s/dθ, so one adjoint sweep over the batch gives that of every gate of the pool. The
gain needs no guess: readouts are sinusoids of the angle of a rotation about one Pauli string, known from their value,
their slope and their value at π, and L is evaluated on these along a whole period.

Data may be encoded more than once: a gate then stands in each round of the ansatz, with an angle of its own there. And
a circuit may have been trained several times, on several parts of the data (the folds of a cross-validation): each of
these trainings is looked at on its own part, with angles of its own, and gains are their mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.architecture.build import build
from qtrain.circuits.program import PauliProgram, lower
from qtrain.growth.edits import GateList
from qtrain.growth.pools import PoolGate
from qtrain.growth.suggest import Suggestions, additions_of, dropped, inner_places, removals_of
from qtrain.growth.sweep import Sweep, period_of, spliced
from qtrain.simulators.statevector import values, values_and_gradients

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

GRID = 32  # angles of a period at which a loss is looked at
_ONE_THREAD = 1  # the digits must not depend on how many run beside


@dataclass(frozen=True, eq=False)
class Batch:
    """What the cost is the mean of.

    Attributes:
        observables: whose values ``loss`` takes: (outputs (rows, K), targets) → (loss (rows,), slopes (rows, K)).
        targets: (rows, …). training: (rows,) the training that each sample belongs to, numbered from 0 and ascending.
        inputs: (rows, inputs) of ``encoding``; start: (rows, 2**n) states instead; both None: one |0…0⟩ a training.
        encoding: circuit whose parameters are the inputs; it stands in front of each of ``rounds`` rounds.
    """

    observables: tuple[SparsePauliOp, ...]
    loss: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    targets: np.ndarray
    training: np.ndarray
    inputs: np.ndarray | None = None
    start: np.ndarray | None = None
    encoding: QuantumCircuit | None = None
    rounds: int = 1

    def means(self, per_row: np.ndarray) -> np.ndarray:
        """(rows, …) → (trainings, …)."""
        first = np.flatnonzero(np.diff(self.training, prepend=-1))
        sizes = np.diff([*first, len(self.training)])
        return np.add.reduceat(per_row, first, axis=0) / sizes.reshape(-1, *[1] * (per_row.ndim - 1))


@dataclass(frozen=True, eq=False)
class Point:
    """A circuit of ``gates`` in every round, at (trainings, rounds · parameters) ``weights``."""

    gates: GateList
    num_qubits: int
    weights: np.ndarray
    batch: Batch

    @cached_property
    def program(self) -> PauliProgram:
        """Of the whole circuit, inputs first."""
        from qiskit import QuantumCircuit
        from qiskit.circuit import ParameterVector

        count, encoding = len(self.gates.angles), self.batch.encoding
        w = ParameterVector("w", self.batch.rounds * count)
        whole = QuantumCircuit(self.num_qubits)
        for turn in range(self.batch.rounds):
            if encoding is not None:
                whole.compose(encoding, inplace=True)
            part = build(self.gates.gates, self.num_qubits, angles=list(w[turn * count : (turn + 1) * count]))
            whole.compose(part, inplace=True)
        return lower(whole, inputs=() if encoding is None else tuple(encoding.parameters))

    def items(self, place: int) -> list[int]:
        """Where gate ``place`` of each round stands in the circuit."""
        before = 0 if self.batch.encoding is None else len(self.batch.encoding.data)
        size = before + len(self.gates.gates)
        return [turn * size + before + place for turn in range(self.batch.rounds)]

    def ops(self, place: int) -> list[int]:
        """Of the program, before which gate ``place`` of each round stands."""
        return [int(np.searchsorted(self.program.gate, item)) for item in self.items(place)]

    def rows(self, weights: np.ndarray) -> np.ndarray:
        """(trainings, M) weights as those of each sample."""
        return weights[self.batch.training]

    @property
    def _given(self) -> dict[str, Any]:
        return {"inputs": self.batch.inputs, "start": self.batch.start, "num_threads": _ONE_THREAD}

    def outputs(self, program: PauliProgram, weights: np.ndarray) -> np.ndarray:
        """(rows, K) at (trainings, M) weights."""
        return values(program, list(self.batch.observables), self.rows(weights), **self._given)

    def losses(self, outputs: np.ndarray) -> np.ndarray:
        """(trainings,) of (rows, K) readouts."""
        return self.batch.means(self.batch.loss(outputs, self.batch.targets)[0])

    def with_gate(self, place: int, gate: PoolGate) -> PauliProgram:
        """The program with the gate in every round."""
        return spliced(self.program, [(op, gate) for op in self.ops(place)])

    def without(self, places: Sequence[int]) -> float:
        """The mean loss without these gates."""
        rest = dropped(self.program, [item for place in places for item in self.items(place)])
        return float(self.losses(self.outputs(rest, self.weights)).mean())

    def silenced(self) -> np.ndarray:
        """(parameters,) the mean loss with that parameter at 0 in every round."""
        count = len(self.gates.angles)
        found = np.empty(count)
        for k in range(count):
            weights = self.weights.reshape(len(self.weights), self.batch.rounds, count).copy()
            weights[:, :, k] = 0.0
            outputs = self.outputs(self.program, weights.reshape(self.weights.shape))
            found[k] = self.losses(outputs).mean()
        return found


def sweep_on_data(
    point: Point, pool: Sequence[PoolGate], *, places: Sequence[int] = (), exact: int = 32
) -> tuple[Sweep, np.ndarray]:
    """Slopes and gains of the pool's gates, before gates ``places`` of each round and at the rounds' ends (last row).

    Args:
        exact: of so many gates with the steepest slopes the gain is computed.

    Returns:
        the sweep: slopes are root mean squares over trainings and rounds, gains means over trainings of what the best
        angle in one round alone would lower the loss by; and (places, gates, trainings, rounds) these angles, 0 but
        in one round.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.growth.pools import rotation
        >>> batch = Batch((SparsePauliOp("X"),), lambda o, y: ((o - y)[:, 0] ** 2, 2 * (o - y)), np.ones((1, 1)),
        ...               np.zeros(1, int))
        >>> found, angles = sweep_on_data(Point(GateList((), ()), 1, np.zeros((1, 0)), batch), [rotation("Y", (0,))])
        >>> found.gain.round(6).tolist(), round(float(angles[0, 0, 0, 0]), 2)
        ([[1.0]], 1.57)
    """
    batch, rounds = point.batch, point.batch.rounds
    trainings = len(point.weights)
    where = [*places, len(point.gates.gates)]
    slope = np.empty((len(where), len(pool), trainings, rounds))
    by_output: list[np.ndarray] = []  # for each place (rows, K, rounds, gates)
    outputs = point.outputs(point.program, point.weights)
    pull = batch.loss(outputs, batch.targets)[1]
    full = np.pad(point.weights, ((0, 0), (0, rounds * len(pool))))
    for row, place in enumerate(where):
        filled = spliced(point.program, [(op, gate) for op in point.ops(place) for gate in pool])
        _, slopes = values_and_gradients(filled, list(batch.observables), point.rows(full), **point._given)
        slopes = slopes[:, :, point.weights.shape[1] :].reshape(*outputs.shape, rounds, len(pool))
        by_output.append(slopes)
        slope[row] = batch.means((pull[:, :, None, None] * slopes).sum(axis=1)).transpose(2, 0, 1)
    size = np.sqrt((slope**2).mean(axis=(2, 3)))
    gain, angle = np.full(size.shape, np.nan), np.zeros(slope.shape)
    for flat in np.argsort(-size, axis=None, kind="stable")[:exact]:
        row, k = (int(i) for i in np.unravel_index(flat, size.shape))
        turn = np.abs(slope[row, k]).argmax(axis=1)  # the round in which each training would use it
        given = by_output[row][:, :, :, k][np.arange(len(outputs)), :, turn[batch.training]]
        each, best = _along(point, where[row], pool[k], turn, outputs, given)
        gain[row, k] = each.mean()
        angle[row, k, np.arange(trainings), turn] = best
    return Sweep(float(point.losses(outputs).mean()), size, gain, angle[:, :, 0, 0]), angle


def _along(
    point: Point, place: int, gate: PoolGate, turn: np.ndarray, now: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(trainings,) gains and angles of a gate that each training uses in its round ``turn``.

    Args:
        now, slope: (rows, K) readouts, and their derivatives by that angle.
    """
    program, count, trainings = point.with_gate(place, gate), point.weights.shape[1], np.arange(len(turn))

    def at(angles: np.ndarray) -> np.ndarray:
        """(rows, K) readouts at (trainings,) angles."""
        weights = np.pad(point.weights, ((0, 0), (0, point.batch.rounds)))
        weights[trainings, count + turn] = angles
        return point.outputs(program, weights)

    if gate.is_rotation:
        opposite = at(np.full(len(turn), np.pi))
        middle, half = (now + opposite) / 2, (now - opposite) / 2

        def readouts(angles: np.ndarray) -> np.ndarray:
            each = angles[point.batch.training][:, None]
            return middle + half * np.cos(each) + slope * np.sin(each)
    else:
        readouts = at
    period = period_of(gate)
    grid = np.linspace(-period / 2, period / 2, GRID, endpoint=False)
    losses = np.stack([point.losses(readouts(np.full(len(turn), angle))) for angle in grid])
    best = losses.argmin(axis=0)
    left, middle_, right = (losses[(best + shift) % GRID, trainings] for shift in (-1, 0, 1))
    bend = left - 2 * middle_ + right
    shift = np.where(bend > 0, 0.5 * (left - right) / np.where(bend > 0, bend, 1.0), 0.0)
    refined = grid[best] + period / GRID * np.clip(shift, -1, 1)
    choices = np.stack([np.zeros(len(turn)), grid[best], refined])
    costs = np.stack([point.losses(now), middle_, point.losses(readouts(refined))])
    chosen = costs.argmin(axis=0)
    return costs[0] - costs[chosen, trainings], choices[chosen, trainings]


def suggest_on_data(
    point: Point, pool: Sequence[PoolGate], *, seed: int, places: int = 3, most: int = 24
) -> Suggestions:
    """Additions and removals as :func:`~qtrain.growth.suggest.suggest`; angles of additions are (trainings, rounds)."""
    inner = inner_places(len(point.gates.gates), places, seed)
    found, angles = sweep_on_data(point, pool, places=inner, exact=most)
    rows = [*inner, len(point.gates.gates)]

    def angle(row: int, k: int) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(round(float(a), 9) for a in training) for training in angles[row, k])

    additions = additions_of(found, rows, pool, angle, most)
    silenced = point.silenced() if len(point.gates.angles) > 1 else None
    removals = removals_of(point.gates, silenced, point.without, found.value)
    return Suggestions(found.value, float(np.abs(found.slope).max(initial=0.0)), additions, tuple(removals[:most]))
