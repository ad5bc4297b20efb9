"""Second moments of a ladder of two-qubit blocks in closed form: a twin of qtrain's path sums that shares no code.

Walking from the measurement to the input, a block takes a pair of Pauli letters to others with probabilities T. The
letter on its first qubit has then met all its gates, and counts if it is I or Z; the letter on the second goes on into
the next block. Letters are 0, 1, 2, 3 for I, X, Y, Z; a pair (a, b) has the place 4 a + b.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SEEN = np.array([1.0, 0.0, 0.0, 1.0])  # of a letter, what <0|P|0>^2 is
_KEPT = {"rx": 1, "ry": 2, "rz": 3}
_PRODUCT = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]])


def haar() -> np.ndarray:
    """(16, 16) T of a Haar-random block: every pair but II becomes every pair but II."""
    moved = np.zeros((16, 16))
    moved[0, 0] = 1.0
    moved[1:, 1:] = 1 / 15
    return moved


def block(layers: int) -> np.ndarray:
    """(16, 16) T of ``plants.block`` with RZ RY RZ and CX in turn: rows are what comes, columns what leaves."""
    column = np.kron(
        _turned("rz") @ _turned("ry") @ _turned("rz"), _turned("rz") @ _turned("ry") @ _turned("rz")
    )
    moved = column
    for layer in reversed(range(layers)):
        moved = moved @ _cx(swapped=layer % 2 == 1) @ column
    return moved


def _turned(axis: str) -> np.ndarray:
    """(4, 4) of a rotation by a uniform angle: the two letters that it turns into each other are mixed evenly."""
    mixed = np.eye(4)
    two = [letter for letter in (1, 2, 3) if letter != _KEPT[axis]]
    mixed[np.ix_(two, two)] = 0.5
    return mixed


def _cx(*, swapped: bool) -> np.ndarray:
    """(16, 16) permutation of letter pairs by CX, control on the first qubit or, ``swapped``, on the second."""
    moved = np.zeros((16, 16))
    for control in range(4):
        for target in range(4):
            # X on the control spreads to the target, Z on the target to the control
            new_control = _PRODUCT[control, 3 if target in (2, 3) else 0]
            new_target = _PRODUCT[target, 1 if control in (1, 2) else 0]
            pairs = (control, target), (new_control, new_target)
            before, after = (4 * b + a if swapped else 4 * a + b for a, b in pairs)
            moved[before, after] = 1.0
    return moved


def ladder(moved: np.ndarray, n: int, measured: int = 1, probe: str = "rz") -> tuple[float, np.ndarray]:
    """Var f, and (n,) V of a probe on each qubit between its two blocks, for Z on the first ``measured`` qubits.

    V[0] and V[n - 1] stand at the ends of the chain: behind the last block, before the first.
    """
    turned, kept = _turned(probe), _KEPT[probe]
    felt = np.diag([float(letter not in (0, kept)) for letter in range(4)]) @ turned
    through = [moved.reshape(4, 4, 4, 4)[:, 3 if k + 1 < measured else 0] for k in range(n - 1)]
    step = [np.einsum("iab,a->ib", part, SEEN) for part in through]  # letter in, letter out, first qubit done
    behind = [SEEN]  # behind[-1 - k]: what a letter counts that enters block k
    for part in reversed(step):
        behind.append(part @ behind[-1])
    behind.reverse()
    letter, variances = SEEN * np.array([0.0, 0.0, 0.0, 1.0]), []
    for k in range(n):
        variances.append(float(letter @ felt @ behind[k]))
        if k < n - 1:
            letter = letter @ step[k]
    return float(letter @ SEEN), np.array(variances)


def published(n: int, qubits: Sequence[int]) -> tuple[float, np.ndarray]:
    """The same for Haar blocks and Z_0 by the recursion h_0 = 1/3, h_k = 1/15 + (2/5) h_(k-1)."""
    h = [1 / 3]
    for _ in range(n):
        h.append(1 / 15 + 2 / 5 * h[-1])
    return h[n - 1], np.array([2 / 3 * (2 / 5) ** j * h[n - 1 - j] for j in qubits])
