"""What collapsing walks read, work on and add up: opcodes of their own, and records of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FIXED = 20  # a rotation by a known angle
SAMPLED = 21  # by a parameter whose angle was drawn
WINDOW = 22  # by one that stays open
CLOSE = 23  # behind the last rotation of an open parameter
MEASURE = 24  # nothing but CLOSE behind it: strings become their expectations
STOP = 25  # what is left is only bounded

class Walk(NamedTuple):
    """A circuit from the measurement to the input.

    kind: (steps,) int8, an opcode or one of the above; ROTATION is one whose parameter is its own.
    q0, q1: (steps,) int32. start, support, letters: CSR of the rotations' Paulis.
    weight: (steps,) int32, parameter or -1. multiple: (steps,) int32, of the parameter's unit frequency;
    of noise on certain letters, those.
    shift, mask: (steps,) int64, the digit of an open parameter. angle: (steps,) int32, column of ``angles`` or -1.
    rate: (steps,) float64, damping by noise. mean, spread, sine: (steps,) float64: E cos, Var cos and E sin^2.
    guide: (steps,) int32, row of ``guides`` or -1; (rows, 4) float64: what a letter is worth behind the step.
    last: (weights,) int64, step behind which a parameter does not appear. slope: (weights,), the largest derivative of
    an angle, summed over rotations. unit: (weights,) the frequency of a multiple of 1.
    angles, factors: (points, columns) fixed angles, and derivatives of drawn ones. bloch: (points, qubits, 3).
    felt: (qubits, 4), the most that a letter's mean square may be at STOP; (0, 4) without one.
    """

    kind: np.ndarray
    q0: np.ndarray
    q1: np.ndarray
    start: np.ndarray
    support: np.ndarray
    letters: np.ndarray
    weight: np.ndarray
    multiple: np.ndarray
    shift: np.ndarray
    mask: np.ndarray
    angle: np.ndarray
    rate: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    sine: np.ndarray
    guide: np.ndarray
    guides: np.ndarray
    last: np.ndarray
    slope: np.ndarray
    unit: np.ndarray
    angles: np.ndarray
    factors: np.ndarray
    bloch: np.ndarray
    felt: np.ndarray


class Scratch(NamedTuple):
    """Room for one walk.

    x, z, slot, values: see ``terms``. flips: (rows,) int64. mass: (digits,) float64. table: a power of two, at least
    twice the rows, int64. Of a parameter, ratio: what the walk counts for its derivative instead of for the cost;
    scalars: the derivative of the factor in front of the operator; column: of derivatives of the operator, or 0.
    owner, mix: (columns,) the parameter of a column, and its share in what is drawn. masks: (64,) digits that are open.
    generation: (1,) int64, see ``terms``.
    """

    x: np.ndarray
    z: np.ndarray
    slot: np.ndarray
    values: np.ndarray
    flips: np.ndarray
    mass: np.ndarray
    table: np.ndarray
    ratio: np.ndarray
    scalars: np.ndarray
    column: np.ndarray
    owner: np.ndarray
    mix: np.ndarray
    masks: np.ndarray
    generation: np.ndarray

    @classmethod
    def of(cls, walk: Walk, terms: int, words: int, cap: int, drawn: int) -> Scratch:
        rows, weights, room = max(cap, terms) + 1, len(walk.last), 1 + drawn
        return cls(
            *np.zeros((2, 2, rows, words), np.uint64), np.zeros((2, rows), np.int64), np.zeros((2, rows, room)),
            np.zeros(rows, np.int64), np.zeros(int(walk.mask.max(initial=0)) + 2),
            np.zeros(1 << (2 * rows).bit_length(), np.int64), np.zeros(weights), np.zeros(weights),
            np.zeros(weights, np.int64), np.zeros(room, np.int64), np.zeros(room), np.zeros(64, np.int64),
            np.zeros(1, np.int64),
        )  # fmt: skip


class Sums(NamedTuple):
    """Added to by every batch; entries are the parameters, then the cost.

    felt: (entries,) walks that counted. powers, lost: (3, entries) sums of y, y^2, y^3 over walks that ended, and over
    upper bounds of those that did not. means: (4,) first moments of the cost, their squares, how many, how many of
    them did not end. counts: (2,) walks, and those that did not end. peak: (1,) what a walk could
    count for the cost at most. size: (1,) most terms seen.
    """

    felt: np.ndarray
    powers: np.ndarray
    lost: np.ndarray
    means: np.ndarray
    counts: np.ndarray
    peak: np.ndarray
    size: np.ndarray
