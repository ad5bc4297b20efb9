"""Pairs of Pauli paths with Fourier indices: the walk from the measurement to the input, and back for the derivatives.

Each step keeps its links, so that one pass back reads off every derivative. A second, positive copy of every sum
bounds what rounding can have done to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.frequencies import unit_frequency
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.observables import pack
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import PauliProgram

EPS = 4 * float(np.finfo(float).eps)  # of one product and its part in a sum, generously


class Limits(NamedTuple):
    """Pairs at once, entries of all transfers, and seconds of the budget that must remain."""

    pairs: int
    links: int
    reserve: float


class Moments(NamedTuple):
    """(weights + 1,) values, the cost last; rounding: what they can be off by; linked: whether any pair of paths
    adds to them. most: pairs at once."""

    values: np.ndarray
    rounding: np.ndarray
    linked: np.ndarray
    most: int


class _Marks(NamedTuple):
    """Amplitudes of a step's links that give the derivative by a weight in place of the value."""

    weight: int
    amplitude: np.ndarray


@dataclass(eq=False)
class _Step:
    """Links from the pairs in front of a step to those behind it, and the derivatives that are read off here."""

    source: np.ndarray
    target: np.ndarray
    amplitude: np.ndarray
    marks: list[_Marks] = field(default_factory=list)
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, complex))  # of the pairs in front
    sizes: np.ndarray = field(default_factory=lambda: np.zeros(0))  # sums of absolute values instead

    def kept(self, target: np.ndarray) -> None:
        """Renumber the targets; links to those that became -1 fall away."""
        left = target[self.target] >= 0
        self.source, self.target = self.source[left], target[self.target[left]]
        self.amplitude = self.amplitude[left]
        self.marks = [_Marks(mark.weight, mark.amplitude[left]) for mark in self.marks]


@dataclass(eq=False)
class _Pairs:
    """Pairs of strings: strings (pairs, 2, 2 * words), x then z; indices (pairs, 2) of each open weight."""

    strings: np.ndarray
    open: dict[int, np.ndarray]

    def __len__(self) -> int:
        return len(self.strings)

    def taken(self, rows: np.ndarray) -> _Pairs:
        return _Pairs(self.strings[rows], {k: v[rows] for k, v in self.open.items()})

    def merged(self) -> tuple[_Pairs, np.ndarray]:
        """Different pairs once, and which of them each was."""
        columns = [self.strings.reshape(len(self), 2 * self.strings.shape[2])]
        columns += [self.open[k].astype(np.int64).view(np.uint64) for k in sorted(self.open)]
        first, which = _distinct(np.hstack(columns))
        return self.taken(first), which

    def anticommute(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """(pairs, 2) bool: which strings anticommute with one."""
        words = self.strings.shape[2] // 2
        met = (self.strings[..., :words] & z) ^ (self.strings[..., words:] & x)
        return (np.bitwise_count(met).sum(axis=2, dtype=np.int64) & 1).astype(bool)


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the first of equal rows (rows, columns) uint64, and which of them each row is."""
    key: np.ndarray = np.full(len(rows), 0x9E3779B97F4A7C15, np.uint64)
    for column in rows.T:
        key = (key ^ column) * np.uint64(0xFF51AFD7ED558CCD)
        key ^= key >> np.uint64(32)
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    equal = (rows[order[1:]] == rows[order[:-1]]).all(axis=1)
    if (same & ~equal).any():  # two rows under one key: compare them whole
        _, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        return first, which.reshape(-1)
    number = np.concatenate([[0], np.cumsum(~same)]) if len(rows) else np.zeros(0, np.int64)
    which = np.empty(len(rows), np.int64)
    which[order] = number
    return order[np.concatenate([[True], ~same])] if len(rows) else order, which


class _Turn(NamedTuple):
    """One rotation: its string, its weight (-1: fixed), angle = coefficient * weight + offset."""

    x: np.ndarray
    z: np.ndarray
    weight: int
    coefficient: float
    offset: float


def moments(
    problem: Problem, program: PauliProgram, operator: SparsePauliOp, limits: Limits, *, alone: bool
) -> Moments | None:
    """E f^2 and E (df)^2; or, where the second factor is 1 (``alone``), E f and E df. None beyond the limits."""
    walk = _Walk(problem, program, operator, limits, alone)
    for place in range(len(walk.turns) - 1, -1, -1):
        if not walk.step(place):
            return None
    return walk.result()


class _Walk:
    """From the measurement to the input: pairs, what each counts, and the steps to read derivatives off later."""

    def __init__(
        self, problem: Problem, program: PauliProgram, operator: SparsePauliOp, limits: Limits, alone: bool
    ) -> None:
        self.problem, self.program, self.limits, self.alone = problem, program, limits, alone
        table = program.generators(fixed=True)
        weight = program.parameter[table.index]
        coefficient = table.signs * program.coefficient[table.index]
        offset = table.signs * program.offset[table.index]
        self.turns = [
            _Turn(table.x[i], table.z[i], int(weight[i]), float(coefficient[i]), float(offset[i]))
            for i in range(len(table.x))
        ]
        places: dict[int, list[int]] = {}
        for i, turn in enumerate(self.turns):
            places.setdefault(turn.weight, []).append(i)
        self.last = {k: at[0] for k, at in places.items()}  # the walk meets it last
        self.once = {k for k, at in places.items() if len(at) == 1}
        self.units = {
            k: unit_frequency(self.turns[i].coefficient for i in at) or 1.0 for k, at in places.items() if k >= 0
        }
        self.keeps, rest = _felt_by(program, self.turns)
        self.steps: list[_Step] = []
        self.most = self.links = 0
        x, z, c = pack(operator)
        strings = np.hstack([x, z])
        if alone:
            first, second, amplitude = np.arange(len(c)), None, c
        else:
            first, second = np.triu_indices(len(c))
            amplitude = c[first] * c[second] * np.where(first == second, 1.0, 2.0)
        other = np.zeros((len(first), strings.shape[1]), np.uint64) if second is None else strings[second]
        self.pairs = _Pairs(np.stack([strings[first], other], axis=1), {})
        self.counts, self.sizes = amplitude.astype(complex), np.abs(amplitude)
        for row in rest:
            self._drop(row)

    def _drop(self, row: tuple[np.ndarray, np.ndarray]) -> None:
        """Leave out pairs that no path makes felt: a symmetry of the state and of all to come anticommutes."""
        felt = np.logical_not(self.pairs.anticommute(*row).any(axis=1))
        if not felt.all():
            if self.steps:
                self.steps[-1].kept(np.where(felt, np.cumsum(felt) - 1, -1))
            self.pairs, self.counts, self.sizes = self.pairs.taken(felt), self.counts[felt], self.sizes[felt]

    def step(self, place: int) -> bool:
        """Pass one rotation; False where the pairs become too many."""
        turn = self.turns[place]
        met = self.pairs.anticommute(turn.x, turn.z)
        closing = turn.weight >= 0 and self.last[turn.weight] == place
        if met.any():
            if turn.weight < 0 or turn.weight in self.once:
                step, after = self._own(turn, met)
            else:
                step, after = self._branches(turn, met)
            if not self._add(step, after):
                return False
        if closing and turn.weight in self.pairs.open and not self._close(turn.weight):
            return False
        row = self.keeps[place]
        if row is not None:
            self._drop(row)
        return True

    def _add(self, step: _Step, after: _Pairs) -> bool:
        self.links += len(step.source)
        if len(after) > 16 * self.limits.pairs or self.links > self.limits.links:
            return False
        if self.problem.left < self.limits.reserve:
            return False
        self.pairs, which = after.merged()
        if len(self.pairs) > self.limits.pairs:
            return False
        step.target, step.counts, step.sizes = which[step.target], self.counts, self.sizes
        self.most = max(self.most, len(self.pairs))
        self.counts = _gathered(step.target, step.amplitude * self.counts[step.source], len(self.pairs))
        self.sizes = np.bincount(step.target, np.abs(step.amplitude) * self.sizes[step.source], len(self.pairs))
        self.steps.append(step)
        return True

    def _flipped(self, pairs: _Pairs, rows: np.ndarray, side: int, turn: _Turn) -> tuple[np.ndarray, np.ndarray]:
        """Strings of these pairs with one side times the rotation's, and the sign of i P Q."""
        strings = pairs.strings[rows].copy()
        words = strings.shape[2] // 2
        x, z = strings[:, side, :words], strings[:, side, words:]
        count = lambda a: np.bitwise_count(a).sum(axis=-1, dtype=np.int64)  # noqa: E731
        power = count(turn.x & turn.z) + count(x & z) + 2 * count(turn.z & x) + 1
        x ^= turn.x
        z ^= turn.z
        power -= count(x & z)
        return strings, 1.0 - (power % 4)

    def _own(self, turn: _Turn, met: np.ndarray) -> tuple[_Step, _Pairs]:
        """A rotation whose angle is its own, or fixed: averaged at once."""
        mean, slope, second, slopes = _averages(self.problem.start, turn)
        number = np.arange(len(met))
        none, both = ~met.any(axis=1), met.all(axis=1)
        source, strings = [number[none]], [self.pairs.strings[none]]
        value, mark = [np.ones(none.sum())], [np.zeros(none.sum())]

        def link(rows: np.ndarray, found: np.ndarray, sign: np.ndarray, amplitude: float, derived: float) -> None:
            if len(rows) and (amplitude or derived):
                source.append(rows)
                strings.append(found)
                value.append(sign * amplitude)
                mark.append(sign * derived)

        for side in (0, 1):
            rows = number[met[:, side] & ~met[:, 1 - side]]
            found, sign = self._flipped(self.pairs, rows, side, turn)
            # of a factor alone its slope is a moment; in a pair the other factor's slope is 0
            link(rows, self.pairs.strings[rows], np.ones(len(rows)), mean[0], slope[0] * self.alone)
            link(rows, found, sign, mean[1], slope[1] * self.alone)
        rows = number[both]
        if len(rows):
            left, sign_left = self._flipped(self.pairs, rows, 0, turn)
            right, sign_right = self._flipped(self.pairs, rows, 1, turn)
            twice = left.copy()
            twice[:, 1] = right[:, 1]
            link(rows, self.pairs.strings[rows], np.ones(len(rows)), second[0, 0], slopes[0, 0])
            link(rows, left, sign_left, second[1, 0], slopes[1, 0])
            link(rows, right, sign_right, second[0, 1], slopes[0, 1])
            link(rows, twice, sign_left * sign_right, second[1, 1], slopes[1, 1])
        at = np.concatenate(source)
        after = _Pairs(np.concatenate(strings), {k: v[at] for k, v in self.pairs.open.items()})
        marks = [_Marks(turn.weight, np.concatenate(mark).astype(complex))] if turn.weight >= 0 else []
        return _Step(at, np.arange(len(at)), np.concatenate(value).astype(complex), marks), after

    def _branches(self, turn: _Turn, met: np.ndarray) -> tuple[_Step, _Pairs]:
        """A rotation of a shared weight: cos and sin as e^(i angle) and e^(-i angle)."""
        source: np.ndarray = np.arange(len(met))
        pairs, amplitude = self.pairs, np.ones(len(met), complex)
        shift, phase = round(turn.coefficient / self.units[turn.weight]), complex(np.exp(1j * turn.offset))
        if turn.weight not in pairs.open:
            pairs.open[turn.weight] = np.zeros((len(pairs), 2), np.int64)
        options = [(False, shift, phase / 2), (False, -shift, phase.conjugate() / 2),
                   (True, shift, phase / 2j), (True, -shift, -phase.conjugate() / 2j)]  # fmt: skip
        for side in (0, 1):
            hit = np.flatnonzero(met[source, side])
            if not len(hit):
                continue
            rest = np.flatnonzero(~met[source, side])
            found, sign = self._flipped(pairs, hit, side, turn)
            rows = np.concatenate([rest] + [hit] * len(options))
            after = pairs.taken(rows)
            weights = [np.ones(len(rest), complex)]
            begin = len(rest)
            for flip, index, factor in options:
                part = slice(begin, begin + len(hit))
                begin += len(hit)
                if flip:
                    after.strings[part] = found
                after.open[turn.weight][part, side] += index
                weights.append(factor * (sign if flip else np.ones(len(hit))))
            pairs, source = after, source[rows]
            amplitude = amplitude[rows] * np.concatenate(weights)
        return _Step(source, np.arange(len(source)), amplitude), pairs

    def _close(self, weight: int) -> bool:
        """The weight's rotations are all passed: average over it, and mark its derivative."""
        indices = self.pairs.open[weight]
        unit = self.units[weight]
        factor = self.problem.start.characteristic(unit * (indices[:, 0] + indices[:, 1]))
        rows = np.flatnonzero(factor)
        after = self.pairs.taken(rows)
        del after.open[weight]
        slope = 1j * unit * indices[rows]
        derived = slope[:, 0] if self.alone else slope[:, 0] * slope[:, 1]
        value = factor[rows].astype(complex)
        return self._add(_Step(rows, np.arange(len(rows)), value, [_Marks(weight, value * derived)]), after)

    def result(self) -> Moments:
        """Backwards through the steps: what each pair is worth, and with it every derivative."""
        words = self.pairs.strings.shape[2] // 2
        worth = np.ones(len(self.pairs), complex)
        for side in (0, 1):
            x, z = (np.ascontiguousarray(half) for half in np.hsplit(self.pairs.strings[:, side], [words]))
            worth *= self.program.expectations(x, z)
        count = len(self.program.weights)
        values, sizes, linked = np.zeros(count + 1), np.zeros(count + 1), np.zeros(count + 1, bool)
        values[-1] = float((self.counts * worth).sum().real)
        large = np.abs(worth)
        sizes[-1] = float((self.sizes * large).sum())
        felt = worth != 0
        linked[-1] = bool(felt.any())
        for step in reversed(self.steps):
            here, there = step.counts[step.source], worth[step.target]
            for mark in step.marks:
                values[mark.weight] += float((here * mark.amplitude * there).sum().real)
                absolute = step.sizes[step.source] * np.abs(mark.amplitude) * large[step.target]
                sizes[mark.weight] += float(absolute.sum())
                linked[mark.weight] |= bool(((mark.amplitude != 0) & felt[step.target]).any())
            width = len(step.counts)
            worth = _gathered(step.source, step.amplitude * there, width)
            large = np.bincount(step.source, np.abs(step.amplitude) * large[step.target], width)
            felt = np.bincount(step.source[felt[step.target] & (step.amplitude != 0)], minlength=width) > 0
        return Moments(values, EPS * (len(self.steps) + 1) * sizes, linked, self.most)


def _gathered(places: np.ndarray, amounts: np.ndarray, size: int) -> np.ndarray:
    """(size,) complex sums of the amounts at each place."""
    real = np.bincount(places, amounts.real, minlength=size)
    return real + 1j * np.bincount(places, amounts.imag, minlength=size)


def _averages(start: Initialization, turn: _Turn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """E t and E dt (2,), E t t^T and E dt dt^T (2, 2) for t = (cos, sin) of the angle, dt its derivative.

    Exactly 0 where they vanish by their formula.
    """
    mean, sine2 = (1.0, 0.0) if turn.weight < 0 else (float(v) for v in start.moments(np.array(turn.coefficient)))
    c, s = math.cos(turn.offset), math.sin(turn.offset)
    if turn.offset == 0:
        c, s = 1.0, 0.0
    sines = sine2 * (c * c - s * s) + s * s
    cross = c * s * (1 - 2 * sine2)
    slope = 0.0 if turn.weight < 0 else turn.coefficient
    first = np.array([c * mean, s * mean])
    second = np.array([[1 - sines, cross], [cross, sines]])
    derived = slope**2 * np.array([[sines, -cross], [-cross, 1 - sines]])
    return first, slope * np.array([-first[1], first[0]]), second, derived


Row = tuple[np.ndarray, np.ndarray]


def _felt_by(program: PauliProgram, turns: list[_Turn]) -> tuple[list[Row | None], list[Row]]:
    """What a felt string commutes with: symmetries of the input state and of every rotation still to come.

    Returns:
        for each rotation the symmetry that joins once the walk has passed it, or None; those of all rotations.
    """
    frame = program.frame()
    x, z = frame.x.copy(), frame.z.copy()
    joins: list[Row | None] = []
    for turn in turns:
        met = (x & turn.z) ^ (z & turn.x)
        rows = np.flatnonzero(np.bitwise_count(met).sum(axis=1, dtype=np.int64) & 1)
        if not len(rows):
            joins.append(None)
            continue
        first, others = rows[0], rows[1:]
        joins.append((x[first].copy(), z[first].copy()))
        x[others] ^= x[first]
        z[others] ^= z[first]
        x, z = np.delete(x, first, axis=0), np.delete(z, first, axis=0)
    return joins, list(zip(x, z))
