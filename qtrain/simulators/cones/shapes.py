"""The shape of a small program: a form that is equal for programs that differ by the names of their qubits alone.

The form is the program itself, its qubits numbered in an order that renaming does not change and its operations sorted
within levels of operations that commute. So equal forms are equal programs, for certain. The order comes from colour
refinement (Weisfeiler and Leman); where that cannot tell qubits apart that no symmetry exchanges, two forms of one
shape may differ, which costs a second evaluation and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.program import PauliProgram
from qtrain.kernels.opcodes import (
    CX,
    CZ,
    LETTER_X,
    LETTER_Y,
    LETTER_Z,
    ROTATION,
    SDG,
    SX,
    SXDG,
    H,
    S,
    X,
    Y,
    Z,
)

_AXES: dict[int, tuple[int, ...]] = {  # Paulis that a gate is a function of; 0: of no single one
    H: (0,), S: (LETTER_Z,), SDG: (LETTER_Z,), Z: (LETTER_Z,), X: (LETTER_X,), SX: (LETTER_X,), SXDG: (LETTER_X,),
    Y: (LETTER_Y,), CX: (LETTER_Z, LETTER_X), CZ: (LETTER_Z, LETTER_Z),
}  # fmt: skip


class Step(NamedTuple):
    """One operation: a rotation about ``letters`` on ``qubits``, or a Clifford (CX: control, target).

    ``turns``: quarter turns of a fixed rotation that is a Clifford, else -1.
    """

    opcode: int
    qubits: tuple[int, ...]
    letters: tuple[int, ...] = ()
    parameter: int = -1
    coefficient: float = 0.0
    offset: float = 0.0
    turns: int = -1


# level, opcode, parameter, coefficient, offset, and on each qubit the letter (rotations) or the axis (Cliffords)
Placed = tuple[int, int, int, float, float, tuple[tuple[int, int], ...]]
Form = tuple[Any, ...]


def shape_of(
    steps: Sequence[Step], terms: Sequence[Mapping[int, int]], coefficients: Sequence[float]
) -> tuple[Form, float]:
    """The form of a program with its observable, and the factor that was taken out of the coefficients.

    Args:
        steps: in time order. terms: qubit -> letter, for each term of the observable.

    Returns:
        A hashable form, the same for every renaming of the qubits where colours tell; its program has the value of
        the given one divided by the factor.
    """
    factor = coefficients[0] if len(coefficients) == 1 else max(abs(c) for c in coefficients)
    placed = _placed(steps)
    shares = [c / factor for c in coefficients]
    order = _order(placed, terms, shares)
    name = {q: k for k, q in enumerate(order)}

    def renamed(ends: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        return tuple(sorted((name[q], role) for q, role in ends))

    operations = tuple(sorted((*item[:5], renamed(item[5])) for item in placed))
    operator = tuple(sorted((renamed(list(term.items())), c) for term, c in zip(terms, shares, strict=True)))
    return (len(order), operations, operator), factor


def write_program(form: Form, names: Sequence[str]) -> tuple[PauliProgram, SparsePauliOp, np.ndarray]:
    """The program of a form with the weights it uses, its observable, and where these weights are among ``names``."""
    width, operations, operator = form
    used = sorted({item[2] for item in operations if item[2] >= 0})
    place = {k: i for i, k in enumerate(used)}
    qubits = np.full((len(operations), 2), -1, np.int32)
    start: list[int] = [0]
    support: list[int] = []
    letters: list[int] = []
    for i, (_, opcode, _, _, _, ends) in enumerate(operations):
        if opcode == ROTATION:
            support.extend(q for q, _ in ends)
            letters.extend(letter for _, letter in ends)
        else:  # the control of a CX first
            ends = sorted(ends, key=lambda end: end[1] != LETTER_Z)
            qubits[i, : len(ends)] = [q for q, _ in ends]
        start.append(len(support))
    program = PauliProgram(
        num_qubits=width, opcode=np.array([item[1] for item in operations], np.int8), qubits=qubits,
        start=np.array(start, np.int64), support=np.array(support, np.int32), letters=np.array(letters, np.int8),
        parameter=np.array([place.get(item[2], -1) for item in operations], np.int32),
        coefficient=np.array([item[3] for item in operations], float),
        offset=np.array([item[4] for item in operations], float),
        gate=np.arange(len(operations), dtype=np.int32), weights=tuple(names[k] for k in used),
    )  # fmt: skip
    terms = [("".join("IXZY"[letter] for _, letter in ends), [q for q, _ in ends], c) for ends, c in operator]
    return program, SparsePauliOp.from_sparse_list(terms, width), np.array(used, np.int64)


def _placed(steps: Sequence[Step]) -> list[Placed]:
    """The operations with their levels: those of one level commute, and what does not commute ascends.

    Rotations of one level about one Pauli by one weight are merged.
    """
    top: dict[int, list[int]] = {}
    placed: list[Placed] = []
    merged: dict[tuple[Any, ...], list[float]] = {}
    for step in steps:
        axes = step.letters if step.opcode == ROTATION else _AXES.get(step.opcode, (0,) * len(step.qubits))
        level = 0
        for q, axis in zip(step.qubits, axes, strict=True):
            for other, height in enumerate(top.setdefault(q, [0, 0, 0, 0])):
                if other != axis or not axis:
                    level = max(level, height)
        level += 1
        for q, axis in zip(step.qubits, axes, strict=True):
            top[q][axis] = max(top[q][axis], level)
        ends = tuple(zip(step.qubits, axes, strict=True))
        if step.opcode == ROTATION:
            angle = merged.setdefault((level, step.parameter, ends), [0.0, 0.0])
            angle[0] += step.coefficient
            angle[1] += step.offset
        else:
            placed.append((level, step.opcode, -1, 0.0, 0.0, ends))
    for (level, parameter, ends), (coefficient, offset) in merged.items():
        if coefficient or offset:
            placed.append((level, ROTATION, parameter if coefficient else -1, coefficient, offset, ends))
    return placed


def _order(placed: Sequence[Placed], terms: Sequence[Mapping[int, int]], shares: Sequence[float]) -> list[int]:
    """The qubits in an order that follows every renaming, as far as colours tell them apart."""
    together: dict[tuple[int, ...], list[tuple[int, dict[int, int]]]] = {}
    for *what, ends in placed:
        roles = dict(ends)
        together.setdefault(tuple(sorted(roles)), []).append((hash(tuple(what)), roles))
    for term, share in zip(terms, shares, strict=True):
        together.setdefault(tuple(sorted(term)), []).append((hash((-7, share)), dict(term)))
    colours = {q: 0 for qubits in together for q in qubits}
    edges: list[tuple[int, list[tuple[int, int]]]] = []
    for qubits, items in together.items():  # all that acts on the same qubits is one edge
        roles = {q: hash(tuple(sorted((label, own[q]) for label, own in items))) for q in qubits}
        if len(qubits) == 1:
            colours[qubits[0]] = roles[qubits[0]]
        else:
            edges.append((sum(label for label, _ in items), list(roles.items())))
    while True:
        colours = _refined(colours, edges)
        cells = Counter(colours.values())
        if len(cells) == len(colours):
            return sorted(colours, key=colours.__getitem__)
        cell = min((size, colour) for colour, size in cells.items() if size > 1)[1]
        chosen = next(q for q, colour in colours.items() if colour == cell)
        colours[chosen] = hash((cell, 1))


def _refined(colours: dict[int, int], edges: Sequence[tuple[int, list[tuple[int, int]]]]) -> dict[int, int]:
    """Colours told apart by their neighbours', until that tells no more."""
    cells = len(set(colours.values()))
    while cells < len(colours):
        heard = dict.fromkeys(colours, 0)
        for label, ends in edges:
            said = [hash((role, colours[q])) for q, role in ends]
            total = sum(said)
            for (q, _), own in zip(ends, said, strict=True):
                heard[q] += hash((label, own, total))
        finer = {q: hash((colour, heard[q])) for q, colour in colours.items()}
        now = len(set(finer.values()))
        if now == cells:
            break
        colours, cells = finer, now
    return colours
