"""Numbers of the operations a lowered circuit is made of; shared by programs and kernels.

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

NAMES = ("rotation", "h", "s", "sdg", "x", "y", "z", "sx", "sxdg", "cx", "cz", "swap")

LETTER_X = 1
LETTER_Z = 2
LETTER_Y = 3
