"""Mirrored blocks of a circuit: which weights undo which (identity-block initialisation, arXiv 1903.05076).

With all Cliffords pushed out, U = R W with R a product of rotations about Paulis P_k. A block is a
stretch of rotations whose Paulis read the same backwards, up to signs: its second half can undo the first.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qtrain.circuits.program import PauliProgram
    from qtrain.kernels.paulis import PauliTable


def _palindromes(keys: Sequence[Hashable], mirrored: Sequence[Hashable]) -> list[int]:
    """Partner of each position in a partition into fewest even palindromes; -1 where there is none.

    ``keys[i]`` and ``keys[j]`` are mirror images where ``keys[i] == mirrored[j]`` (and then the converse).
    Positions behind the longest part that such a partition fills stay -1.
    """
    m = len(keys)
    # radius of the longest even palindrome around each gap (Manacher)
    radius = [0] * (m + 1)
    left = right = 0
    for gap in range(1, m):
        k = min(radius[left + right - gap], right - gap) if gap < right else 0
        while gap - k - 1 >= 0 and gap + k < m and keys[gap - k - 1] == mirrored[gap + k]:
            k += 1
        radius[gap] = k
        if gap + k > right:
            left, right = gap - k, gap + k
    blocks = [0] + [m + 1] * m  # fewest blocks that fill keys[:end]
    previous = [0] * (m + 1)
    for gap in range(1, m):
        for k in range(1, radius[gap] + 1):
            if blocks[gap - k] + 1 < blocks[gap + k]:
                blocks[gap + k] = blocks[gap - k] + 1
                previous[gap + k] = gap - k
    end = max(e for e in range(m + 1) if blocks[e] <= m)
    partner = [-1] * m
    while end > 0:
        begin = previous[end]
        for k in range((end - begin) // 2):
            partner[begin + k], partner[end - 1 - k] = end - 1 - k, begin + k
        end = begin
    return partner


def _partners(program: PauliProgram, table: PauliTable) -> list[int]:
    """Mirror image of each rotation, -1 for none. The commuting rotations of one gate mirror as a set."""
    from qtrain.kernels.paulis import commutation_matrix

    anticommute = commutation_matrix(table.x, table.z)
    tokens: list[list[int]] = []
    for k, op in enumerate(table.index):
        same = bool(tokens) and program.gate[table.index[tokens[-1][0]]] == program.gate[op]
        if same and not anticommute[k, tokens[-1]].any():
            tokens[-1].append(k)
        else:
            tokens.append([k])

    def key(k: int, direction: int) -> tuple[bytes, bytes, float]:
        op = table.index[k]
        fixed = program.parameter[op] < 0
        angle = round(direction * int(table.signs[k]) * float(program.offset[op]), 12) if fixed else math.inf
        return table.x[k].tobytes(), table.z[k].tobytes(), angle + 0.0

    keys, mirrored = ([tuple(sorted(key(k, d) for k in token)) for token in tokens] for d in (1, -1))
    partner = [-1] * len(table)
    for token, other in zip(tokens, _palindromes(keys, mirrored)):
        if other >= 0:
            images = sorted(tokens[other], key=lambda k: key(k, -1))
            for k, image in zip(sorted(token, key=lambda k: key(k, 1)), images):
                partner[k] = image
    return partner


def mirrored_weights(program: PauliProgram) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights as functions of the free ones, such that every mirrored block is the identity.

    Args:
        program: with bound inputs.

    Returns:
        root (num_weights,) index, slope and shift: ``w = slope * w[root] + shift`` undoes every block.

    Raises:
        QTrainError: a rotation that has no partner, or weights that cannot undo each other; names the gate.

    Example:
        >>> from qiskit.circuit import QuantumCircuit, ParameterVector
        >>> from qtrain.gradients.identity_blocks import mirrored_weights
        >>> from qtrain.circuits.program import lower
        >>> p, circuit = ParameterVector("p", 2), QuantumCircuit(2)
        >>> for k in range(2):
        ...     _ = circuit.ry(p[k], 0)
        >>> [a.tolist() for a in mirrored_weights(lower(circuit))]
        [[0, 0], [1.0, -1.0], [0.0, 0.0]]
    """
    if program.inputs:
        raise QTrainError(
            "initialization should not be 'identity-block' for a circuit with inputs: they move its blocks."
        )
    table = program.generators(fixed=True)
    partner = _partners(program, table)
    count = len(program.weights)
    root, slope, shift = np.arange(count), np.ones(count), np.zeros(count)

    def refuse(k: int, why: str) -> QTrainError:
        gate = int(program.gate[table.index[k]])
        return QTrainError(
            f"initialization should not be 'identity-block' for this circuit: the rotation of gate {gate} {why}. "
            "Use a circuit whose blocks are followed by their inverse with parameters of its own, or 'small:WIDTH'."
        )

    def angle(k: int) -> tuple[int, float, float]:
        """Rotation k's signed angle as (root weight, slope, shift)."""
        op = table.index[k]
        w, sign = int(program.parameter[op]), float(table.signs[k])
        if w < 0:
            return -1, 0.0, sign * float(program.offset[op])
        c = sign * float(program.coefficient[op])
        return int(root[w]), c * slope[w], c * shift[w] + sign * float(program.offset[op])

    for k, other in enumerate(partner):
        if other < 0:
            raise refuse(k, "has no mirror image")
        if other < k:
            continue
        (a, a1, a0), (b, b1, b0) = angle(k), angle(other)
        if a == b:
            if abs(a1 + b1) > 1e-9 or abs(np.remainder(a0 + b0 + np.pi, 2 * np.pi) - np.pi) > 1e-9:
                raise refuse(other, "shares its weight with its mirror image without undoing it")
        else:
            # a1 w_a + a0 + b1 w_b + b0 = 0: express one root by the other (a number, where one is fixed)
            source, target = (a, b) if b >= 0 else (b, a)
            t1 = b1 if b >= 0 else a1
            s1 = a1 if b >= 0 else b1
            if t1 == 0:
                raise refuse(other, "has a weight with coefficient 0")
            ratio, constant = -s1 / t1, -(a0 + b0) / t1
            members = root == target
            shift[members] += slope[members] * constant
            slope[members] *= ratio
            root[members] = max(source, 0)
    return root, slope, shift
