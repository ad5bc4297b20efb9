"""Qiskit's standard gates as elementary Cliffords and Pauli rotations, up to a global phase.

A rule writes one gate into a program's columns. Standard gates without a rule are walked through their definitions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from qtrain.circuits.angles import QUARTER, quarter_turns
from qtrain.circuits.columns import Columns
from qtrain.kernels import opcodes as op

X, Z, Y = op.LETTER_X, op.LETTER_Z, op.LETTER_Y

Rule = Callable[[Columns, Sequence[int], Sequence[Any]], None]


def _fixed(*ops: tuple[int, ...]) -> Rule:
    """A fixed Clifford: (opcode, place) or (opcode, place, place) in time order."""

    def rule(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
        for code, *places in ops:
            columns.clifford(code, *(q[place] for place in places))

    return rule


def _single(letter: int) -> Rule:
    letters = (letter,)

    def rule(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
        columns.rotate(columns.angle(params[0]), q, letters)

    return rule


def _phase(angle: float) -> Rule:
    def rule(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
        columns.rotate([(-1, 0.0, angle, None)], q, (Z,))

    return rule


def _pair(letter_a: int, letter_b: int) -> Rule:
    def rule(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
        columns.rotate_pair(columns.angle(params[0]), q[0], letter_a, q[1], letter_b)

    return rule


def _controlled(letter: int) -> Rule:
    """exp(-i t (1 - Z_c)/2 P/2) = exp(-i (t/2) P/2) exp(+i (t/2) Z_c P/2)."""

    def rule(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
        columns.rotate(columns.total((params[0], 0.5)), (q[1],), (letter,))
        columns.rotate_pair(columns.total((params[0], -0.5)), q[0], Z, q[1], letter)

    return rule


def _cphase(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
    half = columns.total((params[0], 0.5))
    if not half:
        return
    if len(half) == 1 and half[0][0] < 0 and half[0][3] is None and quarter_turns(half[0][2]) in (1, 3):
        if abs(math.remainder(2 * half[0][2], 2 * math.pi)) > QUARTER:  # an angle of pi
            columns.clifford(op.CZ, q[0], q[1])
            return
    columns.rotate(half, (q[0],), (Z,))
    columns.rotate(half, (q[1],), (Z,))
    columns.rotate_pair(columns.total((params[0], -0.5)), q[0], Z, q[1], Z)


def _u(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
    columns.rotate(columns.angle(params[2]), q, (Z,))
    columns.rotate(columns.angle(params[0]), q, (Y,))
    columns.rotate(columns.angle(params[1]), q, (Z,))


def _u2(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
    _u(columns, q, (QUARTER, params[0], params[1]))


def _r(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
    columns.rotate(columns.total((params[1], -1.0)), q, (Z,))
    columns.rotate(columns.angle(params[0]), q, (X,))
    columns.rotate(columns.angle(params[1]), q, (Z,))


def _cu3(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
    theta, phi, lam = params[:3]
    control, target = (q[0],), (q[1],)
    gamma = ((params[3], 1.0),) if len(params) == 4 else ()
    columns.rotate(columns.total(*gamma, (lam, 0.5), (phi, 0.5)), control, (Z,))
    columns.rotate(columns.total((lam, 0.5), (phi, -0.5)), target, (Z,))
    columns.clifford(op.CX, q[0], q[1])
    columns.rotate(columns.total((lam, -0.5), (phi, -0.5)), target, (Z,))
    columns.rotate(columns.total((theta, -0.5)), target, (Y,))
    columns.clifford(op.CX, q[0], q[1])
    columns.rotate(columns.total((theta, 0.5)), target, (Y,))
    columns.rotate(columns.angle(phi), target, (Z,))


def _hopping(sign: float, place: int) -> Rule:
    """XX + YY (sign 1, frame on qubit 0) and XX - YY (sign -1, frame on qubit 1)."""

    def rule(columns: Columns, q: Sequence[int], params: Sequence[Any]) -> None:
        theta, beta = params
        columns.rotate(columns.total((beta, sign)), (q[place],), (Z,))
        columns.rotate_pair(columns.total((theta, 0.5)), q[0], X, q[1], X)
        columns.rotate_pair(columns.total((theta, 0.5 * sign)), q[0], Y, q[1], Y)
        columns.rotate(columns.total((beta, -sign)), (q[place],), (Z,))

    return rule


RULES: dict[str, Rule] = {
    "id": _fixed(), "global_phase": _fixed(), "delay": _fixed(),
    "h": _fixed((op.H, 0)), "s": _fixed((op.S, 0)), "sdg": _fixed((op.SDG, 0)),
    "x": _fixed((op.X, 0)), "y": _fixed((op.Y, 0)), "z": _fixed((op.Z, 0)),
    "sx": _fixed((op.SX, 0)), "sxdg": _fixed((op.SXDG, 0)), "t": _phase(math.pi / 4), "tdg": _phase(-math.pi / 4),
    "cx": _fixed((op.CX, 0, 1)), "cz": _fixed((op.CZ, 0, 1)), "swap": _fixed((op.SWAP, 0, 1)),
    "cy": _fixed((op.SDG, 1), (op.CX, 0, 1), (op.S, 1)), "dcx": _fixed((op.CX, 0, 1), (op.CX, 1, 0)),
    "iswap": _fixed((op.S, 0), (op.S, 1), (op.CZ, 0, 1), (op.SWAP, 0, 1)),
    "rx": _single(X), "ry": _single(Y), "rz": _single(Z), "p": _single(Z), "u1": _single(Z),
    "u": _u, "u3": _u, "u2": _u2, "r": _r,
    "rxx": _pair(X, X), "ryy": _pair(Y, Y), "rzz": _pair(Z, Z), "rzx": _pair(Z, X),
    "crx": _controlled(X), "cry": _controlled(Y), "crz": _controlled(Z),
    "cp": _cphase, "cu1": _cphase, "cu3": _cu3, "cu": _cu3,
    "xx_plus_yy": _hopping(1.0, 0), "xx_minus_yy": _hopping(-1.0, 1),
}  # fmt: skip
