"""The tensors that Pauli paths are summed with: one for each gate, rotation and channel, and one for the start."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtrain.kernels.clifford import IMAGES, Steps
from qtrain.kernels.opcodes import (
    CX,
    CZ,
    HALF_TURN,
    NOTHING,
    QUARTER_TURN,
    ROTATION,
    SXDG,
    H,
    X,
    Y,
    Z,
)  # fmt: skip

# Letters I, X, Z, Y are 0, 1, 2, 3: bit 0 is x, bit 1 is z.
SIGNS_ONLY = (NOTHING, X, Y, Z, HALF_TURN)
LETTERS = np.arange(4)


class Step(NamedTuple):
    """What a one-qubit gate does to the weights of the letters.

    Attributes:
        matrix: (new, old). marked: of a rotation, what replaces it where it is differentiated.
        goes: for each letter, those that it may become.
    """

    matrix: np.ndarray
    marked: np.ndarray | None
    goes: tuple[tuple[int, ...], ...]


def anticommute(letter: int) -> np.ndarray:
    """(4,) 1 where a letter anticommutes with ``letter``."""
    return ((LETTERS != 0) & (LETTERS != letter)).astype(np.int64)


def _permutation(image: np.ndarray) -> Step:
    matrix = np.zeros((4, 4))
    matrix[image, LETTERS] = 1
    return Step(matrix, None, tuple((int(v),) for v in image))


def _rotation(letter: int, sine2: float) -> Step:
    """Of a rotation about one letter with E sin^2 of its angle."""
    anti = anticommute(letter)
    stay, flip = np.diag(anti), np.eye(4)[LETTERS ^ letter] * anti
    goes = tuple((v, v ^ letter) if anti[v] else (v,) for v in range(4))
    return Step(np.diag(1 - anti) + (1 - sine2) * stay + sine2 * flip, sine2 * stay + (1 - sine2) * flip, goes)


_ROTATIONS = {letter: _rotation(letter, 0.5) for letter in (1, 2, 3)}
_GATES = {op: _permutation(IMAGES[op, :, 0, 0]) for op in range(H, SXDG + 1)}
_TURNS = {letter: _permutation(LETTERS ^ letter * anticommute(letter)) for letter in (1, 2, 3)}


def single_step(steps: Steps, i: int, sine2: np.ndarray | None = None) -> Step | None:
    """The step of a one-qubit place; None of a place on several qubits or of noise.

    Args:
        sine2: (rows,) E sin^2 of the angles, where they are not uniform.
    """
    op = int(steps.opcode[i])
    if op in _GATES:
        return _GATES[op]
    if op not in (ROTATION, QUARTER_TURN) or steps.start[i + 1] - steps.start[i] != 1:
        return None
    letter = int(steps.letters[steps.start[i]])
    if op == QUARTER_TURN:
        return _TURNS[letter]
    return _ROTATIONS[letter] if sine2 is None else _rotation(letter, float(sine2[steps.row[i]]))


def _halves(op: int) -> tuple[np.ndarray, np.ndarray]:
    """Each side is multiplied by one letter if the other side anticommutes with something: two bits of bond."""
    to_right, to_left = IMAGES[op, :, 0, 1], IMAGES[op, 0, :, 0]
    left, right = np.zeros((2, 4, 4, 4))
    for bond in range(4):
        for v in range(4):
            if (to_right[v] > 0) == bond & 1:
                left[bond, v ^ to_left.max() * (bond >> 1), v] = 1
            if (to_left[v] > 0) == bond >> 1:
                right[bond, v ^ to_right.max() * (bond & 1), v] = 1
    return left, right


MOVED = {op: [[tuple(pair) for pair in row] for row in IMAGES[op].tolist()] for op in (CX, CZ)}
HALVES = {op: _halves(op) for op in (CX, CZ)}  # (bond, new, old) of each side, summed over a bond of 4
PAIRS = {op: np.einsum("kab,kcd->acbd", *halves) for op, halves in HALVES.items()}  # (new, new, old, old)
DARK = {0}  # letters that a path may have outside the cone
IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])
EYE = np.eye(4)[None]
NONE = np.diag([1.0, 0.0, 0.0, 0.0])[None]


def _string_part(letter: int) -> np.ndarray:
    """(bond out, new, bond in, old) of one qubit of a many-qubit rotation; bond = parity + 2 branch."""
    part = np.zeros((4, 4, 4, 4))
    anti = anticommute(letter)
    for bond in range(4):
        for v in range(4):
            branch = bond >> 1
            part[(bond & 1) ^ anti[v] | (branch << 1), v ^ (letter * branch), bond, v] = 1
    return part


STRING = {letter: _string_part(letter) for letter in (1, 2, 3)}
TURN = np.array([1.0, 0.0, 0.0, 1.0])


def boundary(x: np.ndarray, z: np.ndarray, value: np.ndarray) -> list[np.ndarray]:
    """Minimal weighted automaton of the start Paulis: tensors (left state, letter, right state)."""
    letters = (x | (z << 1)).astype(np.uint8)
    count, n = letters.shape
    states: list[tuple[tuple[int, float], ...]] = [tuple((i, float(v)) for i, v in enumerate(value))]
    tensors: list[np.ndarray] = []
    for q in range(n):
        following: dict[tuple[tuple[bytes, str], ...], int] = {}
        following_states: list[tuple[tuple[int, float], ...]] = []
        entries: list[tuple[int, int, int, float]] = []
        for left, members in enumerate(states):
            by_letter: dict[int, list[tuple[int, float]]] = {}
            for i, v in members:
                by_letter.setdefault(int(letters[i, q]), []).append((i, v))
            for letter, inside in by_letter.items():
                norm = max(v for _, v in inside)
                residual: dict[bytes, tuple[int, float]] = {}
                for i, v in inside:
                    suffix = letters[i, q + 1 :].tobytes()
                    residual[suffix] = (i, residual.get(suffix, (i, 0.0))[1] + v)
                key = tuple(sorted((s, f"{v / norm:.12e}") for s, (_, v) in residual.items()))
                if key not in following:
                    following[key] = len(following_states)
                    following_states.append(tuple((i, v / norm) for i, v in residual.values()))
                entries.append((left, letter, following[key], norm))
        tensor = np.zeros((len(states), 4, len(following_states)))
        for left, letter, right, norm in entries:
            tensor[left, letter, right] += norm
        tensors.append(tensor)
        states = following_states
    if tensors:
        tensors[-1] = tensors[-1] * np.array([sum(v for _, v in s) for s in states])
    return tensors
