"""What collapsing Pauli propagation walks on: which parameters stay open, which are drawn, what the input feels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtrain.circuits.frequencies import unit_frequency
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.noise.channels import Channel, tape_steps
from qtrain.circuits.observables import pack
from qtrain.circuits.problem import Problem, part, stream
from qtrain.circuits.product_states import split_product_input
from qtrain.circuits.program import PauliProgram
from qtrain.kernels.clifford import IMAGES
from qtrain.kernels.collapse import records as kernel
from qtrain.kernels.opcodes import CX, CZ, LETTER_X, LETTER_Y, LETTER_Z, ROTATION, SDG, S, Z
from qtrain.light_cones.light_cone import effective, effective_channels

MOST_POINTS = 1024  # data points; of more, so many are drawn at random: 3 % of what they differ by
LARGEST = 64  # multiple of a unit frequency
DIGITS = 62  # bits for the open parameters


@dataclass(frozen=True, eq=False)
class CollapseTape:
    """A problem for the kernel.

    Attributes:
        walk: see `Walk`. terms: packed X and Z, and coefficients. drawn: places of the weights that are drawn.
        rotations: how many have a weight.
    """

    walk: kernel.Walk
    terms: tuple[np.ndarray, np.ndarray, np.ndarray]
    drawn: np.ndarray
    rotations: int


@dataclass(frozen=True)
class _Role:
    """What a parameter is: 'own', 'window' or 'drawn'; its unit frequency, the digit's place and largest value."""

    kind: str
    unit: float = 1.0
    shift: int = 0
    mask: int = 0


@part
def collapse_tape(problem: Problem) -> CollapseTape:
    """The effective light cone from the measurement to the input, for every data point."""
    return _tape(problem)


@part
def bounding_tape(problem: Problem) -> CollapseTape | None:
    """The same up to where nothing but diagonal gates on a product state is left: walks end there as a bound.

    There D is diagonal and rho a product of one-qubit states, whose own angles may still be open. A string P whose
    letters on K are X or Y flips the bits of K, so that

        Tr[rho D^dag P D] = sum_z rho_{z+K, z} exp(i phi(z)),   |...| <= prod_{k in K} 2 |rho_01(k)|

    for any angles of D. With r_k = (X, Y) of the Bloch vector, 2 |rho_01| = |r_k|, and E of the product of squares is a
    product of E |r_k|^2 as all angles of rho are their own. Where qubit k in K also has an own rotation about Z that
    commutes with all that follows, phi has the term +- theta for z_k = 0, 1: over a full period of theta, sums with
    z_k = 0 and z_k = 1 are orthogonal, so that E f^2 <= 2 |rho_01|^2 of the rest: half as much. Of an operator with
    coefficients v_e the bound is (sum_e |v_e| sqrt(b_e))^2, by Minkowski's inequality.

    A derivative counts at most (its largest slope)^2 as much. Of D: its generator G becomes G - G(z + K), at most
    twice as large as its halves. Of an own rotation of rho: r_k is alpha + beta cos + gamma sin, with derivatives not
    larger in the mean square; where k is not in K, sum_z |d rho_zz| = |dZ| <= slope, and the bound had a factor 1.

    None without such gates, with noise, or where angles are not uniform over full periods.
    """
    if problem.start.kind != "uniform" or len(effective_channels(problem)):
        return None
    return _tape(problem, bounding=True)


@part
def _prepared(problem: Problem) -> tuple[list[PauliProgram], np.ndarray, list[_Role | None]]:
    """The effective cone's program and product input at every data point; what each weight is."""
    program, _ = effective(problem)
    points = () if problem.data is None else _points(problem)
    bound = [program.bind_inputs(v) for v in points] or [program]
    split = [split_product_input(p) for p in bound]
    programs = [p for p, _ in split]
    scaled = set(program.parameter[np.isnan(program.coefficient)].tolist())
    roles = _roles(programs, scaled, problem.start)
    return programs, np.ascontiguousarray(np.stack([b for _, b in split])), roles


def _tape(problem: Problem, bounding: bool = False) -> Any:
    program, operator = effective(problem)
    programs, bloch, roles = _prepared(problem)
    steps = _Steps(programs, bloch, roles, problem.start)
    if bounding and not steps.stop_at_product():
        return None
    steps.build(effective_channels(problem))
    drawn = np.array([j for j, role in enumerate(roles) if role is not None and role.kind == "drawn"], np.int64)
    return CollapseTape(steps.walk(), pack(operator), drawn, len(program.rotations))


def _points(problem: Problem) -> np.ndarray:
    """Data points to average over; the draw does not depend on the seed, so that runs with different seeds add up."""
    assert problem.data is not None
    count = len(problem.data)
    if count <= MOST_POINTS:
        return problem.data
    return np.asarray(problem.data[stream(0, "data points").choice(count, MOST_POINTS, replace=False)])


def _roles(programs: list[PauliProgram], scaled: set[int], start: Initialization) -> list[_Role | None]:
    """How each weight is averaged; None for one without a rotation. ``scaled``: weights that data scale."""
    program = programs[0]
    sizes = np.diff(program.start)
    turns = np.any([p.coefficient != 0 for p in programs], axis=0)
    ops = np.array([op for op in program.rotations if sizes[op] and turns[op]], np.int64)
    uses: list[list[int]] = [[] for _ in program.weights]
    for op in ops:
        uses[program.parameter[op]].append(int(op))
    found: list[_Role | None] = []
    for j, mine in enumerate(uses):
        if not mine:
            found.append(None)
        elif start.kind == "identity-block" or j in scaled:
            found.append(_Role("drawn"))
        elif len(mine) == 1:
            found.append(_Role("own"))
        else:
            unit = _unit(program.coefficient[mine]) if start.kind == "uniform" else 0.0
            found.append(_Role("window", unit) if unit else _Role("drawn"))
    return _placed(program, uses, found)


def _unit(coefficients: np.ndarray) -> float:
    """The largest frequency that all are multiples of; 0 where there is none, or some multiple is large."""
    unit = unit_frequency(coefficients) or 0.0
    return unit if np.abs(coefficients).max() <= LARGEST * unit * (1 + 1e-9) else 0.0


def _placed(
    program: PauliProgram, uses: list[list[int]], roles: list[_Role | None]
) -> list[_Role | None]:
    """Digits for the parameters that are open at the same time; the longest are drawn where they do not fit."""
    roles = list(roles)
    windows = [j for j, role in enumerate(roles) if role is not None and role.kind == "window"]
    windows.sort(key=lambda j: uses[j][-1] - uses[j][0])
    taken, count = np.zeros((len(windows), 4), np.int64), 0  # first, last, lowest bit, bits
    for j in windows:
        role = roles[j]
        assert role is not None
        top = int(np.round(np.abs(program.coefficient[uses[j]]) / role.unit).sum())
        bits = (2 * top).bit_length()
        first, last = uses[j][0], uses[j][-1]
        others = taken[:count]
        busy = sorted(others[(others[:, 0] <= last) & (others[:, 1] >= first), 2:].tolist())
        shift = 0
        for low, width in busy:
            if low - shift >= bits:
                break
            shift = max(shift, low + width)
        if shift + bits > DIGITS:
            roles[j] = _Role("drawn")
            continue
        taken[count] = first, last, shift, bits
        count += 1
        roles[j] = _Role("window", role.unit, shift, (1 << bits) - 1)
    return roles


class _Steps:
    """Columns of a `Walk` under construction, in the order of the walk."""

    def __init__(
        self, programs: list[PauliProgram], bloch: np.ndarray, roles: list[_Role | None], start: Initialization
    ) -> None:
        self.programs, self.bloch, self.roles, self.start = programs, bloch, roles, start
        self.program = programs[0]
        self.offsets = np.stack([p.offset for p in programs])
        self.coefficients = np.stack([p.coefficient for p in programs])
        self.rows: list[tuple[int, int, int, int, int, int, int, float]] = []
        self.pieces: list[int] = []  # op whose Pauli a step takes, or -1
        self.angles: list[np.ndarray] = []
        self.factors: list[np.ndarray] = []
        self.guided: dict[int, int] = {}
        self.guides: list[np.ndarray] = []
        self.stop = 0  # operations that no walk passes
        self.felt = np.zeros((0, 4))

    def add(
        self, kind: int, q0: int = 0, q1: int = 0, *, op: int = -1, weight: int = -1, multiple: int = 0,
        angle: int = -1, rate: float = 1.0, guide: int = -1,
    ) -> None:  # fmt: skip
        self.rows.append((kind, q0, q1, weight, multiple, angle, guide, rate))
        self.pieces.append(op)

    def number(self, angle: np.ndarray, factor: np.ndarray) -> int:
        self.angles.append(angle)
        self.factors.append(factor)
        return len(self.angles) - 1

    def build(self, channels: Sequence[Channel]) -> None:
        program, sizes = self.program, np.diff(self.program.start)
        self._guide(channels)
        earliest: dict[int, int] = {}
        for op in program.rotations[::-1]:
            if sizes[op] and self.coefficients[:, op].any():
                earliest[int(program.parameter[op])] = int(op)
        noise = sorted(channels, key=lambda c: c.gate)
        for op in range(len(program) - 1, self.stop - 1, -1):
            while noise and noise[-1].gate >= program.gate[op]:
                self._channel(noise.pop())
            if program.opcode[op] != ROTATION:
                q0, q1 = (int(q) for q in program.qubits[op])
                self.add(int(program.opcode[op]), q0, q1)
            elif sizes[op]:
                self._rotation(op, earliest)
        while noise:
            self._channel(noise.pop())
        if self.stop:
            self.add(kernel.STOP)
            return
        # Behind the last rotation nothing changes strings: their expectations are exact from here.
        closing = [k for k, row in enumerate(self.rows) if row[0] == kernel.CLOSE]
        last = max((k for k, row in enumerate(self.rows) if row[0] != kernel.CLOSE), default=-1)
        tail = [(self.rows[k], self.pieces[k]) for k in closing if k > last]
        del self.rows[last + 1 :], self.pieces[last + 1 :]
        self.add(kernel.MEASURE)
        for row, piece in tail:
            self.rows.append(row)
            self.pieces.append(piece)

    def _channel(self, channel: Channel) -> None:
        for opcode, q0, q1, letters, rate in reversed(tape_steps(channel)):
            self.add(opcode, q0, q1, multiple=letters, rate=rate)

    def _rotation(self, op: int, earliest: dict[int, int]) -> None:
        program = self.program
        q0 = int(program.support[program.start[op]])
        weight = int(program.parameter[op])
        role = self.roles[weight] if weight >= 0 else None
        if role is not None and not self.coefficients[:, op].any():
            role = None
        offset = self.offsets[:, op]
        if role is None or (offset.any() and not (role.kind == "own" and self.start.kind == "uniform")):
            if offset.any():
                self.add(kernel.FIXED, q0, op=op, angle=self.number(offset, 0 * offset))
            if role is None:
                return
        if role.kind == "own":
            self.add(ROTATION, q0, op=op, weight=weight, guide=self.guided.get(op, -1))
        elif role.kind == "drawn":
            angle = self.number(0 * offset, self.coefficients[:, op])
            self.add(kernel.SAMPLED, q0, op=op, weight=weight, angle=angle)
        else:
            multiple = int(round(float(program.coefficient[op]) / role.unit))
            self.add(kernel.WINDOW, q0, op=op, weight=weight, multiple=multiple)
            if earliest[weight] == op:
                self.add(kernel.CLOSE, q0, weight=weight)

    def stop_at_product(self) -> bool:
        """End before what `bounding_tape` bounds; False where nothing is, or where exact walks are as short."""
        program, sizes = self.program, np.diff(self.program.start)
        worth = np.ones((program.num_qubits, 4))
        worth[:, 1:] = (self.bloch**2).max(axis=0)
        fixed, turned = np.zeros((2, program.num_qubits), bool)  # met D; has an own angle about Z
        for op in range(len(program)):
            if program.opcode[op] != ROTATION:
                qubits = program.qubits[op][program.qubits[op] >= 0]
                if program.opcode[op] in (S, SDG, Z, CZ):
                    fixed[qubits] = True
                elif program.opcode[op] < CX and not fixed[qubits[0]]:
                    worth[qubits[0]] = worth[qubits[0]][IMAGES[program.opcode[op], :, 0, 0]]
                    turned[qubits[0]] = False
                else:
                    break
            elif sizes[op]:
                support = program.support[program.start[op] : program.start[op + 1]]
                letters = program.letters[program.start[op] : program.start[op + 1]]
                diagonal = bool((letters == LETTER_Z).all())
                if len(support) == 1 and self._own(op) and (diagonal or not fixed[support[0]]):
                    turned[support[0]] = diagonal
                    if not fixed[support[0]]:
                        self._turn(worth, op)
                elif diagonal:
                    fixed[support] = True
                else:
                    break
            self.stop = op + 1
        if not fixed.any():
            self.stop = 0
        self.felt = np.ones((program.num_qubits, 4))
        flips = worth[:, LETTER_X] + worth[:, LETTER_Y]
        self.felt[:, [LETTER_X, LETTER_Y]] = (np.where(turned, 0.5, 1.0) * flips)[:, None]
        return self.stop > 0

    def _own(self, op: int) -> bool:
        role = self.roles[self.program.parameter[op]] if self.program.parameter[op] >= 0 else None
        return role is not None and role.kind == "own" and bool(self.coefficients[:, op].any())

    def _turn(self, worth: np.ndarray, op: int) -> None:
        """What letters are worth in front of a one-qubit rotation by its own angle."""
        program = self.program
        q, letter = int(program.support[program.start[op]]), int(program.letters[program.start[op]])
        _, sine = self.start.moments(np.array([program.coefficient[op]]))
        turned = (1 - sine) * worth[q] + sine * worth[q][np.arange(4) ^ letter]
        keeps = np.array([True, letter == 1, letter == 2, letter == 3])
        worth[q] = np.where(keeps, worth[q], turned)

    def _guide(self, channels: Sequence[Channel]) -> None:
        """What a letter is worth next to the input, where rotations of one qubit alone are left."""
        program, sizes = self.program, np.diff(self.program.start)
        worth = np.ones((program.num_qubits, 4))
        worth[:, 1:] = (self.bloch**2).mean(axis=0)
        if self.stop:
            worth = self.felt.copy()
        open_ = np.ones(program.num_qubits, bool)
        for channel in channels:
            open_[list(channel.qubits)] = False
        for op in range(self.stop, len(program)):
            if program.opcode[op] != ROTATION:
                qubits = program.qubits[op][program.qubits[op] >= 0]
                if program.opcode[op] >= CX:
                    open_[qubits] = False
                else:
                    q = int(qubits[0])
                    worth[q] = worth[q][IMAGES[program.opcode[op], :, 0, 0]]
                continue
            support = program.support[program.start[op] : program.start[op + 1]]
            q = int(support[0]) if sizes[op] else 0
            if not sizes[op] or (sizes[op] == 1 and not open_[q]):
                continue
            if sizes[op] > 1 or not self._own(op):
                open_[support] = False
                continue
            self.guided[op] = len(self.guides)
            self.guides.append(worth[q].copy())
            self._turn(worth, op)

    def walk(self) -> kernel.Walk:
        program = self.program
        kind, q0, q1, weight, multiple, angle, guide, rate = (np.array(c) for c in zip(*self.rows, strict=True))
        roles = [role or _Role("none") for role in self.roles]
        pieces = np.array(self.pieces)
        sizes = np.append(np.diff(program.start), 0)[pieces]
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        begin = np.append(program.start[:-1], 0)[pieces]
        picked = np.arange(start[-1]) + np.repeat(begin - start[:-1], sizes)
        count = len(program.weights)
        last = np.full(count, -1, np.int64)
        for k in np.flatnonzero(weight >= 0):
            last[weight[k]] = k
        below = program.rotations[program.rotations < self.stop]
        last[program.parameter[below]] = len(self.rows)
        slope = np.zeros(count)
        for op in program.rotations:
            slope[program.parameter[op]] += np.abs(self.coefficients[:, op]).max()
        coefficient = np.append(program.coefficient, 0.0)[pieces]
        mean, sine = self.start.moments(coefficient)
        table = [np.array(c).reshape(-1, len(self.programs)).T.copy() for c in (self.angles, self.factors)]
        return kernel.Walk(
            kind=kind.astype(np.int8), q0=q0.astype(np.int32), q1=q1.astype(np.int32), start=start,
            support=program.support[picked].astype(np.int32), letters=program.letters[picked].astype(np.int8),
            weight=weight.astype(np.int32), multiple=multiple.astype(np.int32),
            shift=np.array([roles[w].shift if w >= 0 else 0 for w in weight], np.int64),
            mask=np.array([roles[w].mask if w >= 0 else 0 for w in weight], np.int64),
            angle=angle.astype(np.int32), rate=rate.astype(float), mean=mean, spread=_spread(self.start, coefficient),
            sine=sine, guide=guide.astype(np.int32), guides=np.array(self.guides).reshape(-1, 4), last=last,
            slope=slope, unit=np.array([role.unit for role in roles]), angles=table[0], factors=table[1],
            bloch=self.bloch, felt=self.felt,
        )  # fmt: skip


def _spread(start: Initialization, coefficient: np.ndarray) -> np.ndarray:
    """Var cos of the angle ``coefficient * theta``, without the digits that E cos^2 - (E cos)^2 loses."""
    scale = np.abs(coefficient) * start.width
    if start.kind == "gaussian":
        return np.expm1(-(scale**2)) ** 2 / 2
    if start.kind != "small":
        return np.full(len(scale), 0.5)
    found = np.zeros(len(scale))
    for width in np.unique(scale):
        nodes, weights = np.polynomial.legendre.leggauss(40 + int(width))
        values = 2 * np.sin(nodes * width / 2) ** 2
        mean = weights @ values / 2
        found[scale == width] = weights @ (values - mean) ** 2 / 2
    return found
