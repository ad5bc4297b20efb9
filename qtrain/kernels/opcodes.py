"""Numbers of the operations a lowered circuit is made of; shared by programs, tapes and kernels.

Bit order, everywhere: qubit q is bit ``q % 64`` of word ``q // 64``.
Letters: bit 0 is the x bit, bit 1 the z bit.
"""

from __future__ import annotations

ROTATION = 0  # exp(-i angle P / 2)
H = 1
S = 2
SDG = 3
X = 4
Y = 5
Z = 6
SX = 7
SXDG = 8
CX = 9
CZ = 10
SWAP = 11
# Tapes alone: what a fixed rotation by a multiple of pi / 2 does to a Pauli, and noise.
QUARTER_TURN = 12  # by an odd multiple: Q goes to +-i P Q where it anticommutes with P
HALF_TURN = 13  # by pi: P itself, which only changes signs
NOISE_1 = 14  # a Pauli that touches q0 is damped by ``rate``
NOISE_2 = 15  # one that touches q0 or q1
NOISE_LETTERS = 16  # one with the letters ``turns & 3`` on q0 and ``turns >> 2`` on q1 (q1 = q0: both the same)
NOISE_SHIFT = 17  # Z on q0 becomes Z + rate I, on the way from the measurement
NOTHING = -1

FIXED_ROTATION = (NOTHING, QUARTER_TURN, HALF_TURN, QUARTER_TURN)  # by quarter turns

LETTER_X = 1
LETTER_Z = 2
LETTER_Y = 3
